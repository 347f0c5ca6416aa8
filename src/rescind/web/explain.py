"""From what was decided to words: why a rule applied, and what happened to an order.

Nothing here decides. A rule's own sentence stands in the catalogues under its id; the comparisons it made are told from
the facts that were read, so that a card of a year ago says what counted then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rescind.core import cancellation as stop
from rescind.core import fulfilment, refund
from rescind.core.actor import ActorKind
from rescind.core.deadline import span
from rescind.core.event import Ground, NoteRef
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import FactKind, Order, RefundStatus, Tender
from rescind.core.policy import Atom, Branch, Explainer, Finding, ResolvedPolicy, asked
from rescind.core.record import Record
from rescind.core.terms import Terms
from rescind.locales import Locale


@dataclass(frozen=True, slots=True)
class Other:
    """A rule that was asked and did not hold, and the least that would have made it hold."""

    id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class RuleCard:
    """What ``ui.rule`` shows."""

    id: str
    title: str
    sentence: str
    values: tuple[tuple[str, str], ...] = ()
    why: tuple[str, ...] = ()
    others: tuple[Other, ...] = ()


def rule_card(ground: Ground, terms: Terms, locale: Locale, *, title: str = "", on: str = "request") -> RuleCard:
    """Explain a decision from the ground that is stored with it."""
    layer = _layer(ground, terms)
    sentence = locale.pgettext("rule", ground.rule)
    heading = title or locale.gettext("Why this answer?")
    if layer is None:
        return RuleCard(ground.rule, heading, sentence)
    explainer = Explainer(layer.values, layer.vocabulary)
    found = next((rule for rule in layer.rules_on(on) if rule.id == ground.rule), None)
    held: tuple[Atom, ...] = ()
    values: list[tuple[str, str]] = []
    if found is not None:
        held = tuple(dict.fromkeys(_decisive(explainer.trace(found.rule.when, ground.facts, found.rule.lines))))
        if found.deadline is not None:
            values.append((locale.gettext("Time to answer"), span_words(locale, str(found.deadline.span))))
            if found.deadline.on_silence is not None:
                values.append((locale.gettext("No answer means"), silence_word(locale, found.deadline.on_silence)))
    others = tuple(
        Other(step.rule, _would_need(locale, step.failed, locale.pgettext("rule", step.rule)))
        for step in asked(layer, on, ground.facts)
        if not step.held
    )
    return RuleCard(
        ground.rule,
        heading,
        sentence,
        values=tuple(values),
        why=tuple(text for text in (atom_words(locale, atom) for atom in held) if text),
        others=others,
    )


def silence_word(locale: Locale, on_silence: str) -> str:
    """What no answer means, in one word."""
    _ = locale.gettext
    return {
        "approve": _("Yes: the request is approved"),
        "refuse": _("No: the order goes on"),
        "escalate": _("The platform looks at it"),
    }.get(on_silence, on_silence)


def span_words(locale: Locale, text: str) -> str:
    """A policy's span in words: `24h` is 24 hours, `2bd` is 2 business days."""
    length = span(text)
    n = length.amount
    form = {
        "s": locale.ngettext("%(num)s second", "%(num)s seconds", n),
        "m": locale.ngettext("%(num)s minute", "%(num)s minutes", n),
        "h": locale.ngettext("%(num)s hour", "%(num)s hours", n),
        "d": locale.ngettext("%(num)s day", "%(num)s days", n),
        "bd": locale.ngettext("%(num)s working day", "%(num)s working days", n),
    }[length.unit]
    return form % {"num": n}


def _layer(ground: Ground, terms: Terms) -> ResolvedPolicy | None:
    """The layer that decided, when it is one of those the order is judged by now."""
    return next((one for one in terms.layers if one.hash == ground.policies.get(ground.layer)), None)


def _decisive(branch: Branch) -> Iterator[Atom]:
    """The comparisons that made a condition come out as it did; each told the way it counted."""
    match branch.how:
        case "atom":
            if branch.atom is not None:
                yield branch.atom
        case "and" if branch.held:
            for part in branch.parts:
                yield from _decisive(part)
        case "or" | "any" if branch.held:
            yield from _decisive(next(part for part in branch.parts if part.held))
        case "and" | "all" if not branch.held and branch.parts:
            yield from _decisive(next(part for part in branch.parts if not part.held))
        case _:
            for part in branch.parts:
                yield from _decisive(part)


