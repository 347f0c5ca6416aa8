"""What people follow: approved, sent, accepted, there; the days it takes, and whose move it is when it does not."""

from datetime import date, timedelta

import pytest

from rescind.book import calendar
from rescind.core import failed_refund
from rescind.core.arrival import expected, ways
from rescind.core.deadline import Calendar
from rescind.core.failed_refund import WayOn
from rescind.core.parts import Through
from rescind.core.stage import Stage
from rescind.locales import locale
from rescind.web.buyer import words
from scenarios.shop import eur

WEEKDAYS = Calendar("UTC")


def followed(shop, days=WEEKDAYS):
    (one,) = ways(shop.state, shop.records, days, shop.now, 3)
    return one


def told(one):
    return {step.name: step.state for step in one.steps}


def test_a_refund_is_approved_sent_accepted_and_there(shop):  # M-15
    shop.order(paid=eur("40.00"))
    shop.at("Mon 10:00").buyer.requests_cancellation()
    assert told(followed(shop)) == {"approved": "done", "sent": "now", "accepted": "todo", "there": "todo"}
    assert followed(shop).move == "platform"
    shop.at("Mon 10:01").provider.answers("submitted", next_check_at=shop.now + timedelta(hours=1))
    assert told(followed(shop)) == {"approved": "done", "sent": "done", "accepted": "now", "there": "todo"}
    shop.at("Mon 16:00").provider.answers("succeeded", reference="PX-1")
    one = followed(shop)
    assert told(one) == {"approved": "done", "sent": "done", "accepted": "done", "there": "now"}
    assert [step.at for step in one.steps[:3]] == [shop.time(at) for at in ("Mon 10:00", "Mon 10:01", "Mon 16:00")]
    assert (one.move, one.trouble, one.refund.reference) == ("provider", "", "PX-1")


def test_a_card_takes_working_days_where_the_buyer_lives(shop):  # M-15, R-146
    monday = shop.time("Mon 16:00")
    assert expected("card", monday, WEEKDAYS).last_on == date(2026, 5, 11)
    # In Germany 14 May 2026, Ascension Day, is no working day; in Britain it is.
    tuesday = shop.time("2026-05-12 09:00")
    germany, britain = (expected("card", tuesday, calendar(one, "UTC")) for one in ("DE", "GB-ENG"))
    assert (germany.first_on, germany.last_on) == (date(2026, 5, 18), date(2026, 5, 20))
    assert (britain.first_on, britain.last_on) == (date(2026, 5, 15), date(2026, 5, 19))


@pytest.mark.parametrize("method", ["gift_card", "balance", "store_credit", "points"])
def test_what_the_platform_keeps_itself_is_there_with_the_providers_word(shop, method):
    shop.order(paid=eur("40.00"), tenders={method: 4000})
    shop.buyer.requests_cancellation()
    tender = shop.state.tenders[0]
    assert tender.method == method
    shop.provider.answers("succeeded")
    one = followed(shop)
    assert (told(one)["there"], one.expected, one.move) == ("done", None, "nobody")


def test_both_sides_of_the_last_day(shop):
    shop.order(paid=eur("40.00"))
    shop.at("Mon 10:00").buyer.requests_cancellation()
    shop.provider.answers("succeeded")
    last = followed(shop).expected.last_on
    assert not followed(shop.at(f"{last} 23:59")).overdue
    assert followed(shop.at(f"{last + timedelta(days=1)} 00:01")).overdue


def test_a_provider_that_says_no_makes_it_the_platforms_move(shop):  # KF-13, I-09
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    shop.provider.answers("declined")
    one = followed(shop)
    assert told(one) == {"approved": "done", "sent": "done", "accepted": "failed"}
    assert (one.trouble, one.move, one.expected) == ("declined", "platform", None)


def test_a_bank_that_sends_it_back_days_later_is_told_apart(shop):  # I-09
    shop.order(paid=eur("40.00"))
    shop.at("Mon 10:00").buyer.requests_cancellation()
    refund = shop.state.refunds[0].id
    shop.provider.answers("succeeded")
    shop.at("Thu 10:00").provider.answers("declined", refund)
    one = followed(shop)
    assert told(one) == {"approved": "done", "sent": "done", "accepted": "done", "there": "failed"}
    assert (one.trouble, one.move, one.failed_at) == ("came_back", "platform", shop.time("Thu 10:00"))


def test_what_is_not_clear_is_asked_again_and_is_not_failed(shop):  # I-07
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    shop.provider.answers("in_doubt", next_check_at=shop.now + timedelta(minutes=5))
    one = followed(shop)
    assert (one.trouble, one.move, told(one)["accepted"]) == ("unclear", "provider", "now")
    assert one.expected is not None


