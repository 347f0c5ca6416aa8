"""We were not there for a while, and the buyer could not ask: the window is as long as it was promised (I-38)."""

from datetime import timedelta

import pytest

from rescind.core.outage import Outage
from rescind.core.outlook import Outlook
from rescind.core.stage import Stage
from scenarios.shop import usd

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def outlook(shop):
    return Outlook(shop.state, shop.terms, shop.context)


def away(shop, began, ended):
    return (Outage(began_at=shop.time(began), ended_at=shop.time(ended)),)


@pytest.mark.parametrize(
    ("began", "ended", "asked", "rule"),
    [
        ("Mon 08:57", "Mon 09:03", "Mon 09:03", "HOLD-1"),
        ("Mon 08:57", "Mon 09:03", "Mon 09:05:59", "HOLD-1"),
        ("Mon 08:57", "Mon 09:03", "Mon 09:06", "ASK-1"),
        ("Mon 07:00", "Mon 07:59", "Mon 09:00", "ASK-1"),
        ("Mon 09:00", "Mon 09:30", "Mon 09:30", "ASK-1"),
        ("Mon 07:30", "Mon 08:20", "Mon 09:19", "HOLD-1"),
        ("Mon 07:30", "Mon 08:20", "Mon 09:20", "ASK-1"),
    ],
)
def test_a_hold_hour_has_sixty_minutes_in_which_somebody_could_ask(shop, began, ended, asked, rule):
    us = shop("us").order(paid=usd("40.00"))
    us.outages = away(us, began, ended)
    us.at(asked)
    told = outlook(us).ask(us.now)
    assert told.finding.rule == rule
    assert outlook(us).said(us.now).worst.id == rule, "lists say the same"
    us.buyer.requests_cancellation()
    assert us.rule == rule
    lost = us.records[-1].event.request.lost_s
    assert (lost > 0) == (rule == "HOLD-1"), "how much was lost is kept where it mattered"


def test_a_shops_own_window_grows_by_what_was_lost_of_it(shop):  # M-03
    shop = shop(window="24h").order(paid=usd("40.00"), stage=Stage.PACKED)
    shop.outages = away(shop, "Mon 20:00", "Mon 23:00")
    shop.at("Tue 10:00")
    until = outlook(shop).until(shop.now, outlook(shop).ask(shop.now))
    assert until.at == shop.time("Tue 11:00")
    shop.at("Tue 10:59:59").buyer.requests_cancellation()
    assert shop.rule == "STANDING-1"


def test_what_was_lost_after_a_window_had_ended_opens_it_for_nobody(shop):  # I-38
    shop = shop(window="24h").order(paid=usd("40.00"), stage=Stage.PACKED)
    shop.outages = away(shop, "Tue 12:00", "Sat 12:00")
    shop.at("Sat 12:00")
    assert outlook(shop).ask(shop.now).finding.rule == "PACKED-1"
    shop.buyer.requests_cancellation()
    assert shop.rule == "PACKED-1"


def test_goods_that_left_meanwhile_are_not_called_back_by_it(shop):  # M-10
    us = shop("us").order(paid=usd("40.00"))
    us.outages = away(us, "Mon 08:10", "Mon 09:20")
    us.at("Mon 09:20").host.reports("handed_over", carrier="Post", tracking="JD1")
    us.buyer.requests_cancellation()
    assert us.cancellation.status != "approved"
    assert us.state.refunds == ()
