"""Order sources: who sends us orders, under which secret, what came of it, and what a shop system is asked and told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets as random
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, NamedTuple, get_args

import msgspec
import structlog

from rescind.clock import Clock, wall_clock
from rescind.connections import OF_SOURCES, Connected
from rescind.core.errors import (
    InvalidField,
    InvalidTransition,
    MalformedBody,
    NotFound,
    SignatureInvalid,
    Unavailable,
    one_of,
)
from rescind.core.ids import canonical
from rescind.core.instant import Instant
from rescind.core.ports import PaymentProvider
from rescind.intake import document
from rescind.intake.text import words
from rescind.postgres.order_sources import Counts, Entry, Kind, OrderSourceTable, Source, State, Told
from rescind.sealing import Sealer
from rescind.webhooks import signing
from rescind.webhooks.egress import Egress
from rescind.woocommerce.client import Cause, Line, Shop, Trouble
from rescind.woocommerce.orders import Buying, Meaning

log = structlog.get_logger()

PURPOSE = "rescind order source secrets 1"
MOST_BYTES = 1024 * 1024
"""An order with hundreds of lines, each with what a dozen plugins keep beside it."""
LONGEST_REASON = 500
OLD_HOLDS = timedelta(hours=24)
"""So long the secret before still counts after a new one was made."""
KINDS: tuple[Kind, ...] = ("signed", "woocommerce")
REASONS = ("out_of_stock", "price_error", "undeliverable_address", "buyer_asked", "duplicate")
"""Why an order that was cancelled over there is cancelled here: a code of the seller's list."""
TROUBLES = (
    *get_args(Cause),
    *("sealed_elsewhere", "unknown_order", "unknown_status", "changed_there", "deleted_there", "number_taken"),
    *("refund_too_high", "refund_told_twice", "refund_counted_twice"),
)
"""Why something was not read or told, in codes beside those of problems."""
FORM = "application/x-www-form-urlencoded"

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_STATUS = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_KEY, _SECRET = re.compile(r"ck_[A-Za-z0-9]{16,80}"), re.compile(r"cs_[A-Za-z0-9]{16,80}")
_MESSAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}", re.ASCII)
_PING = re.compile(rb"webhook_id=\d{1,12}")
_PLUGIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class Chosen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an operator chose for a source that is a shop system.

    statuses: what its own statuses mean, beside or in place of ``MEANINGS``. providers: by payment plugin, the
    connection it takes money through. pays: who sends refunds back, we (``here``) or the shop's plugins (``there``).
    restock: what is cancelled goes back into its stock. reason: of ``REASONS``. locale: what its buyers read.
    """

    statuses: dict[str, str] = {}
    providers: dict[str, str] = {}
    pays: Literal["here", "there"] = "here"
    restock: bool = True
    reason: str = REASONS[0]
    locale: str = "en"


class Keys(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What opens a source. webhook: what its messages are signed with; before: the one until ``old_until``. key,
    secret: of its REST API.
    """

    webhook: str
    before: str = ""
    key: str = ""
    secret: str = ""

    def __repr__(self) -> str:
        return "Keys(…)"


class Made(NamedTuple):
    """A source with the secret of its messages, which is shown this once."""

    source: Source
    secret: str


