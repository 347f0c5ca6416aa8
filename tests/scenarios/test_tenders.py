"""Several payments: what was only promised is let go, and what could not go back goes another way."""

import pytest

from rescind.core.errors import ConsentMissing, Forbidden, InvalidField, InvalidTransition, NotFound, RefundTooHigh
from rescind.core.failed_refund import SettleFailedRefund, WayOn, unsettled
from rescind.core.giving_back import GiveBack, most
from rescind.core.ids import RefundId
from rescind.core.ledger import BY_HAND, CREDIT, PROVIDER, SELLER
from rescind.core.offer import most as offerable
from rescind.core.quote import quote
from rescind.core.record import encode
from rescind.core.stage import Stage
from scenarios.shop import eur, item


def promised(shop, total="100.00", lines=None, tenders=None):
    """An order whose bank promised the money and whose shop has taken none of it yet."""
    shop.order(total=eur(total), lines=lines, tenders=tenders, stage=Stage.UNPAID)
    shop.host.reports("authorised")
    return shop


def tender(shop, name="card"):
    return next(one for one in shop.state.tenders if one.id == name)


def refunds(shop):
    return [(one.tender, one.amount_minor, one.release, one.status.value) for one in shop.state.refunds]


def test_what_was_promised_and_not_taken_is_let_go_not_refunded(shop):  # I-02
    promised(shop)
    assert shop.stage is Stage.REVIEW, "an order whose money is promised goes on"
    found = quote(shop.state, {"mug": 1})
    assert (found.total_minor, found.released_minor) == (0, 10000)
    shop.buyer.requests_cancellation()
    assert (shop.refunded, shop.cancellation.refund_minor) == (eur("0.00"), 0)
    assert refunds(shop) == [("card", 10000, True, "owed")]
    assert (tender(shop).authorised_minor, tender(shop).released_minor) == (0, 10000)
    assert shop.books == {}, "no money has moved"
    shop.provider.answers("succeeded")
    assert (shop.due, shop.books) == ((), {})


def test_of_a_part_that_was_taken_that_part_is_refunded_and_the_rest_let_go(shop):  # I-02, E-06
    promised(shop)
    shop.host.reports("paid", tender="card", amount_minor=3000)
    assert (tender(shop).captured_minor, tender(shop).authorised_minor) == (3000, 7000)
    shop.buyer.requests_cancellation()
    assert refunds(shop) == [("card", 3000, False, "owed"), ("card", 7000, True, "owed")]


@pytest.mark.parametrize("fact", ["paid", "authorised"])
@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_of_nothing_is_never_everything(shop, fact, amount):  # KF-06
    shop.order(total=eur("40.00"), stage=Stage.UNPAID)
    before = shop.state
    with pytest.raises(InvalidField):
        shop.host.reports(fact, tender="card", amount_minor=amount)
    assert shop.state == before
    shop.host.reports(fact, tender="card")
    assert shop.stage is Stage.REVIEW, "without an amount it is all of it"


def test_less_is_let_go_of_an_order_that_is_cancelled_in_part(shop):
    lines = (item("a", eur("60.00")), item("b", eur("40.00")))
    promised(shop, lines=lines)
    shop.buyer.requests_cancellation(lines={"b": 1})
    assert refunds(shop) == [("card", 4000, True, "owed")]
    shop.host.reports("paid")
    assert (tender(shop).captured_minor, shop.refunded) == (6000, eur("0.00")), "only what is still wanted is taken"
    shop.buyer.requests_cancellation()
    assert shop.refunded == eur("60.00")


def test_what_is_taken_although_it_was_let_go_goes_back(shop):  # R-070, S-04
    promised(shop)
    shop.buyer.requests_cancellation()
    shop.host.reports("paid", tender="card", amount_minor=10000)
    assert shop.refunded == eur("100.00")


def test_a_bank_that_does_not_let_go_holds_the_promise_still(shop):
    promised(shop)
    shop.buyer.requests_cancellation()
    shop.provider.answers("declined")
    assert (tender(shop).authorised_minor, tender(shop).released_minor) == (10000, 0)
    with pytest.raises(InvalidTransition) as refused:
        shop.agent.settles("paid_out", voucher="V-1")
    assert refused.value.params["allowed_actions"] == ("again",)
    shop.agent.settles("again")
    shop.provider.answers("succeeded")
    assert (tender(shop).released_minor, shop.due) == (10000, ())


def test_letting_go_of_one_sellers_share_leaves_the_others(shop):  # KF-11
    # One promise of 100.00 shared by three sellers: each order is told its fixed share of it.
    first, second, third = shop(), shop(), shop()
    for one, share in ((first, "70.00"), (second, "20.00"), (third, "10.00")):
        promised(one, share)
    first.host.reports("paid")
    second.host.reports("paid")
    third.buyer.requests_cancellation()
    assert refunds(third) == [("card", 1000, True, "owed")], "only the open 10.00 is named"
    assert [one.state.paid for one in (first, second)] == [eur("70.00"), eur("20.00")]
    assert refunds(first) == refunds(second) == []


