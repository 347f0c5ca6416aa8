"""Payment providers that operators connect: their keys, sealed; the adapters made of them; and what they tell us."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta

import msgspec
import structlog

from rescind.clock import wall_clock
from rescind.core.errors import InvalidField, NotFound, Unauthenticated, Unavailable
from rescind.core.ledger import CREDIT_METHODS
from rescind.core.parts import Tender
from rescind.core.ports import Checked, ConnectedProvider, Means, News, PaymentProvider
from rescind.core.refund import HOST, SANDBOX
from rescind.postgres.connections import Aside, ByHand, ConnectionTable, ConnectionView, Message, Sealed
from rescind.providers.kinds import KINDS, Kind, Opening, Secrets
from rescind.providers.paths import ALL, NOBODY, Known, by_hand, path, real
from rescind.providers.sandbox import Sandbox
from rescind.sealing import Sealer
from rescind.setting_values import methods

log = structlog.get_logger()

KNOWN_FOR_S = 1.0
"""So long it takes at most until every process knows of a connection that was made or chosen in another."""

NAMED = "a name of its own: small letters, digits and underscores"
OF_SOURCES = "source_"
"""How the names of connections begin by which shop systems pay themselves."""
CHECKED_IN_S = 10.0
"""So long a key is tried before the provider counts as unreachable; callers wait for it."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class _Open(msgspec.Struct, frozen=True):
    """A connection in use: the version of it that was kept, its kind, and what was made of it."""

    version: int
    kind: Kind
    adapter: ConnectedProvider
    secrets: Secrets


