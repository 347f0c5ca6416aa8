"""Somebody who has shown a credential, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from rescind.core.actor import Actor, ActorKind
from rescind.core.errors import SignInAgain
from rescind.core.ids import OrderId, ShopId
from rescind.core.mandate import UNDER_NONE
from rescind.core.scope import Scope
from rescind.core.staff import FRESH_FOR, KEY_HOLDER, Rights
from rescind.postgres.credentials import Role

STAFF: frozenset[Role] = frozenset({"support", "operator"})

_ACTOR: Mapping[Role, ActorKind] = {
    "buyer": ActorKind.BUYER,
    "seller": ActorKind.SELLER,
    "support": ActorKind.SUPPORT,
    "operator": ActorKind.SUPPORT,
    "host": ActorKind.HOST,
}


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who has shown a credential that is valid now. ``credential``: its kind and the beginning of its hash.

    account: of a person who signed in with one. rights: of a seller. scopes: what a key may do, empty for all that its
    role may. mandated: a key that acts under mandates alone; mandate: the last it was given. fresh_s: how many seconds
    ago somebody showed who they are; None for a key. order: of a buyer who came for this one alone. back_to: the page
    of the marketplace they came from; empty for none. zone: the clock that somebody with an account reads, empty where
    they chose none.
    """

    role: Role
    id: str
    name: str = ""
    shop_id: ShopId | None = None
    buyer_id: str | None = None
    account: str = ""
    rights: Rights = "manage"
    scopes: tuple[str, ...] = ()
    mandated: bool = False
    mandate: str = ""
    fresh_s: float | None = None
    order: OrderId | None = None
    back_to: str = ""
    zone: str = ""
    credential: str

    @property
    def mark(self) -> str:
        """The beginning of the credential's hash, as lists name it."""
        return self.credential.rpartition(":")[2]

    @property
    def holder(self) -> str:
        """Whose views, addresses, choices, files and marks of what was read are theirs.

        A key is nobody, whatever it is called: what it keeps is its own, and it opens nothing that a person keeps.
        """
        return f"{KEY_HOLDER}{self.id}" if self.credential.startswith("key:") else self.id

    @property
    def fresh(self) -> bool:
        """Whether they may do now what could let others in; a key is as fresh as it ever was."""
        return self.credential.startswith("key:") or (
            self.fresh_s is not None and self.fresh_s < FRESH_FOR.total_seconds()
        )

    def require_fresh(self) -> None:
        """Raises SignInAgain."""
        if not self.fresh:
            raise SignInAgain(minutes=int(FRESH_FOR.total_seconds()) // 60)

    @property
    def scope(self) -> Scope:
        """What this principal's objects are fetched through: their shop, their own purchases, or the marketplace."""
        match self.role:
            case "seller":
                return Scope(shop=self.shop_id)
            case "buyer":
                return Scope(buyer=self.buyer_id, order=self.order)
            case "support" | "operator" | "host":
                return _EVERYTHING

    @property
    def by(self) -> str:
        """Who did something, as histories and idempotency keys name them."""
        return f"{self.role}:{self.id}"

    def actor(self, on_behalf_of: str = "") -> Actor:
        """As whom the core knows them. ``on_behalf_of``: the buyer a member of staff acts for (M-49)."""
        return Actor(
            kind=_ACTOR[self.role],
            id=self.id,
            via=self.credential,
            on_behalf_of=on_behalf_of,
            mandate=(self.mandate or UNDER_NONE) if self.mandated else "",
        )


_EVERYTHING = Scope()


class SessionLife(msgspec.Struct, frozen=True):
    """How long a session lives without being used, and at most."""

    idle: timedelta
    absolute: timedelta


_STAFF_LIFE = SessionLife(timedelta(minutes=30), timedelta(hours=24))
_LIFE = SessionLife(timedelta(hours=12), timedelta(days=7))


def life(role: Role) -> SessionLife:
    """How long a session of this role lives: staff half an hour idle and a day in all, others longer."""
    return _STAFF_LIFE if role in STAFF else _LIFE
