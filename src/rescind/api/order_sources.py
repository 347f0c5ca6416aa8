"""Order sources: making and changing them, their secrets, what they sent and what was made of it; and hearing them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.policies import OPERATOR, Untouched
from rescind.api.problems import TooLarge
from rescind.api.providers import ReceivedTold
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.intake.fields import Code, Incoming
from rescind.order_sources import FORM, LONGEST_REASON, MOST_BYTES, Chosen, Made, chosen_of
from rescind.postgres.order_sources import Counts, Entry, Source, State
from rescind.postgres.order_sources import Told as Came

_Url = Annotated[str, msgspec.Meta(max_length=500)]
_Key = Annotated[str, msgspec.Meta(max_length=100)]
_Chosen = Annotated[dict[str, Code], msgspec.Meta(max_length=50)]
MOST = 100


class ChosenTold(Told, frozen=True, kw_only=True):
    """What was chosen for a shop system. statuses: what its statuses mean; providers: by payment plugin, the connection
    that takes the money. pays: who sends refunds back, here or there. restock: cancelled units go back into its stock.
    reason: why an order is cancelled here that was cancelled there; locale: what its buyers read.
    """

    statuses: dict[str, str]
    providers: dict[str, str]
    pays: str
    restock: bool
    reason: str
    locale: str


class OrderSourceTold(Told, frozen=True, kw_only=True):
    """Where orders come from, never its keys. shop: whose they are, null where each message says.

    state: on, or paused: then messages are kept and not read. old_secret_until: until when the secret before counts
    too. fetched_to: everything that changed there until then is here; fetch_trouble: why the last attempt came to
    nothing. waiting, understood, no_news, set_aside: how many of its messages came to what.
    """

    name: str
    kind: str
    shop: str | None
    url: str
    state: str
    chosen: ChosenTold
    old_secret_until: Instant | None
    fetched_to: Instant | None
    fetch_trouble: str
    last_message_at: Instant | None
    waiting: int
    understood: int
    no_news: int
    set_aside: int
    created_at: Instant
    changed_at: Instant
    changed_by: str


class OrderSourcesTold(Told, frozen=True, kw_only=True):
    """Order sources by name."""

    sources: list[OrderSourceTold]


class SourceMade(Told, frozen=True, kw_only=True):
    """A source with the secret that its messages are to be signed with. It is shown this once."""

    source: OrderSourceTold
    secret: str


class SourceCheckTold(Told, frozen=True, kw_only=True):
    """What a shop system says to its key. trouble: such as forbidden or missing; empty where it is good."""

    trouble: str


class SourceMessageTold(Told, frozen=True, kw_only=True):
    """A message of a source. told: waiting, done, no_news, set_aside for a person, or ignored by one.

    cause: why nothing could be made of it, in a code; field, expected: where, as a JSON pointer, and what should stand
    there. order: which of ours it was about. ignored_by, ignored_why: who made nothing of it, and why. message: what
    came, in one message alone.
    """

    id: str
    topic: str
    subject: str
    received_at: Instant
    told: str
    cause: str
    field: str
    expected: str
    order: str | None
    ignored_by: str | None
    ignored_why: str | None
    message: msgspec.Raw | None


class SourceMessagesTold(Told, frozen=True, kw_only=True):
    """Messages, the newest first. next: the message to read on from; null at the end."""

    messages: list[SourceMessageTold]
    next: str | None


class MessageIgnored(Incoming, frozen=True, kw_only=True):
    """Why nothing is to be made of it."""

    reason: Annotated[str, msgspec.Meta(max_length=LONGEST_REASON)]


class ReadAgainTold(Told, frozen=True, kw_only=True):
    """How many messages are read again."""

    again: int


class NewChosen(Incoming, frozen=True, kw_only=True):
    """What is chosen for a shop system; what is left out is as it is by itself.

    statuses: by status there, one of nothing, preparation_started, packed, handed_over, delivered, completed and
    cancelled.
    """

    statuses: _Chosen = msgspec.field(default_factory=dict[str, str])
    providers: _Chosen = msgspec.field(default_factory=dict[str, str])
    pays: Literal["here", "there"] = "here"
    restock: bool = True
    reason: Code = "out_of_stock"
    locale: Literal["en", "zh"] = "en"


class NewSource(Incoming, frozen=True, kw_only=True):
    """A source to make. kind: signed, for any program that signs as Standard Webhooks say, or woocommerce.

    shop: whose orders they are; a signed source may leave it out and say it in each. url, consumer_key,
    consumer_secret: of the shop's REST API.
    """

    name: Code
    kind: Code
    shop: str | None = None
    url: _Url = ""
    consumer_key: _Key = ""
    consumer_secret: _Key = ""
    chosen: NewChosen = NewChosen()


class SourceChange(Incoming, frozen=True, kw_only=True):
    """What is to change; what is left out stays. chosen: all of it anew. state: on, or paused."""

    url: _Url | None = None
    consumer_key: _Key | None = None
    consumer_secret: _Key | None = None
    state: State | None = None
    chosen: NewChosen | None = None


class MessagesAsked(Incoming, frozen=True, kw_only=True):
    """told: only those; after: the message to read on from."""

    told: Came | None = None
    after: Annotated[str, msgspec.Meta(max_length=128)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST)] = 50


@operation(
    "GET", "/v1/order-sources", may=OPERATOR, through="scope", summary="List order sources", gives=OrderSourcesTold
)
async def listed(call: Call) -> Answer:
    """Who sends us orders, how each source is, and what came of its messages."""
    sources = call.desk.order_sources
    counts = await sources.counts()
    return Answer(body=OrderSourcesTold(sources=[_told(one, counts.get(one.name)) for one in await sources.all()]))


@operation(
    "POST",
    "/v1/order-sources",
    may=OPERATOR,
    through="scope",
    summary="Make an order source",
    body=NewSource,
    gives=SourceMade,
    changes=True,
    statuses=(201,),
    fails=(errors.InvalidField, errors.Unavailable),
)
async def create(call: Call) -> Answer:
    """Take orders from a host that pushes them. The answer has the secret; the same call again gives the same answer.

    The key of a shop system is tried first, by reading only.
    """
    new: NewSource = call.body
    key = call.key(ShopId(""))
    if new.shop:
        try:
            await call.desk.reads.shop(new.shop)
        except errors.NotFound:
            raise errors.InvalidField(field="/shop", expected="a shop of this marketplace") from None
    made = await call.desk.order_sources.create(
        new.name,
        new.kind,
        _by(call),
        request=key.key,
        shop=new.shop or "",
        url=new.url,
        key=new.consumer_key,
        secret=new.consumer_secret,
        chosen=_chosen(new.chosen),
    )
    return Answer(body=_made(made), status=201, location=f"/v1/order-sources/{made.source.name}")


@operation(
    "GET",
    "/v1/order-sources/{source}",
    may=OPERATOR,
    through="scope",
    summary="Read an order source",
    gives=OrderSourceTold,
    fails=(errors.NotFound,),
)
async def read(call: Call) -> Answer:
    """How a source is."""
    sources = call.desk.order_sources
    found = await sources.find(call.ids["source"])
    return Answer(body=_told(found, (await sources.counts()).get(found.name)))


@operation(
    "PATCH",
    "/v1/order-sources/{source}",
    may=OPERATOR,
    through="scope",
    summary="Change an order source",
    body=SourceChange,
    gives=OrderSourceTold,
    changes=True,
    keyed=False,
    fails=(errors.NotFound, errors.InvalidField, errors.Unavailable),
)
async def change(call: Call) -> Answer:
    """Another address, another key, other choices, paused, or on again."""
    asked: SourceChange = call.body
    changed = await call.desk.order_sources.change(
        call.ids["source"],
        _by(call),
        url=asked.url,
        key=asked.consumer_key,
        secret=asked.consumer_secret,
        state=asked.state,
        chosen=None if asked.chosen is None else _chosen(asked.chosen),
    )
    return Answer(body=_told(changed))


@operation(
    "POST",
    "/v1/order-sources/{source}/rotate",
    may=OPERATOR,
    through="scope",
    summary="Give an order source a new secret",
    body=Untouched,
    gives=SourceMade,
    changes=True,
    fails=(errors.NotFound,),
)
async def rotate(call: Call) -> Answer:
    """A new secret, shown this once. For a day messages may be signed with either, so that a sender can change over."""
    made = await call.desk.order_sources.rotate(call.ids["source"], _by(call), request=call.key(ShopId("")).key)
    return Answer(body=_made(made))


@operation(
    "GET",
    "/v1/order-sources/{source}/check",
    may=OPERATOR,
    through="scope",
    summary="Try the key of a shop system",
    gives=SourceCheckTold,
    fails=(errors.NotFound,),
)
async def check(call: Call) -> Answer:
    """Ask a shop system for something that only reads, and say whether its key is good."""
    return Answer(body=SourceCheckTold(trouble=await call.desk.order_sources.check(call.ids["source"])))


@operation(
    "POST",
    "/v1/order-sources/{source}/fetch",
    may=OPERATOR,
    through="scope",
    summary="Ask a shop system for what changed",
    body=Untouched,
    gives=OrderSourceTold,
    changes=True,
    fails=(errors.NotFound, errors.InvalidField),
)
async def fetch(call: Call) -> Answer:
    """Catch up with it now; it is done every ten minutes by itself."""
    call.key(ShopId(""))
    await call.desk.order_sources.catch_up(call.ids["source"], _by(call))
    return Answer(body=_told(await call.desk.order_sources.find(call.ids["source"])))


@operation(
    "GET",
    "/v1/order-sources/{source}/messages",
    may=OPERATOR,
    through="scope",
    summary="List messages of an order source",
    query=MessagesAsked,
    gives=SourceMessagesTold,
    fails=(errors.NotFound, errors.InvalidField),
)
async def messages(call: Call) -> Answer:
    """What came and what was made of it, the newest first. What was understood is kept for thirty days."""
    asked: MessagesAsked = call.query
    found = await call.desk.order_sources.entries(
        call.ids["source"], asked.told, after=asked.after, limit=asked.limit + 1
    )
    shown = found[: asked.limit]
    return Answer(
        body=SourceMessagesTold(
            messages=[_message(one) for one in shown], next=shown[-1].id if len(found) > asked.limit else None
        )
    )


@operation(
    "GET",
    "/v1/order-sources/{source}/messages/{message}",
    may=OPERATOR,
    through="scope",
    summary="Read a message of an order source",
    gives=SourceMessageTold,
    fails=(errors.NotFound,),
)
async def message(call: Call) -> Answer:
    """One message as it came, and what became of it."""
    return Answer(body=_message(await call.desk.order_sources.entry(call.ids["source"], call.ids["message"])))


@operation(
    "POST",
    "/v1/order-sources/{source}/messages/{message}/retry",
    may=OPERATOR,
    through="scope",
    summary="Read a message again",
    body=Untouched,
    gives=SourceMessageTold,
    changes=True,
    fails=(errors.NotFound,),
)
async def retry(call: Call) -> Answer:
    """Try again to make something of a message. What it had said already counts once."""
    call.key(ShopId(""))  # What waits already goes on waiting; the header is wanted as of every change.
    return Answer(body=_message(await call.desk.order_sources.again(call.ids["source"], call.ids["message"])))


@operation(
    "POST",
    "/v1/order-sources/{source}/messages/{message}/ignore",
    may=OPERATOR,
    through="scope",
    summary="Make nothing of a message",
    body=MessageIgnored,
    gives=SourceMessageTold,
    changes=True,
    fails=(errors.NotFound, errors.InvalidText, errors.InvalidTransition),
)
async def ignore(call: Call) -> Answer:
    """Say that nothing is to be made of a message that was set aside, and why. It can be read again all the same."""
    call.key(ShopId(""))
    body: MessageIgnored = call.body
    entry = await call.desk.order_sources.ignore(call.ids["source"], call.ids["message"], _by(call), body.reason)
    return Answer(body=_message(entry))


@operation(
    "POST",
    "/v1/order-sources/{source}/messages/{message}/count",
    may=OPERATOR,
    through="scope",
    summary="Count a refund that may have been told twice",
    body=Untouched,
    gives=SourceMessageTold,
    changes=True,
    fails=(errors.NotFound, errors.InvalidTransition),
)
async def count(call: Call) -> Answer:
    """Say that the refund about which a message asks (`refund_told_twice`) is money of its own."""
    call.key(ShopId(""))
    return Answer(body=_message(await call.desk.order_sources.count(call.ids["source"], call.ids["message"])))


@operation(
    "POST",
    "/v1/order-sources/{source}/retry",
    may=OPERATOR,
    through="scope",
    summary="Read again what was set aside",
    body=Untouched,
    gives=ReadAgainTold,
    changes=True,
    fails=(errors.NotFound,),
)
async def retry_all(call: Call) -> Answer:
    """Try again everything that nothing could be made of, as after a status was given a meaning."""
    call.key(ShopId(""))
    return Answer(body=ReadAgainTold(again=await call.desk.order_sources.all_again(call.ids["source"])))


@operation(
    "POST",
    "/v1/intake/{source}",
    may=None,
    through="public",
    summary="Send an order, or what happened to one",
    takes=("application/json", FORM),
    gives=ReceivedTold,
    changes=True,
    keyed=False,
    fails=(errors.SignatureInvalid, errors.MalformedBody, errors.InvalidField, errors.Unavailable),
)
async def hear(call: Call) -> Answer:
    """For order sources alone: a message they signed. It is kept before it is answered, and read afterwards.

    A signed source sends `webhook-id`, `webhook-timestamp` and `webhook-signature` by Standard Webhooks, and a body
    `{"type": "order.placed", "data": …}` with an order as `POST /v1/orders` takes it, or `{"type": "order.fact",
    "number": …, "data": …}` with a fact as `POST /v1/orders/{order}/facts` does. The same id again changes nothing.
    """
    if len(call.body) > MOST_BYTES:
        raise TooLarge(limit=MOST_BYTES)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in call.headers.items()}
    await call.desk.order_sources.receive(call.ids["source"], headers, call.body)
    return Answer(body=ReceivedTold())


def _by(call: Call) -> str:
    return f"operator:{call.principal.id}"


def _chosen(new: NewChosen) -> Chosen:
    return msgspec.convert(msgspec.to_builtins(new), Chosen)


def _made(made: Made) -> SourceMade:
    return SourceMade(source=_told(made.source), secret=made.secret)


def _told(one: Source, counts: Counts | None = None) -> OrderSourceTold:
    chosen, came = chosen_of(one), (counts or Counts()).by_told
    return OrderSourceTold(
        name=one.name,
        kind=one.kind,
        shop=one.shop or None,
        url=one.url,
        state=one.state,
        chosen=ChosenTold(
            statuses=chosen.statuses,
            providers=chosen.providers,
            pays=chosen.pays,
            restock=chosen.restock,
            reason=chosen.reason,
            locale=chosen.locale,
        ),
        old_secret_until=one.old_until,
        fetched_to=one.fetched_to,
        fetch_trouble=one.fetch_trouble,
        last_message_at=counts.last_at if counts else None,
        waiting=came.get("waiting", 0),
        understood=came.get("done", 0),
        no_news=came.get("no_news", 0),
        set_aside=came.get("set_aside", 0),
        created_at=one.created_at,
        changed_at=one.changed_at,
        changed_by=one.changed_by,
    )


def _message(one: Entry) -> SourceMessageTold:
    return SourceMessageTold(
        id=one.id,
        topic=one.topic,
        subject=one.subject,
        received_at=one.received_at,
        told=one.told,
        cause=one.cause,
        field=one.field,
        expected=one.expected,
        order=one.order or None,
        ignored_by=one.ignored_by or None,
        ignored_why=one.ignored_why or None,
        message=msgspec.Raw(one.body) if one.body else None,
    )


OPERATIONS = (
    listed,
    create,
    read,
    change,
    rotate,
    check,
    fetch,
    messages,
    message,
    retry,
    ignore,
    count,
    retry_all,
    hear,
)
