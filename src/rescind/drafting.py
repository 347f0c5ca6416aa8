"""The operator's policy work: what is in force, drafts of what shall be, trying them, and putting them in force.

Pages, the API and the command line do the same acts here; the database has the last word on who may (``four_eyes``).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec

from rescind.book import Book
from rescind.core.cancellation import CancellationApproved, CancellationHeld, CancellationRefused, SellerAsked
from rescind.core.errors import (
    CancelsHandedOver,
    DraftSettled,
    ExamplesTurn,
    FourEyes,
    NotFound,
    NothingChanged,
    PolicyInvalid,
    RightTakenAway,
    SettingNotOffered,
)
from rescind.core.ids import OrderId, ShopId, canonical, shop_of
from rescind.core.instant import Instant
from rescind.core.policy import Failure, Policy, PolicyError, ResolvedRule, check, load
from rescind.core.policy.difference import Change, changes
from rescind.core.policy.example import Book as Examples
from rescind.core.policy.example import situation
from rescind.core.policy.reach import Reach, too_late
from rescind.core.policy.right import Case, taken_away
from rescind.core.policy.trial import Turned, answered, as_of, resolved, rewritten, said, turned
from rescind.core.policy.writing import written
from rescind.core.record import Record
from rescind.core.sentence import phrased, why
from rescind.core.views import ShopView
from rescind.policies import names, preset, source, worked_examples
from rescind.postgres.calendars import CalendarTable
from rescind.postgres.policies import PolicyTable
from rescind.postgres.publishing import Once, Version, Versions
from rescind.postgres.reads import Reads

ORDERS = 10_000
"""Among how many of the latest orders those bound to a policy are counted."""
REQUESTS = 200
"""How many of the latest requests are judged again under a draft."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One policy as it stands. key: its name, or of a shop's own rules the shop's id.

    policy: what is in force, None before the first approval. number: its version; None for what came with the release.
    waiting: drafts and what was submitted. pinned: how many of the latest orders are bound to it, by hash.
    newer: the release brings another text than the one in force.
    """

    key: str
    name: str
    layer: str
    shop: ShopView | None
    policy: Policy | None
    version: Version | None
    since: Instant | None
    versions: tuple[Version, ...]
    pinned: dict[str, int]
    shops: int
    newer: bool = False

    @property
    def waiting(self) -> tuple[Version, ...]:
        """What is written or waits for approval."""
        return tuple(one for one in self.versions if one.status in {"draft", "submitted"})

    @property
    def unverified(self) -> int:
        """How many dated values have no good source."""
        values = self.policy.values if self.policy else ()
        return sum(dated.unverified for value in values for dated in value.history)

    @property
    def orders(self) -> int:
        """How many of the latest orders are bound to what is in force."""
        return self.pinned.get(self.policy.hash, 0) if self.policy else 0


class Rejudged(msgspec.Struct, frozen=True, kw_only=True):
    """A request of the past, as it would be answered today and under the draft."""

    order: OrderId
    at: Instant
    before: ResolvedRule | None
    after: ResolvedRule | None


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """What trying a text found. ``live``: what it was compared with; at: as of when; case: of R-012, for shop rules.
    reach: a case in which it says yes to what was handed over.

    failures: examples that do not come out, at the days they are told of. turned: those that are answered otherwise
    once everything new holds. rewritten: values that were edited. unfit: shops that chose what is not offered any more.
    asked: how many requests of the past were judged again, of which ``judged`` come out otherwise.
    """

    policy: Policy
    live: Policy | None
    at: Instant
    changes: tuple[Change, ...] = ()
    turned: tuple[Turned, ...] = ()
    failures: tuple[Failure, ...] = ()
    case: Case | None = None
    reach: Reach | None = None
    rewritten: tuple[str, ...] = ()
    unfit: tuple[tuple[ShopId, str], ...] = ()
    asked: int = 0
    judged: tuple[Rejudged, ...] = ()


class Drafting:
    """Everything an operator does with policies. Roles are the caller's business; who is who is ours."""

    def __init__(self, pool: asyncpg.Pool[Any], reads: Reads, book: Book | None = None) -> None:
        self.versions = Versions(pool)
        self._pool = pool
        self._reads = reads
        self._book = book or Book(PolicyTable(pool), CalendarTable(pool))

    # --- what there is -------------------------------------------------------------------------------------------

    async def standings(self) -> tuple[Standing, ...]:
        """Every policy: presets, then law packs, then the shops' own rules."""
        versions, shops = await self.versions.all(), await self._reads.shops()
        pinned, published = await self.versions.pinned(ORDERS), await self.versions.published_at()
        found: list[Standing] = []
        others = [one.name for one in versions if not one.shop]
        for name in dict.fromkeys((*names(), *reversed(others))):
            own = tuple(one for one in versions if one.name == name and not one.shop)
            found.append(await self._standing(name, own, None, shops, pinned, published))
        for shop in shops:
            own = tuple(one for one in versions if one.shop == shop.id)
            if own or shop.shop_hash:
                found.append(await self._standing(shop.id, own, shop, shops, pinned, published))
        order = {"preset": 0, "law": 1, "shop": 3}
        return tuple(sorted(found, key=lambda one: order.get(one.layer, 2)))

    async def standing(self, key: str) -> Standing:
        """One of them. A shop that has no rules of its own yet has a standing too. Raises NotFound."""
        for one in await self.standings():
            if one.key == key:
                return one
        if not key.startswith("shp_"):
            raise NotFound(kind="policy")
        shop = await self._reads.shop(key)
        return Standing(
            key=shop.id,
            name=shop.id,
            layer="shop",
            shop=shop,
            policy=None,
            version=None,
            since=None,
            versions=(),
            pinned={},
            shops=1,
        )

    async def _standing(
        self,
        key: str,
        versions: tuple[Version, ...],
        shop: ShopView | None,
        shops: Sequence[ShopView],
        pinned: dict[str, int],
        published: dict[str, Instant],
    ) -> Standing:
        live = next((one for one in versions if one.status == "live"), None)
        shipped = preset(key) if key in names() else None
        digest = shop.shop_hash if shop else _in_force(key, live, shops)
        policy = await self._known(digest) if digest else None
        hashes = dict.fromkeys((*(one.hash for one in versions), digest, shipped.hash if shipped else ""))
        return Standing(
            key=key,
            name=policy.name if policy else versions[0].name,
            layer="shop" if shop else (policy.layer if policy else "preset"),
            shop=shop,
            policy=policy,
            version=live,
            since=live.approved_at if live else published.get(digest),
            versions=versions,
            pinned={one: pinned.get(one, 0) for one in hashes if one},
            shops=1 if shop else sum(one.preset == key for one in shops),
            newer=bool(shipped and shipped.hash != digest),
        )

    async def policy(self, digest: str) -> Policy:
        """The policy with this hash. Raises NotFound."""
        found = await self._known(digest) if re.fullmatch(r"[0-9a-f]{64}", digest) else None
        if found is None:
            raise NotFound(kind="policy")
        return found

    async def _known(self, digest: str) -> Policy | None:
        shipped = next((preset(name) for name in names() if preset(name).hash == digest), None)
        return shipped or await self._book.policy(digest)

    async def text(self, policy: Policy) -> str:
        """A policy as it was written, or as it would have to be."""
        told = await self.versions.written(policy.hash)
        if told is None and policy.name in names() and preset(policy.name).hash == policy.hash:
            told = source(policy.name).decode()
        return told if told is not None else written(policy)

    # --- trying --------------------------------------------------------------------------------------------------

    async def examine(self, policy: Policy, shop: ShopId | None, now: Instant, *, past: bool = True) -> Examined:
        """Try a text against what is in force. ``past``: with the latest requests as well."""
        owner = await self._reads.shop(shop) if shop else None
        if owner is not None:
            platform = await self.policy(owner.preset_hash)
            live = await self._book.policy(owner.shop_hash) if owner.shop_hash else None
            before = [platform, live] if live else [platform]
            after = [platform, policy]
        else:
            live = await self.live(policy.name)
            before, after = [live] if live else [], [policy]
        at = as_of(before, after, now)
        books = [worked_examples(after[0].name)] if after[0].name in names() else []
        bound = [one for one in await self._reads.shops() if one.preset == policy.name] if owner is None else [owner]
        found = await asyncio.to_thread(_tried, policy, live, owner, before, after, books, bound, at)
        if not past or not before:
            return found
        records = await self.versions.judged(REQUESTS)
        return await self._again(found, records, {one.id: one for one in bound}, before, after)

    async def _again(
        self,
        found: Examined,
        records: Sequence[Record],
        bound: dict[ShopId, ShopView],
        before: Sequence[Policy],
        after: Sequence[Policy],
    ) -> Examined:
        """Judge the latest requests of these shops once more; each shop with what it has chosen and wrote itself."""
        asked = 0
        otherwise: list[Rejudged] = []
        for record in records:
            event = record.event
            shop = bound.get(shop_of(record.order))
            if shop is None or not isinstance(event, _ANSWERS) or event.ground is None:
                continue
            facts = event.ground.facts
            if facts.get("actor") != "buyer":
                continue
            own = [await self.policy(shop.shop_hash)] if shop.shop_hash and found.policy.layer != "shop" else []
            old = resolved([*before, *own], found.at, shop.settings)
            new = resolved([*after, *own], found.at, shop.settings)
            if old is None or new is None:
                continue
            asked += 1
            one, other = answered(old, facts), answered(new, facts)
            if said(one) != said(other):
                otherwise.append(Rejudged(order=record.order, at=event.at, before=one, after=other))
        return msgspec.structs.replace(found, asked=asked, judged=tuple(otherwise))

    async def live(self, name: str) -> Policy | None:
        """The preset of this name that orders are bought under now; None when there is none."""
        versions = await self.versions.all()
        live = next((one for one in versions if one.name == name and one.status == "live" and not one.shop), None)
        digest = _in_force(name, live, await self._reads.shops())
        return await self.policy(digest) if digest else None

    # --- acts ----------------------------------------------------------------------------------------------------

    async def draft(
        self,
        text: str,
        by: str,
        *,
        shop: str | None = None,
        note: str = "",
        name: str | None = None,
        once: Once | None = None,
    ) -> tuple[Version, bool]:
        """Begin a draft; and whether it is new. ``name``: what it must be called, where one goes on from a policy.

        Raises PolicyInvalid, NothingChanged, NotFound for a shop that is not there, IdempotencyKeyReused.
        """
        owner = await self._reads.shop(canonical("shp", shop)) if shop else None
        policy = read(text, layer="shop" if owner else "preset", name=name)
        live = await self._book.policy(owner.shop_hash) if owner and owner.shop_hash else None
        live = live if owner else await self.live(policy.name)
        # A call that is repeated after its draft came into force is still the call that made it.
        if not (once and await self.versions.sent_before(by, once)):
            await self._require_change(text, live)
        number, new = await self.versions.add(
            policy,
            by,
            owner.id if owner else None,
            source=text,
            base_hash=live.hash if live else "",
            note=note,
            once=once,
        )
        return (await self.versions.draft(number))[0], new

    async def _require_change(self, text: str, live: Policy | None) -> None:
        """Raise NothingChanged for the very text that is in force. Another comment is a change: readers see it."""
        if live is not None and text.strip() == (await self.text(live)).strip():
            raise NothingChanged(policy=live.name)

    async def save(self, number: int, text: str, by: str, *, note: str | None = None) -> Version:
        """Put another text into one's draft. Raises PolicyInvalid, NothingChanged, NotFound, DraftSettled, FourEyes."""
        draft, _ = await self.versions.draft(number)
        _require_own(draft, by, "draft")
        policy = read(text, layer="shop" if draft.shop else "preset", name=draft.name)
        standing = await self.standing(draft.shop or draft.name)
        await self._require_change(text, standing.policy)
        return await self.versions.save(number, by, policy, text, draft.note if note is None else note)

    async def submit(self, number: int, by: str, now: Instant, accepted: Sequence[str] = ()) -> Version:
        """Ask for approval. ``accepted``: worked examples that are meant to come out otherwise.

        Raises NotFound, DraftSettled, FourEyes, ExamplesTurn, RightTakenAway, CancelsHandedOver, SettingNotOffered.
        """
        draft, policy = await self.versions.draft(number)
        if draft.status == "submitted" and draft.proposed_by == by:
            return draft
        _require_own(draft, by, "draft")
        found = await self.examine(policy, ShopId(draft.shop) if draft.shop else None, now, past=False)
        refuse(found, accepted)
        failed = {one.example for one in found.failures}
        return await self.versions.submit(number, by, tuple(one for one in accepted if one in failed))

    async def approve(self, number: int, by: str, now: Instant) -> Version:
        """Put in force what somebody else submitted; from then on orders are bought under it.

        Raises NotFound, DraftSettled, FourEyes, RightTakenAway, CancelsHandedOver, SettingNotOffered.
        """
        draft, policy = await self.versions.draft(number)
        if draft.status == "live" and draft.approved_by == by:
            return draft
        if draft.status != "submitted":
            raise DraftSettled(number=number, state=draft.status)
        if draft.proposed_by == by:
            raise FourEyes(by=by)
        # The platform's rules and what shops have chosen may have moved since it was submitted.
        found = await self.examine(policy, ShopId(draft.shop) if draft.shop else None, now, past=False)
        refuse(found, tuple(one.example for one in found.failures))
        return await self.versions.approve(number, by, now)

    async def reject(self, number: int, by: str, reason: str) -> Version:
        """Send back what somebody else submitted. Raises NotFound, DraftSettled, FourEyes."""
        draft, _ = await self.versions.draft(number)
        if draft.status == "rejected" and (draft.rejected_by, draft.rejection) == (by, reason):
            return draft
        return await self.versions.reject(number, by, reason)

    async def take_back(self, number: int, by: str) -> Version:
        """Go on with one's own draft instead of having it approved. Raises NotFound, DraftSettled, FourEyes."""
        draft, _ = await self.versions.draft(number)
        if draft.status == "draft" and draft.proposed_by == by:
            return draft
        return await self.versions.take_back(number, by)


