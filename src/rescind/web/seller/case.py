"""A case of an order, as the pages about one find it: the shop's, and support's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from rescind.core.errors import NotFound
from rescind.core.views import OrderView, TimelineEntry
from rescind.web.seller.console import Console


class Named(Protocol):
    """Whatever has an id of its own within its order."""

    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Named)


async def load(
    console: Console, view: OrderView, kind: str, cases: Iterable[T], case_id: str
) -> tuple[T, tuple[TimelineEntry, ...]]:
    """The case of this id, and what happened to its order. Raises NotFound, of ``kind``."""
    found = next((one for one in cases if one.id == case_id), None)
    if found is None:
        raise NotFound(kind=kind)
    return found, await console.desk.reads.timeline(console.scope, view.order.id)


def reader_of(console: Console) -> str:
    """Who reads a case: its shop, or support; also the first part of the address of either's pages."""
    return "seller" if console.person.role == "seller" else "support"
