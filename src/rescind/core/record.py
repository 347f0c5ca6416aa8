"""How an event is kept: who, when it happened, when we heard, chained to the one before it.

The bytes are what counts. A verifier hashes them as they are stored and never encodes anything again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Annotated

import msgspec

from rescind.core.actor import Actor
from rescind.core.ids import OrderId
from rescind.core.instant import Instant
from rescind.core.lifecycle import Event
from rescind.core.order import Order

ROOT = bytes(32)
"""What the first record of an order is chained to."""


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event with its circumstances. ``v``: version of the shape, for upcasters; ``key``: the command's key."""

    v: int = 1
    order: OrderId
    seq: Annotated[int, msgspec.Meta(ge=1)]
    received_at: Instant
    actor: Actor
    key: str = ""
    event: Event


class Broken(msgspec.Struct, frozen=True):
    """The first place where a stored history does not hold. ``why``: gap, foreign, edited or unreadable."""

    seq: int
    why: str


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Record)
_orders = msgspec.json.Decoder(Order)


def encode(record: Record) -> bytes:
    """The bytes that are stored and hashed."""
    return _encoder.encode(record)


def decode(data: bytes) -> Record:
    """Read stored bytes of any released version."""
    return _decoder.decode(data)


def encode_order(order: Order) -> bytes:
    """The stored form of an order's present state."""
    return _encoder.encode(order)


def decode_order(data: bytes) -> Order:
    """Read an order's stored state."""
    return _orders.decode(data)


def chain(before: bytes, data: bytes) -> bytes:
    """SHA-256 over the hash of the record before and the bytes of this one (I-22)."""
    return hashlib.sha256(before + data).digest()


def verify(order: OrderId, stored: Iterable[tuple[int, bytes, bytes]]) -> Broken | None:
    """Check (seq, bytes, hash) from the first record on; None when every one follows from the one before."""
    head = ROOT
    for place, (seq, data, expected) in enumerate(stored, start=1):
        if seq != place:
            return Broken(place, "gap")
        head = chain(head, data)
        if head != expected:
            return Broken(seq, "edited")
        try:
            record = decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return Broken(seq, "unreadable")
        if record.order != order or record.seq != seq:
            return Broken(seq, "foreign")
    return None
