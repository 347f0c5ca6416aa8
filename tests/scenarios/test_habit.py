"""What a shop usually does is told with its error, and not at all from too little."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rescind.core.habit import LEAST, favours, pace
from rescind.core.stage import Stage

PLACED = datetime(2026, 5, 4, 10, tzinfo=UTC)
HOUR = 3600


def after(hours):
    return PLACED + timedelta(hours=hours)


def test_nothing_is_told_from_fewer_than_twenty():
    assert pace(Stage.PACKING, [HOUR] * (LEAST - 1), PLACED, PLACED) is None
    assert pace(Stage.PACKING, [HOUR] * LEAST, PLACED, PLACED).at == after(1)
    assert favours(LEAST - 1, 3) is None
    assert favours(LEAST, 3).granted == 3


def test_the_median_and_eight_in_ten_orders():
    found = pace(Stage.PACKING, [hours * HOUR for hours in range(1, 41)], PLACED, PLACED)
    assert (found.earliest, found.at, found.latest, found.orders) == (after(4), after(20), after(36), 40)


def test_an_order_that_waits_already_is_compared_with_those_that_waited_longer():
    hours = [hours * HOUR for hours in range(1, 41)]
    found = pace(Stage.PACKING, hours, PLACED, after(20))
    assert (found.at, found.orders) == (after(30), 20)
    # An estimate that is over already would tell nobody anything.
    assert pace(Stage.PACKING, hours, PLACED, after(21)) is None


@given(st.lists(st.integers(0, 10**7), max_size=80), st.integers(0, 10**7))
def test_an_estimate_lies_ahead_and_within_its_range(seconds, waited):
    now = PLACED + timedelta(seconds=waited)
    found = pace(Stage.PACKING, seconds, PLACED, now)
    if found is not None:
        assert now < found.earliest <= found.at <= found.latest
        assert found.orders >= LEAST
        within = [one for one in seconds if found.earliest <= PLACED + timedelta(seconds=one) <= found.latest]
        assert len(within) >= 0.8 * found.orders