class OrderSources:
    """Everything people and programs do with sources. secret: the installation's, under which theirs are sealed."""

    def __init__(
        self, table: OrderSourceTable, connected: Connected, secret: bytes, egress: Egress, clock: Clock
    ) -> None:
        self.table = table
        self.line = Line(egress)
        self._connected = connected
        self._sealer = Sealer(secret, PURPOSE)
        self._clock = clock

    async def all(self) -> tuple[Source, ...]:
        """Every source, by name."""
        return await self.table.all()

    async def find(self, name: str) -> Source:
        """One source. Raises NotFound."""
        return (await self.table.find(name)).source

    async def counts(self) -> dict[str, Counts]:
        """How many messages of each source came to what."""
        return await self.table.counts()

    async def create(
        self,
        name: str,
        kind: str,
        by: str,
        *,
        request: str,
        shop: str = "",
        url: str = "",
        key: str = "",
        secret: str = "",
        chosen: Chosen | None = None,
    ) -> Made:
        """Make a source; a shop system's key is tried first, by reading only.

        shop: whose orders they are; a source that only pushes may leave it out and say it in each. request: its
        idempotency key; the same request again gives the same source and secret. Raises InvalidField (name, kind, shop,
        url, consumer_key, consumer_secret and what was chosen), Unavailable.
        """
        if not _NAME.fullmatch(name):
            raise InvalidField(field="/name", expected="a name of its own: small letters, digits and underscores")
        if kind not in KINDS:
            raise InvalidField(field="/kind", expected=one_of(KINDS))
        chosen = chosen or Chosen()
        webhook = signing.shown(signing.new_secret()) if kind == "signed" else random.token_urlsafe(30)
        keys = Keys(webhook=webhook, key=key, secret=secret)
        if kind == "woocommerce":
            _require_shop(shop)
            url = self._address(url)
            _check_keys(keys)
            await self._check_chosen(chosen)
            await self._try(Shop(self.line, url, key, secret))
        elif url or key or secret:
            raise InvalidField(field="/url", expected="left out for a source that only sends")
        elif shop:
            _require_shop(shop)
        settings, made_with = msgspec.json.encode(chosen), _request(by, request, name)
        await self.table.add(name, kind, shop, url, settings, self.sealed(name, keys), made_with, by, fetched=bool(url))
        found = await self.table.find(name)
        if found.made_with != made_with:
            raise InvalidField(field="/name", expected="a name that no source has yet")
        return Made(found.source, self._open(name, found.secrets).webhook)

    async def change(
        self,
        name: str,
        by: str,
        *,
        url: str | None = None,
        key: str | None = None,
        secret: str | None = None,
        state: State | None = None,
        chosen: Chosen | None = None,
    ) -> Source:
        """Change what is given; another address or key is tried first. Raises NotFound, InvalidField, Unavailable."""
        found = await self.table.find(name)
        source, keys = found.source, self._open(name, found.secrets)
        if source.kind == "woocommerce":
            address = source.url if url is None else self._address(url)
            new = msgspec.structs.replace(keys, key=key or keys.key, secret=secret or keys.secret)
            if chosen is not None:
                await self._check_chosen(chosen)
            if (address, new) != (source.url, keys):
                _check_keys(new)
                await self._try(Shop(self.line, address, new.key, new.secret))
        else:
            if url or key or secret:
                raise InvalidField(field="/url", expected="left out for a source that only sends")
            address, new = source.url, keys
        await self.table.change(
            name,
            url=address,
            settings=source.settings if chosen is None else msgspec.json.encode(chosen),
            secrets=self.sealed(name, new),
            state=state or source.state,
            by=by,
        )
        return await self.find(name)

    async def rotate(self, name: str, by: str, *, request: str) -> Made:
        """Make a new secret for its messages; the one before counts for a day more. Raises NotFound.

        request: its idempotency key; the same request again gives the same secret.
        """
        found = await self.table.find(name)
        keys, signed = self._open(name, found.secrets), found.source.kind == "signed"
        webhook = signing.shown(signing.new_secret()) if signed else random.token_urlsafe(30)
        new = msgspec.structs.replace(keys, webhook=webhook, before=keys.webhook)
        await self.table.rotate(name, self.sealed(name, new), _request(by, request, name), by, OLD_HOLDS)
        found = await self.table.find(name)
        return Made(found.source, self._open(name, found.secrets).webhook)

    async def check(self, name: str) -> str:
        """Try the key of a shop system by reading only: what is in the way, in a code; empty for nothing.

        Raises NotFound.
        """
        try:
            shop = await self.shop(name)
            if shop is not None:
                await shop.check()
        except Trouble as trouble:
            return trouble.cause
        except Unavailable:
            return "sealed_elsewhere"
        return ""

    async def catch_up(self, name: str, by: str) -> None:
        """Ask a shop system at once for what changed. Raises NotFound, InvalidField for one that only sends."""
        found = await self.table.find(name)
        if not found.source.url:
            raise InvalidField(field="/kind", expected="a source that can be asked")
        await self.table.change(
            name,
            url=found.source.url,
            settings=found.source.settings,
            secrets=found.secrets,
            state=found.source.state,
            by=by,
            fetch=True,
        )

    # Messages.

    async def receive(self, name: str, headers: Mapping[str, str], body: bytes) -> None:
        """Keep a message that the source signed; what it means is found out afterwards.

        Raises SignatureInvalid, for a source that is not there likewise; InvalidField, MalformedBody.
        """
        # Up to here nothing tells whether there is a source of this name, so that names cannot be tried.
        if headers.get("content-type", "").startswith(FORM) and _PING.fullmatch(body):
            # WooCommerce tries the address when a webhook is saved, without a signature, and wants a 200.
            return
        _require_signed(headers)
        try:
            found = await self.table.find(name)
        except NotFound:
            raise SignatureInvalid(cause="wrong") from None
        keys = self._open(name, found.secrets)
        old = found.source.old_until
        counted = [keys.webhook, *([keys.before] if keys.before and old and old > self._now() else [])]
        if found.source.kind == "signed":
            identifier = _signed(headers, body, counted)
            topic, subject = "", ""
        else:
            identifier, topic = _woo(headers, body, counted)
            subject = ""
        told = document.parse(body)
        if not isinstance(told, dict):
            raise MalformedBody(expected="one JSON document")
        topic, subject = topic or _text(told, "type"), subject or _subject(told)  # pyright: ignore[reportUnknownArgumentType]
        await self.table.keep(name, identifier, topic, subject, body)

    async def entries(self, name: str, told: Told | None, *, after: str | None = None, limit: int) -> tuple[Entry, ...]:
        """Messages of a source, the newest first. Raises NotFound, InvalidField."""
        await self.find(name)
        if after is not None and not _MESSAGE.fullmatch(after):
            raise InvalidField(field="?after", expected="the id of a message of this list")
        return await self.table.log(name, told, after=after, limit=limit)

    async def entry(self, name: str, message: str) -> Entry:
        """One message with its body. Raises NotFound."""
        if not _MESSAGE.fullmatch(message):
            raise NotFound(kind="message")
        return await self.table.message(name, message)

    async def again(self, name: str, message: str) -> Entry:
        """Read a message again, whatever became of it. Raises NotFound."""
        await self.entry(name, message)
        await self.table.again(name, message)
        return await self.entry(name, message)

    async def count(self, name: str, message: str) -> Entry:
        """Take the refund about which a message asks for money of its own. Raises NotFound, InvalidTransition."""
        found = await self.entry(name, message)
        if found.told != "set_aside" or found.cause != "refund_told_twice":
            raise InvalidTransition(action="count", current_state=found.told)
        await self.table.again(name, message, found.field.rpartition("/")[2])
        return await self.entry(name, message)

    async def ignore(self, name: str, message: str, by: str, why: str) -> Entry:
        """Make nothing of a message that was set aside, for a reason that is kept with who said so.

        Raises NotFound, InvalidText, InvalidTransition: it was understood, or waits.
        """
        why = words(why, field="/reason", limit=LONGEST_REASON, blank=False)
        found = await self.entry(name, message)
        if not await self.table.ignore(name, message, by, why):
            raise InvalidTransition(action="ignore", current_state=found.told)
        return await self.entry(name, message)

    async def all_again(self, name: str) -> int:
        """Read again everything that nothing could be made of; how much that is. Raises NotFound."""
        await self.find(name)
        return await self.table.all_again(name)

    # Shop systems.

    async def shop(self, name: str) -> Shop | None:
        """The REST API of a source; None for one that only sends. Raises NotFound, Unavailable."""
        found = await self.table.find(name)
        if found.source.kind != "woocommerce":
            return None
        keys = self._open(name, found.secrets)
        return Shop(self.line, found.source.url, keys.key, keys.secret)

    async def buying(self, source: Source) -> Buying:
        """What is to be known beside an order of a shop system."""
        chosen = chosen_of(source)
        kinds: dict[str, list[str]] = {}
        for one in await self._connected.all():
            kinds.setdefault(one.kind, []).append(one.name)
        return Buying(
            source=source.name,
            shop=source.shop,
            locale=chosen.locale,
            providers=chosen.providers,
            kinds={kind: names[0] for kind, names in kinds.items() if len(names) == 1},
            paid_there=paid_there(source),
        )

    async def payments(self, connection: str) -> PaymentProvider | None:
        """Who pays by the plugins of a shop system, by the name of that connection."""
        from rescind.woocommerce.payments import Payments  # noqa: PLC0415 - it needs the table's own types

        name = connection.removeprefix(OF_SOURCES)
        if name == connection:
            return None
        try:
            source, shop = await self.find(name), await self.shop(name)
        except NotFound:
            return None
        restock = chosen_of(source).restock
        return Payments(connection, name, shop, self.table, restock=restock) if shop is not None else None

    async def close(self) -> None:
        """Give up the connections."""
        await self.line.close()

    def _now(self) -> Instant:
        return self._clock.read() or wall_clock()

    def _address(self, url: str) -> str:
        if self.line.wrong(url) or "?" in url:
            raise InvalidField(
                field="/url", expected="the shop’s address on the public internet, such as https://shop.example.com"
            )
        return url.rstrip("/")

    async def _try(self, shop: Shop) -> None:
        try:
            await shop.check()
        except Trouble as trouble:
            if trouble.cause == "forbidden":
                expected = "a key with read and write access that the shop accepts"
                raise InvalidField(field="/consumer_key", expected=expected) from None
            if trouble.cause == "missing":
                expected = "the address of a shop whose REST API answers"
                raise InvalidField(field="/url", expected=expected) from None
            raise Unavailable(retry_after=30) from None

    async def _check_chosen(self, chosen: Chosen) -> None:
        for status, meaning in chosen.statuses.items():
            if not _STATUS.fullmatch(status) or meaning not in _MEANINGS:
                raise InvalidField(field="/statuses", expected="statuses, each with a meaning that there is")
        known = {one.name for one in await self._connected.all()}
        for plugin, connection in chosen.providers.items():
            if not _PLUGIN.fullmatch(plugin) or connection not in known:
                raise InvalidField(field="/providers", expected="payment plugins, each with a connected provider")
        if chosen.reason not in REASONS:
            raise InvalidField(field="/reason", expected=one_of(REASONS))
        if chosen.locale not in {"en", "zh"}:
            raise InvalidField(field="/locale", expected=one_of(("en", "zh")))

    def sealed(self, name: str, keys: Keys) -> bytes:
        """What opens a source, as it is kept."""
        return self._sealer.seal(name, msgspec.json.encode(keys))

    def _open(self, name: str, sealed: bytes) -> Keys:
        return msgspec.json.decode(self._sealer.open(name, sealed), type=Keys)


