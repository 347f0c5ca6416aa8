"""What every line of a timeline is told with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rescind.core.actor import ActorKind
from rescind.core.event import NoteRef
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.record import Record
from rescind.locales import Locale
from rescind.program_words import done_by_program


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of ``ui.timeline``. ``kind``: the event's type; ``cancellation``: the request it is about. ``told_at``:
    when it was told, of what was told after something that happened later. ``mandate``: under which a program did it,
    as the detail names it; ``program_href``: where that is read.
    """

    at: Instant
    actor: str
    text: str
    detail: str = ""
    icon: str = "circle"
    tone: str = ""
    rule: str = ""
    kind: str = ""
    cancellation: str = ""
    told_at: Instant | None = None
    mandate: str = ""
    program_href: str = ""


class Teller:
    """Tells one record. ``mine``: the reader is the buyer, who is spoken to as "you"; ``among_staff``: is support;
    ``in_shop``: is of the shop.
    """

    def __init__(self, record: Record, notes: Mapping[str, str], order: Order, locale: Locale, reader: str) -> None:
        self.record = record
        self.notes = notes
        self.order = order
        self.locale = locale
        self.mine = reader == "buyer"
        self.among_staff = reader == "support"
        self.in_shop = reader == "seller"

    def entry(
        self,
        text: str,
        icon: str,
        tone: str = "",
        *,
        by: str = "",
        detail: str = "",
        said: str = "",
        rule: str = "",
        cancellation: str = "",
    ) -> Entry:
        event = self.record.event
        detail = " ".join(part for part in (detail, self.program()) if part)
        quoted = self.locale.gettext("“%(name)s”") % {"name": said} if said else ""
        return Entry(
            at=event.at,
            actor=by or self.record.actor.kind.value,
            text=text,
            detail=" ".join(part for part in (detail, quoted) if part),
            icon=icon,
            tone=tone,
            rule=rule,
            kind=type(event).__name__,
            cancellation=cancellation or str(getattr(event, "cancellation", "")),
            mandate=self.record.actor.mandate,
            program_href=self.program_href(),
        )

    def program(self) -> str:
        """That a program did it, for whom, and under which mandate; empty for what a person did."""
        actor = self.record.actor
        if not actor.mandate:
            return ""
        return done_by_program(
            self.locale,
            actor.kind.value,
            for_buyer=actor.speaks_as is ActorKind.BUYER,
            mandate=actor.mandate,
            mine=self.mine,
        )

    def program_href(self) -> str:
        """Where those who may look read what else was done under the mandate; empty for a buyer."""
        home = "/support/programs" if self.among_staff else "/seller/programs" if self.in_shop else ""
        return f"{home}/{self.record.actor.mandate}" if home and self.record.actor.mandate else ""

    def said(self, ref: NoteRef | None) -> str:
        return self.notes.get(ref.id, "") if ref else ""

    def money(self, minor: int) -> str:
        return self.locale.money(Money(minor, self.order.currency))
