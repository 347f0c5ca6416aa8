"""What a buyer sees: their orders, one order, the way to cancel it, a request, and the terms it is judged by."""

from rescind.web.buyer import address, cancel, orders, requests, returns, terms

ROUTES = (*orders.ROUTES, *address.ROUTES, *cancel.ROUTES, *requests.ROUTES, *returns.ROUTES, *terms.ROUTES)

__all__ = ["ROUTES"]