_MEANINGS = frozenset(get_args(Meaning))


def chosen_of(source: Source) -> Chosen:
    """What was chosen for a source."""
    return msgspec.json.decode(source.settings, type=Chosen)


def paid_there(source: Source) -> str:
    """The connection by which a source's own plugins pay refunds; empty where we do."""
    return OF_SOURCES + source.name if chosen_of(source).pays == "there" else ""


def _request(by: str, request: str, name: str) -> bytes:
    return hashlib.sha256(f"{by}\n{request}\n{name}".encode()).digest()


def _require_shop(shop: str) -> None:
    try:
        canonical("shp", shop)
    except NotFound:
        raise InvalidField(field="/shop", expected="a shop of this marketplace") from None


def _check_keys(keys: Keys) -> None:
    if not _KEY.fullmatch(keys.key):
        raise InvalidField(field="/consumer_key", expected="a consumer key, ck_…")
    if not _SECRET.fullmatch(keys.secret):
        raise InvalidField(field="/consumer_secret", expected="a consumer secret, cs_…")


_STANDARD = frozenset({"webhook-id", "webhook-timestamp", "webhook-signature"})
_WOO_SIGNATURE = "x-wc-webhook-signature"


def _require_signed(headers: Mapping[str, str]) -> None:
    """What is wrong with a message whoever sent it. Raises SignatureInvalid."""
    if not headers.keys() >= _STANDARD and not headers.get(_WOO_SIGNATURE):
        raise SignatureInvalid(cause="unsigned")
    at = headers.get("webhook-timestamp", "")
    if at.isascii() and at.isdigit() and len(at) < 13 and abs(int(at) - int(time.time())) > signing.TOLERANCE_S:
        raise SignatureInvalid(cause="too_old")


