"""Above an amount, money moves by hand only when a second person agrees; until then nothing is owed or sent."""

from datetime import timedelta

import pytest

from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.errors import (
    AmountChanged,
    DeadlinePassed,
    Forbidden,
    InvalidTransition,
    NotFound,
    RefundSettled,
    RefundTooHigh,
    SecondPersonNeeded,
)
from rescind.core.proposal import WAITS
from rescind.core.second_person import AnswerProposal, LapseProposal, alone_left, seen_by
from scenarios.shop import Seller, eur


@pytest.fixture
def watched(shop):
    """A paid order of EUR 40 and EUR 5 for delivery, of whose money one person moves no more than EUR 10."""
    shop.alone = eur("10.00")
    return shop.order(paid=eur("40.00"), shipping=eur("5.00"))


@pytest.fixture
def sid(watched):
    """Another person of the shop."""
    return Seller(watched, Actor(kind=ActorKind.SELLER, id="sid"))


def failed(shop):
    """A cancelled order whose refund of EUR 45 the provider declined."""
    shop.buyer.requests_cancellation()
    shop.provider.answers("declined")
    return shop


def ordered(shop):
    """A cancelled order whose refund of EUR 45 the marketplace pays out itself."""
    shop.buyer.requests_cancellation()
    shop.provider.orders()
    return shop


def proposed(shop):
    return [one for one in shop.state.proposals if one.outcome == "proposed"]


def moved(shop):
    """Every cent that is on its way, arrived, or left."""
    (tender,) = shop.state.tenders
    return tender.reserved_minor + tender.refunded_minor


def test_up_to_the_amount_one_person_gives_back_and_a_cent_above_it_two(watched):
    watched.agent.gives_back(eur("10.00"))
    assert (moved(watched), proposed(watched)) == (1000, [])
    watched.agent.gives_back(eur("0.01"))
    assert moved(watched) == 1000, "small steps on one order add up"
    (waits,) = proposed(watched)
    assert (waits.terms.act, waits.terms.amount_minor, waits.by, waits.due_at) == (
        "give_back",
        1,
        "sue",
        watched.now + WAITS,
    )
    assert [one.kind for one in watched.due if one.kind == "proposal"] == ["proposal"]


def test_without_a_limit_one_person_is_enough(shop):
    shop.order(paid=eur("40.00")).agent.gives_back(eur("40.00"))
    assert (moved(shop), shop.state.proposals, shop.state.alone_minor) == (4000, (), 0)


def test_nothing_moves_before_the_second_word_and_all_of_it_after(watched):
    watched.agent.gives_back(eur("20.00"), shipping=True)
    assert (moved(watched), watched.state.refunds, [one for one in watched.due if one.kind == "refund"]) == (0, (), [])
    with pytest.raises(SecondPersonNeeded):
        watched.agent.agrees()
    watched.colleague.agrees()
    assert (moved(watched), watched.state.shipping_refunded_minor, watched.state.given_minor) == (2500, 500, 2000)
    trail = [(record.actor.id, type(record.event).__name__) for record in watched.records[-3:]]
    assert trail == [("sue", "ProposalMade"), ("cal", "ProposalConfirmed"), ("cal", "RefundOwed")]
    assert (watched.records[-1].event.by, watched.records[-2].event.confirmed_by) == ("sue", "cal")
    assert alone_left(watched.state, 1000) == 1000, "what two decided is not what one did"
    with pytest.raises(InvalidTransition):
        watched.colleague.agrees()
    assert moved(watched) == 2500


def test_nobody_is_two_people_in_another_role_or_by_another_key(watched):
    watched.seller.gives_back(eur("20.00"))
    for twin in (
        Actor(kind=ActorKind.SELLER, id="sam", via="key 77"),
        Actor(kind=ActorKind.SUPPORT, id="sam", via="session 12"),
    ):
        with pytest.raises(SecondPersonNeeded):
            watched.handle(AnswerProposal(order=watched.state.id, number=1, confirm=True), twin)
    assert moved(watched) == 0


def test_a_colleague_of_the_shop_or_support_agrees_to_what_the_shop_proposes(watched, sid):
    watched.seller.gives_back(eur("20.00"), comment="Sorry for the scratch.")
    sid.agrees()
    assert moved(watched) == 2000
    (said,) = [one.event.comment for one in watched.records if type(one.event).__name__ == "ProposalMade"]
    assert watched.records[-1].event.comment == said, "what was said with it belongs to what came of it"
    watched.seller.gives_back(eur("20.00"))
    watched.agent.agrees(2)
    assert moved(watched) == 4000


def test_a_shop_neither_sees_nor_answers_what_support_proposes(watched):
    watched.agent.gives_back(eur("20.00"))
    assert seen_by(watched.state, ActorKind.SELLER) == ()
    for confirm in (True, False):
        with pytest.raises(NotFound):
            watched.seller.says(AnswerProposal, number=1, confirm=confirm)
        for person in (watched.buyer, watched.support, watched.host, watched.carrier):
            with pytest.raises(Forbidden):
                person.says(AnswerProposal, number=1, confirm=confirm)
    assert moved(watched) == 0


def test_it_is_rejected_by_another_and_taken_back_by_whoever_proposed_it(watched):
    watched.agent.gives_back(eur("20.00"))
    watched.colleague.disagrees()
    assert watched.state.proposals[-1].outcome == "rejected"
    watched.agent.gives_back(eur("20.00"))
    watched.agent.disagrees(2)
    assert watched.state.proposals[-1].outcome == "withdrawn"
    with pytest.raises(InvalidTransition):
        watched.colleague.agrees(2)
    assert (moved(watched), len(watched.state.proposals)) == (0, 1), "changing one's mind does not fill an order"


