"""Outgoing mail: documents to their buyers for whoever may read them; the server and the outbox for operators."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from rescind.api.endpoint import ANYBODY, Answer, Call, operation
from rescind.api.policies import OPERATOR
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.ids import ShopId, canonical, shop_of
from rescind.core.instant import Instant
from rescind.core.mail import Mail, MailStatus
from rescind.intake.fields import Incoming
from rescind.locales import locale, negotiate
from rescind.mail.post import NewServer, ServerView
from rescind.postgres.credentials import Role
from rescind.web.letters import letter_of_test

_Short = Annotated[str, msgspec.Meta(max_length=254)]
_NO_ADDRESS: frozenset[Role] = frozenset({"seller"})


class MailTold(Told, frozen=True, kw_only=True):
    """One mail. to: the address, masked; empty to a seller. status: waiting, taken (by the server), refused, failed
    (nobody took it for three days), in_doubt (the line broke before the server said), dropped (what it was to tell did
    not stand any more). kind: document, notice, digest, or the code that proves an address; document, order: empty
    where it is about none; notice: the one it tells of.

    place, code, said: where in the talk with the server its last answer came, and the answer; for operators alone.
    """

    id: str
    kind: str
    document: str
    order: str
    notice: str
    to: str
    language: str
    status: str
    asked_at: Instant
    asked_by: str
    settled_at: Instant | None
    next_try_at: Instant | None
    tries: int
    place: str
    code: int
    said: str


class MailsTold(Told, frozen=True, kw_only=True):
    """Mails, newest first."""

    rows: list[MailTold]


class ServerTold(Told, frozen=True, kw_only=True):
    """The server that mail is handed to, never its password. source: environment, or page."""

    host: str
    port: int
    security: str
    user: str
    sender: str
    name: str
    source: str
    changed_at: Instant | None
    changed_by: str


class BounceTold(Told, frozen=True, kw_only=True):
    """An address that a server refused for good."""

    address: str
    code: int
    said: str
    bounced_at: Instant


class OutboxTold(Told, frozen=True, kw_only=True):
    """How mail is: server is null while none is set up, and mail waits. counts: mails by status."""

    server: ServerTold | None
    counts: dict[str, int]
    rows: list[MailTold]
    bounces: list[BounceTold]


class OutboxQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which mails to list: the last hundred of a status, or of all."""

    status: Literal["", "waiting", "taken", "refused", "failed", "in_doubt", "dropped"] = ""


class MailPost(Incoming, frozen=True, kw_only=True):
    """A document to be sent. language: of the mail; null for the one the buyer reads."""

    language: Literal["en", "zh"] | None = None


class ServerPut(Incoming, frozen=True, kw_only=True):
    """A server to hand mail to. port: null for the usual one. password: empty keeps that of the same server and user.

    security: tls from the beginning, starttls before anything is told, or none for a server on the same machine.
    """

    host: _Short
    security: Literal["tls", "starttls", "none"]
    sender: _Short
    port: int | None = None
    user: _Short = ""
    password: _Short = ""
    name: _Short = ""


class RetryPost(Incoming, frozen=True, kw_only=True):
    """Nothing more has to be said."""


class TestPost(Incoming, frozen=True, kw_only=True):
    """Where a test goes."""

    address: _Short


class TestedTold(Told, frozen=True, kw_only=True):
    """What the server said to a test. how: taken, refused, not_now, in_doubt; place: where in the talk with it."""

    how: str
    place: str
    code: int
    said: str


@operation(
    "GET",
    "/v1/documents/{document}/mails",
    may=ANYBODY,
    through="scope",
    summary="List the mails of a document",
    gives=MailsTold,
    fails=(errors.NotFound,),
)
async def of_document(call: Call) -> Answer:
    """When a document was sent to its buyer, and whether a server took it."""
    issued = await call.desk.documents.read(call.principal.scope, canonical("doc", call.ids["document"]))
    sent = await call.desk.document_mail.of(call.principal, issued)
    return Answer(body=MailsTold(rows=[_told(one, call.principal.role) for one in sent.mails]))


