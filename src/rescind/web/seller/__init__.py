"""The seller's console: the board, one order, and the requests to cancel."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide

from rescind.web.console_lists import ROUTES as LISTS
from rescind.web.console_notices import ROUTES as NOTICES
from rescind.web.order_files import ROUTES as ORDER_FILES
from rescind.web.people import ROUTES as PEOPLE
from rescind.web.programs import ROUTES as PROGRAMS
from rescind.web.seller import (
    board,
    contact,
    corrections,
    giving,
    goods,
    intercept,
    many_requests,
    messages,
    notes,
    offers,
    order,
    packing,
    proposals,
    refund_lists,
    replies,
    request,
    requests,
    returns,
    robots,
    rules,
    settings,
)
from rescind.web.seller.console import seller_console
from rescind.web.webhooks import ROUTES as WEBHOOKS

PAGES = Router(
    path="/seller",
    route_handlers=[
        board.home,
        board.board,
        board.report,
        order.read,
        order.ask,
        order.cancel,
        corrections.correct,
        giving.give,
        proposals.answer_for_shop,
        requests.queue,
        many_requests.check,
        many_requests.answer_many,
        request.one,
        request.approve,
        request.refuse,
        offers.offer,
        offers.answer_counter,
        *settings.ROUTES,
        *rules.ROUTES,
        *contact.ROUTES,
        *replies.ROUTES,
        *WEBHOOKS,
        *PEOPLE,
        *PROGRAMS,
        *ORDER_FILES,
        *robots.ROUTES,
        *messages.ROUTES,
        *NOTICES,
        *LISTS,
        *notes.ROUTES,
        *packing.ROUTES,
        *goods.ROUTES,
        *refund_lists.ROUTES,
        *intercept.ROUTES,
        *returns.READING,
    ],
    dependencies={"console": Provide(seller_console)},
    include_in_schema=False,
)
"""Every page under ``/seller``."""
