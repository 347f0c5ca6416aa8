"""Keys of programs: made and ended; whoever does so is named in the record of who did what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import msgspec

from rescind.access.credentials import Access
from rescind.access.people import By
from rescind.core.errors import InvalidField
from rescind.core.ids import ShopId, like_an_id
from rescind.core.staff import KEY_HOLDER
from rescind.intake.text import label
from rescind.postgres.accounts import AccountTable, Note
from rescind.postgres.credentials import Role


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as somebody asks for it. name: of the program. scopes: none for all its role may."""

    role: Role
    name: str
    shop: ShopId | None = None
    buyer: str | None = None
    lifetime: timedelta = timedelta(days=365)
    scopes: Iterable[str] = ()
    mandated: bool = False


class Keys:
    """Making and ending them. record: of who did what."""

    def __init__(self, access: Access, record: AccountTable) -> None:
        self._access = access
        self._record = record

    async def make(self, who: By, new: NewKey) -> str:
        """Make a key and give its token, the only time anybody sees it.

        Raises InvalidText, and InvalidField for a name that could be taken for somebody's: records name keys by it.
        """
        name = label(new.name, field="name", blank=False)
        _require_own(name)
        if await self._access.is_person(name):
            raise InvalidField(field="name", expected="a name that nobody has who signs in here")
        note = Note(act="key_made", by=who.who, by_name=who.name, whom=name, role=new.role, shop=new.shop or "")
        async with self._record.transaction() as connection:
            key = await self._access.issue_key(
                new.role,
                name,
                name=name,
                shop_id=new.shop,
                buyer_id=new.buyer,
                lifetime=new.lifetime,
                scopes=new.scopes,
                made_by=who.who,
                mandated=new.mandated,
                within=connection,
            )
            await self._record.note(note, connection)
        return key

    async def end(self, who: By, mark: str) -> bool:
        """End the key of this mark now, also for whoever is using it; whether it was in force."""
        async with self._record.transaction() as connection:
            ended = await self._access.revoke_key(mark, connection)
            if ended is not None:
                whom, shop = f"{ended.principal} ({mark})", ended.shop_id or ""
                note = Note(act="key_ended", by=who.who, by_name=who.name, whom=whom, role=ended.role, shop=shop)
                await self._record.note(note, connection)
        return ended is not None

    async def require_person(self, name: str) -> None:
        """Let somebody who signs in be called so. Raises InvalidField for what could be taken for a key or an id."""
        _require_own(name)
        if await self._access.is_key(name):
            raise InvalidField(field="name", expected="a name that no key has")


def _require_own(name: str) -> None:
    if like_an_id(name) or name.lower().startswith(KEY_HOLDER):
        raise InvalidField(field="name", expected="a name that does not begin like an id of ours, such as psn_ or key:")