@operation(
    "POST",
    "/v1/documents/{document}/mails",
    may=ANYBODY,
    through="scope",
    summary="Send a document to its buyer",
    body=MailPost,
    gives=MailTold,
    changes=True,
    statuses=(201,),
    fails=(errors.NotFound, errors.NoMailAddress, errors.AddressBounces, errors.MailLimit),
)
async def send(call: Call) -> Answer:
    """Send a document by mail to the address by which the marketplace knows its buyer; there is no other way to choose.

    The same idempotency key sends it once.
    """
    document = canonical("doc", call.ids["document"])
    # The key's form is checked here; it names the mail itself, which is found again by it.
    key = call.key(shop_of(document))
    wanted: MailPost = call.body
    mail = await call.desk.document_mail.send(call.principal, document, key.key, wanted.language)
    return Answer(body=_told(mail, call.principal.role), status=201)


@operation(
    "GET",
    "/v1/mail",
    may=OPERATOR,
    through="scope",
    summary="Read the outbox",
    query=OutboxQuery,
    gives=OutboxTold,
)
async def outbox(call: Call) -> Answer:
    """The server, the last mails and what became of them, and the addresses that refuse mail."""
    post = call.desk.post
    wanted: OutboxQuery = call.query
    server = await post.view()
    mails = await post.table.latest(MailStatus(wanted.status) if wanted.status else None)
    return Answer(
        body=OutboxTold(
            server=_server(server) if server else None,
            counts={status.value: count for status, count in (await post.table.counts()).items()},
            rows=[_told(one, call.principal.role) for one in mails],
            bounces=[
                BounceTold(address=one.address, code=one.code, said=one.said, bounced_at=one.bounced_at)
                for one in await post.table.bounces()
            ],
        )
    )


@operation(
    "PUT",
    "/v1/mail/server",
    may=OPERATOR,
    through="scope",
    summary="Set up the mail server",
    body=ServerPut,
    gives=ServerTold,
    changes=True,
    keyed=False,
    fails=(errors.InvalidField, errors.InvalidText, errors.Unavailable),
)
async def set_up(call: Call) -> Answer:
    """Hand mail to this server from now on; what waits is tried at once. One that the environment names stays."""
    new: ServerPut = call.body
    given = {name: getattr(new, name) for name in NewServer.__struct_fields__}
    await call.desk.post.set_up(NewServer(**given), f"operator:{call.principal.id}")
    server = await call.desk.post.view()
    assert server is not None, "it was just kept"
    return Answer(body=_server(server))


@operation(
    "POST",
    "/v1/mail/test",
    may=OPERATOR,
    through="scope",
    summary="Send a test mail",
    body=TestPost,
    gives=TestedTold,
    changes=True,
    keyed=False,
    fails=(errors.InvalidField, errors.NoMailServer, errors.Unavailable),
)
async def test(call: Call) -> Answer:
    """Hand a test to the server now, and give its own answer."""
    header = call.headers.get(b"accept-language")
    language = locale(negotiate(header.decode("latin-1") if header else None))
    wanted: TestPost = call.body
    answer = await call.desk.post.test(wanted.address, letter_of_test(language, call.desk.now()))
    return Answer(body=TestedTold(how=answer.how, place=answer.place, code=answer.code, said=answer.said))


@operation(
    "POST",
    "/v1/mail/{mail}/retry",
    may=OPERATOR,
    through="scope",
    summary="Send a mail again",
    body=RetryPost,
    gives=MailTold,
    changes=True,
    fails=(errors.NotFound, errors.AddressBounces),
)
async def retry(call: Call) -> Answer:
    """Send once more what was refused, given up or is in doubt; any other mail is left as it is."""
    call.key(ShopId(""))  # What waits already is left alone; the header is wanted as of every change.
    await call.desk.post.table.again(call.ids["mail"])
    return Answer(body=_told(await call.desk.post.table.read(call.ids["mail"]), call.principal.role))


def _told(one: Mail, role: Role) -> MailTold:
    operator = role == "operator"
    return MailTold(
        id=one.id,
        kind=one.kind,
        document=one.document,
        notice=one.about if one.kind == "notice" else "",
        order=one.order,
        to="" if role in _NO_ADDRESS else one.masked,
        language=one.language,
        status=one.status.value,
        asked_at=one.asked_at,
        asked_by=one.asked_by.partition(":")[0],
        settled_at=one.settled_at,
        next_try_at=one.due_at if one.status is MailStatus.WAITING else None,
        tries=one.tries,
        place=one.place if operator else "",
        code=one.code if operator else 0,
        said=one.said if operator else "",
    )


def _server(one: ServerView) -> ServerTold:
    return ServerTold(**{name: getattr(one, name) for name in ServerTold.__struct_fields__})


OPERATIONS = (of_document, send, outbox, set_up, test, retry)
