"""Who does something, for whom, and through which door."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class ActorKind(StrEnum):
    """The four actors people speak of, and the two that only report facts."""

    BUYER = "buyer"
    SELLER = "seller"
    SUPPORT = "support"
    SYSTEM = "system"
    HOST = "host"
    CARRIER = "carrier"


class Actor(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """``id`` names the person or key; ``via`` the credential; ``on_behalf_of`` the buyer support acts for (M-49);
    ``mandate`` what a program acts under, where it does so for people (``mandate.UNDER_NONE``: it may not).
    """

    kind: ActorKind
    id: str
    via: str = ""
    on_behalf_of: str = ""
    mandate: str = ""

    @property
    def speaks_as(self) -> ActorKind:
        """Whose act it is: what support files for a buyer is the buyer's request, under the buyer's policy."""
        return ActorKind.BUYER if self.on_behalf_of else self.kind


SYSTEM = Actor(kind=ActorKind.SYSTEM, id="system")
