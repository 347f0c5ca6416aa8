"""From what was decided to words: why a rule applied, and what happened to an order.

Nothing here decides. A rule's own sentence stands in the catalogues under its id; the comparisons it made are told from
the facts that were read, so that a card of a year ago says what counted then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from rescind.core import cancellation as stop
from rescind.core import correction, fulfilment, intercept, offer, packing, parcels, refund, review, stock, timers
from rescind.core.deadline import span
from rescind.core.event import Ground, NoteRef
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import FactKind, Order, RefundStatus, Tender
from rescind.core.policy import Atom, Branch, Deadline, Explainer, Finding, Flip, ResolvedPolicy, asked, flips
from rescind.core.record import Record
from rescind.core.terms import Terms
from rescind.locales import Locale

_NEAREST = 4


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
    changes: tuple[str, ...] = ()


def rule_card(
    ground: Ground,
    terms: Terms,
    locale: Locale,
    *,
    title: str = "",
    on: str = "request",
    everything: bool = False,
    deadline: Deadline | None = None,
    untold: frozenset[str] = frozenset(),
) -> RuleCard:
    """Explain a decision from the ground that is stored with it.

    Of the rules that did not hold the nearest that would have been kinder are told; everything: all that were asked.
    deadline: the one that was promised, whose arithmetic is told. untold: facts that the reader has no claim to.
    """
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
    if deadline is not None:
        values.extend(arithmetic(locale, deadline))
    ranks = {rule.id: rule.rank for rule in layer.rules_on(on)}
    others = tuple(
        Other(step.rule, _would_need(locale, step.failed, locale.pgettext("rule", step.rule)))
        for step in asked(layer, on, ground.facts)
        if not step.held and (everything or ranks[step.rule] < ranks.get(ground.rule, 0))
    )
    if not everything:
        # The rules asked last stood nearest to deciding.
        others = others[-_NEAREST:]
    return RuleCard(
        ground.rule,
        heading,
        sentence,
        values=tuple(values),
        why=tuple(text for text in (atom_words(locale, atom) for atom in held) if text),
        others=others,
        changes=_changes(locale, flips(terms.layers, on, ground.facts), untold),
    )


def arithmetic(locale: Locale, deadline: Deadline) -> Iterator[tuple[str, str]]:
    """How a deadline was worked out: where the counting began, the days that do not count, when it is over (M-09)."""
    _ = locale.gettext
    begun = {
        "requested": _("the request"),
        "placed": _("the order"),
        "paid": _("the payment"),
    }.get(deadline.event, deadline.event)
    at = locale.instant(deadline.start, deadline.zone)
    yield _("Counted from"), _("%(event)s, %(when)s") % {"event": begun, "when": at}
    if deadline.skipped:
        days = (locale.day(datetime.combine(one, time(12), UTC)) for one in deadline.skipped)
        yield _("Days that do not count"), _(", ").join(days)
    yield (
        _("Over"),
        _("%(when)s (%(zone)s)")
        % {
            "when": locale.instant(deadline.due_at, deadline.zone),
            "zone": deadline.zone,
        },
    )


def _changes(locale: Locale, found: Sequence[Flip], untold: frozenset[str]) -> tuple[str, ...]:
    """What would have changed the answer: to a kinder one where there is any, else to a harder one."""
    told = [flip for flip in found if flip.atom.fact not in untold]
    kinder = [flip for flip in told if flip.kinder]
    return tuple(
        locale.gettext("%(fact)s: %(answer)s")
        % {"fact": wanted_words(locale, flip.atom), "answer": _other_answer(locale, flip)}
        for flip in (kinder or told)[:_NEAREST]
    )


def _other_answer(locale: Locale, flip: Flip) -> str:
    _ = locale.gettext
    answer = locale.term("verdict", flip.verdict)
    silence = {
        "approve": _("no answer means yes"),
        "refuse": _("no answer means no"),
        "escalate": _("without an answer the platform decides"),
    }.get(flip.on_silence, "")
    return _("%(answer)s; %(silence)s") % {"answer": answer, "silence": silence} if silence else answer


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
    digest = ground.policies.get(ground.layer)
    law = next((one for one in terms.laws if one.hash == digest), None)
    if law is not None and ground.as_of is not None:
        return law.at(ground.as_of)
    return next((one for one in terms.layers if one.hash == digest), None)


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
    return locale.gettext("%(rule)s. It would need: %(what)s.") % {"rule": sentence, "what": wanted}


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
        case "requests_on_order" | "buyer_cancels_30d" | "working_days_late":
            return _count(locale, atom.fact, op, int(str(wanted[0])))
        case _:
            names = _listed(locale, (locale.term(_CODE_TERMS.get(atom.fact, atom.fact), str(one)) for one in wanted))
            text = locale.gettext("%(fact)s is one of: %(what)s") if many else locale.gettext("%(fact)s is %(what)s")
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
        "asked_anyway": (_("The shop was asked for a favour"), _("The shop has not been asked for a favour")),
        "partial": (_("The request is for a part of the order"), _("The request is for the whole order")),
        "request_open": (_("Another request is waiting"), _("No other request is waiting")),
        "shipping_leased": (
            _("The shop is handing the parcel over right now"),
            _("The shop is not handing the parcel over right now"),
        ),
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
        text = (
            _("Less than %(time)s since the order was placed")
            if early
            else _("%(time)s or more since the order was placed")
        )
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
    if fact == "working_days_late":
        text = _("Fewer than %(num)s working days late") if fewer else _("%(num)s or more working days late")
    elif fact == "requests_on_order":
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
    """One line of ``ui.timeline``. ``kind``: the event's type; ``cancellation``: the request it is about."""

    at: Instant
    actor: str
    text: str
    detail: str = ""
    icon: str = "circle"
    tone: str = ""
    rule: str = ""
    kind: str = ""
    cancellation: str = ""