_ANSWERS = (SellerAsked, CancellationHeld, CancellationApproved, CancellationRefused)


_DOTS = 24
"""Most dots in one line that is no comment. Each part of a dotted key is looked up from the first, and a line of ten
thousands of them would hold up everybody for half a minute.
"""


def read(text: str, *, layer: str = "", name: str | None = None) -> Policy:
    """A policy from its text, which may extend what is shipped. Raises PolicyInvalid with line and column.

    layer, name: what it must be of and be called.
    """
    file = f"{name or 'policy'}.toml"
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > _DOTS and not line.lstrip().startswith("#"):
            raise PolicyInvalid(file=file, line=number, column=1, message=phrased("it is nested too deep"))
    try:
        policy = load(text.encode(), file, bases={known: preset(known) for known in names()})
    except PolicyError as error:
        raise PolicyInvalid(file=file, line=error.line, column=error.column, message=error.message) from None
    except RecursionError:
        raise PolicyInvalid(file=file, line=1, column=1, message=phrased("it is nested too deep")) from None
    wrong = ""
    if policy.layer == "law":
        wrong = phrased("a law pack comes with a release; it is not published")
    elif layer and policy.layer != layer:
        wrong = phrased("the layer is %(layer)s here", layer=layer)
    if wrong:
        raise PolicyInvalid(file=file, line=_line(text, "layer"), column=1, message=wrong)
    if name is not None and policy.name != name:
        raise PolicyInvalid(
            file=file,
            line=_line(text, "policy"),
            column=1,
            message=phrased("this policy is called %(name)s", name=name),
        )
    return policy


