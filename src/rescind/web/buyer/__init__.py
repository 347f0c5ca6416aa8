"""What a buyer sees: their orders, one order, the way to cancel it, a request, and the terms it is judged by."""

from rescind.web.buyer import cancel, orders, requests, terms

ROUTES = (*orders.ROUTES, *cancel.ROUTES, *requests.ROUTES, *terms.ROUTES)

__all__ = ["ROUTES"]
