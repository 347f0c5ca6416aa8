"""No layer says yes to cancelling what a carrier or the buyer has (M-10, KF-22), however generous it means to be."""

from datetime import UTC, datetime

import msgspec
import pytest

from rescind.core import lifecycle
from rescind.core.cancellation import SellerAsked
from rescind.core.errors import InvalidTransition
from rescind.core.ids import CancellationId, make_id
from rescind.core.parts import FactKind
from rescind.core.policy import load
from rescind.core.policy.reach import too_late
from rescind.core.record import Record
from rescind.core.stage import Stage
from rescind.policies import names, preset
from scenarios.shop import SHOP, eur, item

NOW = datetime(2026, 5, 4, 10, tzinfo=UTC)
GONE = (Stage.IN_TRANSIT, Stage.DELIVERED, Stage.COMPLETED)

RULES = """
policy = "generous"
layer = "shop"
zone = "UTC"

[deadlines.answer]
from = "requested"
span = "24h"
on_silence = "{silence}"

[[rules]]
id = "GEN-1"
on = "{on}"
when = "{when}"
verdict = "{verdict}"
{rest}
cites = ["M-29"]
"""


def rules(when="TRUE", verdict="approve", *, on="request", silence="approve"):
    rest = 'deadline = "answer"' if verdict not in {"approve", "refuse"} else ""
    return load(RULES.format(when=when, verdict=verdict, on=on, silence=silence, rest=rest).encode(), "generous.toml")


def reach(policy):
    return too_late(policy.at(NOW), preset("base").at(NOW))


@pytest.mark.parametrize("stage", GONE)
@pytest.mark.parametrize("verdict", ["approve", "ask_seller", "review"])
def test_a_published_rule_that_always_says_yes_gives_back_nothing_for_goods_that_have_left(shop, stage, verdict):
    shop.rules = (rules(verdict=verdict),)
    shop.order(paid=eur("40.00"), stage=stage)
    asked = shop.buyer.requests_cancellation()
    assert (asked.status, shop.stage, shop.refunded) == ("refused", stage, eur("0.00"))
    finding = shop.decision.finding
    assert finding.rule == ("COMPLETED-1" if stage is Stage.COMPLETED else "SHIPPED-1")
    assert finding.instead == ("contact_support" if stage is Stage.COMPLETED else "return_or_refund")
    aside = [step.rule for step in finding.trace if step.held and step.set_aside]
    assert aside == ["GEN-1"], "the trace says which rule was not counted"


def test_before_hand_over_the_same_rule_is_as_generous_as_it_says(shop):
    shop.rules = (rules(),)
    shop.order(paid=eur("40.00"), stage=Stage.AWAITING_COLLECTION)
    assert shop.buyer.requests_cancellation().status == "approved"
    assert shop.rule == "GEN-1"


def test_what_has_not_left_of_an_order_is_still_cancelled_by_it(shop):
    shop.rules = (rules("stage = 'partially_shipping'"),)
    lines = (item("cup", eur("10.00")), item("pot", eur("30.00")))
    shop.order(paid=eur("40.00"), stage=Stage.PACKED, lines=lines)
    shop.host.reports(FactKind.HANDED_OVER, parcel="1", lines={"cup": 1})
    assert shop.stage is Stage.PARTIALLY_SHIPPING
    assert shop.buyer.requests_cancellation(lines={"pot": 1}).status == "approved"
    assert shop.refunded == eur("30.00")


def test_a_seller_stops_nothing_that_has_left_by_a_rule_of_their_own(shop):
    shop.rules = (rules(on="seller_cancel"),)
    shop.order(paid=eur("40.00"), stage=Stage.DELIVERED)
    shop.seller.cancels()
    assert (shop.cancellation.status, shop.rule, shop.refunded) == ("refused", "SELLER-3", eur("0.00"))


def test_where_the_market_says_so_a_seller_still_calls_back_a_parcel_of_their_own(shop):
    thai = shop("th").order(paid=eur("40.00"), stage=Stage.IN_TRANSIT)
    thai.seller.cancels()
    assert (thai.cancellation.status, thai.rule) == ("approved", "SELLER-1")


