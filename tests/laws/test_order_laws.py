"""What holds for every order and every history, whatever anybody tries."""

from datetime import UTC, timedelta

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import inspect

from laws.histories import check_money, histories, kept_price, left, play, shops
from rescind.core import cancellation
from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.cancellation import CancellationApproved, CancellationReopened, CancellationUndone, LapseDeadline
from rescind.core.chargeback import SILENT, WAITS, frozen
from rescind.core.context import Context
from rescind.core.errors import InvalidTransition
from rescind.core.fulfilment import EndHold, ReportFact
from rescind.core.lifecycle import Event, apply, due, replay
from rescind.core.order import Order, stage
from rescind.core.parts import FactKind, RefundStatus
from rescind.core.record import ROOT, Record, chain, decode, decode_order, encode, encode_order, verify
from rescind.core.refund import OPEN, ProviderOutcome, RecordRefundReply
from rescind.core.stage import Stage, status_of
from scenarios.shop import Shop, eur, item

EVENTS = Event.__args__


# --- money ------------------------------------------------------------------------------------------------------------


@given(shops(), histories())
def test_no_history_gives_back_more_than_was_paid_and_the_books_agree(shop, history):  # I-02, I-06
    play(shop, history, watch=lambda shop, *_: check_money(shop))


@given(shops(), histories())
def test_no_history_keeps_money_for_what_was_stopped(shop, history):  # S-04, R-070
    play(shop, history)
    failed = sum(one.amount_minor for one in shop.state.refunds if one.status is RefundStatus.FAILED)
    assert left(shop) <= kept_price(shop.state) + failed


# --- units ------------------------------------------------------------------------------------------------------------


@given(shops(), histories())
def test_what_has_left_is_not_cancelled(shop, history):  # I-14
    def watch(shop, before, events):
        for event in events:
            by_system = isinstance(event, CancellationApproved) and event.by == "system"
            if (
                isinstance(event, CancellationApproved)
                and not by_system
                and not shop_ships_without_tracking(shop, before)
            ):
                there = before.open_units()
                assert all(count <= there.get(line, 0) for line, count in event.lines.items())
            before = apply(before, event)
        assert all(0 <= line.cancelled <= line.quantity for line in shop.state.lines)

    play(shop, history, watch)


def shop_ships_without_tracking(shop, order):
    """Under R-051 a parcel handed over without a number is no answer, and its goods are the seller's loss."""
    return shop.policy.name == "us" and any(
        (parcel.handed_over_at or parcel.delivered_at) and not parcel.tracking for parcel in order.parcels
    )


# --- histories --------------------------------------------------------------------------------------------------------


@given(shops(), histories())
def test_a_history_folds_to_the_state_that_is_stored(shop, history):
    play(shop, history)
    order = shop.state
    assert replay(tuple(record.event for record in shop.records)) == order
    assert decode_order(encode_order(order)) == order
    assert order.version == len(shop.records)
    assert len(encode_order(order)) < 64 * 1024


STEPS = st.permutations(
    [FactKind.ALLOCATED, FactKind.PREPARATION_STARTED, FactKind.PACKING_STARTED, FactKind.PACKED, FactKind.COMPLETED]
).map(lambda facts: facts[:4])


@given(STEPS, st.integers(0, 3), st.sampled_from(("", "1")))
def test_a_report_taken_back_leaves_the_order_as_if_it_had_not_been_said(facts, wrong, parcel):  # KF-22
    def told(*said):
        shop = Shop().order(paid=eur("40.00"))
        for fact in filter(None, said):
            shop.host.reports(fact)
        if parcel:
            shop.host.reports(FactKind.TRACKING_ADDED, parcel=parcel, tracking="JD1")
        return shop

    shop = told(*facts)
    shop.host.corrects(facts[wrong])
    without = told(*(None if place == wrong else fact for place, fact in enumerate(facts)))
    assert (shop.state.progress, shop.state.parcels) == (without.state.progress, without.state.parcels)
    assert shop.stage is without.stage


