"""Whatever ways money takes back to the buyer, all of them together are never more than what came in (I-10).

Only the world outside can break that, by taking what had gone back already; then a person has a case.
"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from laws.histories import check_money, play, shops
from rescind.core import chargeback
from rescind.core.errors import RescindError
from rescind.core.fulfilment import ReportFact
from rescind.core.parts import FactKind, RefundStatus
from rescind.core.quote import wanted
from rescind.core.refund import ProviderOutcome

CASES = {"charged_back", "amounts_differ", "refunded_elsewhere", "chargeback_lost", "chargeback_won"}
SENT = {RefundStatus.SUBMITTED, RefundStatus.IN_DOUBT, RefundStatus.SUCCEEDED}
FACTS = ("charged_back", "charged_back", "chargeback_won", "chargeback_lost", "refunded_elsewhere")


def moves():
    tenders, amounts = st.sampled_from(("card", "card", "gift")), st.sampled_from((0, 1, 700, 2500, 9000, 10**6))
    names = st.sampled_from(("", "dp_1", "dp_1", "dp_2"))
    return st.one_of(
        st.tuples(st.just("outside"), st.sampled_from(FACTS), tenders, amounts, names, st.sampled_from((0, 0, 3600))),
        st.tuples(st.just("pays"), st.sampled_from(("", "card", "gift")), st.integers(0, 5000)),
        st.tuples(st.just("asks"), st.sampled_from((None, {"a": 1}, {"b": 1})), st.just(True), st.just("changed_mind")),
        st.tuples(st.just("approves")),
        st.tuples(st.just("offers"), st.sampled_from((1, 700, 4000)), st.just(False)),
        st.tuples(st.just("answers_offer"), st.just(True)),
        st.tuples(st.just("stops"), st.sampled_from((None, {"a": 1}))),
        st.tuples(st.just("provider"), st.sampled_from(ProviderOutcome), st.integers(0, 5)),
        st.tuples(st.just("passes"), st.sampled_from((1, 3600, 86_400))),
    )


def report(shop, fact, tender, amount, name, ago):
    """A word from outside. An amount beyond what is there stands for all of it."""
    there = next((one.captured_minor for one in shop.state.tenders if one.id == tender), 0)
    shop.host.says(
        ReportFact,
        fact=FactKind(fact),
        occurred_at=shop.now - timedelta(seconds=ago),
        tender=tender,
        amount_minor=min(amount, there),
        reference=name,
    )


def check(shop):
    """What may be sent fits, tender by tender; where the outside went beyond what came in, somebody has heard of it."""
    order = shop.state
    check_money(shop)
    for tender in order.tenders:
        of = [one for one in order.refunds if one.tender == tender.id]
        gone = tender.taken_elsewhere_minor + sum(one.amount_minor for one in of if one.status in SENT)
        may_go = sum(
            one.amount_minor for one in of if one.status is RefundStatus.OWED and not chargeback.frozen(order, one)
        )
        assert not may_go or gone + may_go <= tender.captured_minor
        if gone > tender.captured_minor:
            assert CASES & {one.kind for one in order.contradictions}
        assert tender.taken_elsewhere_minor >= sum(
            one.gone_minor for one in order.chargebacks if one.tender == tender.id
        )


@st.composite
def sold(draw):
    """A paid order, part of which was often stopped already, so that money is owed before the world outside moves."""
    shop = draw(shops())
    shop.host.reports("paid")
    for lines in draw(st.sampled_from(((), ({"a": 1},), (None,)))):
        play(shop, [("stops", lines)])
    return shop


@given(sold(), st.lists(moves(), max_size=14))
def test_all_ways_together_never_give_back_more_than_came_in(shop, history):  # I-10, KF-10
    for move in history:
        if move[0] == "outside":
            before = shop.state
            try:
                report(shop, *move[1:])
            except RescindError:
                assert shop.state == before, "a problem changes nothing"
        else:
            play(shop, [move])
        check(shop)


@given(sold(), st.lists(moves(), max_size=10))
def test_a_bank_that_gives_everything_back_leaves_the_buyer_all_that_is_owed(shop, history):  # I-10
    for move in history:
        if move[0] == "outside" and move[1] == "charged_back":
            try:
                report(shop, *move[1:])
            except RescindError:
                continue
        elif move[0] in {"asks", "stops", "approves", "passes", "pays"}:
            play(shop, [move])
    for one in shop.state.chargebacks:
        shop.host.reports("chargeback_won", tender=one.tender, reference=one.reference)
    order = shop.state
    assert all(one.taken_elsewhere_minor == 0 for one in order.tenders)
    owed = sum(one.amount_minor for one in order.refunds)
    assert owed == order.paid.minor - min(order.paid.minor, wanted(order))
    assert {one.ref for one in shop.due if one.kind == "refund"} == {one.id for one in order.refunds}
