"""Receipts and credit notes for whoever asks: issued when somebody first asks for one, and then as they were issued."""

from __future__ import annotations

from contextlib import suppress

from rescind.core import documents
from rescind.core.documents import DocumentKind, Issued
from rescind.core.errors import NotFound
from rescind.core.ids import OrderId
from rescind.core.scope import Scope
from rescind.core.views import OrderView
from rescind.postgres.documents import DocumentTable
from rescind.postgres.reads import Reads


class Documents:
    """What there is of an order in writing. Everything goes through the asking person's scope (I-30)."""

    def __init__(self, table: DocumentTable, reads: Reads) -> None:
        self.table = table
        self._reads = reads

    async def of_order(self, scope: Scope, order: OrderId) -> tuple[Issued, ...]:
        """Every document of an order, those among them that were due and nobody had asked for. Raises NotFound."""
        view = await self._reads.order(scope, order)
        for kind, about in documents.due(view.order):
            # A refund of an order from before it was said in whose place one is owed may be no reason of its own.
            with suppress(NotFound):
                await self._issue(scope, view, kind, about)
        for one in await self.table.of_order(scope, order):
            if _to_take_back(view, one):
                await self.table.issue(one.about, documents.reversed_by(one.content))
        return await self.table.of_order(scope, order)

    async def about(self, scope: Scope, order: OrderId, about: str) -> Issued:
        """The receipt of an order, or the credit note of one of its cancellations. Raises NotFound: nothing is due."""
        view = await self._reads.order(scope, order)
        kind = DocumentKind.CREDIT_NOTE if about else DocumentKind.RECEIPT
        if (kind, about) not in documents.due(view.order):
            raise NotFound(kind="document")
        return await self._issue(scope, view, kind, about)

    async def read(self, scope: Scope, document: str) -> Issued:
        """One document as it was issued. Raises NotFound: missing and foreign alike."""
        return await self.table.read(scope, document)

    async def _issue(self, scope: Scope, view: OrderView, kind: DocumentKind, about: str) -> Issued:
        entries = await self._reads.timeline(scope, view.order.id)
        records = [entry.record for entry in entries]
        return await self.table.issue(about, documents.draft(kind, about, view.order, view.details, view.shop, records))


def _to_take_back(view: OrderView, one: Issued) -> bool:
    note = one.content.kind is DocumentKind.CREDIT_NOTE
    return note and not one.replaced_by and documents.taken_back(view.order, one.about)
