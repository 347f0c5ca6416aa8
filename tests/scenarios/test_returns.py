"""Something is wrong with goods that have left the shop: a case with a number, an owner and an end (M-13, M-42)."""

from datetime import timedelta

import msgspec
import pytest

from rescind.core.actor import Actor, ActorKind
from rescind.core.errors import (
    ConsentMissing,
    EvidenceMissing,
    Forbidden,
    InvalidField,
    InvalidTransition,
    NotFound,
    NothingSelected,
    QuantityNotOpen,
    ReasonNotListed,
)
from rescind.core.event import Note
from rescind.core.evidence import FOR_A_LOOK
from rescind.core.ids import EvidenceId
from rescind.core.outage import Outage
from rescind.core.returns import (
    MOST,
    AddToReturn,
    AskForMore,
    CloseReturn,
    LapseReturn,
    OpenReturn,
    TakeReturn,
    Wish,
    WithdrawReturn,
    number,
    returnable,
    worth,
)
from rescind.core.stage import Stage
from scenarios.shop import eur, item

SUE = Actor(kind=ActorKind.SUPPORT, id="sue")
WORDS = Note(id="txt_1", body="It is cracked.", salt="s")
PHOTO = (FOR_A_LOOK,)


def opens(shop, reason="damaged", wish="refund", lines=None, actor=None, evidence=PHOTO, **more):
    command = OpenReturn(
        order=shop.state.id,
        reason=reason,
        wish=Wish(wish),
        lines={"mug": 1} if lines is None else lines,
        evidence=evidence,
        **more,
    )
    shop.handle(command, actor or shop.buyer.actor)
    return shop.state.returns[-1]


def does(shop, kind, actor=SUE, **more):
    shop.handle(kind(order=shop.state.id, case=shop.state.returns[-1].id, **more), actor)
    return shop.state.returns[-1]


@pytest.fixture
def delivered(shop):
    shop.order(lines=[item("mug", eur("20.00"), 2)], paid=eur("40.00"), stage=Stage.DELIVERED)
    return shop


def test_a_broken_mug_becomes_a_case_with_a_number_and_a_time(delivered):  # M-42
    case = opens(delivered, comment=WORDS)
    assert (case.status, case.reason, case.wish, case.lines) == ("with_support", "damaged", "refund", {"mug": 1})
    assert case.due_at == delivered.now + timedelta(hours=48)
    assert number(delivered.state, case).endswith("-R1")
    assert case.id.startswith("ret_")
    assert worth(delivered.state, case.lines) == eur("20.00")
    assert delivered.refunded == eur("0.00")


@pytest.mark.parametrize("reason", ["damaged", "faulty", "wrong_item", "not_as_described", "parts_missing"])
def test_what_can_be_shown_must_be_shown(delivered, reason):  # M-42
    with pytest.raises(EvidenceMissing) as wants:
        opens(delivered, reason, evidence=())
    assert wants.value.params["needs"] == ("evidence",)
    assert opens(delivered, reason).reason == reason


def test_what_cannot_be_shown_needs_no_photo_and_other_needs_words(delivered):
    assert opens(delivered, "no_longer_wanted", "return_refund", evidence=()).wish == "return_refund"
    with pytest.raises(EvidenceMissing):
        opens(delivered, "other", evidence=())
    assert opens(delivered, "other", evidence=(), comment=WORDS).reason == "other"


def test_nothing_that_is_with_the_shop_is_returned(shop):  # M-13
    shop.order(paid=eur("40.00"), stage=Stage.AWAITING_COLLECTION)
    with pytest.raises(InvalidTransition):
        opens(shop, lines={shop.state.lines[0].id: 1})
    shop.host.reports("handed_over")
    assert opens(shop, "not_arrived", lines={shop.state.lines[0].id: 1}).stage is Stage.IN_TRANSIT
    shop.host.reports("delivered")
    does(shop, WithdrawReturn, shop.buyer.actor)
    with pytest.raises(ReasonNotListed):
        opens(shop, "not_arrived", lines={shop.state.lines[0].id: 1})


def test_no_unit_is_in_two_cases_and_none_that_is_not_there(delivered):
    opens(delivered)
    assert returnable(delivered.state, delivered.now) == {"mug": 1}
    for wrong in ({"mug": 2}, {"mug": -1}, {"bowl": 1}):
        with pytest.raises(QuantityNotOpen):
            opens(delivered, lines=wrong)
    with pytest.raises(NothingSelected):
        opens(delivered, lines={"mug": 0})
    opens(delivered)
    assert returnable(delivered.state, delivered.now) == {}
    does(delivered, CloseReturn, outcome="not_upheld", comment=WORDS)
    assert returnable(delivered.state, delivered.now) == {"mug": 1}


def test_an_order_has_no_more_cases_than_its_row_can_carry(delivered):
    for _ in range(MOST):
        opens(delivered)
        does(delivered, WithdrawReturn, delivered.buyer.actor)
    with pytest.raises(InvalidTransition) as full:
        opens(delivered)
    assert full.value.params["allowed_actions"] == ("contact_support",)


def test_nobody_at_support_moves_and_the_lead_has_it_each_time_anew(delivered):  # promise 5
    delivered.at("Mon 10:00")
    opens(delivered)
    delivered.at("Wed 09:59")
    assert delivered.state.returns[-1].status == "with_support"
    delivered.at("Wed 10:00")
    late = delivered.state.returns[-1]
    assert (late.status, late.due_at) == ("escalated", delivered.now + timedelta(hours=48))
    does(delivered, TakeReturn)
    assert delivered.state.returns[-1].status == "escalated"
    delivered.at("Fri 10:00")
    again = delivered.state.returns[-1]
    assert (again.status, again.due_at, again.closed_at) == ("escalated", delivered.now + timedelta(hours=48), None)


