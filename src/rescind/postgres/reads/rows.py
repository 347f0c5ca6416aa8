"""What the rows of several lists have in common."""

from __future__ import annotations

from typing import TypeVar

import asyncpg
import msgspec

from rescind.core.order import Order
from rescind.core.views import RowLine

T = TypeVar("T")

_lines = msgspec.json.Decoder(tuple[RowLine, ...])


def decoded(text: str | None, shape: type[T], otherwise: T) -> T:
    return otherwise if text is None else msgspec.json.decode(text, type=shape)


def row_lines(row: asyncpg.Record) -> tuple[RowLine, ...]:
    return () if row["lines"] is None else _lines.decode(row["lines"])


def tracking(order: Order) -> tuple[str, ...]:
    return tuple(parcel.tracking for parcel in order.parcels if parcel.tracking)