def test_what_was_never_sent_says_so(shop):  # KF-16
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    shop.provider.answers("not_sent", cause="not_set_up", next_check_at=shop.now + timedelta(hours=1))
    one = followed(shop)
    assert (one.trouble, one.cause, one.move, told(one)["sent"]) == ("not_sent", "not_set_up", "platform", "now")
    assert one.due_on == date(2026, 5, 7), "three working days after it was owed on Monday"
    assert WayOn.AGAIN not in failed_refund.ways(shop.state, one.refund, shop.terms), "it is tried by itself"


def test_what_is_only_tried_arrives_nowhere_and_is_nobodys_move(shop):  # KF-16
    shop.order(total=eur("40.00"), stage=Stage.UNPAID)
    shop.paths = {"card": Through(connection="sandbox", trial=True)}
    shop.host.reports("paid")
    shop.buyer.requests_cancellation()
    one = followed(shop)
    assert (told(one), one.move, one.expected, one.trial) == (
        {"approved": "done", "tried": "now"},
        "nobody",
        None,
        True,
    )
    shop.provider.answers("succeeded", through="sandbox")
    one = followed(shop)
    assert (told(one)["tried"], one.expected, one.trial) == ("done", None, True)
    sentence = words.request_sentence(locale("en"), shop.state.cancellations[0], shop.state)
    assert sentence == "The refund of €40.00 is only tried: this is a trial, and no money moves."


def test_what_was_only_reserved_is_let_go_and_has_nowhere_to_arrive(shop):  # KF-11
    shop.order(total=eur("40.00"), stage=Stage.UNPAID)
    shop.host.reports("authorised")
    shop.buyer.requests_cancellation()
    assert told(followed(shop)) == {"approved": "done", "let_go": "now"}
    shop.provider.answers("declined")
    one = followed(shop)
    assert (told(one)["let_go"], one.trouble, one.expected) == ("failed", "", None), "the bank ends it by itself"
    shop.agent.settles("again")
    shop.provider.answers("succeeded")
    last = ways(shop.state, shop.records, WEEKDAYS, shop.now, 3)[-1]
    assert (told(last), last.move) == ({"approved": "done", "let_go": "done"}, "nobody")


def test_what_people_pay_out_waits_for_their_word(shop):  # M-15
    shop.order(paid=eur("40.00"))
    shop.at("Mon 10:00").buyer.requests_cancellation()
    shop.provider.orders(days=3)
    one = followed(shop)
    assert (told(one), one.move) == ({"approved": "done", "paid_out": "now", "there": "todo"}, "platform")
    shop.host.paid_out("WX-77", on="2026-05-04")
    one = followed(shop)
    assert (told(one), one.move) == ({"approved": "done", "paid_out": "done", "there": "now"}, "provider")


def test_what_became_credit_is_there_at_once_and_a_voucher_is_the_end(shop):
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    shop.provider.answers("declined")
    shop.agent.settles("store_credit", consent="On the telephone.")
    shop.provider.answers("declined")
    shop.agent.settles("paid_out", voucher="V-1")
    last = ways(shop.state, shop.records, WEEKDAYS, shop.now, 3)[-1]
    assert (told(last)["there"], last.move, last.expected) == ("done", "nobody", None)


@pytest.mark.parametrize(("way", "said"), [("again", {}), ("paid_out", {"voucher": "V-99"})])
def test_a_failed_refund_that_was_settled_is_nobodys_move_any_more(shop, way, said):  # I-12
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    shop.provider.answers("declined")
    (one,) = ways(shop.state, shop.records, WEEKDAYS, shop.now, 3)
    assert (one.over, one.move, one.trouble) == (False, "platform", "declined")
    shop.agent.settles(way, **said)
    one, new = ways(shop.state, shop.records, WEEKDAYS, shop.now, 3)
    assert (one.over, one.move, one.trouble) == (True, "nobody", "")
    assert new.over is False


def test_while_a_bank_decides_nothing_is_sent_and_what_it_gave_is_the_end(shop):  # I-10
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    shop.at("Mon 09:00").host.reports("charged_back", tender="card", amount_minor=4000, reference="dp_1")
    one = followed(shop)
    assert (told(one)["bank"], told(one)["sent"], one.move) == ("now", "todo", "bank")
    assert one.frozen_until == shop.state.chargebacks[0].due_at
    shop.host.reports("chargeback_lost", tender="card", reference="dp_1")
    assert (told(followed(shop)), followed(shop).move) == ({"approved": "done", "elsewhere": "done"}, "nobody")