def test_a_question_is_the_buyers_move_and_silence_gives_it_back(delivered):  # promise 5
    delivered.at("Mon 10:00")
    opens(delivered)
    case = does(delivered, AskForMore, comment=WORDS)
    assert (case.status, case.owner, case.due_at) == ("with_buyer", "sue", delivered.now + timedelta(hours=72))
    delivered.at("Thu 10:00")
    case = delivered.state.returns[-1]
    assert (case.status, case.due_at) == ("with_support", delivered.now + timedelta(hours=48))


def test_an_answer_gives_support_its_time_anew_and_words_unasked_move_nothing(delivered):
    delivered.at("Mon 10:00")
    first = opens(delivered)
    delivered.at("Mon 12:00")
    assert does(delivered, AddToReturn, delivered.buyer.actor, comment=WORDS).due_at == first.due_at
    does(delivered, AskForMore, comment=WORDS)
    delivered.at("Tue 12:00")
    case = does(delivered, AddToReturn, delivered.buyer.actor, evidence=PHOTO)
    assert (case.status, case.due_at) == ("with_support", delivered.now + timedelta(hours=48))
    with pytest.raises(InvalidField):
        does(delivered, AddToReturn, delivered.buyer.actor)


def test_the_buyer_gets_the_time_back_in_which_we_were_away(delivered):  # I-38
    delivered.at("Mon 10:00")
    opens(delivered)
    case = does(delivered, AskForMore, comment=WORDS)
    delivered.now = case.due_at
    away = (Outage(delivered.time("Tue 10:00"), delivered.time("Tue 16:00")),)
    later = does(delivered, LapseReturn, outages=away)
    assert (later.status, later.due_at) == ("with_buyer", case.due_at + timedelta(hours=6))
    delivered.now = later.due_at
    assert does(delivered, LapseReturn, outages=away).status == "with_support"


@pytest.mark.parametrize(
    "outcome", ["refund_by_shop", "return_agreed", "replacement_agreed", "credit_given", "not_upheld"]
)
def test_support_ends_a_case_with_a_reason_and_no_money_moves(delivered, outcome):  # M-42
    opens(delivered)
    does(delivered, TakeReturn)
    case = does(delivered, CloseReturn, outcome=outcome, comment=WORDS)
    assert (case.status, case.outcome, case.closed_by) == ("closed", outcome, "support")
    assert delivered.refunded == eur("0.00")
    assert delivered.due == ()
    for kind, actor, more in (
        (TakeReturn, SUE, {}),
        (CloseReturn, SUE, {"outcome": outcome, "comment": WORDS}),
        (AddToReturn, delivered.buyer.actor, {"comment": WORDS}),
        (WithdrawReturn, delivered.buyer.actor, {}),
    ):
        with pytest.raises(InvalidTransition):
            does(delivered, kind, actor, **more)
    opens(delivered)
    with pytest.raises(InvalidField):
        does(delivered, CloseReturn, outcome="sent_to_the_moon", comment=WORDS)


def test_each_side_does_its_own_part_only(delivered):
    with pytest.raises(Forbidden):
        opens(delivered, actor=delivered.seller.actor)
    with pytest.raises(Forbidden):
        opens(delivered, actor=SUE)
    with pytest.raises(ConsentMissing):
        opens(delivered, actor=delivered.support.actor)
    case = opens(delivered, actor=delivered.support.actor, consent=WORDS)
    assert case.filed_by == "support"
    ends = {"outcome": "not_upheld", "comment": WORDS}
    for kind, more in ((TakeReturn, {}), (AskForMore, {"comment": WORDS}), (CloseReturn, ends)):
        for actor in (delivered.buyer.actor, delivered.seller.actor):
            with pytest.raises(Forbidden):
                does(delivered, kind, actor, **more)
    for kind, more in ((AddToReturn, {"comment": WORDS}), (WithdrawReturn, {})):
        with pytest.raises(Forbidden):
            does(delivered, kind, delivered.seller.actor, **more)
    with pytest.raises(NotFound):
        delivered.handle(TakeReturn(order=delivered.state.id, case="ret_0"), SUE)


def test_a_thai_shop_that_has_packed_refuses_with_a_photo_or_not_at_all(shop):
    here = shop("th")
    here.order(paid=eur("40.00"), stage=Stage.PREPARING)
    here.at("Mon 12:00").buyer.requests_cancellation()
    here.host.reports("packing_started")
    with pytest.raises(EvidenceMissing) as wants:
        here.seller.refuses("packed")
    assert wants.value.params == {"reason": "packed", "needs": ("evidence",)}
    here.seller.refuses("packed", evidence=PHOTO)
    assert here.cancellation.status == "refused"


def test_a_request_carries_no_more_files_than_an_order_can(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    many = tuple(msgspec.structs.replace(FOR_A_LOOK, id=EvidenceId(str(place))) for place in range(11))
    for wrong in (many, (FOR_A_LOOK, FOR_A_LOOK)):
        with pytest.raises(InvalidField):
            shop.buyer.requests_cancellation(evidence=wrong)
    shop.buyer.requests_cancellation(evidence=many[:10])
    assert shop.cancellation.status == "awaiting_seller"