def _signed(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> str:
    """The id of a message by Standard Webhooks. Raises SignatureInvalid, InvalidField."""
    identifier = None
    if headers.keys() >= _STANDARD:
        identifier = signing.verified(headers, body, [signing.key_of(one) for one in secrets], int(time.time()))
    if identifier is None:
        raise SignatureInvalid(cause="wrong")
    if not _MESSAGE.fullmatch(identifier):
        raise InvalidField(field="webhook-id", expected="an id of at most 128 letters, digits and . _ : -")
    return identifier


def _woo(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> tuple[str, str]:
    """Id and topic of a message of WooCommerce's. Raises SignatureInvalid."""
    given = headers.get(_WOO_SIGNATURE, "")
    wanted = [base64.b64encode(hmac.digest(one.encode(), body, hashlib.sha256)).decode() for one in secrets]
    # As bytes: what is no ASCII is no signature, and no mistake of ours.
    if not any(hmac.compare_digest(one.encode(), given.encode()) for one in wanted):
        raise SignatureInvalid(cause="wrong")
    identifier = headers.get("x-wc-webhook-delivery-id", "")
    if not _MESSAGE.fullmatch(identifier):
        identifier = "body-" + hashlib.sha256(body).hexdigest()[:40]
    topic = headers.get("x-wc-webhook-topic", "")
    return identifier, topic if re.fullmatch(r"[a-z_.]{1,60}", topic) else ""


def _text(told: dict[str, Any], name: str) -> str:
    value = told.get(name)
    return value[:60] if isinstance(value, str) else ""


def _subject(told: dict[str, Any]) -> str:
    """What the host calls the order, for people who look for it: the rest is read later."""
    data = told.get("data")
    inner: dict[str, Any] = data if isinstance(data, dict) else told  # pyright: ignore[reportUnknownVariableType]
    for name in ("number", "id"):
        value = inner.get(name, told.get(name))
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value)[:64]
    return ""
