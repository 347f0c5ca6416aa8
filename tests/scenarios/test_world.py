"""What happens in the world is recorded, however late or odd, and never costs anybody money twice (promise 7)."""

from datetime import timedelta

import pytest

from rescind.core.errors import FactFromTheFuture, InvalidField, InvalidTransition
from rescind.core.money import Money
from rescind.core.stage import Stage
from scenarios.shop import eur, item, usd

POLICIES = ("base", "us")


@pytest.fixture
def pending(shop):
    """An order whose seller has been asked."""

    def make(policy, **order):
        here = shop(policy).order(placed="Mon 08:00", **({"paid": eur("40.00"), "stage": Stage.PREPARING} | order))
        here.at("Mon 10:00").buyer.requests_cancellation()
        assert here.cancellation.status == "awaiting_seller"
        return here

    return make


# --- shipping against cancelling --------------------------------------------------------------------------------------


@pytest.mark.parametrize("fact", ["tracking_added", "handed_over", "delivered"])
def test_while_a_request_waits_a_seller_does_not_ship(pending, fact):  # R-052, S-35
    base = pending("base")
    with pytest.raises(InvalidTransition) as refused:
        base.seller.reports(fact, carrier="Post", tracking="JD1")
    assert refused.value.params["rule"] == "SHIP-4"
    assert refused.value.params["allowed_actions"] == ("answer_request",)
    assert (base.cancellation.status, base.stage) == ("awaiting_seller", Stage.PREPARING)


def test_what_was_shipped_all_the_same_is_believed_and_somebody_hears_of_it(pending):  # R-052, I-14
    base = pending("base")
    base.carrier.reports("handed_over")
    assert (base.stage, base.cancellation.status) == (Stage.IN_TRANSIT, "overtaken")
    assert base.contradictions == ["shipped_while_asked"]
    assert base.at("Fri 10:00").refunded == eur("0.00")


@pytest.mark.parametrize("policy", POLICIES)
def test_shipped_first_then_no_approval(pending, policy):  # KF-22, I-14
    here = pending(policy)
    here.host.reports("tracking_added", carrier="Post", tracking="JD1")
    here.host.reports("handed_over")
    with pytest.raises(InvalidTransition) as refused:
        here.seller.approves()
    assert refused.value.params["current_state"] == "overtaken"
    assert (here.refunded, here.stage) == (eur("0.00"), Stage.IN_TRANSIT)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("fact", ["tracking_added", "handed_over", "delivered"])
def test_approved_first_then_a_late_parcel_opens_a_case(pending, policy, fact):  # KF-22, I-14
    here = pending(policy)
    here.seller.approves()
    here.at("Mon 12:00").carrier.reports(fact, carrier="Post", tracking="JD1")
    assert here.stage is Stage.CANCELLED
    assert here.contradictions == ["shipped_after_cancel"]
    assert here.refunded == eur("40.00")
    here.carrier.reports(fact, carrier="Post", tracking="JD1")
    assert here.contradictions == ["shipped_after_cancel"], "the same scan twice is one case"


@pytest.mark.parametrize("policy", POLICIES)
def test_on_a_cancelled_order_nobody_works_on(pending, policy):  # M-11
    here = pending(policy)
    here.seller.approves()
    for fact in ("allocated", "preparation_started", "packing_started", "packed"):
        with pytest.raises(InvalidTransition):
            here.seller.reports(fact)
    assert here.stage is Stage.CANCELLED


def test_a_parcel_of_other_goods_does_not_answer_a_request(shop):  # I-14, I-15
    lines = (item("cup", eur("5.00")), item("pot", eur("10.00")))
    shop.order(paid=eur("15.00"), lines=lines, stage=Stage.PREPARING)
    shop.at("Mon 10:00").buyer.requests_cancellation(lines={"cup": 1})
    shop.carrier.reports("handed_over", parcel="1", lines={"pot": 1})
    assert shop.cancellation.status == "awaiting_seller"
    assert shop.contradictions == ["shipped_while_asked"]
    assert shop.at("Tue 10:00").cancellation.status == "approved"
    assert (shop.refunded, shop.stage) == (eur("5.00"), Stage.IN_TRANSIT)