def _would_need(locale: Locale, failed: Sequence[Atom], sentence: str) -> str:
    wanted = "; ".join(text for text in (wanted_words(locale, atom) for atom in failed) if text)
    if not wanted:
        return sentence
    return locale.gettext("%(rule)s – it would need: %(what)s") % {"rule": sentence, "what": wanted}


def atom_words(locale: Locale, atom: Atom) -> str:
    """One comparison as it came out: a sentence that is true."""
    return _words(locale, atom, true=atom.held)


def wanted_words(locale: Locale, atom: Atom) -> str:
    """One comparison as it would have had to come out."""
    return _words(locale, atom, true=True)


_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in", "not in": "in"}


def _words(locale: Locale, atom: Atom, *, true: bool) -> str:
    if atom.op in {"is", "is not"}:
        return _flag(locale, atom.fact, yes=(atom.op == "is") == true)
    op = atom.op if true else _OPPOSITE[atom.op]
    many = isinstance(atom.wanted, tuple)
    wanted = atom.wanted if isinstance(atom.wanted, tuple) else (atom.wanted,)
    match atom.fact:
        case "stage" | "status":
            names = _listed(locale, (locale.term(atom.fact, str(one)) for one in wanted))
            return _level(locale, op) % {"stage": names}
        case "since_placed" | "since_paid":
            return _elapsed(locale, atom.fact, op, int(str(wanted[0])))
        case "amount":
            return _amount(locale, op) % {"money": locale.money(int(str(wanted[0])), atom.unit)}
        case "requests_on_order" | "buyer_cancels_30d":
            return _count(locale, atom.fact, op, int(str(wanted[0])))
        case _:
            names = _listed(locale, (locale.term(_CODE_TERMS.get(atom.fact, atom.fact), str(one)) for one in wanted))
            text = (
                locale.gettext("%(fact)s is one of: %(what)s")
                if many
                else locale.gettext("%(fact)s is %(what)s")
            )
            if op in {"!=", "not in"}:
                text = locale.gettext("%(fact)s is none of: %(what)s")
            return text % {"fact": locale.term("fact", atom.fact), "what": names}


_CODE_TERMS = {"shipping_by": "shipping_by", "actor": "actor", "reason": "reason"}


def _listed(locale: Locale, names: Iterable[str]) -> str:
    quoted = [locale.gettext("“%(name)s”") % {"name": name} for name in names]
    return locale.gettext(", ").join(quoted)


def _flag(locale: Locale, fact: str, *, yes: bool) -> str:
    _ = locale.gettext
    said: dict[str, tuple[str, str]] = {
        "": ("", ""),
        "paid": (_("The payment has arrived"), _("The payment has not arrived")),
        "past_dispatch_sla": (_("The shop's time to ship is over"), _("The shop is still within its time to ship")),
        "in_manual_review": (_("A person is still checking the order"), _("No person is checking the order")),
        "production_started": (_("Work on the order has begun"), _("Work on the order has not begun")),
        "asked_anyway": (_("The shop was asked all the same"), _("The shop was not asked all the same")),
        "partial": (_("The request is for a part of the order"), _("The request is for the whole order")),
        "request_open": (_("Another request is waiting"), _("No other request is waiting")),
        "with_tracking": (_("A tracking number was given"), _("No tracking number was given")),
        "order_error_confirmed": (
            _("A mistake in the order was confirmed"),
            _("No mistake in the order has been confirmed"),
        ),
        "seller_fault": (_("The shop was found to be at fault"), _("The shop was not found to be at fault")),
        "cash_on_delivery": (_("The order is paid at the door"), _("The order is not paid at the door")),
        "custom_made": (_("An item is made to order"), _("No item is made to order")),
        "special": (_("An item cannot be sold again"), _("Every item can be sold again")),
    }
    pair = said.get(fact)
    if pair is None:
        name = locale.term("fact", fact)
        return (_("%(fact)s: yes") if yes else _("%(fact)s: no")) % {"fact": name}
    return pair[0] if yes else pair[1]