class Connected:
    """Every connected provider. Payments that name none wait until one is chosen for them.

    pretend: this is a demonstration, where the sandbox answers for those and no key that moves money is taken.
    patience_s: how long an answer is waited for; None: as long as each adapter holds right. paid_out: the means of
    payment that the installation's settings have the marketplace pay out itself; they go before what operators choose.
    """

    def __init__(
        self,
        table: ConnectionTable,
        secret: bytes,
        *,
        pretend: bool = False,
        patience_s: float | None = None,
        paid_out: Sequence[str] = (),
    ) -> None:
        self.table = table
        self.paid_out_set = tuple(paid_out)
        self._own = Sandbox(self._tell) if pretend else None
        self._pretend = pretend
        self._patience_s = patience_s
        self._sealer = Sealer(secret, "rescind provider credentials 1")
        self._open: dict[str, _Open] = {}
        self._finding: dict[str, asyncio.Task[Sealed | None]] = {}
        self._known: tuple[float, Sequence[Known]] | None = None
        self.others: Callable[[str], Awaitable[PaymentProvider | None]] | None = None
        """Who else pays under names of its own: shop systems whose plugins send the money back."""

    async def provider(self, name: str) -> PaymentProvider | None:
        """The one of this name; None while nobody has connected it."""
        if self._own is not None and name == self._own.name:
            return self._own
        found = await self._opened(name)
        if found is None and self._own is not None and not name:
            return self._own
        if found is None:
            return await self.others(name) if self.others else None
        return found.adapter

    async def known(self) -> Sequence[Known]:
        """Every connection as far as its path matters; in a demonstration the sandbox, too, until one is chosen."""
        now = time.monotonic()
        # While it is tried what another process knows is asked each time: a payment on trial is one for good.
        trying = self._known is not None and any(one.own and one.trial_since for one in self._known[1])
        if self._known is None or trying or now - self._known[0] > KNOWN_FOR_S:
            found = [
                Known(
                    name=one.name,
                    own=one.own,
                    means=KINDS[one.kind].means,
                    trial_since=one.changed_at if one.name == SANDBOX and not self._pretend else None,
                )
                for one in await self.table.all()
                if one.kind in KINDS
            ]
            if self._own is not None and not any(one.own for one in found):
                found.append(Known(name=self._own.name, own=True, means=self._own.traits.means))
            if paid_out := await self.paid_out():
                found.append(Known(name=HOST, own=False, means=Means(methods=frozenset(paid_out))))
            self._known = (now, found)
        return self._known[1]

    async def paid_out(self) -> tuple[str, ...]:
        """The means of payment whose refunds the marketplace pays out itself, by their codes."""
        return self.paid_out_set or (await self.table.by_hand()).means

    async def pay_out(self, means: Sequence[str], by: str) -> None:
        """Choose them. Raises InvalidField (means), also where the settings have said so already."""
        if self.paid_out_set:
            raise InvalidField(field="/means", expected="what RESCIND_PAID_OUT_BY_HOST says, which goes before")
        try:
            chosen = methods(", ".join(means)) if means else ()
        except ValueError as error:
            raise InvalidField(field="/means", expected=str(error)) from None
        await self.table.choose_by_hand(ByHand(means=chosen, by=by))
        self._known = None

    async def nowhere(self, tenders: Iterable[Tender]) -> frozenset[str]:
        """The tenders to which nothing can be sent as things stand: nobody is there who would take it."""
        known = real(await self.known())
        found: set[str] = set()
        for one in tenders:
            chosen = {one.method, ALL} & by_hand(known) or one.trial or one.method in CREDIT_METHODS
            name = one.provider or path(one.method, one.payment, known)
            there = bool(chosen) or name == HOST or any(each.name == name for each in known)
            if not there and (name == NOBODY or self.others is None or await self.others(name) is None):
                found.add(one.id)
        return frozenset(found)

    async def trial(self) -> bool:
        """Whether payments that name no connection go to the sandbox, by somebody's choice."""
        return not self._pretend and any(one.own and one.name == SANDBOX for one in await self.known())

    async def all(self) -> tuple[ConnectionView, ...]:
        """Every connection, by name."""
        return await self.table.all()

    async def aside(self) -> tuple[Aside, ...]:
        """Messages that a person has to look at."""
        return await self.table.aside()

    async def connect(
        self, name: str, kind: str, secrets: Secrets, by: str, *, own: bool = False, direct: bool = False
    ) -> ConnectionView:
        """Try the keys by reading only, then keep them, in place of those of the same name.

        Raises InvalidField (name, kind, client_id, key, webhook_secrets), Unavailable, TrialRefused. The key of a
        connection that is there may be left empty: it stays.
        """
        if name == HOST or (name == SANDBOX and kind != SANDBOX):
            raise InvalidField(field="/name", expected="another name: this one is the desk's own")
        if kind == SANDBOX and name != SANDBOX:
            # By its name alone everybody, pages and books, tells what it took from money.
            raise InvalidField(field="/name", expected="sandbox, which no other provider is called")
        if not _NAME.fullmatch(name) or name.startswith(OF_SOURCES):
            raise InvalidField(field="/name", expected=NAMED)
        if kind not in KINDS:
            raise InvalidField(field="/kind", expected="a kind of provider that there is")
        wanted = KINDS[kind]
        if not secrets.key and (known := await self._opened(name)) and known.kind is wanted:
            kept = known.secrets
            secrets = msgspec.structs.replace(
                secrets, key=kept.key, base=kept.base, client=secrets.client or kept.client
            )
        wanted.check(secrets)
        secrets, checked = await self._tried(name, wanted, secrets, direct=direct)
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
        self._known = None
        found = await self.table.find(name)
        assert found is not None, "it was just kept"
        return found.view

    async def end_trial(self, by: str) -> None:
        """Let payments that name no connection go nowhere again; what was tried stays so. Raises NotFound."""
        if not await self.trial():
            raise NotFound(kind="trial")
        await self.connect(SANDBOX, SANDBOX, Secrets(""), by)

    async def _tried(self, name: str, kind: Kind, secrets: Secrets, *, direct: bool) -> tuple[Secrets, Checked]:
        """The keys with the place that accepts them, and what it says. Raises InvalidField, Unavailable."""
        places = (secrets.base,) if secrets.base else kind.places
        tries = [msgspec.structs.replace(secrets, base=place) for place in places]
        if self._pretend:
            tries = [one for one in tries if not kind.live(one)]
        if not tries:
            raise InvalidField(field="/key", expected="a test key: this marketplace is a demonstration")
        for one in tries:
            adapter = await self._made(name, kind, one, direct=direct)
            try:
                async with asyncio.timeout(CHECKED_IN_S):
                    checked = await adapter.check()
            except TimeoutError:
                raise Unavailable(retry_after=30) from None
            finally:
                await adapter.close()
            if checked.trouble == "unreachable":
                raise Unavailable(retry_after=30)
            if not checked.trouble and checked.test != kind.live(one):
                return one, checked
        raise InvalidField(field="/key", expected="a key that the provider accepts")

    async def check(self, name: str) -> Checked:
        """Try a key that is kept, by reading only. Raises NotFound."""
        found = await self._opened(name)
        if found is None:
            raise NotFound(kind="provider")
        try:
            async with asyncio.timeout(CHECKED_IN_S):
                return await found.adapter.check()
        except TimeoutError:
            return Checked(trouble="unreachable")

    # Messages.

    async def receive(self, name: str, headers: Mapping[str, str], body: bytes) -> None:
        """Keep a message that the provider signed; what it means is found out afterwards (WH-01, WH-02).

        Raises Unauthenticated for anything else, a connection that is not there among them (WH-07); Unavailable where
        it cannot be found out now who signed it.
        """
        found = await self._opened(name) if name else None
        if found is None:
            raise Unauthenticated
        adapter = found.adapter
        told = await adapter.opened(body, headers, wall_clock())
        if told is None:
            raise Unauthenticated
        if told.test != adapter.traits.test:
            log.warning("provider.other_mode", connection=name, id=told.id)
            raise Unauthenticated
        await self.table.keep(adapter.name, told.id, told.type, body)

    async def news(self, message: Message) -> tuple[News, ...] | None:
        """What a message is about, None for nothing we know.

        Raises Unavailable, msgspec.ValidationError, ValueError.
        """
        found = await self._opened(message.connection)
        if found is None and self._own is not None and message.connection == self._own.name:
            return await self._own.news(message.body)
        if found is None:
            raise Unavailable(retry_after=900)
        return await found.adapter.news(message.body)

    async def same(self, name: str, connection: str) -> bool:
        """Whether a payment that names ``name`` was taken through ``connection``."""
        found = await self.table.find(name)
        return found is not None and found.view.name == connection

    async def close(self) -> None:
        """Give up every connection."""
        for one in self._open.values():
            await one.adapter.close()
        self._open.clear()

    # Keys.

    async def _opened(self, name: str) -> _Open | None:
        """A connection as it is kept now: a key that was replaced is not used again."""
        found = await self._found(name)
        if found is None:
            return None
        view = found.view
        known = self._open.get(view.name)
        if known is None or known.version < view.version:
            kind, secrets = KINDS[view.kind], self._unsealed(view.name, found.secrets)
            made = _Open(view.version, kind, await self._made(view.name, kind, secrets, direct=view.direct), secrets)
            # Somebody else may have made one while this was loaded; the newest is used, and only one of each.
            known = self._open.get(view.name)
            if known is not None and known.version >= view.version:
                await made.adapter.close()
                return known
            self._open[view.name] = made
            if known:
                await known.adapter.close()
            return made
        return known

    async def _found(self, name: str) -> Sealed | None:
        """A connection as it is kept. Refunds that are sent at the same moment ask once for all of them."""
        finding = self._finding.get(name)
        if finding is None or finding.done():
            finding = self._finding[name] = asyncio.create_task(self.table.find(name))
        # Whoever goes away leaves the others their answer.
        return await asyncio.shield(finding)

    async def _made(self, name: str, kind: Kind, secrets: Secrets, *, direct: bool) -> ConnectedProvider:
        await asyncio.to_thread(kind.load)
        return kind.adapter(
            Opening(name=name, secrets=secrets, direct=direct, patience_s=self._patience_s, tell=self._tell)
        )

    async def _tell(self, name: str, body: bytes, after_s: int) -> None:
        await self.table.keep(SANDBOX, name, "refund", body, timedelta(seconds=after_s))

    def _sealed(self, name: str, secrets: Secrets) -> bytes:
        return self._sealer.seal(name, msgspec.json.encode(secrets))

    def _unsealed(self, name: str, sealed: bytes) -> Secrets:
        """Raises Unavailable where they were sealed under another secret key of the installation."""
        try:
            plain = self._sealer.open(name, sealed)
        except Unavailable:
            log.warning("provider.sealed_elsewhere", connection=name)
            raise
        return msgspec.json.decode(plain, type=Secrets)
