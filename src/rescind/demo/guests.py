"""The people of the demo marketplace that anybody may be, and their ways in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from rescind.core.ids import ShopId
from rescind.core.scope import Scope
from rescind.core.views import Filters
from rescind.demo import advance, reached
from rescind.demo.catalogue import load
from rescind.demo.marketplace import SUPPORTER, demo_shop_id
from rescind.demo.operators import OPERATORS
from rescind.demo.withdrawals import protected
from rescind.desk import Desk
from rescind.postgres.credentials import Role

LIFETIME, AT_ONCE = timedelta(days=30), timedelta(minutes=15)
SUPPORT = {"email": "support@harbour.example", "phone": "+44 20 7946 0999", "hours": "Mon–Sun 8:00–20:00 UTC"}
"""How the demo's platform support is reached; the number is one that is given to nobody."""


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody the demo lets anyone be. shop: of a seller; principal: as histories name them."""

    role: Role
    name: str
    principal: str
    shop: ShopId | None = None

    async def link(self, desk: Desk, *, lifetime: timedelta | None = None) -> str:
        """A way in: one that can be used again and again when it has a lifetime."""
        return await desk.access.issue_link(
            self.role,
            self.principal,
            name=self.name,
            buyer_id=self.principal if self.role == "buyer" else None,
            shop_id=self.shop,
            lifetime=lifetime or AT_ONCE,
            once=lifetime is None,
        )


def people() -> Mapping[str, Guest]:
    """Two buyers, four shops, support, and two operators, each with the word for who it is."""
    demo = load()
    buyer, german = demo.buyers[0], protected(demo)
    return {
        "buyer": Guest("buyer", buyer.name, buyer.key),
        "buyer2": Guest("buyer", german.name, german.key),
        "seller": _seller(demo.shops[0].name, 0),
        "seller2": _seller(demo.shops[advance.ruled()].name, advance.ruled()),
        "seller3": _seller(advance.LAYOUT.name, advance.answered_for()),
        "seller4": _seller(demo.shops[reached.unreached()].name, reached.unreached()),
        "support": Guest("support", "Robin Ashe", SUPPORTER),
    } | {key: Guest("operator", name, principal) for key, (principal, name) in OPERATORS.items()}


async def links(desk: Desk) -> tuple[tuple[str, str], ...]:
    """A sign-in link for each of them."""
    return tuple([(who, await guest.link(desk, lifetime=LIFETIME)) for who, guest in people().items()])


@dataclass(frozen=True, slots=True)
class Bought:
    """An order that the page for guests can be tried with."""

    number: str
    email: str


async def bought(desk: Desk) -> Bought | None:
    """The latest order of the demo's first buyer."""
    buyer = load().buyers[0]
    page = await desk.reads.orders(Scope(buyer=buyer.key), Filters(), None, 1, now=desk.now())
    return Bought(page.rows[0].number, buyer.email) if page.rows else None


def _seller(name: str, place: int) -> Guest:
    shop = demo_shop_id(place)
    return Guest("seller", name, f"staff-{shop}", shop)
