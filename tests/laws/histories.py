"""Random orders and random histories, played on the core alone by the same people as the scenarios."""

from __future__ import annotations

import itertools
from datetime import timedelta

from hypothesis import strategies as st

from rescind.core.correction import CorrectFact
from rescind.core.errors import RescindError
from rescind.core.intercept import ResolveContradiction
from rescind.core.money import Money
from rescind.core.offer import AnswerOffer, MakeOffer, OfferKind
from rescind.core.order_note import AcknowledgeNote, AddNote
from rescind.core.packing import AcknowledgeUnpacked, GiveBackShipping, LeaseShipping, ShipOrder
from rescind.core.parcels import ArrangeParcels
from rescind.core.parts import FactKind, Line, RefundStatus
from rescind.core.quote import quote
from rescind.core.refund import OPEN, ProviderOutcome
from rescind.core.stock import ReceiveBack, outside
from scenarios.shop import Shop

CURRENCIES = ("EUR", "JPY", "KWD")
NAMES = ("a", "b", "c", "d")
WHOLE = {"parcel": "", "lines": None}
BUYER_REASONS = ("changed_mind", "ordered_by_mistake", "too_late")


@st.composite
def lines(draw, most=4):
    """One to four lines, with discounts and taxes that were recorded, down to lines that cost nothing."""
    made = []
    for name in NAMES[: draw(st.integers(1, most))]:
        quantity, unit = draw(st.integers(1, 7)), draw(st.integers(0, 9999))
        tax = draw(st.integers(0, quantity * unit // 3 + 5))
        discount = draw(st.integers(0, quantity * unit + tax))
        special = {"custom_made": draw(st.booleans()), "special": draw(st.booleans())} if draw(st.booleans()) else {}
        made.append(
            Line(
                id=name, sku=name, quantity=quantity, unit_minor=unit, tax_minor=tax, discount_minor=discount, **special
            )
        )
    return tuple(made)


@st.composite
def orders(draw):
    """What ``Shop.placing`` wants: lines, shipping and one to three payments that add up to their price."""
    bought, fee = draw(lines()), draw(st.integers(0, 1999))
    price = sum(line.paid_minor for line in bought) + fee
    cuts = sorted(draw(st.lists(st.integers(0, price), max_size=2)))
    parts = [high - low for low, high in zip([0, *cuts], [*cuts, price], strict=True)]
    currency = draw(st.sampled_from(CURRENCIES))
    methods = ("card", "gift", draw(st.sampled_from(("wallet", "cash_on_delivery"))))
    return {
        "price": Money(price, currency),
        "lines": bought,
        "shipping": Money(fee, currency) if fee else None,
        "tenders": dict(zip(methods, parts, strict=False)),
    }


def selections():
    """Units by line, some of them not to be had; more often everything."""
    some = st.dictionaries(st.sampled_from(("a", "a", "b", "c")), st.integers(1, 3), max_size=2)
    return st.sampled_from((True, True, False)).flatmap(lambda whole: st.none() if whole else some)


REPORTERS = st.sampled_from(("host", "seller", "agent"))


def moves():
    """One thing somebody tries. Whether it is allowed is for the core to say."""
    facts = st.sampled_from([one for one in FactKind if one not in {FactKind.PAID, FactKind.CHARGED_BACK}])
    shipping = st.sampled_from((FactKind.TRACKING_ADDED, FactKind.HANDED_OVER))
    parcels = st.fixed_dictionaries({"parcel": st.sampled_from(("", "1", "2", "p0", "p1")), "lines": selections()})
    return st.one_of(
        st.tuples(st.just("pays"), st.sampled_from(("", "card", "gift", "wallet")), st.integers(0, 5000)),
        st.tuples(st.just("pays"), st.just(""), st.just(0)),
        st.tuples(
            st.just("happens"), facts, parcels, st.sampled_from(("", "JD1")), st.sampled_from(("host", "seller"))
        ),
        st.tuples(st.just("taken"), st.sampled_from(("card", "gift")), st.integers(1, 3000)),
        st.tuples(st.just("asks"), selections(), st.booleans(), st.sampled_from(BUYER_REASONS)),
        st.tuples(st.just("asks"), st.none(), st.just(True), st.just("changed_mind")),
        st.tuples(st.just("happens"), shipping, st.just(WHOLE), st.sampled_from(("", "JD1")), st.just("host")),
        st.tuples(st.just("corrects"), st.integers(0, 9), st.sampled_from((None, 0, 7200)), REPORTERS),
        st.tuples(st.just("approves")),
        st.tuples(st.just("refuses"), st.sampled_from(("already_shipped", "buyer_agreed_to_keep"))),
        st.tuples(st.just("withdraws")),
        st.tuples(st.just("leases"), st.sampled_from((LeaseShipping, GiveBackShipping, AcknowledgeUnpacked))),
        st.tuples(st.just("notes"), st.booleans()),
        st.tuples(st.just("reads"), st.integers(1, 2)),
        st.tuples(st.just("ships"), st.sampled_from(("", "JD1", "JD2"))),
        st.tuples(st.just("offers"), st.sampled_from((1, 700, 4000)), st.booleans()),
        st.tuples(st.just("answers_offer"), st.booleans()),
        st.tuples(
            st.just("resolves"), st.sampled_from(("carrier_asked", "came_back", "never_left", "goes_on", "looked_at"))
        ),
        st.tuples(st.just("stops"), selections()),
        st.tuples(st.just("arranges"), st.integers(1, 3), st.sampled_from(("host", "seller"))),
        st.tuples(st.just("receives"), selections(), st.booleans()),
        st.tuples(st.just("provider"), st.sampled_from(ProviderOutcome), st.integers(0, 5), st.sampled_from((0, 0, 3))),
        st.tuples(st.just("people"), st.sampled_from(("confirm", "decline", "came_back", "take")), st.integers(0, 5)),
        st.tuples(st.just("passes"), st.sampled_from((1, 59, 3600, 86_400, 200_000))),
    )


MOVES = moves()


@st.composite
def histories(draw):
    """Up to eighteen moves; most histories are long, because what is rare takes several of them."""
    length = draw(st.sampled_from((0, 1, 3, 6, 9, 12, 18)))
    return [draw(MOVES) for _ in range(length)]


BEGINNINGS = (
    (),
    ("paid",),
    ("paid", "allocated"),
    ("paid", "allocated"),
    ("paid", "allocated", "preparation_started"),
    ("paid", "packing_started", "packed"),
)


@st.composite
def shops(draw):
    """A shop under one of the presets, with an order that may already be on its way through it."""
    policy = draw(st.sampled_from(("base", "us")))
    settings = {"window": "5h"} if draw(st.sampled_from((True, False, False, False))) else {}
    shop = Shop(policy, **settings)
    shop.counters = draw(st.sampled_from((0, 10)))
    order = draw(orders())
    shop.handle(shop.placing(**order), shop.host.actor)
    for fact in draw(st.sampled_from(BEGINNINGS)):
        shop.host.reports(fact)
    if draw(st.booleans()):
        shop.at(shop.now + timedelta(hours=2))
    return shop


def play(shop, history, watch=None):
    """Let everybody try; what the core refuses changes nothing. ``watch`` sees each step: state before, events."""
    for move in history:
        before, known = shop.state, len(shop.records)
        try:
            _try(shop, *move)
        except RescindError:
            assert shop.state == before, "a problem changes nothing"
        if watch:
            watch(shop, before, [record.event for record in shop.records[known:]])
    return shop


def _try(shop, move, *said):  # noqa: C901, PLR0912 - one line for each kind there is
    match move:
        case "pays" | "happens" | "taken" | "corrects":
            _report(shop, move, *said)
        case "asks":
            shop.buyer.requests_cancellation(said[2], said[0], anyway=said[1])
        case "approves":
            shop.seller.approves(_case(shop))
        case "refuses":
            proof = {"carrier": "Post", "tracking": "JD9"} if said[0] == "already_shipped" else {}
            shop.seller.refuses(said[0], cancellation=_case(shop), **proof)
        case "leases":
            shop.seller.says(said[0])
        case "notes":
            words = shop.note("Please change the address to 5 Quay Street.")
            shop.buyer.says(AddNote, comment=words, hold=said[0])
        case "reads":
            shop.seller.says(AcknowledgeNote, number=said[0])
        case "ships":
            shop.seller.says(ShipOrder, tracking=said[0])
        case "offers":
            later = shop.now + timedelta(days=2)
            terms = {"kind": OfferKind.SHIP_LATER, "ship_by": later} if said[1] else {"amount_minor": said[0]}
            shop.seller.says(MakeOffer, cancellation=_case(shop), **{"kind": OfferKind.PARTIAL_REFUND} | terms)
        case "answers_offer":
            shop.buyer.says(AnswerOffer, cancellation=_case(shop), number=1, accept=said[0])
        case "resolves":
            if shop.state.contradictions:
                case = shop.state.contradictions[-1].id
                shop.seller.says(ResolveContradiction, contradiction=case, outcome=said[0])
        case "arranges":
            getattr(shop, said[1]).says(ArrangeParcels, parcels=arranged(shop.state, said[0]))
        case "receives":
            lines = outside(shop.state) if said[0] is None else said[0]
            shop.seller.says(ReceiveBack, lines=lines, unsellable={"a": 1} if said[1] and "a" in lines else {})
        case "withdraws":
            shop.buyer.withdraws(_case(shop))
        case "stops":
            shop.seller.cancels("out_of_stock", said[0])
        case "provider":
            if shop.state.refunds:
                refund = shop.state.refunds[said[1] % len(shop.state.refunds)]
                later = shop.now + timedelta(minutes=1)
                shop.provider.answers(
                    said[0], refund.id, next_check_at=later, confirm_days=said[2] if len(said) > 2 else 0
                )
        case "people":
            if shop.state.refunds:
                _about_refund(shop, said[0], shop.state.refunds[said[1] % len(shop.state.refunds)].id)
        case "passes":
            shop.at(shop.now + timedelta(seconds=said[0]))


def arranged(order, parcels):
    """Everything that has no label, dealt out to so many parcels unit by unit."""
    dealt = {f"p{place}": {} for place in range(parcels)}
    names = itertools.cycle(dealt)
    for line, count in order.unlabelled_units().items():
        for _ in range(count):
            units = dealt[next(names)]
            units[line] = units.get(line, 0) + 1
    return {name: units for name, units in dealt.items() if units}


def _about_refund(shop, what, refund):
    match what:
        case "confirm":
            shop.host.paid_out(on=shop.now.date().isoformat(), refund=refund)
        case "decline":
            shop.agent.could_not_pay(refund=refund)
        case "came_back":
            shop.host.could_not_pay("came_back", refund=refund)
        case "take":
            shop.agent.takes_refund(refund)


def _report(shop, move, *said):
    match move:
        case "pays":
            shop.host.reports("paid", tender=said[0], amount_minor=said[1] if said[0] else None)
        case "happens":
            fact, parcel, tracking, who = said
            getattr(shop, who).reports(fact, parcel=parcel["parcel"], lines=parcel["lines"] or {}, tracking=tracking)
        case "taken":
            shop.host.reports("charged_back", tender=said[0], amount_minor=said[1])
        case "corrects" if shop.state.reports:
            wrong = shop.state.reports[said[0] % len(shop.state.reports)]
            then = None if said[1] is None else shop.now - timedelta(seconds=said[1])
            getattr(shop, said[2]).says(CorrectFact, seq=wrong.seq, reason="mistake", occurred_at=then)


def _case(shop):
    return shop.state.cancellations[-1].id if shop.state.cancellations else "can_00000007none0000000000"


def left(shop):
    """Money that was captured, has not gone back and could."""
    return sum(tender.left_minor for tender in shop.state.tenders)


def kept_price(order):
    """The price of everything that was not cancelled, as a quote for all of it would give it back."""
    rest = {line.id: line.open for line in order.lines if line.open}
    found = quote(order, rest)
    return sum(line.total_minor for line in found.lines) + (found.shipping_minor if rest else 0)


def check_money(shop):
    """What is reserved and refunded is what refunds are open and done; the shop itself compares the books."""
    order = shop.state
    for tender in order.tenders:
        of = [one for one in order.refunds if one.tender == tender.id]
        assert tender.reserved_minor == sum(one.amount_minor for one in of if one.status in OPEN)
        assert tender.refunded_minor == sum(one.amount_minor for one in of if one.status is RefundStatus.SUCCEEDED)