def test_a_scan_of_a_parcel_with_a_known_number_ends_a_late_question(shop):  # I-14, R-051
    us = shop("us").order(placed="Mon 09:00", paid=usd("40.00"), stage=Stage.AWAITING_COLLECTION)
    assert us.at("Mon 12:00").buyer.requests_cancellation(anyway=True).status == "awaiting_seller"
    us.carrier.reports("handed_over")
    assert us.cancellation.status == "overtaken"
    with pytest.raises(InvalidTransition):
        us.seller.approves()


def test_half_an_order_on_its_way_leaves_the_other_half(shop):
    lines = (item("cup", eur("5.00"), 2), item("pot", eur("10.00")))
    shop.order(paid=eur("20.00"), lines=lines, stage=Stage.PACKED)
    shop.carrier.reports("handed_over", parcel="1", lines={"cup": 2})
    assert shop.stage is Stage.PARTIALLY_SHIPPING
    asked = shop.at("Mon 10:00").buyer.requests_cancellation()
    assert (asked.rule, asked.lines, asked.status) == ("PARTSHIP-2", {"pot": 1}, "awaiting_seller")
    shop.seller.approves()
    assert (shop.refunded, shop.stage) == (eur("10.00"), Stage.IN_TRANSIT)


def test_a_seller_who_says_already_shipped_names_a_parcel_of_its_own(shop):
    lines = (item("cup", eur("5.00")), item("pot", eur("10.00")), item("jug", eur("20.00")))
    shop.order(paid=eur("35.00"), lines=lines, stage=Stage.PACKED)
    shop.carrier.reports("handed_over", parcel="1", lines={"cup": 1}, tracking="JD1")
    shop.at("Mon 10:00").buyer.requests_cancellation(lines={"pot": 1})
    shop.seller.refuses("already_shipped", carrier="Post", tracking="JD2")
    assert [(one.tracking, one.lines) for one in shop.state.parcels] == [("JD1", {"cup": 1}), ("JD2", {"pot": 1})]
    assert shop.stage is Stage.PARTIALLY_SHIPPING


def test_what_may_not_ship_is_not_refused_as_already_shipped(shop):  # R-053, SHIP-3
    shop.order(paid=eur("40.00"), lines=(item("mug", eur("40.00"), custom_made=True),))
    shop.host.reports("review_opened")
    shop.at("Mon 10:00").buyer.requests_cancellation()
    assert shop.cancellation.status == "awaiting_seller"
    with pytest.raises(InvalidTransition) as refused:
        shop.seller.refuses("already_shipped", carrier="Post", tracking="JD2")
    assert refused.value.params["rule"] == "SHIP-3"
    assert (shop.cancellation.status, shop.state.parcels) == ("awaiting_seller", ())


def test_a_refusal_for_another_reason_brings_no_parcel(shop):
    shop.order(paid=eur("40.00"), stage=Stage.ALLOCATED)
    shop.at("Mon 10:00").buyer.requests_cancellation()
    with pytest.raises(InvalidField):
        shop.seller.refuses("buyer_agreed_to_keep", carrier="Post", tracking="JD2")
    assert (shop.cancellation.status, shop.stage) == ("awaiting_seller", Stage.ALLOCATED)


# --- facts late, twice and out of order -------------------------------------------------------------------------------


def test_a_scan_is_believed_before_the_payment_is_known(shop):  # promise 7
    shop.order(total=eur("40.00"))
    shop.carrier.reports("handed_over")
    assert shop.stage is Stage.IN_TRANSIT
    shop.host.reports("paid")
    assert (shop.stage, shop.state.paid) == (Stage.IN_TRANSIT, eur("40.00"))


def test_the_earliest_report_of_a_thing_counts(shop):  # E-08
    shop.order(paid=eur("40.00")).at("Mon 12:00")
    shop.seller.reports("packed", occurred="Mon 11:00")
    shop.seller.reports("packed", occurred="Mon 11:30")
    assert shop.decision.events == ()
    shop.seller.reports("packed", occurred="Mon 10:00")
    assert shop.state.progress.packed_at == shop.time("Mon 10:00")


def test_a_fact_told_twice_is_no_news(shop):  # KF-14
    shop.order(paid=eur("40.00"), stage=Stage.DELIVERED)
    version = shop.state.version
    for fact in ("paid", "allocated", "packed", "handed_over", "delivered"):
        shop.host.reports(fact)
    assert shop.state.version == version