def test_what_nobody_answers_lapses_at_its_instant_and_not_before(watched):
    watched.agent.gives_back(eur("20.00"))
    due = watched.state.proposals[-1].due_at
    watched.at(due - timedelta(seconds=1))
    watched.handle(LapseProposal(order=watched.state.id, number=1), SYSTEM)
    assert watched.state.proposals[-1].outcome == "proposed", "a clock that comes early changes nothing"
    watched.now = due
    with pytest.raises(DeadlinePassed):
        watched.colleague.agrees()
    watched.at(due)
    assert (watched.state.proposals[-1].outcome, moved(watched)) == ("lapsed", 0)
    assert not [one for one in watched.due if one.kind == "proposal"]


def test_while_one_waits_the_same_is_not_proposed_again(watched):
    watched.agent.gives_back(eur("20.00"))
    with pytest.raises(InvalidTransition) as problem:
        watched.colleague.gives_back(eur("20.00"))
    assert problem.value.params["deadline"] == watched.state.proposals[-1].due_at
    watched.agent.gives_back(eur("10.00"))
    assert moved(watched) == 1000, "what one person may do alone does not wait for it"


def test_who_confirms_has_it_judged_by_what_is_left_now(watched):
    watched.agent.gives_back(eur("40.00"))
    watched.colleague.gives_back(eur("10.00"))
    with pytest.raises(RefundTooHigh) as problem:
        watched.colleague.agrees()
    assert problem.value.params["left"] == eur("35.00")
    assert (moved(watched), proposed(watched) != []) == (1000, True)


def test_a_delivery_that_went_back_meanwhile_is_not_given_back_by_halves(watched):
    watched.agent.gives_back(eur("20.00"), shipping=True)
    watched.seller.gives_back(shipping=True)
    with pytest.raises(Exception, match="refund-of-nothing"):
        watched.colleague.agrees()
    assert moved(watched) == 500


@pytest.mark.parametrize(
    ("way", "more"), [("paid_out", {"voucher": "V-7"}), ("store_credit", {"consent": "On the telephone."})]
)
def test_a_failed_refund_goes_another_way_when_two_say_so(watched, way, more):
    failed(watched).agent.settles(way, **more)
    assert (moved(watched), watched.state.refunds[0].settled) == (0, "")
    watched.colleague.agrees()
    assert (moved(watched), watched.state.refunds[0].settled, watched.state.refunds[1].into) == (4500, way, way)
    event = watched.records[-1].event
    made = next(one.event for one in watched.records if type(one.event).__name__ == "ProposalMade")
    assert (event.by, event.voucher, event.consent) == ("sue", more.get("voucher", ""), made.consent)
    assert (made.consent is not None) == ("consent" in more)


def test_trying_the_same_way_again_takes_nobody_else(watched):
    failed(watched).agent.settles("again")
    assert (moved(watched), watched.state.proposals) == (4500, ())


def test_a_refund_that_was_settled_meanwhile_is_not_settled_twice(watched):
    failed(watched).agent.settles("paid_out", voucher="V-7")
    watched.agent.settles("again")
    with pytest.raises(InvalidTransition):
        watched.colleague.agrees()
    assert moved(watched) == 4500


def test_the_amount_both_read_is_the_amount_that_moves(watched):
    failed(watched).agent.settles("paid_out", voucher="V-7")
    watched.host.reports("refunded_elsewhere", tender="card", amount_minor=1000)
    with pytest.raises(AmountChanged) as problem:
        watched.colleague.agrees()
    assert problem.value.params == {"confirmed": eur("45.00"), "refund": eur("35.00")}


def test_a_refund_order_is_paid_out_when_two_say_so_and_its_host_is_believed(watched):
    ordered(watched).agent.paid_out("BK-1")
    assert watched.state.refunds[0].status == "submitted"
    before = watched.state
    watched.agent.paid_out("BK-1")
    assert watched.state == before, "said again it is no news"
    with pytest.raises(InvalidTransition):
        watched.colleague.paid_out("BK-2")
    with pytest.raises(InvalidTransition):
        watched.colleague.takes_refund()
    with pytest.raises(SecondPersonNeeded):
        watched.agent.agrees()
    watched.colleague.agrees()
    done = watched.state.refunds[0]
    assert (done.status, done.reference, str(done.ordered.paid_on)) == ("succeeded", "BK-1", "2026-05-04")


def test_what_the_host_reports_as_paid_out_has_happened(watched):
    ordered(watched).agent.paid_out("BK-1")
    watched.host.paid_out("WX-9")
    assert watched.state.refunds[0].reference == "WX-9"
    with pytest.raises(RefundSettled):
        watched.colleague.agrees()
    watched.colleague.disagrees()
    assert proposed(watched) == []


def test_what_the_buyer_asks_and_the_shop_grants_takes_nobody_else(watched):
    watched.at("Mon 10:00").seller.cancels()
    assert (moved(watched), watched.state.proposals) == (4500, ())


def test_what_one_says_was_paid_nobody_undoes_alone(watched):  # ID-05
    """Else it would be paid once more while the first word still waits."""
    ordered(watched).agent.paid_out()
    for code in ("account_closed", "came_back"):
        with pytest.raises(InvalidTransition):
            watched.colleague.could_not_pay(code)
    assert watched.state.refunds[0].status == "submitted"
    watched.colleague.disagrees()
    watched.colleague.could_not_pay()
    assert (watched.state.refunds[0].status, proposed(watched)) == ("failed", [])
