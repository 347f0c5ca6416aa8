"""The buyer calls the platform: when it may be, whose move it is, and what may be said at the end (M-20, M-24)."""

from datetime import timedelta

import pytest

from rescind.core.actor import Actor, ActorKind
from rescind.core.conversation import Audience, Message, unanswered_since
from rescind.core.errors import AmountChanged, Forbidden, InvalidField, InvalidTransition, NotFound, RefundTooHigh
from rescind.core.escalation import (
    BREACHES,
    GROUNDS,
    MOST,
    OUTCOMES,
    CloseEscalation,
    Escalate,
    LapseEscalation,
    TakeEscalation,
    possible,
)
from rescind.core.event import Note
from rescind.core.granting import GrantAct, GrantEscalation, ways
from rescind.core.lifecycle import due
from rescind.core.override import AnswerOverride
from rescind.core.parts import Attached
from rescind.core.second_person import AnswerProposal
from rescind.core.stage import Stage
from scenarios.shop import eur

SUE, CAL = (Actor(kind=ActorKind.SUPPORT, id=name) for name in ("sue", "cal"))
WORDS = Note(id="txt_1", body="See the conversation.", salt="s")
TALK = Attached(thread="cnv_1", upto="msg_1", messages=3, digest="0" * 64)


@pytest.fixture
def asked(shop):
    shop.at("Mon 09:00").order(paid=eur("40.00"), stage=Stage.PREPARING)
    return shop


def calls(shop, ground="pressure", comment=WORDS, actor=None, **more):
    command = Escalate(order=shop.state.id, ground=ground, comment=comment, **more)
    shop.handle(command, actor or shop.buyer.actor)
    return shop.state.escalations[-1]


def does(shop, kind, actor=SUE, number=1, **more):
    shop.handle(kind(order=shop.state.id, number=number, **more), actor)
    return shop.state.escalations[number - 1]


def test_a_shop_that_does_not_answer_in_its_time_is_a_ground_to_the_second(asked):
    shop = asked
    since = shop.time("Mon 10:00")
    with pytest.raises(InvalidField):
        calls(shop.at(shop.time("Tue 10:00") - timedelta(seconds=1)), "shop_silent", unanswered_since=since)
    case = calls(shop.at("Tue 10:00"), "shop_silent", comment=None, unanswered_since=since, attached=TALK)
    assert (case.status, case.attached, case.due_at) == ("with_support", TALK, shop.time("Thu 10:00"))


def test_a_refusal_is_a_ground_and_no_refusal_is_none(asked):
    shop = asked
    with pytest.raises(InvalidField):
        calls(shop.at("Mon 10:00"), "shop_refuses")
    shop.buyer.requests_cancellation()
    shop.at("Mon 11:00").seller.refuses(comment="No.")
    assert calls(shop, "shop_refuses").ground == "shop_refuses"


@pytest.mark.parametrize("ground", BREACHES)
def test_a_breach_is_a_ground_at_any_time_and_wants_words(asked, ground):
    with pytest.raises(InvalidField):
        calls(asked.at("Mon 09:01"), ground, comment=None)
    assert calls(asked, ground).ground == ground


def test_only_the_buyer_calls_and_one_case_is_open_at_a_time(asked):
    shop = asked
    with pytest.raises(Forbidden):
        calls(shop.at("Mon 10:00"), actor=shop.seller.actor)
    with pytest.raises(InvalidField):
        calls(shop, "no_such_ground")
    calls(shop)
    with pytest.raises(InvalidTransition):
        calls(shop)
    for _case in range(1, MOST):
        does(shop, CloseEscalation, number=len(shop.state.escalations), outcome="shop_warned", comment=WORDS)
        calls(shop)
    does(shop, CloseEscalation, number=MOST, outcome="shop_warned", comment=WORDS)
    assert possible(shop.state, shop.terms, None, shop.now) == ()
    with pytest.raises(InvalidTransition):
        calls(shop)


