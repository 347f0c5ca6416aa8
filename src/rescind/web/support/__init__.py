"""The support console: find any order, see whose move it is, act for a caller within the buyer's own policy."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide

from rescind.web.console_lists import ROUTES as LISTS
from rescind.web.console_notices import ROUTES as NOTICES
from rescind.web.programs import READING as PROGRAMS
from rescind.web.seller import intercept, returns
from rescind.web.support import (
    calendars,
    escalations,
    find,
    messages,
    order,
    orders,
    refund_lists,
    refund_orders,
    requests,
    shops,
)
from rescind.web.support.find import support_console

PAGES = Router(
    path="/support",
    route_handlers=[
        find.home,
        order.read,
        order.file,
        order.withdraw,
        order.correct,
        order.review,
        order.decide,
        order.give_back,
        order.settle,
        order.answer_proposal,
        order.override,
        order.answer_override,
        *messages.ROUTES,
        *PROGRAMS,
        *NOTICES,
        *LISTS,
        *orders.ROUTES,
        *requests.ROUTES,
        *shops.ROUTES,
        *escalations.ROUTES,
        *intercept.ROUTES,
        *returns.ROUTES,
        *refund_lists.ROUTES,
        *calendars.ROUTES,
        *refund_orders.ROUTES,
    ],
    dependencies={"console": Provide(support_console)},
    include_in_schema=False,
)
"""Every page under ``/support``."""
