"""Who is asking: API keys, sign-in links and sessions, and what each of them may see.

A token is 256 random bits behind a prefix. The database keeps its SHA-256 only, so that nobody who reads the table
can sign in. Every request looks its token up again: what was revoked a moment ago opens nothing, on open sessions
neither (I-32).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import timedelta
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg
import msgspec

from rescind.access.network import network
from rescind.access.principal import Principal, life
from rescind.access.request import Connection, CrossSite, Whence, address_of, header
from rescind.access.throttle import Throttle
from rescind.core.errors import LinkAltered, LinkExpired, LinkUsed, Unauthenticated
from rescind.core.ids import ShopId
from rescind.core.staff import KEY_HOLDER, Grant
from rescind.postgres.credentials import Credential, CredentialTable, KeptLink, KeyView, Kind, Role, SessionView
from rescind.postgres.store import AWAY

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

KEY_PREFIX, LINK_PREFIX, ONCE_PREFIX, SESSION_PREFIX = "rsk_", "rsl_", "rso_", "rss_"
_TOKEN_BYTES = 32
_TOKEN_LENGTH = len(KEY_PREFIX) + 43  # 32 bytes in URL-safe base 64, without padding

_KEYS_SHOWN = _SESSIONS_SHOWN = 1000
_LOOKED_AT_S = 0.7
"""How often the credential of a line that is open is looked at: who is shut out is told within a second."""


class Access:
    """Issues credentials, and says who is behind a request.

    secret: key of this installation for CSRF tokens. base_url: how people reach us; ``https`` makes cookies Secure.
    """

    def __init__(self, pool: asyncpg.Pool[Any], secret: bytes, base_url: str) -> None:
        assert len(secret) >= _TOKEN_BYTES, "an empty or short secret must never come this far"
        self._credentials = CredentialTable(pool)
        self._secret = secret
        self.base_url = base_url.rstrip("/")
        parts = urlsplit(self.base_url)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.secure = parts.scheme == "https"
        # __Host- binds the cookie to this very host, but browsers take it over TLS only.
        self.cookie_name = "__Host-rescind_session" if self.secure else "rescind_session"
        self._failures = Throttle(burst=60, per_second=1.0)

    # --- issuing ---------------------------------------------------------------------------------------------------

    async def issue_key(
        self,
        role: Role,
        principal: str,
        *,
        name: str = "",
        shop_id: ShopId | None = None,
        buyer_id: str | None = None,
        lifetime: timedelta = timedelta(days=365),
        scopes: Iterable[str] = (),
        made_by: str = "",
        mandated: bool = False,
        within: PoolConnectionProxy[Any] | None = None,
    ) -> str:
        """Make an API key and give its token, the only time anybody sees it. scopes: none for all its role may do.

        mandated: it does nothing to an order but under a mandate. within: the transaction that records it; ``Keys``
        is for whoever makes one for somebody.
        """
        return await self._issue(
            KEY_PREFIX,
            Credential(
                kind="key",
                role=role,
                principal=principal,
                name=name,
                shop_id=shop_id,
                buyer_id=buyer_id,
                scopes=tuple(scopes),
                made_by=made_by,
                mandated=mandated,
            ),
            lifetime,
            within,
        )

    async def issue_link(
        self,
        role: Role,
        principal: str,
        *,
        name: str = "",
        shop_id: ShopId | None = None,
        buyer_id: str | None = None,
        lifetime: timedelta = timedelta(minutes=15),
        once: bool = True,
    ) -> str:
        """Make a sign-in link and give its address. ``once``: the first sign-in uses it up; a demo's links live on."""
        prefix = ONCE_PREFIX if once else LINK_PREFIX
        credential = Credential(
            kind="link", role=role, principal=principal, name=name, shop_id=shop_id, buyer_id=buyer_id
        )
        token = await self._issue(prefix, credential, lifetime)
        return f"{self.base_url}/sign-in/{token}"

    async def buyers_link(self, credential: Credential, lifetime: timedelta, seed: str) -> tuple[str, KeptLink]:
        """A buyer's link: its token, and the link. The same seed makes the same token, whatever is asked for.

        It signs in once; one that opens a fragment signs nobody in, and is good until it is over.
        """
        token = self._buyers_token(LINK_PREFIX if credential.opens == "fragment" else ONCE_PREFIX, seed)
        await self._credentials.add(token_hash(token), credential, lifetime)
        kept = await self._credentials.kept_link(token_hash(token))
        assert kept is not None, "it is there by now"
        return token, kept

    async def made_buyers_link(self, seed: str) -> tuple[str, KeptLink] | None:
        """The link that signs in and was made with this seed, whatever became of it."""
        token = self._buyers_token(ONCE_PREFIX, seed)
        kept = await self._credentials.kept_link(token_hash(token))
        return (token, kept) if kept else None

    def _buyers_token(self, prefix: str, seed: str) -> str:
        text = base64.urlsafe_b64encode(hmac.digest(self._secret, f"buyer's link\n{seed}".encode(), "sha256"))
        return prefix + text.decode().rstrip("=")

    async def find_buyers_link(self, token: str) -> Credential:
        """What a link says; it is not used up. Raises LinkAltered, also where there is none; LinkUsed, LinkExpired."""
        kept = await self._credentials.kept_link(token_hash(token)) if _well_formed(token) else None
        if kept is None or kept.credential.opens is None:
            raise LinkAltered
        if kept.used:
            raise LinkUsed
        if kept.over:
            raise LinkExpired
        return kept.credential

    async def take_buyers_link(self, token: str) -> Credential:
        """The same, used up by it; of two who do so at once one gets it."""
        if (await self.find_buyers_link(token)).opens == "fragment":
            raise LinkAltered
        taken = await self._credentials.take(token_hash(token))
        if taken is None:
            raise LinkUsed
        return taken

    async def enter_buyer(self, credential: Credential, whence: Whence) -> tuple[str, Principal]:
        """A new session of a buyer: its token for the cookie, and who it is."""
        assert credential.role == "buyer", "others sign in"
        return await self._begin(credential, whence)

    async def enter(
        self, account: str, name: str, grant: Grant, whence: Whence, within: PoolConnectionProxy[Any]
    ) -> tuple[str, Principal]:
        """A new session of a person with an account, as what they work: its token for the cookie, and who it is."""
        return await self._session(
            Credential(
                kind="session",
                role=grant.role,
                principal=account,
                name=name,
                shop_id=grant.shop,
                account=account,
                rights=grant.rights,
                agent=whence.agent,
                address=whence.address,
                proven=whence.fresh_s is None,
                fresh_s=whence.fresh_s,
            ),
            within,
        )

    async def _begin(self, credential: Credential, whence: Whence) -> tuple[str, Principal]:
        return await self._session(
            msgspec.structs.replace(credential, kind="session", agent=whence.agent, address=whence.address, proven=True)
        )

    async def _session(
        self, credential: Credential, within: PoolConnectionProxy[Any] | None = None
    ) -> tuple[str, Principal]:
        session = await self._issue(SESSION_PREFIX, credential, life(credential.role).idle, within)
        return session, _principal(credential, token_hash(session), "session")

    async def _issue(
        self,
        prefix: str,
        credential: Credential,
        lifetime: timedelta,
        within: PoolConnectionProxy[Any] | None = None,
    ) -> str:
        assert (credential.role == "seller") <= (credential.shop_id is not None), "a seller has a shop"
        assert (credential.role == "buyer") <= (credential.buyer_id is not None), "a buyer is named"
        token = prefix + secrets.token_urlsafe(_TOKEN_BYTES)
        await self._credentials.add(token_hash(token), credential, lifetime, within)
        return token

    # --- signing in and out ----------------------------------------------------------------------------------------

    async def peek_link(self, token: str) -> Principal:
        """Whom a link would sign in, without using it up: what a GET may do. Raises Unauthenticated."""
        if not token.startswith((LINK_PREFIX, ONCE_PREFIX)):
            raise Unauthenticated
        principal, _, _ = await self._find(token, "link")
        return principal

    async def redeem_link(self, token: str, whence: Whence | None = None) -> tuple[str, Principal]:
        """Turn a link into a new session: its token for the cookie, and who it is. Raises Unauthenticated.

        A session is always new, so that nobody can be made to use one that another person knows.
        """
        if token.startswith(ONCE_PREFIX) and _well_formed(token):
            credential = await self._credentials.take(token_hash(token))
        elif token.startswith(LINK_PREFIX) and _well_formed(token):
            found = await self._credentials.find(token_hash(token))
            credential = found[0] if found else None
        else:
            credential = None
        if credential is None or credential.kind != "link" or credential.opens == "fragment":
            raise Unauthenticated
        return await self._begin(credential, whence or Whence())

    async def sign_out(self, connection: Connection) -> None:
        """End the session of this browser, if it has one."""
        token = self.session_token(connection)
        if token:
            await self.revoke(token)

    async def revoke(self, token: str) -> bool:
        """End one key, link or session; whether there was one to end."""
        return await self._credentials.take(token_hash(token)) is not None

    async def keys(self) -> tuple[KeyView, ...]:
        """Every key that is or was, the latest thousand of them."""
        return await self._credentials.keys(_KEYS_SHOWN)

    async def is_person(self, name: str) -> bool:
        """Whether somebody of the staff signs in, or did, under this very id, in small or capital letters."""
        return await self._credentials.held(name, keys=False)

    async def is_key(self, name: str) -> bool:
        """The same of a key, whoever it is for."""
        return await self._credentials.held(name, keys=True)

    async def names(self, role: Role, principals: Iterable[str], shop_id: ShopId | None = None) -> dict[str, str]:
        """What people are called, by the id that records name them by; the id itself where no name was ever given.

        shop_id: whose sellers they are; two shops may each have a seller of one id.
        """
        ids = sorted(set(principals))
        return {one: one.removeprefix(KEY_HOLDER) for one in ids} | await self.named(role, ids, shop_id)

    async def named(self, role: Role, principals: Iterable[str], shop_id: ShopId | None = None) -> dict[str, str]:
        """The same, of those alone who were given a name."""
        ids = sorted(set(principals))
        return await self._credentials.names(role, ids, shop_id) if ids else {}

    async def revoke_key(self, mark: str, within: PoolConnectionProxy[Any]) -> Credential | None:
        """End the key whose mark this is, as lists and events name it, and what was mailed for it; which key that was,
        None where none was in force.
        """
        return await self._credentials.revoke_key(mark, within)

    async def revoke_principal(self, role: Role, principal: str) -> int:
        """End every key, link and session of somebody, at once."""
        return await self._credentials.revoke_principal(role, principal)

    async def sessions(self, who: Principal) -> tuple[SessionView, ...]:
        """Where somebody is signed in."""
        return await self._credentials.sessions(who.account, who.role, who.holder, who.shop_id)

    async def every_session(self, buyer: str = "", *, buyers: bool = False) -> tuple[SessionView, ...]:
        """Where those who work here are signed in. buyers: and all buyers; buyer: this one alone."""
        return await self._credentials.every_session(_SESSIONS_SHOWN, buyer, buyers=buyers)

    async def end_buyer(self, buyer: str) -> int:
        """End all sessions and open links of one buyer; how many that were."""
        return await self._credentials.end_buyer(buyer)

    async def end_session(self, who: Principal, mark: str) -> bool:
        """End one of somebody's own sessions; whether there was one."""
        return await self._credentials.end_sessions(who.account, who.role, who.holder, who.shop_id, mark=mark) > 0

    async def end_other_sessions(self, who: Principal) -> int:
        """End all of somebody's sessions but this one."""
        return await self._credentials.end_sessions(who.account, who.role, who.holder, who.shop_id, but=who.mark)

    async def end_anybodys(self, mark: str) -> tuple[str, str, str] | None:
        """End anybody's session: what they are called, their role and shop; None where there is none."""
        return await self._credentials.end_any(mark)

    def cookie(self, session: str) -> str:
        """The Set-Cookie that keeps a session. No lifetime: the browser forgets it, the database decides."""
        return f"{self.cookie_name}={session}; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if self.secure else "")

    def no_cookie(self) -> str:
        """The Set-Cookie that takes a session away."""
        return f"{self.cookie(session='')}; Max-Age=0"

    # --- asking ----------------------------------------------------------------------------------------------------

    async def principal_of(self, connection: Connection) -> Principal:
        """Who is asking. Raises Unauthenticated; for a wrong token RateLimited, after many of them from one address.

        A request with an Authorization header is judged by it alone; its cookies are not looked at.
        """
        headers = connection.scope["headers"]
        authorization, cookie = header(headers, b"authorization"), None
        if authorization is None:
            cookie = self.session_token(connection)
        address = address_of(connection.scope)
        try:
            return await self.identify(authorization, cookie, address)
        except UnicodeDecodeError:
            raise Unauthenticated from None

    async def identify(self, authorization: bytes | None, session: str | None, address: str) -> Principal:
        """As ``principal_of``, from the parts. ``address``: whom too many failures are counted against."""
        if authorization is not None:
            scheme, _, token = authorization.decode("ascii").partition(" ")
            kind: Kind = "key"
            shown = token.strip() if scheme.lower() == "bearer" else ""
        elif session:
            kind, shown = "session", session
        else:
            raise Unauthenticated
        try:
            principal, rest, hashed = await self._find(shown, kind)
        except Unauthenticated:
            # Looked up first: what is valid opens, whatever others showed from the same address. Many may share it.
            place = network(address) or address
            self._failures.check(place)
            self._failures.count(place)
            raise
        if kind == "session":
            limits = life(principal.role)
            # Written when half the time is gone, not at each request: a page of twenty images is one visit.
            if rest < limits.idle / 2:
                await self._credentials.extend(hashed, limits.idle, limits.absolute)
        return principal

    async def still_valid(self, connection: Connection) -> bool:
        """Whether the credential of a long-lived connection has neither ended nor been revoked."""
        try:
            await self.principal_of(connection)
        except Unauthenticated:
            return False
        return True

    async def valid_until(self, connection: Connection, coming: asyncio.Future[Any], within_s: float) -> bool:
        """Wait until something came or the time is over; False as soon as the credential has ended (I-32).

        A database that is away for a moment ends no line, as long as there is nothing to be told on it.
        """
        clock = asyncio.get_running_loop()
        end = clock.time() + within_s
        while True:
            rest = max(0.0, end - clock.time())
            await asyncio.wait({coming}, timeout=min(rest, _LOOKED_AT_S))
            over = coming.done() or clock.time() >= end
            try:
                if not await self.still_valid(connection):
                    return False
            except AWAY:
                if over:
                    raise
            if over:
                return True

    async def _find(self, token: str, kind: Kind) -> tuple[Principal, timedelta, bytes]:
        if not _well_formed(token):
            raise Unauthenticated
        hashed = token_hash(token)
        found = await self._credentials.find(hashed)
        if found is None or found[0].kind != kind:
            raise Unauthenticated
        return _principal(found[0], hashed, kind), found[1], hashed

    def session_token(self, connection: Connection) -> str | None:
        """The session's token from this browser's cookies, None without one."""
        raw = header(connection.scope["headers"], b"cookie")
        if raw is None:
            return None
        try:
            cookies: SimpleCookie = SimpleCookie(raw.decode("latin-1"))
        except CookieError:
            return None
        return cookies[self.cookie_name].value if self.cookie_name in cookies else None

    # --- requests from other sites -----------------------------------------------------------------------------------

    def csrf_token(self, session: Principal | str) -> str:
        """The token that forms of a session carry. ``session``: its principal, or the credential it names."""
        credential = session if isinstance(session, str) else session.credential
        return hmac.new(self._secret, b"csrf\n" + credential.encode(), hashlib.sha256).hexdigest()

    def require_same_site(self, connection: Connection) -> None:
        """Let a change through only when a page of ours asks for it (I-20: before anything else). Raises CrossSite.

        Browsers say so themselves; where they do not, the origin must be ours.
        """
        headers = connection.scope["headers"]
        site = header(headers, b"sec-fetch-site")
        if site is not None:
            if site != b"same-origin":
                raise CrossSite
            return
        if header(headers, b"origin") != self.origin.encode():
            raise CrossSite

    def require_csrf(self, connection: Connection, principal: Principal, token: str | None) -> None:
        """The whole check for a change asked for with a cookie. ``token``: from the form or ``X-CSRF-Token``."""
        self.require_same_site(connection)
        if token is None or not hmac.compare_digest(token.encode(), self.csrf_token(principal).encode()):
            raise CrossSite


def token_hash(token: str) -> bytes:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


def _well_formed(token: str) -> bool:
    return len(token) == _TOKEN_LENGTH and token.isascii()


def _principal(credential: Credential, hashed: bytes, kind: Kind) -> Principal:
    return Principal(
        role=credential.role,
        id=credential.principal,
        name=credential.name,
        shop_id=credential.shop_id,
        buyer_id=credential.buyer_id,
        account=credential.account,
        rights=credential.rights,
        scopes=credential.scopes,
        mandated=credential.mandated,
        mandate=credential.mandate,
        fresh_s=0.0 if credential.proven else credential.fresh_s,
        order=credential.order_id,
        back_to=credential.back_to,
        zone=credential.zone,
        credential=f"{kind}:{hashed.hex()[:16]}",
    )
