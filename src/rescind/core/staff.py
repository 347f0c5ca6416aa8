"""Who works here: as what, with which rights, and who may let whom in."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import msgspec

from rescind.core.errors import Forbidden, InvalidField, LastOperator, one_of
from rescind.core.ids import ShopId

StaffRole = Literal["operator", "support", "seller"]
Rights = Literal["manage", "answer"]
"""What a seller may do: all that the shop may, or everything about orders and nothing about the shop itself."""
LinkKind = Literal["join", "anew", "password"]

ROLES: tuple[StaffRole, ...] = ("operator", "support", "seller")
RIGHTS: tuple[Rights, ...] = ("manage", "answer")
ACTS = (
    *("invited", "invitation_ended", "joined", "role_changed", "removed", "begun_anew", "sessions_ended"),
    *("password_chosen", "passkey_added", "passkey_removed", "app_set_up", "codes_made", "code_used"),
    *("key_made", "key_ended", "mandate_made", "mandate_ended", "secret_made", "secret_ended"),
    *("provider_connected", "source_made", "source_changed", "source_rotated"),
    *("shop_added", "shop_changed"),
)
"""What is kept of people, keys, mandates, sessions and shops; each leaves a line that says who did it."""

KEY_HOLDER = "key:"
"""How whatever belongs to a key begins to name it; no person's id begins like that."""
GOOD_FOR = timedelta(days=7)
"""How long an invitation can be taken up."""
PASSWORD_GOOD_FOR = timedelta(hours=1)
FRESH_FOR = timedelta(minutes=15)
"""How long after a sign-in somebody may do what could let others in."""
RECOVERY_CODES = 10
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
_FEW_SIGNS = 5


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """As what somebody works. shop: of a seller, None for people of the platform, whose rights are ``manage``."""

    role: StaffRole
    shop: ShopId | None = None
    rights: Rights = "manage"

    @property
    def code(self) -> str:
        """How forms and the command line name it: the role, and of a seller the shop."""
        return f"{self.role}:{self.shop}" if self.shop else self.role


def grant(role: str, shop: str | None, rights: str) -> Grant:
    """A grant as somebody asks for it. Raises InvalidField (role, shop, rights)."""
    if role not in ROLES:
        raise InvalidField(field="/role", expected=one_of(ROLES))
    if (role == "seller") != bool(shop):
        raise InvalidField(field="/shop", expected="a shop for a seller, and none for anybody else")
    if rights not in RIGHTS:
        raise InvalidField(field="/rights", expected=one_of(RIGHTS))
    return Grant(role=role, shop=ShopId(shop) if shop else None, rights=rights if role == "seller" else "manage")


def require_may_let_in(by: Grant, whom: Grant) -> None:
    """Operators let anybody in; whoever manages a shop lets its own people in. Raises Forbidden."""
    if by.role == "operator":
        return
    if by.role == "seller" and by.rights == "manage" and whom.role == "seller" and whom.shop == by.shop:
        return
    raise Forbidden(action="let_in")


def require_operator_left(removed: Grant, operators: int) -> None:
    """Somebody has to be able to let people in. operators: how many there are now. Raises LastOperator."""
    if removed.role == "operator" and operators <= 1:
        raise LastOperator


def require_password(password: str, email: str, name: str) -> None:
    """Length is what counts; what stands beside it on the form does not. Raises InvalidField."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise InvalidField(field="/password", expected="a password of 12 to 200 signs")
    known = {email.lower(), email.partition("@")[0].lower(), name.lower()}
    if password.lower() in known or len(set(password)) < _FEW_SIGNS:
        raise InvalidField(field="/password", expected="a password that is not easily guessed")
