"""The carrier decides about goods that are late on their way, and support about what was left to it."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from rescind import policies
from rescind.core.cancellation import ApproveCancellation, CancellationHeld
from rescind.core.errors import DeadlinePassed, EvidenceMissing, Forbidden, InvalidTransition, ReasonNotListed
from rescind.core.lifecycle import due, replay
from rescind.core.money import Money
from rescind.core.parts import CancellationStatus
from rescind.core.policy import load
from rescind.core.stage import Stage
from scenarios.shop import eur, item

POLICIES = Path(policies.__file__).parent
TICK = timedelta(microseconds=1)


def asked(shop, policy="my", **order):
    """An order that is late on its way, and the carrier asked to stop it."""
    here = shop(policy).order(
        **({"paid": Money(4000, "MYR"), "placed": "2026-05-04 08:00"} | order),
        shipping_by="platform",
        deliver_by="2026-05-06 00:00",
        stage=Stage.AWAITING_COLLECTION,
    )
    here.seller.reports("handed_over")
    here.at("Wed 10:00").buyer.requests_cancellation("better_price")
    assert (here.cancellation.status, here.rule) == ("awaiting_carrier", "RECALL-1")
    return here


def test_a_carriers_yes_refunds_the_buyer_while_the_goods_travel_back(shop):  # S-33, R-007
    here = asked(shop)
    here.at("Wed 12:00").host.answers_for_carrier(stops=True)
    assert (here.cancellation.status, here.cancellation.closed_by) == ("approved", "carrier")
    assert (here.stage, here.refunded) == (Stage.CANCELLED, Money(4000, "MYR"))
    here.at("Thu 12:00").carrier.reports("handed_over", occurred="Wed 09:00")
    assert here.contradictions == [], "the carrier has it, as everybody knows"
    here.carrier.reports("delivered")
    assert here.contradictions == ["shipped_after_cancel"], "it was to come back, and somebody must hear of it"


def test_a_carriers_no_leaves_the_way_of_a_return(shop):
    here = asked(shop)
    here.host.answers_for_carrier(stops=False)
    ended = here.cancellation
    assert (ended.status, ended.closed_by, ended.instead) == ("refused", "carrier", "return_or_refund")
    assert (here.stage, here.refunded.minor) == (Stage.IN_TRANSIT, 0)


def test_support_tells_the_carriers_word_only_with_what_the_carrier_said(shop):
    here = asked(shop)
    with pytest.raises(EvidenceMissing):
        here.agent.answers_for_carrier(stops=True)
    decision = here.agent.answers_for_carrier(stops=True, comment="Case 4711, Ms. Tan, by phone")
    assert [note.body for note in decision.notes] == ["Case 4711, Ms. Tan, by phone"]
    assert (here.cancellation.closed_by, here.records[-1].actor.id) == ("carrier", "sue")


def test_nobody_else_speaks_for_the_carrier(shop):
    here = asked(shop)
    for person in (here.seller, here.support):
        with pytest.raises(Forbidden):
            (person.answers_for_carrier if person is here.seller else here.seller.answers_for_carrier)(stops=True)
    with pytest.raises(InvalidTransition):
        here.seller.approves()
    with pytest.raises(InvalidTransition):
        here.agent.approves()


def test_the_carriers_deadline_passes_once_and_then_the_platform_decides(shop):  # R-007, I-37, CONSENT-2
    here = asked(shop)
    due = here.cancellation.due_at
    here.at(due - timedelta(seconds=1))
    assert here.cancellation.status == "awaiting_carrier"
    here.now = due
    with pytest.raises(DeadlinePassed):
        here.host.answers_for_carrier(stops=True)
    here.at(due)
    assert here.cancellation.status == "in_review"
    here.agent.approves()
    assert (here.cancellation.closed_by, here.refunded) == ("support", Money(4000, "MYR"))


def test_a_scan_on_the_way_is_no_answer_and_arriving_is(shop):
    here = asked(shop)
    here.carrier.reports("handed_over")
    here.carrier.reports("out_for_delivery")
    assert (here.cancellation.status, here.contradictions) == ("awaiting_carrier", [])
    here.carrier.reports("delivered")
    assert (here.cancellation.status, here.cancellation.closed_by) == ("overtaken", "shipment")
    assert here.contradictions == [], "what arrives late has broken no rule"
    with pytest.raises(InvalidTransition):
        here.host.answers_for_carrier(stops=True)
    assert here.refunded.minor == 0


def test_refused_at_the_door_while_the_carrier_is_asked_answers_the_request_once(shop):
    here = asked(shop)
    here.carrier.reports("refused")
    assert (len(here.state.cancellations), here.cancellation.status) == (1, "approved")
    assert (here.cancellation.closed_by, here.refunded) == ("system", Money(4000, "MYR"))
    with pytest.raises(InvalidTransition):
        here.host.answers_for_carrier(stops=False)


def test_of_two_parcels_only_what_has_not_arrived_is_called_back(shop):
    here = shop("my").order(
        lines=[item("mug", Money(1000, "MYR"), 2)],
        paid=Money(2000, "MYR"),
        shipping_by="platform",
        deliver_by="2026-05-06 00:00",
    )
    for parcel in ("1", "2"):
        here.carrier.reports("handed_over", parcel=parcel, lines={"mug": 1}, tracking=f"MY{parcel}")
    here.carrier.reports("delivered", parcel="1")
    here.at("Wed 10:00").buyer.requests_cancellation("better_price")
    assert here.cancellation.lines == {"mug": 1}, "what is on the table is no matter of the carrier's"
    here.host.answers_for_carrier(stops=True)
    assert here.refunded == Money(1000, "MYR")


def test_what_arrives_while_the_carrier_is_asked_is_not_refunded(shop):
    here = shop("my").order(
        lines=[item("mug", Money(1000, "MYR"), 2)],
        paid=Money(2000, "MYR"),
        shipping_by="platform",
        deliver_by="2026-05-06 00:00",
    )
    for parcel in ("1", "2"):
        here.carrier.reports("handed_over", parcel=parcel, lines={"mug": 1}, tracking=f"MY{parcel}")
    here.at("Wed 10:00").buyer.requests_cancellation("better_price")
    here.carrier.reports("delivered", parcel="1")
    assert here.cancellation.status == "awaiting_carrier"
    here.host.answers_for_carrier(stops=True)
    assert (here.cancellation.lines, here.refunded) == ({"mug": 1}, Money(1000, "MYR"))


def frequent(shop):
    """A buyer who cancels often: the platform is to look at it."""
    shop.counters = 10
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.buyer.requests_cancellation()
    assert (shop.cancellation.status, shop.rule) == ("in_review", "FREQUENT-1")
    return shop


def test_support_grants_a_request_that_the_policy_left_to_it(shop):  # FREQUENT-1, M-31
    frequent(shop)
    with pytest.raises(InvalidTransition):
        shop.seller.approves()
    shop.agent.approves()
    assert (shop.cancellation.closed_by, shop.stage, shop.refunded) == ("support", Stage.CANCELLED, eur("40.00"))


def test_support_declines_with_a_reason_of_its_own_and_words_to_the_buyer(shop):  # FREQUENT-1, M-31
    frequent(shop)
    with pytest.raises(ReasonNotListed):
        shop.agent.refuses("packed", comment="It is packed.")
    with pytest.raises(EvidenceMissing):
        shop.agent.refuses("asked_too_often")
    shop.agent.refuses("asked_too_often", comment="The tenth in a month.")
    ended = shop.cancellation
    assert (ended.status, ended.closed_by, ended.answer) == ("refused", "support", "asked_too_often")
    assert ended.instead == "contact_support"


def test_who_acts_for_a_buyer_does_not_decide_for_the_platform(shop):  # M-49
    frequent(shop)
    with pytest.raises(Forbidden):
        shop.support.says(ApproveCancellation, cancellation=shop.cancellation.id)


# --- and when the platform is silent too ------------------------------------------------------------------------------


def left_to_us(shop):
    """A carrier that said nothing in its time: the platform is to decide about goods on their way."""
    here = asked(shop)
    here.at(here.cancellation.due_at)
    assert here.cancellation.status == "in_review"
    return here


def test_what_a_silent_carrier_leaves_to_the_platform_says_by_when_and_what_then(shop):  # I-15
    here = left_to_us(shop)
    waits = here.cancellation
    assert (waits.due_at - here.now, waits.on_silence, waits.escalated_at) == (timedelta(hours=48), "refuse", here.now)
    assert waits.requested_at < waits.waits_since == here.now
    assert [one.due_at for one in here.due if one.kind == "deadline"] == [waits.due_at]


@pytest.mark.parametrize(("late", "status"), [(-TICK, "in_review"), (0 * TICK, "refused"), (TICK, "refused")])
def test_two_silences_pay_nobody_for_goods_that_are_still_on_their_way(shop, late, status):  # I-37
    here = left_to_us(shop)
    due = here.cancellation.due_at
    here.at(due + late)
    assert (here.cancellation.status, here.refunded.minor, here.stage) == (status, 0, Stage.IN_TRANSIT)
    if status == "refused":
        ended = here.cancellation
        assert (ended.closed_by, ended.instead, ended.closed_at) == ("silence", "return_or_refund", due)
        here.buyer.requests_cancellation("better_price")
        assert here.cancellation.status == "awaiting_carrier", "the carrier has not said no, and may be asked again"


@pytest.mark.parametrize("late", [0 * TICK, TICK])
def test_the_platform_is_as_late_at_its_deadline_as_anybody(shop, late):  # I-37
    here = left_to_us(shop)
    here.now = here.cancellation.due_at + late
    for says in (here.agent.approves, lambda: here.agent.refuses("other", comment="No."), here.buyer.withdraws):
        with pytest.raises(DeadlinePassed):
            says()


def test_the_platform_still_decides_in_the_last_instant(shop):  # I-37
    here = left_to_us(shop)
    here.now = here.cancellation.due_at - TICK
    here.agent.approves()
    assert (here.cancellation.closed_by, here.refunded) == ("support", Money(4000, "MYR"))


def test_a_request_left_to_the_platform_before_the_goods_left_is_granted_by_silence(shop):  # M-20, R-041, I-15
    asked_before = corner(shop)
    asked_before.at(asked_before.cancellation.due_at)
    waits = asked_before.cancellation
    assert (waits.status, waits.on_silence) == ("in_review", "approve")
    asked_before.at(waits.due_at - TICK)
    assert asked_before.cancellation.status == "in_review"
    asked_before.at(waits.due_at)
    assert (asked_before.cancellation.status, asked_before.cancellation.closed_by) == ("approved", "silence")
    assert asked_before.refunded == eur("40.00")


def corner(shop):
    """A preset that lets nobody be refunded for a shop's silence alone: its question goes up to the platform."""
    shop.policy = load(escalating("base"), "base.toml")
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.buyer.requests_cancellation()
    assert (shop.cancellation.status, shop.cancellation.on_silence) == ("awaiting_seller", "escalate")
    return shop