def _level(locale: Locale, op: str) -> str:
    _ = locale.gettext
    return {
        "=": _("The order is at %(stage)s"),
        "!=": _("The order is not at %(stage)s"),
        "<": _("The order has not reached %(stage)s"),
        "<=": _("The order is no further than %(stage)s"),
        ">": _("The order is past %(stage)s"),
        ">=": _("The order has reached %(stage)s"),
        "in": _("The order is at one of %(stage)s"),
        "not in": _("The order is at none of %(stage)s"),
    }[op]


def _elapsed(locale: Locale, fact: str, op: str, seconds: int) -> str:
    _ = locale.gettext
    if seconds <= 0 and op in {"<", "<="}:
        # A window of no length: the shop gives none, so there is nothing that could have been in time.
        return _("The shop had promised a time in which cancelling is free")
    if seconds <= 0:
        return _("The shop has promised no time in which cancelling is free")
    early = op in {"<", "<="}
    if fact == "since_placed":
        text = _("Less than %(time)s since the order was placed") if early else _("%(time)s or more since the order was placed")
    else:
        text = _("Less than %(time)s since the payment") if early else _("%(time)s or more since the payment")
    return text % {"time": seconds_words(locale, seconds)}


def seconds_words(locale: Locale, seconds: int) -> str:
    """A span of seconds in its largest whole unit."""
    for unit, size in (("h", 3600), ("m", 60)):
        if seconds % size == 0 and seconds >= size:
            return span_words(locale, f"{seconds // size}{unit}")
    return span_words(locale, f"{seconds}s")


def _amount(locale: Locale, op: str) -> str:
    _ = locale.gettext
    return {
        "<": _("The refund is less than %(money)s"),
        "<=": _("The refund is at most %(money)s"),
        ">": _("The refund is more than %(money)s"),
        ">=": _("The refund is at least %(money)s"),
        "=": _("The refund is exactly %(money)s"),
    }.get(op, _("The refund is not %(money)s"))


def _count(locale: Locale, fact: str, op: str, number: int) -> str:
    _ = locale.gettext
    fewer = op in {"<", "<="}
    bound = number + (1 if op in {"<=", ">"} else 0)
    if fact == "requests_on_order":
        text = (
            _("Fewer than %(num)s earlier requests for this order")
            if fewer
            else _("%(num)s or more earlier requests for this order")
        )
    else:
        text = (
            _("Fewer than %(num)s cancellations by this buyer in 30 days")
            if fewer
            else _("%(num)s or more cancellations by this buyer in 30 days")
        )
    return text % {"num": bound}


# --- what happened ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of ``ui.timeline``. ``kind``: the event's type; ``note``: a person's words, shown apart from ours."""

    at: Instant
    actor: str
    text: str
    detail: str = ""
    icon: str = "circle"
    tone: str = ""
    rule: str = ""
    kind: str = ""
    cancellation: str = ""
    said: str = ""
    extra: Mapping[str, str] = field(default_factory=dict[str, str])


def tender_name(locale: Locale, tender: Tender) -> str:
    """How people call a means of payment: "Visa ··4242", "Gift card ··7731", "Cash on delivery"."""
    if tender.method == "card" and tender.label:
        return tender.label
    name = locale.term("tender", tender.method)
    return f"{name} {tender.label}" if tender.label else name


def story(
    entries: Iterable[tuple[Record, Mapping[str, str]]], order: Order, locale: Locale, reader: str
) -> tuple[Entry, ...]:
    """The order's history for one reader (buyer, seller, support), newest first."""
    told = [_entry(record, notes, order, locale, reader) for record, notes in entries]
    return tuple(reversed([entry for entry in told if entry is not None]))


