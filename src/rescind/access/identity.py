"""The marketplace's own identity provider: sending somebody there, and reading whom it says they are (OpenID Connect).

Authorization code with PKCE, state and nonce. A token counts when it is signed by a key that the provider shows now, is
meant for us, answers this very question, and is about an address that the provider has verified.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar, cast
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
import msgspec
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from rescind.core.errors import SignInWrong, Unavailable
from rescind.setting_values import Issuer

log = structlog.get_logger()
T = TypeVar("T")

PATIENCE_S = 10.0
KNOWN_FOR_S = 3600.0
AGAIN_S = 60.0
"""How long what the provider says of itself is remembered, and how soon its keys may be asked for again."""
READ_BYTES = 256 * 1024
LEEWAY_S = 60
_SIGNED = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""Signatures that are checked with a public key. One made with our own secret, or none, is no signature of theirs."""
_BACK = "/sign-in/provider/back"


class Question(msgspec.Struct, frozen=True):
    """What was asked of the provider, to compare its answer with. link: the invitation that is taken up by it."""

    state: str
    nonce: str
    verifier: str
    link: str = ""


class Known(NamedTuple):
    """Whom the provider says somebody is. subject: its own word for them, with the issuer's before it."""

    email: str
    subject: str


class _Places(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str


class IdentityProvider:
    """Asks one provider. base_url: where it sends people back to."""

    def __init__(self, said: Issuer, base_url: str) -> None:
        self.name = said.name
        self._said = said
        self._back = base_url.rstrip("/") + _BACK
        self._places: tuple[float, _Places] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def ask(self, link: str = "") -> tuple[str, Question]:
        """Where to send a browser, and what its answer has to be compared with. Raises Unavailable."""
        places = await self._found()
        question = Question(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            link=link,
        )
        challenge = hashlib.sha256(question.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._said.client,
            "redirect_uri": self._back,
            "scope": "openid email",
            "state": question.state,
            "nonce": question.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        between = "&" if urlsplit(places.authorization_endpoint).query else "?"
        return f"{places.authorization_endpoint}{between}{urlencode(asked)}", question

    async def answered(self, question: Question, query: Mapping[str, str]) -> Known:
        """Who came back. Raises SignInWrong for whatever does not fit, Unavailable."""
        state, code = query.get("state", ""), query.get("code", "")
        if not code or not hmac.compare_digest(state.encode(), question.state.encode()):
            raise SignInWrong
        # RFC 9207: who answers says so itself, where it does at all.
        if query.get("iss", self._said.issuer) != self._said.issuer:
            raise SignInWrong
        token = await self._exchanged(code, question)
        return self._known(await self._read(token), question)

    def _known(self, claims: Mapping[str, Any], question: Question) -> Known:
        audience = claims.get("aud")
        audiences = cast("list[object]", audience) if isinstance(audience, list) else [audience]
        email, subject = claims.get("email"), claims.get("sub")
        wrong = (
            "issuer" if claims.get("iss") != self._said.issuer else "",
            "audience" if self._said.client not in audiences else "",
            "party" if len(audiences) > 1 and claims.get("azp") != self._said.client else "",
            "party" if claims.get("azp", self._said.client) != self._said.client else "",
            "nonce" if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), question.nonce.encode()) else "",
            "subject" if not isinstance(subject, str) or not subject else "",
            "email" if not isinstance(email, str) or claims.get("email_verified") is not True else "",
        )
        if any(wrong):
            log.warning("identity.refused", because=", ".join(filter(None, wrong)))
            raise SignInWrong
        return Known(str(email).strip().lower(), f"{self._said.issuer} {subject}")

    # --- what the provider says --------------------------------------------------------------------------------------

    async def _exchanged(self, code: str, question: Question) -> str:
        places = await self._found()
        try:
            secret = (await asyncio.to_thread(self._said.secret_file.read_text, "utf-8")).strip()
        except (OSError, UnicodeDecodeError):
            log.exception("identity.secret_unreadable", file=str(self._said.secret_file))
            raise Unavailable(retry_after=60) from None
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "code_verifier": question.verifier,
        }
        # RFC 6749, 2.3.1: each is written as in a form first.
        both = f"{quote(self._said.client, safe='')}:{quote(secret, safe='')}"
        who = {"Authorization": f"Basic {base64.b64encode(both.encode()).decode()}"}
        status, data = await _asked("POST", places.token_endpoint, data=sent, headers=who)
        if status != 200:
            log.warning("identity.code_refused", status=status)
            raise SignInWrong
        return _decoded(data, _Tokens).id_token

    async def _read(self, token: str) -> dict[str, Any]:
        """What a token says, once its signature and its times were looked at. Raises SignInWrong, Unavailable."""
        for again in (False, True):
            keys = await self._shown(again=again)
            try:
                read = jwt.decode(token, keys, algorithms=_SIGNED)
                times = jwt.JWTClaimsRegistry(
                    leeway=LEEWAY_S, exp={"essential": True}, iat={"essential": True}, iss={"essential": True}
                )
                times.validate(read.claims)
            except (JoseError, ValueError) as fault:
                # Keys change: one that we do not know may be one that is shown by now.
                if again or not self._may_ask_again():
                    log.warning("identity.token_refused", fault=type(fault).__name__)
                    raise SignInWrong from None
            else:
                return dict(read.claims)
        raise SignInWrong

    def _may_ask_again(self) -> bool:
        return self._keys is None or time.monotonic() - self._keys[0] > AGAIN_S

    async def _found(self) -> _Places:
        if self._places is None or time.monotonic() - self._places[0] > KNOWN_FOR_S:
            status, data = await _asked("GET", f"{self._said.issuer.rstrip('/')}/.well-known/openid-configuration")
            places = _decoded(data, _Places) if status == 200 else None
            # Whoever answers in another's name is not asked anything.
            if places is None or places.issuer != self._said.issuer:
                log.warning("identity.not_found", status=status)
                raise Unavailable(retry_after=int(AGAIN_S))
            self._places = time.monotonic(), places
        return self._places[1]

    async def _shown(self, *, again: bool) -> KeySet:
        if self._keys is None or again or time.monotonic() - self._keys[0] > KNOWN_FOR_S:
            status, data = await _asked("GET", (await self._found()).jwks_uri)
            if status != 200:
                raise Unavailable(retry_after=int(AGAIN_S))
            try:
                keys = KeySet.import_key_set(msgspec.json.decode(data))
            except (JoseError, ValueError, KeyError, TypeError, msgspec.MsgspecError):
                raise Unavailable(retry_after=int(AGAIN_S)) from None
            self._keys = time.monotonic(), keys
        return self._keys[1]


async def _asked(method: str, url: str, **sent: Any) -> tuple[int, bytes]:
    """One request: nowhere else than where it was sent, and no more read than anybody needs. Raises Unavailable."""
    try:
        async with (
            asyncio.timeout(PATIENCE_S),
            aiohttp.ClientSession(trust_env=False) as session,
            session.request(method, url, allow_redirects=False, **sent) as answer,
        ):
            data = await answer.content.read(READ_BYTES + 1)
            while len(data) <= READ_BYTES and not answer.content.at_eof():
                data += await answer.content.read(READ_BYTES + 1 - len(data))
    except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as fault:
        log.warning("identity.away", fault=type(fault).__name__)
        raise Unavailable(retry_after=int(AGAIN_S)) from None
    if len(data) > READ_BYTES:
        raise Unavailable(retry_after=int(AGAIN_S))
    return answer.status, data


def _decoded(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.MsgspecError:
        raise Unavailable(retry_after=int(AGAIN_S)) from None
