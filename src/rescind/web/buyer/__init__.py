"""What a buyer sees: their orders, one order, the way to cancel it, a request, and the terms it is judged by."""

from rescind.web.buyer import (
    address,
    cancel,
    escalate,
    messages,
    notes,
    orders,
    requests,
    returns,
    sources,
    terms,
    withdrawal,
)

ROUTES = (
    *orders.ROUTES,
    *address.ROUTES,
    *messages.ROUTES,
    *notes.ROUTES,
    *escalate.ROUTES,
    *cancel.ROUTES,
    *requests.ROUTES,
    *returns.ROUTES,
    *withdrawal.ROUTES,
    *terms.ROUTES,
    *sources.ROUTES,
)

__all__ = ["ROUTES"]