def _entry(record: Record, notes: Mapping[str, str], order: Order, locale: Locale, reader: str) -> Entry | None:
    _ = locale.gettext
    event = record.event
    actor = record.actor.kind.value
    mine = reader == "buyer"

    def entry(text: str, icon: str, tone: str = "", **more: Any) -> Entry:
        return Entry(at=event.at, actor=actor, text=text, icon=icon, tone=tone, kind=type(event).__name__, **more)

    def said(ref: NoteRef | None) -> str:
        return notes.get(ref.id, "") if ref else ""

    def asked_by(terms: stop.RequestTerms | None) -> str:
        if terms is None:
            return ""
        return locale.term("reason", terms.reason)

    match event:
        case fulfilment.OrderPlaced():
            return entry(_("You placed the order") if mine else _("The buyer placed the order"), "receipt")
        case fulfilment.FactReported():
            return _fact(event, order, locale, entry)
        case fulfilment.HoldEnded():
            return entry(_("The time in which nothing ships is over"), "clock")
        case fulfilment.ContradictionNoted():
            text = _("Something does not fit: a person is looking at it")
            return entry(text, "circle-alert", "wait", detail=locale.term("contradiction", event.kind) if not mine else "")
        case stop.SellerAsked():
            return entry(
                _filed(_, mine=mine, by=record.actor.speaks_as, on_behalf=bool(record.actor.on_behalf_of)),
                "undo-2",
                "wait",
                detail=asked_by(event.request),
                rule=event.ground.rule,
                cancellation=event.cancellation,
                said=said(event.request.comment),
            )
        case stop.CancellationHeld():
            if event.request is None:
                return entry(_("No answer in time: the platform looks at it"), "eye", cancellation=event.cancellation)
            return entry(
                _filed(_, mine=mine, by=record.actor.speaks_as, on_behalf=bool(record.actor.on_behalf_of)),
                "undo-2",
                "wait",
                detail=asked_by(event.request),
                rule=event.ground.rule if event.ground else "",
                cancellation=event.cancellation,
                said=said(event.request.comment),
            )
        case stop.CancellationApproved():
            return entry(
                _approval(_, event),
                "circle-check",
                "good",
                detail=asked_by(event.request),
                rule=event.ground.rule if event.ground else "",
                cancellation=event.cancellation,
                said=said(event.comment) or said(event.request.comment if event.request else None),
            )
        case stop.CancellationRefused():
            return entry(
                {
                    "seller": _("The shop declined"),
                    "silence": _("No answer in time, so the order goes on"),
                    "support": _("The platform declined"),
                }.get(event.by, _("Asked, and not possible under the policy")),
                "circle-x",
                "urgent" if mine else "",
                detail=locale.term("refusal", event.answer) if event.answer else asked_by(event.request),
                rule=event.ground.rule if event.ground else "",
                cancellation=event.cancellation,
                said=said(event.comment) or said(event.request.comment if event.request else None),
            )
        case stop.CancellationWithdrawn():
            text = _("You withdrew the request") if mine else _("The request was withdrawn")
            return entry(text, "undo-2", cancellation=event.cancellation)
        case stop.CancellationOvertaken():
            return entry(_("The parcel left before an answer"), "truck", cancellation=event.cancellation)
        case refund.RefundOwed():
            total = sum(one.amount_minor for one in event.refunds)
            amount = locale.money(Money(total, order.currency))
            return entry(_("A late payment of %(amount)s goes back") % {"amount": amount}, "banknote")
        case refund.RefundAnswered():
            return _refund(event, order, locale, entry)
    return None


def _filed(gettext: Any, *, mine: bool, by: ActorKind, on_behalf: bool) -> str:
    _ = gettext
    if on_behalf:
        return _("Support asked to cancel for you") if mine else _("Support asked to cancel for the buyer")
    if by is ActorKind.BUYER:
        return _("You asked to cancel") if mine else _("The buyer asked to cancel")
    return _("Asked to cancel")


def _approval(gettext: Any, event: stop.CancellationApproved) -> str:
    _ = gettext
    if event.request is not None and event.by == "seller":
        return _("The shop cancelled the order")
    return {
        "rule": _("Cancelled: approved at once by the policy"),
        "seller": _("The shop agreed to cancel"),
        "silence": _("No answer in time, so the request was approved"),
        "support": _("The platform approved the request"),
    }.get(event.by, _("Cancellation approved"))


