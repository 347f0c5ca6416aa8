"""Our refunds beside a provider's: when the two of us agree, what is news, and the eight ways in which we differ."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.core import refund as refunds
from rescind.core.parts import RefundStatus
from rescind.core.ports import ProviderRefund
from rescind.core.reconcile import _NEWS, BECOMES, KINDS, OurRefund, compare, side_by_side
from rescind.core.refund import ProviderOutcome

NOON = datetime(2026, 5, 20, 12, tzinfo=UTC)
OURS = OurRefund(
    refund="ref_00000001aaaaaaaaaaaaaa",
    shop="shp_00000001",
    order="ord_00000001aaaaaaaaaaaaaa",
    number="5001",
    tender="card",
    payment="pi_1",
    amount_minor=2500,
    currency="EUR",
    status=RefundStatus.SUCCEEDED,
    reference="re_1",
    owed_at=NOON - timedelta(days=2),
)
THEIRS = ProviderRefund(
    reference="re_1",
    refund=OURS.refund,
    payment="pi_1",
    amount_minor=2500,
    currency="EUR",
    status=ProviderOutcome.SUCCEEDED,
    at=NOON - timedelta(days=2),
)


def ours(**but):
    return msgspec.structs.replace(OURS, **but)


def theirs(status="succeeded", **but):
    return msgspec.structs.replace(THEIRS, status=ProviderOutcome(status), **but)


def judged(mine, *his, **more):
    """Kind and news of each difference, or how the two agree."""
    found = compare(mine, his, until=NOON, **more)
    return found.agreed or [(one.kind, one.news) for one in found.differences]


def test_a_refund_that_arrived_for_both_is_agreed():
    assert judged(OURS, THEIRS) == "agreed"
    assert judged(ours(status=RefundStatus.FAILED), theirs("declined")) == "agreed"


def test_what_was_not_sent_is_not_looked_for_at_the_provider():
    assert judged(ours(status=RefundStatus.OWED)) == "not_sent"
    assert judged(ours(status=RefundStatus.FAILED)) == "not_sent"


@pytest.mark.parametrize("status", ["submitted", "in_doubt", "succeeded"])
def test_what_was_sent_and_is_not_there_is_missing(status):
    assert judged(ours(status=RefundStatus(status))) == [("missing", None)]
    # It was owed before the time that is compared, or so shortly before its end that it need not be listed yet.
    assert judged(ours(status=RefundStatus(status), expected=False)) == []


def test_what_they_sent_and_we_do_not_know_is_unknown():
    assert judged(None, THEIRS) == [("unknown", None)]
    assert judged(None, theirs("submitted")) == [("unknown", None)]
    # What they declined moved no money.
    assert judged(None, theirs("declined")) == []


def test_two_that_were_sent_for_one_of_ours_are_twice():  # KF-15
    assert judged(OURS, THEIRS, theirs(reference="re_2")) == [("twice", None)]
    assert judged(OURS, THEIRS, theirs("submitted", reference="re_2")) == [("twice", None)]
    # One that was declined, and then one that went, is one.
    assert judged(OURS, theirs("declined", reference="re_0"), THEIRS) == "agreed"


def test_amount_currency_and_payment_are_compared_to_the_last_unit():
    assert judged(OURS, theirs(amount_minor=2501)) == [("amount", None)]
    assert judged(OURS, theirs(amount_minor=2499)) == [("amount", None)]
    assert judged(OURS, theirs(currency="USD")) == [("currency", None)]
    # An amount in another currency is no other amount.
    assert judged(OURS, theirs(currency="JPY", amount_minor=25)) == [("currency", None)]
    assert judged(OURS, theirs(payment="pi_2")) == [("payment", None)]
    assert judged(OURS, theirs(payment="pi_2", amount_minor=1)) == [("payment", None), ("amount", None)]
    # Who does not say which payment it was contradicts nobody.
    assert judged(OURS, theirs(payment="")) == "agreed"
    assert judged(ours(payment=""), theirs(payment="pi_2")) == "agreed"


def test_what_is_in_doubt_here_and_clear_there_is_news():  # I-07
    for status in (RefundStatus.IN_DOUBT, RefundStatus.SUBMITTED, RefundStatus.OWED):
        assert judged(ours(status=status), THEIRS) == [("status", ProviderOutcome.SUCCEEDED)]
        assert judged(ours(status=status), theirs("declined")) == [("status", ProviderOutcome.DECLINED)]
    assert judged(ours(status=RefundStatus.IN_DOUBT), theirs("submitted")) == [("status", ProviderOutcome.SUBMITTED)]
    # The bank sent it back after it had arrived.
    assert judged(OURS, theirs("declined")) == [("status", ProviderOutcome.DECLINED)]


def test_what_failed_here_and_went_there_is_for_a_person():  # I-09
    for status in ("succeeded", "submitted", "in_doubt"):
        assert judged(ours(status=RefundStatus.FAILED), theirs(status)) == [("status", None)]


def test_another_amount_is_no_news_of_ours():
    assert judged(ours(status=RefundStatus.IN_DOUBT), theirs(amount_minor=1)) == [("amount", None)]


def test_what_is_on_its_way_is_late_after_its_time_and_not_before():
    mine = ours(status=RefundStatus.SUBMITTED)
    assert judged(mine, theirs("submitted", at=NOON - timedelta(days=10))) == "on_its_way"
    assert judged(mine, theirs("submitted", at=NOON - timedelta(days=10, seconds=1))) == [("late", None)]
    assert judged(mine, theirs("submitted", at=NOON - timedelta(days=4)), late_after=timedelta(days=3)) == [
        ("late", None)
    ]


def test_every_kind_has_been_seen():
    listed = (
        (),
        (THEIRS,),
        (theirs("submitted", at=NOON - timedelta(days=60)),),
        (THEIRS, THEIRS),
        (theirs(amount_minor=1),),
        (theirs(currency="USD"),),
        (theirs(payment="pi_2"),),
    )
    ours_too = (None, *(ours(status=one) for one in RefundStatus))
    found = [compare(mine, his, until=NOON) for mine in ours_too for his in listed]
    assert {one.kind for each in found for one in each.differences} == set(KINDS)


@pytest.mark.parametrize("status", RefundStatus)
def test_news_is_what_an_order_takes_as_news(status):
    """The two tables say the same: what reconciling tells, the order does not refuse as no news."""
    follows = refunds._FOLLOWS[status]
    taken = {outcome for outcome, after in follows.items() if after is not status and outcome in BECOMES}
    assert taken == _NEWS[status]
    assert all(follows[outcome] is BECOMES[outcome] for outcome in taken)


IDS = st.lists(st.integers(0, 30).map(lambda n: f"ref_{n:03}"), max_size=30)


@given(st.sets(st.sampled_from([f"ref_{n:03}" for n in range(30)])), IDS)
async def test_each_of_ours_and_theirs_is_seen_once_and_beside_its_own(mine, his):
    async def of(found):
        for one in found:
            yield one

    ordered = [theirs(refund=one) for one in sorted([*his, "", ""])]
    seen = [pair async for pair in side_by_side(of(ours(refund=one) for one in sorted(mine)), of(ordered))]
    assert [one.refund for one, _ in seen if one] == sorted(mine)
    assert [each.refund for _, found in seen for each in found] == [one.refund for one in ordered]
    for one, found in seen:
        assert all(each.refund == one.refund if one else each.refund not in mine for each in found)
