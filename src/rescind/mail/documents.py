"""Documents by mail: who may send which one, to the one address it may go to, and what became of it."""

from __future__ import annotations

import msgspec

from rescind.access.principal import Principal
from rescind.core.documents import Issued
from rescind.core.errors import InvalidField, NoMailAddress
from rescind.core.mail import Mail, masked
from rescind.core.scope import Scope
from rescind.core.views import BuyerView
from rescind.documents import Documents
from rescind.locales import negotiate
from rescind.mail.address import wire
from rescind.postgres.mails import MailTable, NewMail
from rescind.postgres.reads import Reads


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of sending one document. to: the address as the reader may see it, empty where there is none.

    hidden: there is one, and this reader does not see it. mails: newest first.
    """

    to: str
    hidden: bool
    mails: tuple[Mail, ...]

    @property
    def possible(self) -> bool:
        """Whether there is an address it may go to."""
        return bool(self.to) or self.hidden


class DocumentMail:
    """Sends documents to their buyers. Everything goes through the asking person's scope (I-30).

    A document goes to the address by which the marketplace knows the buyer, and to no other: nobody types one here, and
    the one of the parcel's recipient may be that of somebody who was given a present.
    """

    def __init__(self, table: MailTable, documents: Documents, reads: Reads) -> None:
        self._table = table
        self._documents = documents
        self._reads = reads

    async def send(self, person: Principal, document: str, key: str, language: str | None = None) -> Mail:
        """Send a document to its buyer; the same key again sends nothing more.

        language: of the mail; None for the one the buyer reads. Raises NotFound, NoMailAddress, AddressBounces,
        MailLimit.
        """
        issued = await self._documents.read(person.scope, document)
        buyer = await self._buyer(person, issued)
        address = _address(buyer)
        if not address:
            raise NoMailAddress
        said = issued.content
        asked_by = person.by
        return await self._table.ask(
            NewMail(
                order=said.order,
                kind="document",
                document=said.id,
                language=language or negotiate(None, buyer.locale),
                address=address,
                key=f"{asked_by}:{said.id}:{key}",
                asked_by=asked_by,
            )
        )

    async def of(self, person: Principal, issued: Issued) -> Sent:
        """Where a document may go, and where it went, as this person may know it."""
        address = _address(await self._buyer(person, issued))
        hidden = person.role == "seller"
        return Sent(
            to=masked(address) if address and not hidden else "",
            hidden=bool(address) and hidden,
            mails=await self._table.of_document(issued.content.id),
        )

    async def _buyer(self, person: Principal, issued: Issued) -> BuyerView:
        view = await self._reads.order(person.scope, issued.content.order)
        if person.scope.shop is None:
            return view.buyer
        # The shop does not see where it goes, so it may also go where the marketplace knows the buyer to be.
        return (await self._reads.order(Scope(), issued.content.order)).buyer


def _address(buyer: BuyerView) -> str:
    """The buyer's address as it goes over the wire; empty for one that mail cannot be sent to."""
    try:
        return wire(buyer.email) if buyer.email else ""
    except InvalidField:
        return ""