@given(shops(), histories())
def test_what_is_said_twice_changes_nothing(shop, history):  # KF-14
    play(shop, history)
    order, at = shop.state, shop.now
    facts = (FactKind.ALLOCATED, FactKind.PACKED, FactKind.HANDED_OVER, FactKind.COMPLETED)
    outcomes = ("submitted", "succeeded", "declined")
    later = at + timedelta(1)
    # Of an order in several parcels a scan says which.
    parcel = order.parcels[0].id if order.parcels else "1"
    again = [
        EndHold(order=order.id),
        *(LapseDeadline(order=order.id, cancellation=one.id) for one in order.cancellations),
        *(ReportFact(order=order.id, fact=fact, occurred_at=at, parcel=parcel) for fact in facts),
        *(
            RecordRefundReply(order=order.id, refund=refund.id, outcome=ProviderOutcome(outcome), next_check_at=later)
            for refund in order.refunds
            for outcome in outcomes
        ),
    ]
    for command in again:
        shop.handle(command, SYSTEM)
        once = shop.state
        assert shop.handle(command, SYSTEM).events == ()
        assert shop.state == once


@given(shops(), histories())
def test_nothing_waits_for_ever(shop, history):  # I-15
    def watch(shop, *_):
        order, waits = shop.state, due(shop.state)
        named = {(one.kind, one.ref): one.due_at for one in waits}
        assert len(named) == len(waits)
        asked = [one for one in order.cancellations if one.status.waiting]
        assert len(asked) <= 1
        for one in asked:
            # Whoever has the move, seller, carrier or platform: there is an hour at which the request answers itself.
            assert named["deadline", one.id] == one.due_at
            assert one.on_silence in {"approve", "refuse", "escalate"}
            assert not one.escalated_at or one.on_silence != "escalate", "what was handed on once ends"
        for one in order.refunds:
            # The provider is asked about it, or somebody is to confirm it, or a bank decides: always one of them.
            asked_or_told = (("refund", one.id) in named) + (("refund_order", one.id) in named)
            assert asked_or_told + frozen(order, one) == (one.status in OPEN)
        for one in order.chargebacks:
            # A bank is waited for until support is asked; then its case is open.
            silent = any(noted.id == f"{SILENT}-{one.seq}" for noted in order.contradictions)
            assert one.outcome or (("chargeback", f"{order.id}:{one.seq}") in named) + silent == 1
        if order.hold_until and not order.hold_ended and not order.progress.cancelled_at:
            assert named["hold", order.id] == order.hold_until
        open_refunds = sum(one.status in OPEN for one in order.refunds)
        assert len(waits) <= open_refunds + 3 + len(order.timers) + len(order.chargebacks)
        assert not [one for one in waits if one.kind in {"timer", "unpaid"} and order.progress.cancelled_at]

    play(shop, history, watch)
    shop.at(shop.now + WAITS + timedelta(days=60))
    # Money is owed until somebody has spoken, however long that takes.
    assert [one for one in shop.due if not one.kind.startswith("refund")] == []
    assert shop.state.open_cancellation is None


@given(shops(), histories())
def test_a_final_answer_stays(shop, history):  # I-17
    final = {}

    def watch(shop, _, events):
        for event in events:
            if isinstance(event, CancellationReopened | CancellationUndone):
                # What closed it is not so: a parcel that was none, a payment that had come in time.
                assert final.pop(event.cancellation).closed_by in {"shipment", "seller", "system"}
        for one in shop.state.cancellations:
            if not one.status.waiting:
                assert final.setdefault(one.id, one) == one
        if shop.state.progress.cancelled_at:
            assert stage(shop.state, shop.now) is Stage.CANCELLED

    play(shop, history, watch)