def test_a_preset_that_always_says_yes_is_bound_as_well_and_says_what_to_do_instead(shop):
    generous = load(
        b"""
policy = "base"
zone = "UTC"
[[rules]]
id = "YES-1"
on = "request"
when = "TRUE"
verdict = "approve"
cites = ["M-01"]
[[rules]]
id = "YES-2"
on = "seller_cancel"
when = "TRUE"
verdict = "approve"
cites = ["M-01"]
[[rules]]
id = "YES-3"
on = "ship"
when = "TRUE"
verdict = "approve"
cites = ["M-01"]
[[reasons.buyer]]
code = "changed_mind"
""",
        "base.toml",
    )
    shop.policy = generous
    shop.order(paid=eur("40.00"), stage=Stage.DELIVERED)
    assert shop.buyer.requests_cancellation().status == "refused"
    assert (shop.rule, shop.decision.finding.instead) == ("HANDED-OVER-1", "return_or_refund")
    found = reach(generous)
    assert (found.stage, found.on, found.given.id) == ("in_transit", "request", "YES-1")


@pytest.fixture
def put_before(shop):
    """A question that a program of before put to a seller whose goods have left, as such a rule let it."""
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.buyer.requests_cancellation()
    asked = shop.records[-1].event
    assert isinstance(asked, SellerAsked)
    shop.buyer.withdraws()
    for fact in (FactKind.PACKED, FactKind.HANDED_OVER):
        shop.host.reports(fact)
    again = msgspec.structs.replace(
        asked,
        cancellation=CancellationId(make_id("can", SHOP, shop.now, 7)),
        request=msgspec.structs.replace(asked.request, stage=shop.stage),
    )
    shop.state = lifecycle.apply(shop.state, again)
    shop.records.append(
        Record(order=shop.state.id, seq=shop.state.version, received_at=shop.now, actor=shop.buyer.actor, event=again)
    )
    return shop


@pytest.mark.parametrize("answer", ["yes", "silence"])
def test_a_question_that_such_a_rule_had_put_pays_nobody_once_it_is_bound(put_before, answer):
    shop = put_before
    assert (shop.cancellation.status, shop.stage) == ("awaiting_seller", Stage.IN_TRANSIT)
    if answer == "yes":
        with pytest.raises(InvalidTransition) as refused:
            shop.seller.approves()
        assert refused.value.params["rule"] == "HANDED-OVER-1"
        shop.seller.refuses("other", comment="It is on its way.")
        assert shop.cancellation.status == "refused"
    else:
        shop.at("Wed 08:00")
        assert (shop.cancellation.status, shop.cancellation.instead) == ("refused", "return_or_refund")
    assert shop.refunded == eur("0.00")


@pytest.mark.parametrize(
    ("when", "stage"),
    [
        ("TRUE", "in_transit"),
        ("stage = 'delivered'", "delivered"),
        ("stage = 'cancelled' or stage = 'in_transit'", "in_transit"),
        ("stage = 'completed' and custom_made and since_placed < '3d'", "completed"),
        ("reason = 'changed_mind' and stage >= 'delivered'", "delivered"),
    ],
)
def test_a_shop_rule_that_reaches_beyond_hand_over_is_shown_by_a_case(when, stage):
    found = reach(rules(when))
    assert found.stage == stage
    assert found.given.id == "GEN-1"
    assert f"With stage = {stage}" in str(found)
    assert str(found).endswith("it can be returned (M-10).")


def test_what_may_still_be_asked_once_goods_have_left_is_no_reach():
    assert reach(rules("stage < 'in_transit'")) is None
    assert reach(rules("stage = 'in_transit' and past_estimated_delivery", "ask_carrier")) is None
    assert reach(rules("stage = 'in_transit'", "review", silence="refuse")) is None
    assert reach(rules("stage = 'in_transit'", "review")).given.verdict == "review"
    assert reach(rules("stage = 'delivered'", "ask_carrier")).stage == "delivered"
    assert reach(rules("stage < 'delivered'", on="seller_cancel")).stage == "in_transit"


@pytest.mark.parametrize("name", names())
def test_nothing_that_is_shipped_reaches_beyond_hand_over(name):
    assert reach(preset(name)) is None
