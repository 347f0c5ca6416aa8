"""Ways into the demo marketplace for somebody who only wants to look around."""

from __future__ import annotations

from datetime import timedelta

from rescind.demo.catalogue import load
from rescind.demo.marketplace import demo_shop_id
from rescind.desk import Desk

LIFETIME = timedelta(days=30)
SUPPORT = {"email": "support@harbour.example", "phone": "+44 20 7946 0999", "hours": "Mon–Sun 8:00–20:00 UTC"}
"""How the demo's platform support is reached; the number is one that is given to nobody."""

OPERATORS = {"operator": ("ines", "Ines Duarte"), "operator2": ("omar", "Omar Haddad")}
"""Two people who run the demo's policies: what one writes the other puts in force. Their ids and names."""


async def links(desk: Desk) -> tuple[tuple[str, str], ...]:
    """Sign-in links for a buyer, a shop, a support agent and two operators, each with the word for who it is."""
    demo = load()
    buyer, shop = demo.buyers[0], demo.shops[0]
    access = desk.access
    return (
        (
            "buyer",
            await access.issue_link(
                "buyer", buyer.key, name=buyer.name, buyer_id=buyer.key, lifetime=LIFETIME, once=False
            ),
        ),
        (
            "seller",
            await access.issue_link(
                "seller", f"staff-{shop.key}", name=shop.name, shop_id=demo_shop_id(0), lifetime=LIFETIME, once=False
            ),
        ),
        ("support", await access.issue_link("support", "agent-1", name="Robin Ashe", lifetime=LIFETIME, once=False)),
        *[
            (who, await access.issue_link("operator", principal, name=name, lifetime=LIFETIME, once=False))
            for who, (principal, name) in OPERATORS.items()
        ],
    )