def test_only_the_far_future_is_refused(shop):  # promise 7
    shop.order(paid=eur("40.00"), placed="Mon 10:00")
    with pytest.raises(FactFromTheFuture):
        shop.host.reports("packed", occurred="Mon 10:05:01")
    shop.host.reports("packed", occurred="Mon 10:05:00")
    shop.host.reports("allocated", occurred="2017-01-01 00:00")
    assert shop.stage is Stage.PACKED


def test_an_order_from_the_far_future_is_refused(shop):  # promise 7
    shop.now = shop.time("Mon 10:00")
    for ahead, fits in ((timedelta(minutes=5), True), (timedelta(minutes=5, seconds=1), False)):
        here = shop("base")
        here.now = shop.now
        placing = here.placing(placed_at=shop.now + ahead)
        if fits:
            here.handle(placing, here.host.actor)
        else:
            with pytest.raises(FactFromTheFuture):
                here.handle(placing, here.host.actor)


# --- money that goes other ways ---------------------------------------------------------------------------------------


def test_money_the_bank_took_is_not_paid_twice(shop):  # I-10, taken_elsewhere
    shop.order(paid=eur("40.00"))
    shop.host.reports("charged_back", tender="card", amount_minor=1500)
    assert shop.contradictions == ["charged_back"]
    assert shop.quote() == eur("25.00")
    shop.buyer.requests_cancellation()
    assert shop.refunded == eur("25.00")
    assert shop.cancellation.refund_minor == 2500


def test_an_order_charged_back_in_full_is_cancelled_without_a_refund(shop):  # I-10
    shop.order(paid=eur("40.00"))
    shop.host.reports("charged_back", tender="card", amount_minor=4000)
    shop.buyer.requests_cancellation()
    assert (shop.stage, shop.refunded, shop.state.refunds) == (Stage.CANCELLED, eur("0.00"), ())


def test_a_chargeback_after_the_refund_leaves_the_books_straight(shop):  # I-10
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    shop.provider.answers("submitted")
    shop.host.reports("charged_back", tender="card", amount_minor=4000)
    (card,) = shop.state.tenders
    assert (card.reserved_minor, card.taken_elsewhere_minor, card.left_minor) == (4000, 4000, 0)
    shop.provider.answers("succeeded")
    assert shop.state.tenders[0].refunded_minor == 4000


def test_money_for_units_that_were_stopped_before_it_came_goes_back(shop):  # S-04, R-070
    lines = (item("cup", eur("5.00"), 2), item("pot", eur("10.00")))
    shop.order(total=eur("24.00"), lines=lines, shipping=eur("4.00"), tenders={"card": 1400, "gift": 1000})
    shop.buyer.requests_cancellation(lines={"cup": 1})
    assert shop.refunded == eur("0.00")
    shop.host.reports("paid", tender="card")
    assert shop.refunded == eur("0.00"), "14.00 of the 19.00 that are still wanted"
    shop.host.reports("paid", tender="gift")
    assert shop.refunded == eur("5.00")
    shop.buyer.requests_cancellation()
    assert shop.refunded == shop.state.paid == eur("24.00")


def test_who_pays_as_much_as_is_still_wanted_has_paid(shop):  # S-04, R-070
    lines = (item("cup", eur("5.00"), 2), item("pot", eur("10.00")))
    shop.order(total=eur("24.00"), lines=lines, shipping=eur("4.00"), tenders={"card": 1400, "gift": 1000})
    shop.buyer.requests_cancellation(lines={"cup": 1})
    shop.host.reports("paid", tender="card")
    assert shop.stage is Stage.UNPAID
    shop.host.reports("paid", tender="gift", amount_minor=499)
    assert shop.stage is Stage.UNPAID, "a cent of the 19.00 is missing"
    shop.host.reports("paid", tender="gift", amount_minor=1)
    assert shop.stage is not Stage.UNPAID
    assert shop.refunded == eur("0.00")


@pytest.mark.parametrize(
    ("fact", "more"),
    [
        ("charged_back", {"tender": "cash", "amount_minor": 100}),
        ("charged_back", {"tender": "card", "amount_minor": 0}),
        ("charged_back", {"tender": "card", "amount_minor": -1}),
        ("charged_back", {"tender": "card", "amount_minor": 4001}),
        ("paid", {"tender": "card", "amount_minor": 1}),
        ("paid", {"tender": "card", "amount_minor": -1}),
        ("handed_over", {"lines": {"mug": 2}}),
        ("handed_over", {"lines": {"mug": 0}}),
        ("handed_over", {"lines": {"jug": 1}}),
    ],
)
def test_a_malformed_fact_is_refused_by_its_field(shop, fact, more):  # KF-13
    shop.order(paid=eur("40.00"))
    before = shop.state
    with pytest.raises(InvalidField):
        shop.host.reports(fact, **more)
    assert shop.state == before