@given(shops(), histories(), st.sampled_from(("buyer", "seller")), st.booleans())
def test_every_stage_gets_a_verdict_or_a_reason_why_nobody_may_ask(shop, history, who, anyway):
    play(shop, history)
    before = len(shop.state.cancellations)
    reasons = shop.terms.reasons(who, {**_facts(shop), "actor": who}, shop.now)
    assert reasons, "there is always something one may say"
    if shop.stage is Stage.CANCELLED or (shop.state.open_cancellation and who == "buyer"):
        with pytest.raises(InvalidTransition):
            _asks(shop, who, reasons[0].code, anyway)
        return
    waited = shop.state.open_cancellation
    try:
        _asks(shop, who, reasons[0].code, anyway)
    except InvalidTransition:
        assert waited is not None, "a seller who may not grant what is asked answers the question first"
        return
    assert shop.decision.finding.rule
    assert shop.decision.finding.verdict.waits == shop.cancellation.status.waiting
    assert len(shop.state.cancellations) == before + (waited is None)
    assert shop.cancellation.status != "refused" or shop.cancellation.instead


def _asks(shop, who, reason, anyway):
    if who == "buyer":
        shop.buyer.requests_cancellation(reason, anyway=anyway, comment="words")
    else:
        shop.seller.cancels(reason)


def _facts(shop):
    context = Context(calendar=shop.calendar, entropy=0)
    return cancellation.read(shop.state, ActorKind.BUYER, context, shop.now)


REACHED = [one for one in Stage if one not in {Stage.ON_HOLD, Stage.PARTIALLY_SHIPPING, Stage.CANCELLED}]


@pytest.mark.parametrize("policy", ["base", "us"])
@pytest.mark.parametrize("reached", REACHED)
@pytest.mark.parametrize("anyway", [False, True])
def test_each_stage_by_name_gets_a_verdict(policy, reached, anyway):
    paid = {"total": eur("40.00")} if reached is Stage.UNPAID else {"paid": eur("40.00")}
    shop = Shop(policy).order(**paid, stage=reached).at("Mon 09:30")
    assert shop.stage is reached
    _judged(shop, reached, anyway)


@pytest.mark.parametrize("anyway", [False, True])
def test_a_hold_and_half_a_shipment_get_a_verdict_too(anyway):
    _judged(Shop("us").order(paid=eur("40.00")), Stage.ON_HOLD, anyway)
    for policy in ("base", "us"):
        shop = Shop(policy).order(paid=eur("40.00"), lines=(item("a", eur("20.00")), item("b", eur("20.00"))))
        shop.at("Mon 09:30").carrier.reports("handed_over", parcel="1", lines={"a": 1})
        _judged(shop, Stage.PARTIALLY_SHIPPING, anyway)


def _judged(shop, reached, anyway):
    asked = shop.buyer.requests_cancellation(anyway=anyway)
    assert (asked.stage, status_of(asked.stage)) == (reached, status_of(reached))
    assert asked.rule
    assert asked.rule != "CLOSED-1", "the last resort of a preset is reached by nobody"


# --- as stored --------------------------------------------------------------------------------------------------------


PLAIN = st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=8)
SIMPLE = {
    inspect.BoolType: lambda _: st.booleans(),
    inspect.IntType: lambda kind: st.integers(kind.ge or -(2**40), 2**40),
    inspect.StrType: lambda _: st.text(max_size=8),
    inspect.DateType: lambda _: st.dates(),
    inspect.DateTimeType: lambda _: st.datetimes(timezones=st.just(UTC)),
    inspect.NoneType: lambda _: st.none(),
    inspect.EnumType: lambda kind: st.sampled_from(kind.cls),
    inspect.LiteralType: lambda kind: st.sampled_from(kind.values),
    inspect.UnionType: lambda kind: st.one_of(*map(values, kind.types)),
    inspect.VarTupleType: lambda kind: st.lists(values(kind.item_type), max_size=2).map(tuple),
    inspect.DictType: lambda kind: st.dictionaries(values(kind.key_type), values(kind.value_type), max_size=2),
    inspect.StructType: lambda kind: st.builds(kind.cls, **{one.name: values(one.type) for one in kind.fields}),
    inspect.Metadata: lambda kind: values(kind.type),
    # Facts are objects of any plain kind, line facts a list of such.
    inspect.CustomType: lambda _: PLAIN | st.lists(st.dictionaries(st.text(max_size=3), PLAIN, max_size=2), max_size=2),
}


