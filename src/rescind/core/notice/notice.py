"""A notice: what one event of an order means for one person, one shop or the platform."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

import msgspec

from rescind.core.ids import OrderId, ShopId, ThreadId
from rescind.core.instant import Instant
from rescind.core.money import Money

NoticeRole = Literal["buyer", "seller", "support"]
"""As whom somebody is told: one buyer, whoever works in a shop, whoever works for the platform."""

Move = Literal["", "buyer", "seller", "support", "carrier"]
"""Whose move it is; nobody's, where nothing is asked."""

Can = Literal["", "cancel", "ask", "favour"]
"""What a buyer can do about an order: cancel it, ask to, ask for a favour where it is too late for more, or nothing."""

Group = Literal["orders", "deliveries", "requests", "money", "cases", "checks", "messages"]
"""What people choose channels by."""


class NoticeKind(StrEnum):
    """What is told. One kind may be told to several roles, each in a sentence of its own."""

    ORDER_PLACED = "order_placed"
    ORDER_TO_PAY = "order_to_pay"
    ORDER_PAID = "order_paid"
    ORDER_TO_SHIP = "order_to_ship"
    PREPARING = "preparing"
    PACKING = "packing"
    ADDRESS_WANTED = "address_wanted"
    REVIEW_WANTED = "review_wanted"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    DELIVERY_ENDED = "delivery_ended"
    SHIPPING_LATE = "shipping_late"
    REQUEST_ASKED = "request_asked"
    REQUEST_HELD = "request_held"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"
    EXTENDED = "extended"
    REOPENED = "reopened"
    UNDONE = "undone"
    OFFER_MADE = "offer_made"
    OFFER_ACCEPTED = "offer_accepted"
    OFFER_DECLINED = "offer_declined"
    REFUND_OWED = "refund_owed"
    REFUND_SENT = "refund_sent"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    REFUND_UNCLEAR = "refund_unclear"
    REFUND_SETTLED = "refund_settled"
    PAY_OUT = "pay_out"
    PAY_OUT_LATE = "pay_out_late"
    RETURN_OPENED = "return_opened"
    RETURN_QUESTIONED = "return_questioned"
    RETURN_ANSWERED = "return_answered"
    RETURN_LATE = "return_late"
    RETURN_CLOSED = "return_closed"
    CALLED = "called"
    CALLED_LATE = "called_late"
    CALLED_CLOSED = "called_closed"
    CONTRADICTION = "contradiction"
    CHARGEBACK = "chargeback"
    SECOND_WANTED = "second_wanted"
    MESSAGE = "message"
    CONTACT_NOTE = "contact_note"
    ORDER_NOTE = "order_note"


