"""A shop is told to ship what may be shipped: not while a person still has to look at the order (M-07, KF-15)."""

import pytest

from rescind.core import lifecycle
from rescind.core.notice import NoticeKind, as_of, notices_of
from rescind.core.review import StopReviewed
from rescind.core.stage import Stage
from rescind.notices import words
from scenarios.shop import eur


def told(shop):
    """What was told as it happened, that something is to be shipped."""
    return [
        notice
        for place, record in enumerate(shop.records, start=1)
        for notice in notices_of((record,), lifecycle.replay(tuple(one.event for one in shop.records[:place])))
        if notice.kind is NoticeKind.ORDER_TO_SHIP
    ]


def read(shop):
    """The latest of them, in words, as it stands now."""
    return words(as_of(told(shop)[-1], shop.state, shop.now), "en")


@pytest.fixture
def unpaid(shop):
    shop.at("Mon 08:00").order(paid=eur("40.00"), stage=Stage.UNPAID, placed="Mon 08:00")
    return shop


def test_an_order_that_is_checked_is_to_be_shipped_when_the_check_is_over(unpaid):  # M-07
    unpaid.host.reports("review_opened")
    unpaid.host.reports("paid")
    assert told(unpaid) == []
    unpaid.at("Mon 10:00").seller.reports("review_cleared")
    assert read(unpaid).sentence.endswith("is settled and can be prepared.")


def test_who_was_told_before_an_order_is_stopped_reads_that_it_is_on_hold(unpaid):  # KF-15
    unpaid.host.reports("paid")
    assert read(unpaid).sentence.endswith("is settled and can be prepared.")
    unpaid.host.reports("review_opened")
    assert read(unpaid).subject.endswith("is on hold")
    assert read(unpaid).move == ""
    unpaid.seller.reports("review_cleared")
    assert [as_of(one, unpaid.state, unpaid.now).code for one in told(unpaid)] == ["", ""], "and is told anew"


def test_a_check_that_ends_with_the_order_tells_nobody_to_ship(unpaid):  # M-07
    unpaid.host.reports("review_opened")
    unpaid.host.reports("paid")
    before = len(unpaid.records)
    unpaid.at("Mon 10:00").agent.says(StopReviewed)
    assert unpaid.state.progress.review_cleared_at is not None
    assert NoticeKind.ORDER_TO_SHIP not in [one.kind for one in notices_of(unpaid.records[before:], unpaid.state)]