def tender_name(locale: Locale, tender: Tender) -> str:
    """How people call a means of payment: "Visa ··4242", "PayPal", "Gift card ··7731"."""
    # "Visa ··4242" and "PayPal" say what they are; "··7731" does not.
    if tender.label[:1].isalpha():
        return tender.label
    name = locale.term("tender", tender.method)
    return f"{name} {tender.label}" if tender.label else name


def story(
    entries: Iterable[tuple[Record, Mapping[str, str]]], order: Order, locale: Locale, reader: str
) -> tuple[Entry, ...]:
    """The order's history for one reader (buyer, seller, support), newest first."""
    told = [_Teller(record, notes, order, locale, reader).tell() for record, notes in entries]
    return tuple(reversed([entry for entry in told if entry is not None]))


class _Teller:
    """Tells one record. ``mine``: the reader is the buyer, who is spoken to as "you"."""

    def __init__(self, record: Record, notes: Mapping[str, str], order: Order, locale: Locale, reader: str) -> None:
        self.record = record
        self.notes = notes
        self.order = order
        self.locale = locale
        self.mine = reader == "buyer"

    def tell(self) -> Entry | None:  # noqa: C901, PLR0912 - one case for each kind there is
        _ = self.locale.gettext
        event = self.record.event
        match event:
            case fulfilment.OrderPlaced():
                text = _("You placed the order") if self.mine else _("The buyer placed the order")
                return self._entry(text, "receipt", by="buyer")
            case fulfilment.FactReported():
                return self._fact(event)
            case fulfilment.HoldEnded():
                return self._entry(_("The time in which nothing ships is over"), "clock")
            case fulfilment.ContradictionNoted():
                return self._entry(_("Something does not fit: a person is looking at it"), "circle-alert", "wait")
            case review.ReviewTaken():
                return None if self.mine else self._entry(_("Support looks at the order"), "eye")
            case review.RecipientCorrected():
                text = _("You put the address right") if self.mine else _("The buyer put the address right")
                return self._entry(text, "house", detail=self._found(event.found))
            case timers.TimerRang():
                return self._rang(event)
            case correction.FactCorrected():
                return self._correction(event)
            case refund.RefundOwed():
                amount = self._money(sum(one.amount_minor for one in event.refunds))
                return self._entry(_("A late payment of %(amount)s goes back") % {"amount": amount}, "banknote")
            case refund.RefundAnswered():
                return self._refund(event)
            case packing.ShippingLeased() | packing.ShippingGivenBack() | packing.GoodsUnpacked():
                return self._bench(event)
            case parcels.ParcelsArranged() | stock.GoodsCameBack():
                return self._goods(event)
            case intercept.ContradictionResolved():
                return self._resolved(event)
            case offer.OfferMade() | offer.OfferAccepted() | offer.OfferDeclined():
                return self._offer(event)
            case _:
                return self._request(event)

    def _bench(self, event: packing.ShippingLeased | packing.ShippingGivenBack | packing.GoodsUnpacked) -> Entry | None:
        """What was done at the packing bench; how a parcel is taken apart is no matter of the buyer's."""
        _ = self.locale.gettext
        match event:
            case packing.ShippingLeased():
                return self._entry(_("The shop is about to hand the parcel over"), "truck")
            case packing.ShippingGivenBack():
                return self._entry(_("It is not handed over now after all"), "undo-2")
            case packing.GoodsUnpacked():
                return None if self.mine else self._entry(_("The cancelled goods are unpacked"), "package-open")

    def _goods(self, event: parcels.ParcelsArranged | stock.GoodsCameBack) -> Entry | None:
        """What goes into which parcel, and what came back; the shelf is no matter of the buyer's."""
        _, ngettext = self.locale.gettext, self.locale.ngettext
        match event:
            case parcels.ParcelsArranged(together=""):
                several = len(event.parcels)
                text = ngettext("It goes into one parcel", "It goes into %(num)s parcels", several) % {"num": several}
                return self._entry(text, "package")
            case parcels.ParcelsArranged():
                return self._entry(_("It travels together with parcels of other orders"), "package")
            case stock.GoodsCameBack() if self.mine:
                return None
            case stock.GoodsCameBack():
                back, kept = sum(event.lines.values()), sum(event.sellable.values())
                text = ngettext("%(num)s unit came back", "%(num)s units came back", back) % {"num": back}
                detail = "" if kept == back else _("%(count)s of them can be sold again") % {"count": kept}
                return self._entry(text, "undo-2", detail=detail)

    def _offer(self, event: offer.OfferMade | offer.OfferAccepted | offer.OfferDeclined) -> Entry:
        """What the shop offered instead of an answer, and what the buyer said."""
        _ = self.locale.gettext
        match event:
            case offer.OfferMade() if event.ship_by is not None:
                text = _("The shop offers to ship it later, by %(day)s") % {"day": self.locale.day(event.ship_by)}
                return self._entry(text, "message-square", "wait", said=self._said(event.comment))
            case offer.OfferMade():
                text = _("The shop offers %(amount)s back if the goods are kept")
                text %= {"amount": self._money(event.amount_minor)}
                return self._entry(text, "message-square", "wait", said=self._said(event.comment))
            case offer.OfferAccepted():
                text = _("You accepted the offer") if self.mine else _("The buyer accepted the offer")
                return self._entry(text, "circle-check", "good")
            case offer.OfferDeclined():
                text = _("You declined the offer") if self.mine else _("The buyer declined the offer")
                return self._entry(text, "circle-x")

    def _resolved(self, event: intercept.ContradictionResolved) -> Entry | None:
        """What became of a parcel that should not have left. What the shop and the platform write is theirs."""
        if self.mine and event.outcome not in intercept.TOLD_TO_BUYER:
            return None
        text = self.locale.term("intercept", event.outcome, "buyer" if self.mine else "")
        tone = "good" if event.closed else "wait"
        return self._entry(text, "undo-2", tone, said="" if self.mine else self._said(event.comment))

    def _request(self, event: _RequestEvent) -> Entry:
        """What happened to a request to cancel."""
        _ = self.locale.gettext
        match event:
            case stop.SellerAsked():
                return self._asked(event, event.request)
            case stop.CancellationHeld() if event.request is not None:
                return self._asked(event, event.request)
            case stop.CancellationHeld():
                return self._entry(_("No answer in time: the platform looks at it"), "eye")
            case stop.CancellationApproved():
                return self._answered(event, self._approval(event), "circle-check", "good")
            case stop.CancellationRefused():
                text = {
                    "seller": _("The shop declined"),
                    "silence": _("No answer in time, so the order goes on"),
                    "support": _("The platform declined"),
                }.get(event.by, _("Asked, and not possible under the policy"))
                return self._answered(event, text, "circle-x", "urgent" if self.mine else "")
            case stop.CancellationWithdrawn():
                return self._entry(
                    _("You withdrew the request") if self.mine else _("The request was withdrawn"), "undo-2"
                )
            case stop.CancellationOvertaken():
                return self._entry(_("The parcel left before an answer"), "truck")
            case stop.DeadlineExtended():
                more = self.locale.time_left(event.returned_s)
                return self._entry(
                    _("More time to answer: Rescind was not reachable for %(time)s") % {"time": more}, "clock"
                )
            case stop.CancellationReopened():
                return self._entry(_("The parcel had not left: the request waits again"), "hourglass", "wait")
            case stop.CancellationUndone():
                return self._entry(_("The payment had come in time: the order is restored"), "circle-check", "good")

    def _asked(self, event: stop.SellerAsked | stop.CancellationHeld, terms: stop.RequestTerms) -> Entry:
        _ = self.locale.gettext
        if self.record.actor.on_behalf_of:
            text = _("Support asked to cancel for you") if self.mine else _("Support asked to cancel for the buyer")
        else:
            text = _("You asked to cancel") if self.mine else _("The buyer asked to cancel")
        return self._entry(
            text,
            "undo-2",
            "wait",
            detail=self.locale.term("reason", terms.reason),
            said=self._said(terms.comment),
            rule=event.ground.rule if event.ground else "",
        )

    def _answered(
        self, event: stop.CancellationApproved | stop.CancellationRefused, text: str, icon: str, tone: str
    ) -> Entry:
        asked = event.request
        detail = self.locale.term("reason", asked.reason) if asked else ""
        if isinstance(event, stop.CancellationRefused) and event.answer:
            detail = self.locale.term("refusal", event.answer)
        return self._entry(
            text,
            icon,
            tone,
            detail=detail,
            said=self._said(event.comment) or self._said(asked.comment if asked else None),
            rule=event.ground.rule if event.ground else "",
        )

    def _approval(self, event: stop.CancellationApproved) -> str:
        _ = self.locale.gettext
        if event.request is not None and event.by == "seller":
            return _("The shop cancelled the order")
        return {
            "rule": _("Cancelled: approved at once by the policy"),
            "seller": _("The shop agreed to cancel"),
            "silence": _("No answer in time, so the request was approved"),
            "support": _("The platform approved the request"),
            "system": _("Cancelled by itself"),
        }.get(event.by, _("Cancellation approved"))

    def _fact(self, event: fulfilment.FactReported) -> Entry | None:
        _ = self.locale.gettext
        if event.fact is FactKind.PAID:
            names = [tender_name(self.locale, one) for one in self.order.tenders if event.captured.get(one.id)]
            if not names:
                return None
            text = _("Paid %(amount)s") % {"amount": self._money(sum(event.captured.values()))}
            return self._entry(text, "credit-card", detail=_(", ").join(names), by="buyer")
        text, icon = {
            FactKind.REVIEW_OPENED: (_("A person checks the order"), "eye"),
            FactKind.REVIEW_CLEARED: (_("The check is done"), "check"),
            FactKind.ALLOCATED: (_("The goods are set aside"), "package"),
            FactKind.PREPARATION_STARTED: (_("The shop began to prepare the order"), "package-open"),
            FactKind.PACKING_STARTED: (_("The shop began to pack"), "package-open"),
            FactKind.PACKED: (_("The parcel is packed"), "package-check"),
            FactKind.TRACKING_ADDED: (_("A shipping label was made"), "package-check"),
            FactKind.HANDED_OVER: (_("Handed to the carrier"), "truck"),
            FactKind.OUT_FOR_DELIVERY: (_("Out for delivery"), "truck"),
            FactKind.DELIVERED: (_("Delivered"), "house"),
            FactKind.REFUSED: (_("The parcel was refused at the door"), "undo-2"),
            FactKind.DELIVERY_FAILED: (_("The carrier could not deliver the parcel"), "undo-2"),
            FactKind.LOST: (_("The carrier lost the parcel"), "triangle-alert"),
            FactKind.DAMAGED: (_("The parcel was damaged on its way"), "triangle-alert"),
            FactKind.TRACKING_STALE: (_("The tracking has not moved for days: the parcel counts as lost"), "clock"),
            FactKind.UNTRACEABLE: (_("The carrier does not know the tracking number"), "triangle-alert"),
            FactKind.COMPLETED: (_("The order is complete"), "check"),
            FactKind.CHARGED_BACK: (_("The bank took the payment back"), "banknote"),
            FactKind.ERROR_CONFIRMED: (_("A mistake in the order was confirmed"), "circle-alert"),
            FactKind.SELLER_AT_FAULT: (_("The shop was found to be at fault"), "scale"),
        }[event.fact]
        detail = " ".join(part for part in (event.carrier, event.tracking) if part)
        return self._entry(text, icon, detail=detail or self._found(event.review.found if event.review else ()))

    def _found(self, codes: Sequence[str]) -> str:
        """What the automatic checks found, in words."""
        return self.locale.gettext(", ").join(self.locale.term("finding", code) for code in codes)

    def _rang(self, event: timers.TimerRang) -> Entry | None:
        _ = self.locale.gettext
        if event.then == "cancel":
            # What it did stands beside it.
            return None
        if event.then == "late":
            return self._entry(_("The shop's time to ship is over"), "clock", "wait")
        return self._entry(_("Reminder: the order is not paid yet"), "clock")

    def _correction(self, event: correction.FactCorrected) -> Entry:
        _ = self.locale.gettext
        what = {"what": self.locale.term("event", event.fact.value)}
        text = _("Taken back: %(what)s") if event.occurred_at is None else _("Time put right: %(what)s")
        reason = self.locale.term("correction", event.reason.value)
        return self._entry(text % what, "undo-2", detail=reason, said=self._said(event.comment))

    def _refund(self, event: refund.RefundAnswered) -> Entry | None:
        _ = self.locale.gettext
        found = next((one for one in self.order.refunds if one.id == event.refund), None)
        if found is None:
            return None
        tender = next(one for one in self.order.tenders if one.id == found.tender)
        values = {"amount": self._money(found.amount_minor), "tender": tender_name(self.locale, tender)}
        text, icon, tone = {
            RefundStatus.OWED: (_("%(amount)s is owed to %(tender)s"), "banknote", ""),
            RefundStatus.SUBMITTED: (_("%(amount)s sent back to %(tender)s"), "banknote", ""),
            RefundStatus.SUCCEEDED: (_("%(amount)s refunded to %(tender)s"), "circle-check", "good"),
            RefundStatus.FAILED: (
                _("The refund of %(amount)s to %(tender)s did not go through"),
                "triangle-alert",
                "urgent",
            ),
            RefundStatus.IN_DOUBT: (
                _("The payment provider has not answered about %(amount)s to %(tender)s; we keep asking"),
                "circle-alert",
                "wait",
            ),
        }[event.status]
        detail = _("Reference %(reference)s") % {"reference": event.reference} if event.reference else ""
        return self._entry(text % values, icon, tone, detail=detail, cancellation=found.cancellation or "")

    def _entry(
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
        )

    def _said(self, ref: NoteRef | None) -> str:
        return self.notes.get(ref.id, "") if ref else ""

    def _money(self, minor: int) -> str:
        return self.locale.money(Money(minor, self.order.currency))


_RequestEvent = (
    stop.SellerAsked
    | stop.CancellationHeld
    | stop.CancellationApproved
    | stop.CancellationRefused
    | stop.CancellationWithdrawn
    | stop.CancellationOvertaken
    | stop.DeadlineExtended
    | stop.CancellationReopened
    | stop.CancellationUndone
)


def ground_of(records: Iterable[Record], cancellation: str) -> Ground | None:
    """Why the policy answered a request as it did; None for one that no policy answered."""
    for record in records:
        event = record.event
        if (
            isinstance(
                event, stop.SellerAsked | stop.CancellationHeld | stop.CancellationApproved | stop.CancellationRefused
            )
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
