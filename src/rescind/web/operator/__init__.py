"""The operator's console: policies, drafts that take two people, keys and mandates, the books, the installation."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide

from rescind.web.operator import (
    books,
    drafts,
    exports,
    installation,
    keys,
    mail,
    mandates,
    policies,
    providers,
    set_up,
    shops,
    sources,
    texts,
)
from rescind.web.operator.console import operator_console
from rescind.web.order_files import ROUTES as ORDER_FILES
from rescind.web.people import ROUTES as PEOPLE
from rescind.web.programs import READING as PROGRAMS
from rescind.web.webhooks import ROUTES as WEBHOOKS

PAGES = Router(
    path="/operator",
    route_handlers=[
        *policies.ROUTES,
        *set_up.ROUTES,
        *shops.ROUTES,
        *texts.ROUTES,
        *drafts.ROUTES,
        *PEOPLE,
        *keys.ROUTES,
        *mandates.ROUTES,
        *PROGRAMS,
        *providers.ROUTES,
        *WEBHOOKS,
        *sources.ROUTES,
        *mail.ROUTES,
        *ORDER_FILES,
        *books.ROUTES,
        *exports.ROUTES,
        *installation.ROUTES,
    ],
    dependencies={"console": Provide(operator_console)},
    include_in_schema=False,
)
"""Every page under ``/operator``."""
