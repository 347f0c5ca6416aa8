"""What shops of the demo decided in advance: one has rules, and for one the platform decides."""

from __future__ import annotations

from datetime import timedelta

from rescind.core.automation import Answered, Required, may_end_at, month_before
from rescind.core.cancellation import RequestCancellation
from rescind.core.instant import Instant
from rescind.core.parts import FactKind
from rescind.core.standing import StandingRule, policy_of
from rescind.demo import catalogue
from rescind.demo.marketplace import demo_shop_id
from rescind.demo.stall import Ground, Layout, Stall, Ware, buyer_of
from rescind.desk import Desk
from rescind.policies import automation, preset

LAYOUT = Layout(
    name="Orchid Pier",
    preset="th",
    currency="THB",
    zone="Asia/Bangkok",
    carrier="Siam Parcel",
    contact={
        "trader": "Orchid Pier Co., Ltd.",
        "address": "99 Example Soi, Bangkok 10200",
        "email": "orchid.pier@example.com",
        "city": "Bangkok",
    },
)


def ruled() -> int:
    """Place of the shop that has rules of its own for requests."""
    return next(place for place, shop in enumerate(catalogue.load().shops) if shop.preset == "us")


def answered_for() -> int:
    """Place of the shop that answered too few requests in time."""
    return len(catalogue.load().shops) + 2


async def decide(desk: Desk, ground: Ground, opened_at: Instant) -> int:
    """Write the rules of the one shop and let the platform answer for the other; returns how many orders that has."""
    shop, owner = catalogue.load().shops[ruled()], demo_shop_id(ruled())
    rules = (
        StandingRule(
            name="Ordered by mistake, small", reasons=("ordered_by_mistake",), most_minor=5000, currency="USD"
        ),
        StandingRule(name="Changed their mind: two hours for us to answer", reasons=("changed_mind",), wait="2h"),
    )
    policy = policy_of(rules, preset("us").at(opened_at), shop.zone)
    await desk.versions.put_rules(owner, rules, policy, f"seller:staff-{owner}")
    placed = await _answered_for(desk, ground, opened_at)
    await desk.book.refresh()
    return placed


async def _answered_for(desk: Desk, ground: Ground, opened_at: Instant) -> int:
    stall = Stall(ground, demo_shop_id(answered_for()), LAYOUT)
    await stall.open()
    thai = preset("th")
    required = Required.of(thai.at(opened_at).values)
    assert required is not None, "Thailand demands answers in time"
    month, _, ended_at = month_before(opened_at, thai.zone)
    answered = Answered(month=month, asked=20, in_time=17)
    begun = max(ended_at, opened_at - timedelta(days=1))
    ground.clock.set(begun)
    await desk.versions.count(stall.shop, answered, may_end_at(required, answered, begun, thai.zone), automation())
    await desk.book.refresh()
    buyers = catalogue.load().buyers
    wares = (Ware("Celadon tea bowl", 69000), Ware("Bamboo whisk", 24000))
    asked = await stall.placed("OP-3001", buyers[11], wares, opened_at - timedelta(hours=30))
    waits = await stall.placed("OP-3002", buyers[28], (Ware("Silk eye pillow", 45000),), opened_at - timedelta(hours=9))
    for order in (asked, waits):
        await stall.reports(order, FactKind.PREPARATION_STARTED, opened_at - timedelta(hours=4))
    command = RequestCancellation(order=asked.id, reason="changed_mind")
    await stall.does(command, buyer_of(asked), max(begun, opened_at - timedelta(hours=2)))
    ground.clock.set(opened_at)
    return 2