def escalating(name):
    """The text of a preset in which a seller's silence hands the question on."""
    text = (POLICIES / f"{name}.toml").read_text()
    before = 'span = "answer_span"\non_silence = "approve"'
    assert before in text
    return text.replace(before, 'span = "answer_span"\non_silence = "escalate"').encode()


def test_goods_that_leave_while_the_platform_has_the_question_answer_it_as_ever(shop):
    here = corner(shop)
    here.at(here.cancellation.due_at)
    here.host.reports("tracking_added", tracking="JD1")
    assert here.cancellation.status == "overtaken"
    here.host.corrects("tracking_added", "label_voided")
    waits = here.cancellation
    assert (waits.status, waits.on_silence) == ("in_review", "approve"), "it is still the platform's"
    assert here.at(waits.due_at).cancellation.status == "approved"


def test_an_order_under_terms_that_say_nothing_of_it_ends_all_the_same(shop):  # I-15, I-18
    text = escalating("base").decode()
    for name in ("escalated", "escalated_on_its_way"):
        begin = text.index(f"[deadlines.{name}]")
        text = text[:begin] + text[text.index("[deadlines.", begin + 1) :]
    here = shop
    here.policy = load(text.encode(), "base.toml")
    here.order(paid=eur("40.00"), stage=Stage.PREPARING).buyer.requests_cancellation()
    here.at(here.cancellation.due_at)
    assert (here.cancellation.due_at - here.now, here.cancellation.on_silence) == (timedelta(hours=48), "approve")


def test_a_request_that_was_handed_on_before_there_was_a_deadline_can_be_read_and_decided(shop):  # I-15
    here = left_to_us(shop)
    old = CancellationHeld(
        at=here.now, cancellation=here.cancellation.id, by=CancellationStatus.IN_REVIEW, due_at=here.now, on_silence=""
    )
    here.records[-1] = msgspec.structs.replace(here.records[-1], event=old)
    here.state = replay(tuple(one.event for one in here.records))
    assert (here.cancellation.status, here.cancellation.due_at, here.cancellation.on_silence) == ("in_review", None, "")
    assert not [one for one in due(here.state) if one.kind == "deadline"]
    here.agent.approves()
    assert here.cancellation.status == "approved"
