"""The operator's console: policies, drafts that take two people, keys, the books, and how the installation is."""

from __future__ import annotations

from litestar import Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from rescind.desk import Desk
from rescind.web.operator import books, drafts, installation, keys, policies, providers, texts
from rescind.web.operator.console import operator_console


def routes(_desk: Desk) -> list[ControllerRouterHandler]:
    """Every page under ``/operator``."""
    return [
        Router(
            path="/operator",
            route_handlers=[
                *policies.ROUTES,
                *texts.ROUTES,
                *drafts.ROUTES,
                *keys.ROUTES,
                *providers.ROUTES,
                *books.ROUTES,
                *installation.ROUTES,
            ],
            dependencies={"console": Provide(operator_console)},
            include_in_schema=False,
        )
    ]