def test_a_case_has_an_owner_and_what_nobody_moves_goes_up_each_time_anew(asked):
    shop = asked
    calls(shop.at("Mon 10:00"))
    with pytest.raises(Forbidden):
        does(shop, TakeEscalation, actor=shop.seller.actor)
    assert does(shop, TakeEscalation).owner == "sue"
    (waits,) = [one for one in due(shop.state) if one.kind == "escalation"]
    assert waits.due_at == shop.time("Wed 10:00")
    assert does(shop.at("Wed 09:59"), LapseEscalation).status == "with_support"
    late = does(shop.at("Wed 10:00"), LapseEscalation)
    assert (late.status, late.due_at) == ("escalated", shop.time("Fri 10:00"))
    does(shop, CloseEscalation, outcome="not_upheld", comment=WORDS)
    assert [one for one in due(shop.state) if one.kind == "escalation"] == []
    assert does(shop.at("Fri 10:00"), LapseEscalation).status == "closed"


def test_granted_is_said_of_what_was_cancelled_and_never_before(asked):
    shop = asked
    calls(shop.at("Mon 10:00"))
    with pytest.raises(InvalidTransition):
        does(shop, CloseEscalation, outcome="granted", comment=WORDS)
    shop.at("Mon 11:00").seller.cancels("out_of_stock")
    assert does(shop, CloseEscalation, outcome="granted", comment=WORDS).outcome == "granted"
    with pytest.raises(InvalidTransition):
        does(shop, CloseEscalation, outcome="granted", comment=WORDS)
    with pytest.raises(NotFound):
        shop.handle(TakeEscalation(order=shop.state.id, number=2), SUE)


def test_support_cancels_what_the_buyer_is_right_about_and_that_ends_the_call_as_granted(asked):  # M-24
    shop = asked
    calls(shop.at("Mon 10:00"))
    stop = next(one for one in ways(shop.state, shop.now) if one.act is GrantAct.CANCEL)
    assert stop.amount_minor == 4000
    terms = {"act": GrantAct.CANCEL, "reason": "seller_unreachable", "comment": WORDS, "alone_up_to_minor": 4000}
    with pytest.raises(Forbidden):
        does(shop, GrantEscalation, actor=shop.seller.actor, **terms)
    with pytest.raises(AmountChanged):
        does(shop, GrantEscalation, refund=eur("39.99"), **terms)
    assert shop.state.escalations[0].status == "with_support", "what was refused has ended nothing"
    case = does(shop, GrantEscalation, refund=eur("40.00"), **terms)
    assert (case.status, case.outcome, case.closed_by) == ("closed", "granted", "support")
    assert shop.refunded == eur("40.00")
    assert [type(one.event).__name__ for one in shop.records[-3:]] == [
        "RulesOverridden",
        "CancellationApproved",
        "EscalationClosed",
    ]
    with pytest.raises(InvalidTransition):
        does(shop, GrantEscalation, **terms)


def test_a_grant_that_takes_two_people_leaves_the_call_open_until_there_are_two(asked):  # R-039, M-24
    shop = asked
    calls(shop.at("Mon 10:00"))
    terms = {"act": GrantAct.CANCEL, "reason": "seller_unreachable", "comment": WORDS, "alone_up_to_minor": 3999}
    assert does(shop, GrantEscalation, **terms).status == "with_support"
    assert ways(shop.state, shop.now) == (), "one thing is proposed at a time"
    with pytest.raises(InvalidTransition):
        does(shop, CloseEscalation, outcome="granted", comment=WORDS)
    shop.handle(AnswerOverride(order=shop.state.id, number=1, confirm=True), CAL)
    assert (shop.state.escalations[0].outcome, shop.refunded) == ("granted", eur("40.00"))


def test_a_grant_that_a_colleague_rejects_ends_no_call(asked):
    shop = asked
    calls(shop.at("Mon 10:00"))
    terms = {"act": GrantAct.CANCEL, "reason": "seller_unreachable", "comment": WORDS, "alone_up_to_minor": None}
    does(shop, GrantEscalation, **terms)
    shop.handle(AnswerOverride(order=shop.state.id, number=1, confirm=False), CAL)
    assert shop.state.escalations[0].status == "with_support"
    assert ways(shop.state, shop.now), "something else can be done"