def values(kind):
    """Values of any type that an event or an order is made of."""
    return SIMPLE[type(kind)](kind)


@pytest.mark.parametrize("event_type", EVENTS, ids=lambda one: one.__name__)
@given(data=st.data())
def test_every_event_is_read_as_it_was_written(event_type, data):
    event = data.draw(values(inspect.type_info(event_type)))
    actor = Actor(kind=ActorKind.SUPPORT, id="sue", via="key", on_behalf_of="ann")
    record = Record(order="ord_1", seq=1, received_at=event.at, actor=actor, key="k" * 16, event=event)
    data = encode(record)
    assert decode(data) == record
    assert encode(decode(data)) == data
    assert decode(data).v == 1, "a record that does not say its version is of the first"
    assert msgspec.json.decode(data)["event"]["type"] == event_type.__name__


@given(values(inspect.type_info(Order)))
def test_every_order_is_read_as_it_was_written(order):
    assert decode_order(encode_order(order)) == order
    assert encode_order(decode_order(encode_order(order))) == encode_order(order)


def test_a_kind_of_event_that_nobody_knows_is_not_read():
    shop = Shop().order(paid=eur("40.00"))
    data = encode(shop.records[0]).replace(b'"OrderPlaced"', b'"OrderEaten"')
    with pytest.raises(msgspec.ValidationError):
        decode(data)


# --- the chain --------------------------------------------------------------------------------------------------------


def chained(records):
    stored, head = [], ROOT
    for record in records:
        data = encode(record)
        head = chain(head, data)
        stored.append((record.seq, data, head))
    return stored


@given(shops(), histories(), st.data())
def test_whatever_is_changed_in_a_stored_history_shows(shop, history, data):  # I-22
    play(shop, history)
    stored = chained(shop.records)
    assume(len(stored) > 1)
    order = shop.state.id
    assert verify(order, stored) is None
    place = data.draw(st.integers(0, len(stored) - 1))
    seq, body, digest = stored[place]

    at = data.draw(st.integers(0, len(body) - 1))
    edited = body[:at] + bytes([body[at] ^ data.draw(st.integers(1, 255))]) + body[at + 1 :]
    broken = verify(order, [*stored[:place], (seq, edited, digest), *stored[place + 1 :]])
    assert (broken.seq, broken.why) == (seq, "edited")

    rehashed = chain(stored[place - 1][2] if place else ROOT, edited)
    found = verify(order, [*stored[:place], (seq, edited, rehashed), *stored[place + 1 :]])
    assert found is None or found.seq >= seq
    assert found is not None or place == len(stored) - 1, "only the very end can be made anew; its head is kept apart"

    if place < len(stored) - 1:
        dropped = verify(order, [*stored[:place], *stored[place + 1 :]])
        assert (dropped.seq, dropped.why) == (seq, "gap")
        renumbered = [(n, one[1], one[2]) for n, one in enumerate([*stored[:place], *stored[place + 1 :]], start=1)]
        assert verify(order, renumbered) is not None
        swapped = [*stored]
        swapped[place], swapped[place + 1] = stored[place + 1], stored[place]
        assert verify(order, swapped) is not None
        swapped = [(n, one[1], one[2]) for n, one in enumerate(swapped, start=1)]
        assert verify(order, swapped) is not None
    assert verify(order, [*stored, stored[-1]]) is not None


def test_the_history_of_another_order_is_foreign():  # I-22
    one, other = (Shop().order(paid=eur("40.00")) for _ in range(2))
    other.records = [msgspec.structs.replace(record, order="ord_0000000700000000000001") for record in other.records]
    broken = verify(one.state.id, chained(other.records))
    assert (broken.seq, broken.why) == (1, "foreign")
