"""From where on a thing is worth a word: no alarm without cause, and none too late."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from rescind.doctor.finding import (
    BACKUP_EVERY,
    TRIED_EVERY,
    Topic,
    of_backup,
    of_clock,
    of_disk,
    of_orders,
    of_programs,
)
from rescind.locales import locale

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
GB = 10**9


@pytest.mark.parametrize(
    ("apart_s", "kept", "code", "grade"),
    [
        (0.4, True, "clock_good", "good"),
        (-1.9, None, "clock_alike", "good"),
        (0.4, False, "clock_unkept", "attention"),
        (-3, True, "clock_apart", "attention"),
        (61, None, "clock_apart", "broken"),
        (-61, False, "clock_apart", "broken"),
    ],
)
def test_clocks_may_be_two_seconds_apart_and_a_minute_is_wrong(apart_s, kept, code, grade):
    found = of_clock(apart_s, kept)
    assert (found.code, found.grade) == (code, grade)


@pytest.mark.parametrize(
    ("free", "total", "grade"),
    [
        (40 * GB, 500 * GB, "good"),
        (20 * GB, 500 * GB, "attention"),
        (GB, 10 * GB, "attention"),
        (GB // 4, GB, "broken"),
    ],
)
def test_a_disk_is_told_of_before_it_is_full(free, total, grade):
    assert of_disk("/srv", free, total).grade == grade


@pytest.mark.parametrize(
    ("made", "tried", "code", "grade"),
    [
        (None, None, "backup_none", "broken"),
        (BACKUP_EVERY + timedelta(minutes=1), None, "backup_old", "broken"),
        (timedelta(hours=25), None, "backup_untried", "attention"),
        (timedelta(hours=25), TRIED_EVERY + timedelta(minutes=1), "backup_tried_long_ago", "attention"),
        (timedelta(hours=25), timedelta(days=30), "backup_good", "good"),
    ],
)
def test_a_backup_is_of_today_and_one_of_the_month_was_restored_on_trial(made, tried, code, grade):
    found = of_backup(*(NOW - ago if ago is not None else None for ago in (made, tried)), NOW)
    assert (found.code, found.grade) == (code, grade)


@pytest.mark.parametrize(
    ("count", "ends", "code"),
    [
        (0, None, "programs_good"),
        (1, timedelta(minutes=1), "programs_end"),
        (2, timedelta(minutes=-1), "programs_ended"),
    ],
)
def test_a_key_in_use_is_told_of_before_it_ends_and_once_it_has(count, ends, code):
    assert of_programs(count, None if ends is None else NOW + ends, "erp", NOW).code == code


@pytest.mark.parametrize(
    ("aside", "ordered", "code"),
    [(0, True, "orders_good"), (0, False, "orders_none"), (3, True, "orders_aside"), (3, False, "orders_aside")],
)
def test_orders_that_do_not_come_in_are_told_of(aside, ordered, code):
    assert of_orders(aside, NOW if aside else None, ordered=ordered).code == code


@pytest.mark.parametrize("tag", ["en", "zh"])
def test_every_topic_has_a_name(tag):
    assert [one for one in get_args(Topic) if not locale(tag).has("doctor.topic", one)] == []
