"""Payment providers that operators connect: their keys, sealed; the adapters made of them; and what they tell us."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import structlog

from rescind.clock import wall_clock
from rescind.core.errors import InvalidField, NotFound, Unauthenticated, Unavailable
from rescind.core.ports import Checked, News, PaymentProvider
from rescind.postgres.connections import Aside, ConnectionTable, ConnectionView, Message, Sealed
from rescind.sealing import Sealer

if TYPE_CHECKING:
    from rescind.providers.stripe import Stripe

log = structlog.get_logger()

KINDS = ("stripe",)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_KEY = re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{4,240}")
_SECRET = re.compile(r"whsec_[!-~]{8,240}")


class Secrets(msgspec.Struct, frozen=True):
    """What opens a provider, and what its messages are signed with: two while one takes over from the other.

    base: where it answers, if not where it always does.
    """

    key: str
    webhook: tuple[str, ...] = ()
    base: str = ""

    def __repr__(self) -> str:
        return "Secrets(…)"


class Connected:
    """Every connected provider. ``own``: what answers for payments that name no connection, until one is chosen.

    patience_s: how long an answer is waited for; None: as long as each adapter holds right.
    """

    def __init__(
        self,
        table: ConnectionTable,
        secret: bytes,
        own: PaymentProvider,
        *,
        pretend: bool = False,
        patience_s: float | None = None,
    ) -> None:
        self.table = table
        self._own = own
        self._pretend = pretend
        self._patience_s = patience_s
        self._sealer = Sealer(secret, "rescind provider credentials 1")
        self._open: dict[str, tuple[int, Stripe, Secrets]] = {}
        self._finding: dict[str, asyncio.Task[Sealed | None]] = {}

    async def provider(self, name: str) -> PaymentProvider | None:
        """The one of this name; None while nobody has connected it."""
        found = await self._adapter(name)
        if found is None:
            return self._own if name in {"", self._own.name} else None
        return found[0]

    async def all(self) -> tuple[ConnectionView, ...]:
        """Every connection, by name."""
        return await self.table.all()

    async def aside(self) -> tuple[Aside, ...]:
        """Messages that a person has to look at."""
        return await self.table.aside()

    async def connect(
        self, name: str, kind: str, secrets: Secrets, by: str, *, own: bool = False, direct: bool = False
    ) -> ConnectionView:
        """Try the key by reading only, then keep it, in place of one of the same name.

        Raises InvalidField (name, kind, key, webhook_secrets), Unavailable. A key of a connection that is there may be
        left empty: it stays.
        """
        if not _NAME.fullmatch(name) or name == self._own.name:
            raise InvalidField(field="/name", expected="a name of its own: small letters, digits and underscores")
        if kind not in KINDS:
            raise InvalidField(field="/kind", expected="a kind of provider that there is")
        if not secrets.key and (known := await self._adapter(name)):
            secrets = msgspec.structs.replace(secrets, key=known[1].key, base=known[1].base)
        if not _KEY.fullmatch(secrets.key):
            raise InvalidField(field="/key", expected="a secret or restricted key, sk_… or rk_…")
        if len(secrets.webhook) > 2 or not all(_SECRET.fullmatch(one) for one in secrets.webhook):
            raise InvalidField(field="/webhook_secrets", expected="at most two signing secrets, whsec_…")
        if self._pretend and "_live_" in secrets.key:
            raise InvalidField(field="/key", expected="a test key: this marketplace is a demonstration")
        adapter = self._made(name, secrets, direct=direct)
        try:
            checked = await adapter.check()
        finally:
            await adapter.close()
        if checked.trouble == "unreachable":
            raise Unavailable(retry_after=30)
        if checked.trouble or checked.test == ("_live_" in secrets.key):
            raise InvalidField(field="/key", expected="a key that the provider accepts")
        view = ConnectionView(
            name=name,
            kind=kind,
            test=checked.test,
            account=checked.account,
            own=own,
            direct=direct,
            version=0,
            changed_at=wall_clock(),
            changed_by=by,
        )
        await self.table.put(view, self._sealed(name, secrets))
        # Whoever asks from now on is not told what was asked before.
        self._finding.clear()
        found = await self.table.find(name)
        assert found is not None, "it was just kept"
        return found.view

    async def check(self, name: str) -> Checked:
        """Try a key that is kept, by reading only. Raises NotFound."""
        found = await self._adapter(name)
        if found is None:
            raise NotFound(kind="provider")
        return await found[0].check()

    # Messages.

    async def receive(self, name: str, headers: Mapping[str, str], body: bytes) -> None:
        """Keep a message that the provider signed; what it means is found out afterwards (WH-01, WH-02).

        Raises Unauthenticated for anything else, a connection that is not there among them (WH-07).
        """
        found = await self._adapter(name) if name else None
        if found is None:
            raise Unauthenticated
        from rescind.providers.stripe_messages import opened  # noqa: PLC0415 - heavy, and only where it is connected

        adapter, secrets = found
        told = opened(body, headers, secrets.webhook, wall_clock())
        if told is None:
            raise Unauthenticated
        if told.test != adapter.traits.test:
            log.warning("provider.other_mode", connection=name, id=told.id)
            raise Unauthenticated
        await self.table.keep(adapter.name, told.id, told.type, body)

    async def news(self, message: Message) -> tuple[News, ...] | None:
        """What a message is about, None for nothing we know. Raises Unavailable, msgspec.ValidationError."""
        found = await self._adapter(message.connection)
        if found is None:
            raise Unavailable(retry_after=900)
        from rescind.providers.stripe_messages import news  # noqa: PLC0415 - as above

        return await news(found[0], message.body)

    async def names(self, connection: str) -> Sequence[str]:
        """What payments of a connection may name it by."""
        return (connection, "") if await self.same("", connection) else (connection,)

    async def same(self, name: str, connection: str) -> bool:
        """Whether a payment that names ``name`` was taken through ``connection``."""
        found = await self.table.find(name)
        return found is not None and found.view.name == connection

    async def close(self) -> None:
        """Give up every connection."""
        for _, adapter, _ in self._open.values():
            await adapter.close()
        self._open.clear()

    # Keys.

    async def _adapter(self, name: str) -> tuple[Stripe, Secrets] | None:
        """The adapter of a connection as it is kept now: a key that was replaced is not used again."""
        found = await self._found(name)
        if found is None:
            return None
        view = found.view
        known = self._open.get(view.name)
        if known is None or known[0] < view.version:
            secrets = self._opened(view.name, found.secrets)
            known = (view.version, self._made(view.name, secrets, direct=view.direct), secrets)
            replaced = self._open.get(view.name)
            self._open[view.name] = known
            if replaced:
                await replaced[1].close()
        return known[1], known[2]

    async def _found(self, name: str) -> Sealed | None:
        """A connection as it is kept. Refunds that are sent at the same moment ask once for all of them."""
        finding = self._finding.get(name)
        if finding is None or finding.done():
            finding = self._finding[name] = asyncio.create_task(self.table.find(name))
        # Whoever goes away leaves the others their answer.
        return await asyncio.shield(finding)

    def _made(self, name: str, secrets: Secrets, *, direct: bool) -> Stripe:
        # Their client takes long to load, and most installations at first have no use for it.
        from rescind.providers.stripe import TIMEOUT_S, Stripe  # noqa: PLC0415

        patience = TIMEOUT_S if self._patience_s is None else self._patience_s
        return Stripe(secrets.key, name=name, direct=direct, base=secrets.base, timeout_s=patience)

    def _sealed(self, name: str, secrets: Secrets) -> bytes:
        return self._sealer.seal(name, msgspec.json.encode(secrets))

    def _opened(self, name: str, sealed: bytes) -> Secrets:
        """Raises Unavailable where they were sealed under another secret key of the installation."""
        try:
            plain = self._sealer.open(name, sealed)
        except Unavailable:
            log.exception("provider.sealed_elsewhere", connection=name)
            raise
        return msgspec.json.decode(plain, type=Secrets)
