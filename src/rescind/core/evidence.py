"""Files that show something: photos and documents that go with a request, a refusal or a return case.

An event keeps what a file is and the hash of its bytes, never the bytes, and never what somebody called it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

import msgspec

from rescind.core.errors import InvalidField
from rescind.core.ids import EvidenceId, OrderId, ShopId, ThreadId, shop_of

MediaType = Literal["image/jpeg", "image/png", "image/webp", "application/pdf"]
"""What is kept as evidence. Everything else can run, nest or change in the hands of whoever opens it."""

MOST = 10
"""Files with one command, whatever is set: an order stays one row that is read whole."""

Home = OrderId | ThreadId | ShopId
"""What a file is sent for, and its id says which: an order; a conversation before any; or a shop that is about to be
asked something, until the first message of that conversation takes the file along.
"""

REFUSED = (
    "empty",
    "type",
    "damaged",
    "animated",
    "too_wide",
    "active",
    "locked",
    "too_large",
    "too_many_at_once",
)
"""Why a file is not kept: what FileRefused says."""

ATTACH_WITHIN = timedelta(hours=24)
"""How long a file waits for the command that names it."""

SWEPT_AFTER = timedelta(hours=48)
"""When a file that no command named is removed: so late that none which could still name it is under way."""


class EvidenceRef(msgspec.Struct, frozen=True, kw_only=True):
    """One file as an event names it. digest: SHA-256 of the bytes that are kept, in hex; size: of these, in bytes."""

    id: EvidenceId
    type: MediaType
    size: int
    digest: str

    @property
    def picture(self) -> bool:
        """Whether a browser can show it as a picture."""
        return self.type != "application/pdf"


def shop_at(home: Home) -> ShopId:
    """The shop that a file is sent to."""
    return ShopId(home) if home.startswith("shp_") else shop_of(home)


def digest(data: bytes) -> str:
    """The hash an event keeps of a file."""
    return hashlib.sha256(data).hexdigest()


def require_few(evidence: Sequence[EvidenceRef]) -> None:
    """No more than an order can carry, each once. Raises InvalidField."""
    if len(evidence) > MOST or len({one.id for one in evidence}) < len(evidence):
        raise InvalidField(field="/evidence", expected=f"at most {MOST} files, each once")


FOR_A_LOOK = EvidenceRef(id=EvidenceId(""), type="image/png", size=0, digest="")
"""Stands for a file where something is only looked at: what would be decided if one were there."""