def test_the_second_chargeback_of_the_same_payment_is_news(shop):
    shop.order(paid=eur("40.00"))
    for _ in range(2):
        shop.host.reports("charged_back", tender="card", amount_minor=1000)
    assert shop.state.tenders[0].taken_elsewhere_minor == 2000
    assert len({one.id for one in shop.state.contradictions}) == 2


def test_the_bank_takes_no_more_than_came_in_however_often_it_is_told(shop):  # I-02, I-10
    shop.order(paid=eur("40.00"))
    shop.host.reports("charged_back", tender="card", amount_minor=3000)
    before = shop.state
    with pytest.raises(InvalidField):
        shop.host.reports("charged_back", tender="card", amount_minor=3000)
    assert shop.state == before
    shop.host.reports("charged_back", tender="card", amount_minor=1000)
    assert shop.state.tenders[0].taken_elsewhere_minor == 4000


def test_one_dispute_told_twice_took_the_money_once(shop):  # I-02, I-10, KF-17
    shop.order(paid=eur("40.00"))
    for _ in range(2):
        shop.host.reports("charged_back", tender="card", amount_minor=3000, reference="dp_1")
    assert (shop.state.tenders[0].taken_elsewhere_minor, shop.contradictions) == (3000, ["charged_back"])
    assert shop.decision.events == (), "it is the same money"
    shop.host.reports("charged_back", tender="card", amount_minor=1000, reference="dp_2")
    assert shop.state.tenders[0].taken_elsewhere_minor == 4000


@pytest.mark.parametrize("amounts", [(1000, 4000), (4000, 1000), (1000, 4000, 1000, 4000)])
def test_one_dispute_with_two_amounts_counts_the_higher_and_a_person_looks(shop, amounts):  # I-02, I-10
    shop.order(paid=eur("40.00"))
    for amount in amounts:
        shop.host.reports("charged_back", tender="card", amount_minor=amount, reference="dp_1")
    assert shop.state.tenders[0].taken_elsewhere_minor == 4000
    assert shop.contradictions == ["charged_back", "amounts_differ"]
    shop.buyer.requests_cancellation()
    assert shop.refunded.minor == 0, "what the bank took is not paid back once more"


def test_one_dispute_takes_no_more_than_came_in_by_whatever_amount(shop):  # I-02
    shop.order(paid=eur("40.00"))
    shop.host.reports("charged_back", tender="card", amount_minor=3000, reference="dp_1")
    before = shop.state
    with pytest.raises(InvalidField):
        shop.host.reports("charged_back", tender="card", amount_minor=4001, reference="dp_1")
    assert shop.state == before


def test_one_payment_told_twice_came_in_once(shop):  # I-02
    shop.order(total=eur("40.00"))
    for _ in range(2):
        shop.host.reports("paid", tender="card", amount_minor=1500, reference="ch_1")
    assert (shop.state.paid, shop.stage) == (eur("15.00"), Stage.UNPAID)
    shop.host.reports("paid", tender="card", amount_minor=2500, reference="ch_1")
    assert (shop.state.paid, shop.contradictions) == (eur("15.00"), ["amounts_differ"])
    shop.host.reports("paid", tender="card", amount_minor=2500, reference="ch_2")
    assert (shop.state.paid, shop.stage) == (eur("40.00"), Stage.REVIEW)
    shop.host.reports("paid", tender="card", amount_minor=2500, reference="ch_2")
    assert shop.decision.events == ()


def test_a_currency_is_the_orders_own(shop):  # I-03
    shop.order(paid=usd("40.00"))
    shop.buyer.requests_cancellation()
    assert str(shop.refunded) == "40.00 USD"


def test_an_order_beyond_every_bound_is_refused_before_it_is_kept(shop):  # I-01
    dear = Money(10**15, "EUR")
    with pytest.raises(InvalidField):
        shop.order(lines=(item("ship", dear), item("boat", dear)), total=dear)
    assert shop.order(lines=(item("ship", dear),), total=dear).state.total == dear