def test_a_promise_told_twice_is_one(shop):  # KF-14
    promised(shop)
    version = shop.state.version
    shop.host.reports("authorised")
    assert shop.state.version == version
    with pytest.raises(InvalidField):
        shop.host.reports("authorised", tender="card", amount_minor=1)


def test_each_kind_of_payment_bears_its_share_and_the_last_clears_the_rest(shop):  # KF-09, KF-10, E-06
    lines = tuple(item(name, eur("33.33")) for name in "abc")
    of = {"card": 4001, "wallet": 2503, "balance": 1500, "gift_card": 995, "store_credit": 1000}
    shop.order(paid=eur("99.99"), lines=lines, tenders=of)
    for name in "abc":
        shop.buyer.requests_cancellation(lines={name: 1})
        assert all(one.left_minor >= 0 for one in shop.state.tenders)
    assert {name: money.minor for name, money in shop.refunds.items()} == of


def test_a_gift_card_gets_its_part_back_and_its_books_show_it(shop):  # KF-09
    shop.order(paid=eur("60.00"), tenders={"gift_card": 2500, "card": 3500})
    held = {("gift_card", CREDIT): 2500, ("card", PROVIDER): 3500}
    assert {name: shop.books[name] for name in held} == held
    shop.buyer.requests_cancellation()
    for refund in shop.state.refunds:
        shop.provider.answers("succeeded", refund=refund.id)
    assert shop.refunds == {"gift_card": eur("25.00"), "card": eur("35.00")}
    assert {name: shop.books[name] for name in held} == dict.fromkeys(held, 0), "the card holds its 25.00 again"


def test_what_was_to_be_paid_at_the_door_is_not_refunded(shop):
    shop.order(total=eur("40.00"), tenders={"gift_card": 1500, "cash_on_delivery": 2500}, stage=Stage.UNPAID)
    shop.host.reports("paid", tender="gift_card")
    shop.buyer.requests_cancellation()
    assert shop.refunds == {"gift_card": eur("15.00"), "cash_on_delivery": eur("0.00")}


# --- a refund that failed ---------------------------------------------------------------------------------------------


@pytest.fixture
def failed(shop):
    """An order of 40.00 whose refund the provider declined."""
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    shop.provider.answers("declined")
    return shop


def test_a_failed_refund_is_sent_again_now_or_later(failed):  # KF-15
    failed.agent.settles("again", wait_until=failed.time("Tue 09:00"))
    assert [(one.kind, one.due_at) for one in failed.due] == [("refund", failed.time("Tue 09:00"))]
    assert [one.settled for one in failed.state.refunds] == ["again", ""]
    assert unsettled(failed.state) == ()
    failed.provider.answers("succeeded")
    assert (failed.refunded, failed.state.refunds[-1].status) == (eur("40.00"), "succeeded")
    assert failed.state.refunds[-1].cancellation == failed.cancellation.id


def test_it_becomes_credit_only_if_the_buyer_agrees(failed):  # I-04
    with pytest.raises(ConsentMissing):
        failed.agent.settles("store_credit")
    failed.agent.settles("store_credit", consent="On the telephone.")
    failed.provider.answers("succeeded")
    assert failed.books["card", CREDIT] == -4000, "the marketplace owes it to the buyer as credit"
    assert failed.books["card", PROVIDER] == 4000, "and the money is still there"
    assert failed.books["card", SELLER] == 0


def test_what_was_paid_out_by_hand_has_a_voucher_and_is_done(failed):
    for missing in ({}, {"voucher": ""}):
        with pytest.raises(InvalidField):
            failed.agent.settles("paid_out", **missing)
    failed.agent.settles("paid_out", voucher="V-2026-17")
    last = failed.state.refunds[-1]
    assert (last.status, last.reference, last.into, failed.due) == ("succeeded", "V-2026-17", "paid_out", ())
    assert (failed.refunded, failed.books["card", BY_HAND]) == (eur("40.00"), -4000)


def test_it_is_settled_once_and_by_support_alone(failed):  # I-05, I-12
    for who in (failed.buyer, failed.seller, failed.host):
        with pytest.raises(Forbidden):
            who.says(SettleFailedRefund, refund=failed.state.refunds[0].id, way=WayOn.AGAIN)
    failed.agent.settles("again")
    with pytest.raises(InvalidTransition):
        failed.colleague.settles("paid_out", voucher="V-1")
    with pytest.raises(NotFound):
        failed.agent.settles("again", RefundId("ref_00000007none0000000000"))
    assert failed.refunded == eur("40.00")


