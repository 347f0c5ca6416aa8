"""What lists can be narrowed to, as it stands behind the question mark: the same for pages, the API and saved views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from rescind import zones
from rescind.core.cancellation import reasons_meant
from rescind.core.conversation import ThreadFilters, ThreadTab
from rescind.core.errors import InvalidField
from rescind.core.instant import Instant
from rescind.core.money import CAP_MINOR
from rescind.core.period import DueBy, Lately
from rescind.core.stage import Stage
from rescind.core.views import Filters, PersonFilters, PersonSort, RefundState, ShopFilters, ShopSort, SignedIn, Sort
from rescind.intake.fields import Moment, currencies, moment
from rescind.postgres.credentials import Role

Limit = Annotated[int, msgspec.Meta(ge=1, le=100)]
SearchText = Annotated[str, msgspec.Meta(max_length=200)]
Numbers = Annotated[
    tuple[str, ...], msgspec.Meta(max_length=100, description="Any of these; may stand up to 100 times.")
]
MinorUnits = Annotated[int, msgspec.Meta(ge=0, le=CAP_MINOR)]
Zone = Annotated[
    str, msgspec.Meta(max_length=64, description="IANA time zone whose days `placed` and `due` go by; UTC without one.")
]


RefundSort = Literal["newest", "amount"]


class Narrowing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a list is narrowed to. Amounts are minor units and want a currency. placed, due: spans that follow the
    clock, by the days of ``zone``.
    """

    tab: str = "all"
    number: Numbers = ()
    text: SearchText = ""
    reason: tuple[str, ...] = ()
    stage: tuple[Stage, ...] = ()
    placed_from: Moment | None = None
    placed_to: Moment | None = None
    placed: Lately = ""
    amount_min: MinorUnits | None = None
    amount_max: MinorUnits | None = None
    currency: str = ""
    due_before: Moment | None = None
    due: DueBy = ""
    shop: str = ""
    buyer: str = ""
    sort: Sort | None = None
    zone: Zone = ""

    def filters(self, role: Role, zone: str = "UTC") -> Filters:
        """As the reads take them. Asking for a reason tells a buyer no more than reading it does (I-26).

        zone: whose days it goes by where the address names none. Raises InvalidField.
        """
        _require_currency(self)
        return Filters(
            tab=self.tab,
            numbers=self.number,
            text=self.text,
            reason=reasons_meant(self.reason) if role == "buyer" else self.reason,
            stage=self.stage,
            placed_from=_time(self.placed_from, "?placed_from"),
            placed_to=_time(self.placed_to, "?placed_to"),
            placed=self.placed,
            amount_min_minor=self.amount_min,
            amount_max_minor=self.amount_max,
            currency=self.currency,
            due_before=_time(self.due_before, "?due_before"),
            due=self.due,
            shop=self.shop,
            buyer=self.buyer,
            sort=self.sort,
            zone=_zone(self.zone) or zone,
        )


class RefundNarrowing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """state: where they stand. number: of their orders, what they are called, or what the provider calls them.

    placed: when they were owed, by the days of ``zone``. Amounts are minor units and want a currency. sort: those that
    are open come oldest first unless it says otherwise.
    """

    state: RefundState = "in_doubt"
    number: Numbers = ()
    placed_from: Moment | None = None
    placed_to: Moment | None = None
    placed: Lately = ""
    amount_min: MinorUnits | None = None
    amount_max: MinorUnits | None = None
    currency: str = ""
    shop: str = ""
    sort: RefundSort | None = None
    zone: Zone = ""

    def filters(self, zone: str = "UTC") -> Filters:
        """As the reads take them. zone: whose days it goes by where the address names none. Raises InvalidField."""
        _require_currency(self)
        return Filters(
            tab=self.state,
            numbers=self.number,
            placed_from=_time(self.placed_from, "?placed_from"),
            placed_to=_time(self.placed_to, "?placed_to"),
            placed=self.placed,
            amount_min_minor=self.amount_min,
            amount_max_minor=self.amount_max,
            currency=self.currency,
            shop=self.shop,
            sort=self.sort,
            zone=_zone(self.zone) or zone,
        )


class ThreadNarrowing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """text: found in messages, products and names, or an order's number. tab: ``flagged`` is support's."""

    tab: ThreadTab = "all"
    text: SearchText = ""

    def filters(self) -> ThreadFilters:
        """As the reads take them."""
        return ThreadFilters(tab=self.tab, text=self.text)


class ShopNarrowing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """text: found anywhere in the name, or the shop's id."""

    text: SearchText = ""
    sort: ShopSort = "name"

    def filters(self) -> ShopFilters:
        """As the reads take them."""
        return ShopFilters(text=self.text, sort=self.sort)


class PersonNarrowing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """text: found anywhere in a name or an e-mail address. shop: a shop's id; whoever manages one has its people alone.
    signed_in: whether they ever did so as this.
    """

    text: SearchText = ""
    role: Literal["operator", "support", "seller", ""] = ""
    shop: str = ""
    rights: Literal["manage", "answer", ""] = ""
    signed_in: SignedIn = ""
    sort: PersonSort = "name"

    def filters(self, shop: str = "") -> PersonFilters:
        """As the reads take them. shop: whose people alone the reader has; empty for everybody's."""
        return PersonFilters(
            text=self.text,
            role=self.role,
            shop=shop or self.shop,
            rights=self.rights,
            signed_in=self.signed_in,
            sort=self.sort,
        )


Format = Literal["csv", "xlsx"]
"""What a list can be exported as."""

NARROWINGS: Mapping[str, type[Narrowing | RefundNarrowing | ThreadNarrowing | ShopNarrowing | PersonNarrowing]] = {
    "orders": Narrowing,
    "requests": Narrowing,
    "refunds": RefundNarrowing,
    "messages": ThreadNarrowing,
    "shops": ShopNarrowing,
    "people": PersonNarrowing,
}
"""What each list can be narrowed to."""


def _require_currency(said: Narrowing | RefundNarrowing) -> None:
    """Minor units of any currency would be compared with one another."""
    if said.currency and said.currency not in currencies():
        raise InvalidField(field="?currency", expected="three capital letters of ISO 4217")
    for field, minor in (("?amount_min", said.amount_min), ("?amount_max", said.amount_max)):
        if minor is not None and not said.currency:
            raise InvalidField(field=field, expected="an amount beside its currency")


def _zone(name: str) -> str:
    if name and name not in zones.known():
        raise InvalidField(field="?zone", expected="a time zone such as Europe/London")
    return name


def _time(value: Moment | None, field: str) -> Instant | None:
    return None if value is None else moment(value, field=field)