def refuse(found: Examined, accepted: Sequence[str] = ()) -> None:
    """Raise what stands in the way of putting a text in force: RightTakenAway, CancelsHandedOver, SettingNotOffered,
    ExamplesTurn.
    """
    if found.case is not None:
        raise RightTakenAway(case=str(found.case))
    if found.reach is not None:
        raise CancelsHandedOver(case=str(found.reach))
    if found.unfit:
        shop, message = found.unfit[0]
        raise SettingNotOffered(shop=shop, message=message)
    turned = tuple(one.example for one in found.failures if one.example not in accepted)
    if turned:
        raise ExamplesTurn(examples=turned)


def _in_force(name: str, live: Version | None, shops: Sequence[ShopView]) -> str:
    """The hash of the preset that a name stands for: what was approved, what shops are bound to, what is shipped.

    A release may bring another text than shops were bound to before; it comes into force when somebody approves it.
    """
    if live is not None:
        return live.hash
    bound = next((shop.preset_hash for shop in shops if shop.preset == name), "")
    return bound or (preset(name).hash if name in names() else "")


def _require_own(draft: Version, by: str, status: str) -> None:
    if draft.status != status:
        raise DraftSettled(number=draft.number, state=draft.status)
    if draft.proposed_by != by:
        raise FourEyes(by=draft.proposed_by)