def _fact(event: fulfilment.FactReported, order: Order, locale: Locale, entry: Any) -> Entry | None:
    _ = locale.gettext
    parcel = " ".join(part for part in (event.carrier, event.tracking) if part)
    match event.fact:
        case FactKind.PAID:
            total = sum(event.captured.values())
            names = [tender_name(locale, t) for t in order.tenders if event.captured.get(t.id)]
            if not total:
                return None
            text = _("Paid %(amount)s") % {"amount": locale.money(Money(total, order.currency))}
            return entry(text, "credit-card", detail=locale.gettext(", ").join(names))
        case FactKind.TRACKING_ADDED:
            return entry(_("A shipping label was made"), "package-check", detail=parcel)
        case FactKind.HANDED_OVER:
            return entry(_("Handed to the carrier"), "truck", detail=parcel)
        case FactKind.CHARGED_BACK:
            return entry(_("The bank took the payment back"), "banknote", "wait")
        case _:
            text, icon = {
                FactKind.REVIEW_OPENED: (_("A person checks the order"), "eye"),
                FactKind.REVIEW_CLEARED: (_("The check is done"), "check"),
                FactKind.ALLOCATED: (_("The goods are set aside"), "package"),
                FactKind.PREPARATION_STARTED: (_("The shop began to prepare the order"), "package-open"),
                FactKind.PACKING_STARTED: (_("The shop began to pack"), "package-open"),
                FactKind.PACKED: (_("The parcel is packed"), "package-check"),
                FactKind.DELIVERED: (_("Delivered"), "house"),
                FactKind.COMPLETED: (_("The order is complete"), "check"),
                FactKind.ERROR_CONFIRMED: (_("A mistake in the order was confirmed"), "circle-alert"),
                FactKind.SELLER_AT_FAULT: (_("The shop was found to be at fault"), "scale"),
            }.get(event.fact, (locale.term("event", event.fact.value), "circle"))
            return entry(text, icon, detail=parcel)


def _refund(event: refund.RefundAnswered, order: Order, locale: Locale, entry: Any) -> Entry | None:
    _ = locale.gettext
    found = next((one for one in order.refunds if one.id == event.refund), None)
    if found is None:
        return None
    tender = next(one for one in order.tenders if one.id == found.tender)
    values = {
        "amount": locale.money(Money(found.amount_minor, order.currency)),
        "tender": tender_name(locale, tender),
    }
    text, icon, tone = {
        RefundStatus.SUBMITTED: (_("%(amount)s sent back to %(tender)s"), "banknote", ""),
        RefundStatus.SUCCEEDED: (_("%(amount)s refunded to %(tender)s"), "circle-check", "good"),
        RefundStatus.FAILED: (_("The refund of %(amount)s to %(tender)s did not go through"), "triangle-alert", "urgent"),
        RefundStatus.IN_DOUBT: (
            _("The payment provider has not answered about %(amount)s to %(tender)s; we keep asking"),
            "circle-alert",
            "wait",
        ),
        RefundStatus.OWED: (_("%(amount)s is owed to %(tender)s"), "banknote", ""),
    }[event.status]
    detail = locale.gettext("Reference %(reference)s") % {"reference": event.reference} if event.reference else ""
    return entry(text % values, icon, tone, detail=detail)


def ground_of(records: Iterable[Record], cancellation: str) -> Ground | None:
    """Why the policy answered a request as it did; None for one that no policy answered."""
    for record in records:
        event = record.event
        if (
            isinstance(event, stop.SellerAsked | stop.CancellationHeld | stop.CancellationApproved | stop.CancellationRefused)
            and event.cancellation == cancellation
            and event.ground is not None
        ):
            return event.ground
    return None


def ground_in(decision: stop.Decision) -> Ground | None:
    """The ground of a judgement that was asked first."""
    for event in decision.events:
        found = getattr(event, "ground", None)
        if isinstance(found, Ground):
            return found
    return None


def finding_of(decision: stop.Decision) -> Finding:
    """The finding of a judgement; a request always has one."""
    assert decision.finding is not None, "a request is judged by the policy"
    return decision.finding