class Notice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing for one reader.

    party: the buyer's or the shop's id, empty for the platform. seq: of the record it tells of, 0 for a message. at:
    when that happened.
    about: the request, refund, case, contradiction, message or note it is about, by its id or number. amount: the money
    it speaks of. code: a word of the event's own (who decided, what was reported).

    thread: the conversation of a message, empty for what an event tells; ``order`` and ``number`` are empty before
    there is an order, and ``subject`` says then what was asked about, empty for the shop itself. answer_s: how long the
    shop has for an answer, in seconds, before its silence lets the buyer call the platform; 0 where it does not.

    The rest says how things stand when somebody is told, and comes from ``as_of``: move: whose it is; due_at: until
    when; then: what happens otherwise (``OnSilence``, or a timer's word); can: what the policy lets its buyer do about
    an order that is in processing; over: it does not stand any more; unread: how many messages wait; text, by: how the
    last of them begins, and which side wrote it.
    """

    kind: NoticeKind
    role: NoticeRole
    party: str
    order: OrderId
    shop: ShopId
    number: str
    seq: int
    at: Instant
    about: str = ""
    amount: Money | None = None
    code: str = ""
    thread: ThreadId | None = None
    subject: str = ""
    answer_s: int = 0
    move: Move = ""
    due_at: Instant | None = None
    then: str = ""
    can: Can = ""
    over: bool = False
    unread: int = 0
    text: str = ""
    by: str = ""

    @property
    def group(self) -> Group:
        """What its readers choose a channel by."""
        return group_of(self.kind)

    @property
    def key(self) -> str:
        """What makes it the same notice, however often its event is carried: one of an order has it once."""
        what = f"{self.role}:{self.kind.value}:{self.about}"
        return what if self.kind in _ONCE else f"{self.seq}:{what}"

    @property
    def yours(self) -> bool:
        """Whether it asks something of its reader."""
        return self.move == self.role


_KINDS: Mapping[Group, tuple[NoticeKind, ...]] = {
    "requests": (
        NoticeKind.REQUEST_ASKED,
        NoticeKind.REQUEST_HELD,
        NoticeKind.APPROVED,
        NoticeKind.REFUSED,
        NoticeKind.WITHDRAWN,
        NoticeKind.OVERTAKEN,
        NoticeKind.EXTENDED,
        NoticeKind.REOPENED,
        NoticeKind.UNDONE,
        NoticeKind.OFFER_MADE,
        NoticeKind.OFFER_ACCEPTED,
        NoticeKind.OFFER_DECLINED,
        NoticeKind.ADDRESS_WANTED,
    ),
    "money": (
        NoticeKind.REFUND_OWED,
        NoticeKind.REFUND_SENT,
        NoticeKind.REFUNDED,
        NoticeKind.REFUND_FAILED,
        NoticeKind.REFUND_UNCLEAR,
        NoticeKind.REFUND_SETTLED,
        NoticeKind.PAY_OUT,
        NoticeKind.PAY_OUT_LATE,
        NoticeKind.CHARGEBACK,
    ),
    "cases": (
        NoticeKind.RETURN_OPENED,
        NoticeKind.RETURN_QUESTIONED,
        NoticeKind.RETURN_ANSWERED,
        NoticeKind.RETURN_LATE,
        NoticeKind.RETURN_CLOSED,
        NoticeKind.CALLED,
        NoticeKind.CALLED_LATE,
        NoticeKind.CALLED_CLOSED,
    ),
    "messages": (NoticeKind.MESSAGE, NoticeKind.CONTACT_NOTE, NoticeKind.ORDER_NOTE),
    "checks": (NoticeKind.REVIEW_WANTED, NoticeKind.CONTRADICTION, NoticeKind.SECOND_WANTED),
    "orders": (
        NoticeKind.ORDER_PLACED,
        NoticeKind.ORDER_TO_PAY,
        NoticeKind.ORDER_PAID,
        NoticeKind.ORDER_TO_SHIP,
        NoticeKind.PREPARING,
        NoticeKind.PACKING,
    ),
    "deliveries": (
        NoticeKind.SHIPPED,
        NoticeKind.DELIVERED,
        NoticeKind.DELIVERY_ENDED,
        NoticeKind.SHIPPING_LATE,
    ),
}
_GROUP: Mapping[NoticeKind, Group] = {kind: group for group, kinds in _KINDS.items() for kind in kinds}

_ONCE = frozenset({NoticeKind.REFUND_SENT, NoticeKind.REFUND_UNCLEAR, NoticeKind.PAY_OUT})
"""Told once of each refund: a provider that is asked again says the same in another record."""

GROUPS: Mapping[NoticeRole, tuple[Group, ...]] = {
    "buyer": ("requests", "money", "cases", "messages", "orders", "deliveries"),
    "seller": ("requests", "money", "cases", "messages", "checks", "orders", "deliveries"),
    "support": ("requests", "money", "cases", "messages", "checks"),
}
"""What each role chooses channels for, in the order in which pages show it."""

REQUIRED: Mapping[NoticeRole, frozenset[Group]] = {
    "buyer": frozenset({"requests", "money"}),
    "seller": frozenset({"requests"}),
    "support": frozenset(),
}
"""What nobody switches off. A buyer's request is decided and money moves, which law wants told on paper or what lasts
like paper; of a shop an answer is wanted, and its silence would decide.
"""


def group_of(kind: NoticeKind) -> Group:
    """The group of a kind."""
    return _GROUP[kind]
