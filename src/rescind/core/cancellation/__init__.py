"""Asking to stop an order, and every way the question can end.

messages: what can be asked and what can have happened. decide: the answers. fold: what they do to the order.
"""

from rescind.core.cancellation.decide import (
    ALREADY_SHIPPED,
    approve,
    approved,
    cancel_by_seller,
    lapse,
    overtake,
    read,
    refuse,
    request,
    starts,
    withdraw,
)
from rescind.core.cancellation.messages import (
    ApproveCancellation,
    CancelBySeller,
    CancellationApproved,
    CancellationHeld,
    CancellationOvertaken,
    CancellationRefused,
    CancellationWithdrawn,
    DeadlineExtended,
    Decision,
    LapseDeadline,
    RefuseCancellation,
    RequestCancellation,
    RequestTerms,
    SellerAsked,
    WithdrawCancellation,
)

__all__ = [
    "ALREADY_SHIPPED",
    "ApproveCancellation",
    "CancelBySeller",
    "CancellationApproved",
    "CancellationHeld",
    "CancellationOvertaken",
    "CancellationRefused",
    "CancellationWithdrawn",
    "DeadlineExtended",
    "Decision",
    "LapseDeadline",
    "RefuseCancellation",
    "RequestCancellation",
    "RequestTerms",
    "SellerAsked",
    "WithdrawCancellation",
    "approve",
    "approved",
    "cancel_by_seller",
    "lapse",
    "overtake",
    "read",
    "refuse",
    "request",
    "starts",
    "withdraw",
]
