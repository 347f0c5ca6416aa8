"""Money that went back once and may have been told of twice: by the provider that moved it, and by hand in the shop."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import FactKind, RefundStatus, Report

NEAR: Final = timedelta(days=3)
"""Somebody writes down on Monday what went back on Friday."""
_MOVED: Final = frozenset({RefundStatus.SUBMITTED, RefundStatus.IN_DOUBT, RefundStatus.SUCCEEDED})


def known_already(order: Order, tender: str, amount_minor: int, at: Instant, *, told_by: str) -> bool:
    """Whether the same amount went back to the same payment at about that time, and another than ``told_by`` said so.

    told_by: how the references of whoever tells of it now begin. It may be the same money or as much again: equal
    amounts are common, so that a person says which it is.
    """
    return any(
        one.amount_minor == amount_minor and abs(one.at - at) <= NEAR for one in _others(order, tender, told_by)
    ) or any(
        one.tender == tender
        and one.amount_minor == amount_minor
        and one.status in _MOVED
        and abs((one.settled_at or one.owed_at) - at) <= NEAR
        for one in order.refunds
    )


def counted_twice(order: Order, *, told_by: str) -> tuple[Report, ...]:
    """What ``told_by`` told first and somebody else as well later; both count, so that too little is left to give."""
    return tuple(
        one
        for one in _past_us(order)
        if one.reference.startswith(told_by)
        and any(
            other.seq > one.seq and other.amount_minor == one.amount_minor and abs(other.at - one.at) <= NEAR
            for other in _others(order, one.tender, told_by)
        )
    )


def _others(order: Order, tender: str, told_by: str) -> list[Report]:
    return [one for one in _past_us(order) if one.tender == tender and not one.reference.startswith(told_by)]


def _past_us(order: Order) -> list[Report]:
    return [one for one in order.reports if one.fact is FactKind.REFUNDED_ELSEWHERE]