def test_money_that_goes_back_ends_a_call_as_that_and_not_as_a_cancellation(asked):
    shop = asked
    calls(shop.at("Mon 10:00"))
    with pytest.raises(InvalidTransition):
        does(shop, CloseEscalation, outcome="refunded", comment=WORDS)
    terms = {"act": GrantAct.GIVE_BACK, "comment": WORDS, "alone_up_to_minor": None}
    with pytest.raises(RefundTooHigh):
        does(shop, GrantEscalation, refund=eur("40.01"), **terms)
    case = does(shop, GrantEscalation, refund=eur("5.00"), **terms)
    assert (case.outcome, shop.refunded, shop.state.cancellations) == ("refunded", eur("5.00"), ())


def test_a_request_that_the_shop_refused_is_approved_after_all(asked):
    shop = asked
    shop.at("Mon 10:00").buyer.requests_cancellation()
    shop.at("Mon 11:00").seller.refuses(comment="No.")
    calls(shop, "shop_refuses")
    way = next(one for one in ways(shop.state, shop.now) if one.act is GrantAct.APPROVE)
    assert "hardship" in way.reasons
    terms = {"act": GrantAct.APPROVE, "cancellation": way.cancellation, "reason": "hardship"}
    assert does(shop, GrantEscalation, comment=WORDS, alone_up_to_minor=way.amount_minor, **terms).outcome == "granted"
    assert shop.cancellation.status == "approved"


def test_what_support_may_say_at_the_end_is_a_list(asked):
    calls(asked.at("Mon 10:00"))
    with pytest.raises(InvalidField):
        does(asked, CloseEscalation, outcome="refund_everything", comment=WORDS)
    assert "granted" in OUTCOMES
    assert len(set(GROUNDS)) == len(GROUNDS)


def test_who_owes_an_answer_is_told_by_what_both_read(asked):
    def message(by, minute, audience=Audience.EVERYONE):
        at = asked.time(f"Mon 10:{minute:02}")
        return Message(id="m", audience=audience, by=by, author="", text="", digest="", salt="", sent_at=at)

    first, again = message("buyer", 1), message("buyer", 5)
    answer, aside = message("seller", 3), message("buyer", 0, Audience.BUYER)
    overheard = message("platform", 2)
    assert unanswered_since([]) is None
    assert unanswered_since([aside]) is None, "what only the platform read asks nothing of the shop"
    assert unanswered_since([first, overheard, again]) == first.sent_at
    assert unanswered_since([first, answer]) is None
    assert unanswered_since([first, answer, again]) == again.sent_at


def test_a_confirmed_grant_ends_the_call_it_was_proposed_for_and_no_later_one(asked):
    shop = asked
    calls(shop.at("Mon 10:00"))
    terms = {"act": GrantAct.CANCEL, "reason": "seller_unreachable", "comment": WORDS, "alone_up_to_minor": None}
    does(shop, GrantEscalation, **terms)
    does(shop, CloseEscalation, outcome="shop_warned", comment=WORDS)
    calls(shop)
    shop.handle(AnswerOverride(order=shop.state.id, number=1, confirm=True), CAL)
    assert [one.outcome for one in shop.state.escalations] == ["shop_warned", ""]
    assert does(shop, CloseEscalation, number=2, outcome="granted", comment=WORDS).outcome == "granted"


def test_money_that_takes_two_people_ends_the_call_once_a_colleague_agrees(asked):
    shop = asked
    shop.alone = eur("10.00")
    calls(shop.at("Mon 10:00"))
    terms = {"act": GrantAct.GIVE_BACK, "comment": WORDS, "alone_up_to_minor": None}
    assert does(shop, GrantEscalation, refund=eur("20.00"), **terms).status == "with_support"
    assert shop.state.refunds == ()
    shop.handle(AnswerProposal(order=shop.state.id, number=1, confirm=True), CAL)
    assert (shop.state.escalations[0].outcome, shop.refunded) == ("refunded", eur("20.00"))