def _line(text: str, key: str) -> int:
    """The line on which a member of the file's head stands, the first where it is left out."""
    for number, line in enumerate(text.split("\n"), start=1):
        if re.match(rf"\s*{key}\s*=", line):
            return number
    return 1


def _tried(
    policy: Policy,
    live: Policy | None,
    owner: ShopView | None,
    before: Sequence[Policy],
    after: Sequence[Policy],
    books: Sequence[Examples],
    bound: Sequence[ShopView],
    at: Instant,
) -> Examined:
    """Everything that takes a while to work out and needs nothing but the texts."""
    unfit: list[tuple[ShopId, str]] = []
    for shop in bound if owner is None else ():
        try:
            policy.check_settings(shop.settings)
        except ValueError as error:
            unfit.append((shop.id, why(error)))
    return Examined(
        policy=policy,
        live=live,
        at=at,
        changes=changes(live, policy) if live else (),
        turned=turned(before, after, books, at) if before else (),
        failures=tuple(failure for book in books for failure in check(policy, book)) if owner is None else (),
        case=_less(after[0], policy, owner, books, at) if owner else None,
        reach=too_late(policy.at(at), after[0].at(at, owner.settings if owner else {})),
        rewritten=rewritten(live, policy) if live else (),
        unfit=tuple(unfit),
    )


def _less(platform: Policy, rules: Policy, owner: ShopView, books: Sequence[Examples], at: Instant) -> Case | None:
    """A case in which a shop's rules take away what its preset grants (R-012, M-29)."""
    situations = [
        situation(platform, example) for book in books for example in book.examples if example.on == "request"
    ]
    return taken_away(platform.at(at, owner.settings), rules.at(at), situations, at)
