"""What shops of the demo decided in advance: one has a rule, and for one the platform decides."""

from __future__ import annotations

from datetime import timedelta

from rescind.core.automation import Answered, Required, may_end_at, month_before
from rescind.core.ids import ShopId
from rescind.core.standing import StandingRule, policy_of
from rescind.demo import catalogue
from rescind.demo.marketplace import demo_shop_id
from rescind.desk import Desk
from rescind.policies import automation, preset

SLOW = "Orchid Pier"
"""A shop of Thailand that answered too few requests in time; it is there to be read about, and has sold nothing."""


async def decide(desk: Desk) -> None:
    """Write the rule of the first shop that may have one, and let the platform answer for another."""
    demo, now = catalogue.load(), desk.now()
    place, shop = next((n, shop) for n, shop in enumerate(demo.shops) if shop.preset == "us")
    rules = (
        StandingRule(
            name="Ordered by mistake, small", reasons=("ordered_by_mistake",), most_minor=5000, currency="USD"
        ),
        StandingRule(name="Changed their mind: two hours for us to answer", reasons=("changed_mind",), wait="2h"),
    )
    policy = policy_of(rules, preset("us").at(now), shop.zone)
    await desk.versions.put_rules(demo_shop_id(place), rules, policy, f"seller:staff-{shop.key}")
    await _answered_too_late(desk, demo_shop_id(len(demo.shops) + 2))
    await desk.book.refresh()


async def _answered_too_late(desk: Desk, shop: ShopId) -> None:
    thai, now = preset("th"), desk.now()
    await desk.directory.put_shop(
        shop,
        name=SLOW,
        preset_hash=thai.hash,
        settings={},
        zone=thai.zone,
        contact={"email": "orchid.pier@example.com", "city": "Bangkok"},
    )
    required = Required.of(thai.at(now).values)
    assert required is not None, "Thailand demands answers in time"
    month, _, ended_at = month_before(now, thai.zone)
    answered = Answered(month=month, asked=20, in_time=17)
    until = may_end_at(required, answered, max(ended_at, now - timedelta(days=1)), thai.zone)
    await desk.versions.count(shop, answered, until, automation())
