"""Links that end a kind of mail for one person: signed, so that nobody needs to sign in (RFC 8058)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import cast

import msgspec

from rescind.core.errors import NotFound
from rescind.core.notice import GROUPS, REQUIRED, Group, NoticeRole
from rescind.postgres.notice_people import Owner

VIEW = "view:"
"""How a link begins to name what it ends where that is a list that is mailed, and no group of notices."""
_SEAL_BYTES = 16
_LONGEST = 600


class Ending(msgspec.Struct, frozen=True, array_like=True):
    """What a link ends: one group by mail, or one view, of one person. It never expires: mail is read years later."""

    role: NoticeRole
    shop: str
    person: str
    group: str

    @property
    def owner(self) -> Owner:
        """Whose choice it is."""
        return Owner(role=self.role, shop=self.shop, person=self.person)

    @property
    def view(self) -> str:
        """The view that is not to be mailed any more; empty where it is about a group of notices."""
        return self.group.removeprefix(VIEW) if self.group.startswith(VIEW) else ""


class Unsubscribing:
    """Makes and reads the links. secret: the installation's."""

    def __init__(self, secret: bytes) -> None:
        self._key = hmac.digest(secret, b"rescind unsubscribe 1", hashlib.sha256)

    def token(self, owner: Owner, group: Group) -> str:
        """What stands in the address; empty for what nobody may end."""
        if group in REQUIRED[owner.role]:
            return ""
        return self._sealed(Ending(owner.role, owner.shop, owner.person, group))

    def of_view(self, owner: Owner, view: str) -> str:
        """What stands in the address that ends the mailing of a view."""
        return self._sealed(Ending(owner.role, owner.shop, owner.person, VIEW + view))

    def read(self, token: str) -> Ending:
        """What a link ends. Raises NotFound for one that we have not made."""
        try:
            data = base64.b64decode(token[:_LONGEST] + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            seal, body = data[:_SEAL_BYTES], data[_SEAL_BYTES:]
            if not hmac.compare_digest(seal, self._seal(body)):
                raise NotFound(kind="page")
            ending = msgspec.msgpack.decode(body, type=Ending)
        except (ValueError, msgspec.MsgspecError):
            raise NotFound(kind="page") from None
        if ending.view:
            return ending
        if ending.group not in GROUPS[ending.role] or ending.group in REQUIRED[ending.role]:
            raise NotFound(kind="page")
        return ending

    @staticmethod
    def group_of(ending: Ending) -> Group:
        """The group, which was checked when the link was read."""
        return cast("Group", ending.group)

    def _sealed(self, ending: Ending) -> str:
        body = msgspec.msgpack.encode(ending)
        return base64.urlsafe_b64encode(self._seal(body) + body).rstrip(b"=").decode()

    def _seal(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, hashlib.sha256)[:_SEAL_BYTES]