def test_no_command_says_where_money_goes():  # I-04
    assert set(SettleFailedRefund.__struct_fields__) == {
        *("order", "refund", "way", "wait_until", "consent", "voucher", "comment")
    }
    # Credit with the marketplace stays there; it is no account of anybody's.
    assert set(GiveBack.__struct_fields__) == {
        *("order", "shipping", "amount_minor", "left", "comment", "credit", "consent")
    }


def test_only_what_is_left_of_it_goes_another_way(failed):  # I-10
    failed.host.reports("charged_back", tender="card", amount_minor=2500)
    failed.agent.settles("again")
    assert failed.refunded == eur("15.00"), "the bank took the rest, and nobody is paid twice"


def test_nothing_that_went_another_way_meanwhile_goes_again(failed):  # I-10
    failed.host.reports("refunded_elsewhere", tender="card", amount_minor=4000)
    with pytest.raises(InvalidTransition) as refused:
        failed.agent.settles("again")
    assert refused.value.params["allowed_actions"] == ()


def test_an_ordinary_cancellation_writes_nothing_of_what_it_has_not(shop):  # what is empty costs no byte
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    written = b"".join(encode(record) for record in shop.records)
    for member in (b"benefits", b"fees", b"charges", b"authorised", b"release", b"into"):
        assert b'"' + member not in written


# --- a refund that failed, and what is cancelled after it -------------------------------------------------------------

TWO = (item("lamp", eur("20.00"), 2),)


@pytest.fixture
def half(shop):
    """Two lamps for 40.00; one was cancelled, its refund arrived and came back days later."""
    shop.order(paid=eur("40.00"), lines=TWO, stage=Stage.PREPARING)
    shop.seller.cancels(lines={"lamp": 1})
    shop.provider.answers("succeeded")
    shop.provider.answers("declined", shop.state.refunds[0].id)
    return shop


def test_the_rest_of_an_order_gives_back_its_own_part_and_not_what_failed(half):  # I-10, E-06
    assert quote(half.state, {"lamp": 1}).total_minor == 2000
    half.seller.cancels(lines={"lamp": 1})
    assert refunds(half) == [("card", 2000, False, "failed"), ("card", 2000, False, "owed")]
    half.provider.answers("succeeded")
    assert [one.id for one in unsettled(half.state)] == [half.state.refunds[0].id], "it is still support's"
    half.agent.settles("paid_out", voucher="V-1")
    assert (half.refunded, unsettled(half.state)) == (eur("40.00"), ())


def test_nobody_gives_back_or_offers_what_failed(half):  # I-10
    assert (most(half.state), offerable(half.state)) == (2000, 2000)
    with pytest.raises(RefundTooHigh):
        half.seller.gives_back(eur("20.01"))
    half.seller.gives_back(eur("20.00"))
    half.agent.settles("again")
    assert half.refunded == eur("40.00")


def test_a_late_payment_owes_itself_and_not_what_failed(shop):  # R-070, S-04
    shop.order(total=eur("40.00"), lines=TWO, tenders={"card": 2000, "wallet": 2000}, stage=Stage.UNPAID)
    shop.host.reports("paid", tender="card", amount_minor=2000)
    shop.seller.cancels()
    shop.provider.answers("declined")
    shop.host.reports("paid", tender="wallet", amount_minor=2000)
    assert refunds(shop) == [("card", 2000, False, "failed"), ("wallet", 2000, False, "owed")]


def test_a_promise_that_was_not_let_go_is_let_go_by_support_alone(shop):  # I-02
    promised(shop, "40.00", lines=TWO)
    shop.buyer.requests_cancellation(lines={"lamp": 1})
    shop.provider.answers("declined")
    shop.buyer.requests_cancellation()
    assert refunds(shop) == [("card", 2000, True, "failed"), ("card", 2000, True, "owed")]
    shop.agent.settles("again")
    assert (tender(shop).authorised_minor, tender(shop).released_minor) == (0, 4000)


def test_what_failed_of_a_cancellation_that_was_undone_pays_for_the_order_again(failed):
    failed.agent.overrides("reverse", "parties_agree", alone=eur("100.00"))
    assert (failed.cancellation.status, unsettled(failed.state)) == ("undone", ())
    failed.seller.cancels()
    assert failed.refunded == eur("40.00")


def test_what_a_bank_took_of_a_failed_refund_is_nobodys_to_settle(failed):  # I-10
    failed.host.reports("charged_back", tender="card", amount_minor=4000, reference="dp_1")
    assert unsettled(failed.state) == ()
    failed.host.reports("chargeback_won", tender="card", reference="dp_1")
    assert [one.status for one in failed.state.refunds] == ["failed"]
    failed.agent.settles("again")
    assert failed.refunded == eur("40.00")
