"""Passkeys (WebAuthn): what a browser is asked, and whether its answer is one of ours."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from rescind.core.errors import SignInWrong

_LONGEST = 20_000
"""Characters of an answer; a browser's has about a thousand."""


class Asked(msgspec.Struct, frozen=True):
    """What a browser is asked, as JSON, and what its answer has to be compared with."""

    options: str
    state: bytes


class Made(msgspec.Struct, frozen=True):
    """A passkey that a browser has made: its id, and what it is checked with."""

    id: bytes
    attested: bytes


class Passkeys:
    """Questions and answers for one address of ours. A passkey says itself whose it is, and asks its holder for a
    finger, a face or a number, so that it stands for two factors.

    origin: how people reach us, as browsers name it; passkeys need TLS, or a machine of one's own called localhost.
    """

    def __init__(self, origin: str, name: str) -> None:
        parts = urlsplit(origin)
        host = parts.hostname or ""
        self.host = host
        self.own_machine = host == "localhost" or host.endswith(".localhost")
        self.possible = parts.scheme == "https" or self.own_machine
        # Its states and answers have no types that say anything.
        self._server: Any = Fido2Server(
            PublicKeyCredentialRpEntity(id=host, name=name), verify_origin=lambda told: told == origin
        )

    def ask_to_make(self, account: str, email: str, name: str, known: Sequence[bytes]) -> Asked:
        """Ask a browser to make a passkey. known: what the person's other passkeys are checked with."""
        options, state = self._server.register_begin(
            PublicKeyCredentialUserEntity(id=account.encode(), name=email, display_name=name),
            [AttestedCredentialData(one) for one in known],
            resident_key_requirement=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return _asked(options, state)

    def made(self, state: bytes, answer: str) -> Made:
        """The passkey that was made. Raises SignInWrong."""
        try:
            told = self._server.register_complete(json.loads(state), _read(answer))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SignInWrong from None
        data = told.credential_data
        assert data is not None, "a passkey that was made is told"
        return Made(data.credential_id, bytes(data))

    def ask_to_show(self) -> Asked:
        """Ask a browser for any passkey that it has for us."""
        options, state = self._server.authenticate_begin(user_verification=UserVerificationRequirement.REQUIRED)
        return _asked(options, state)

    def named(self, answer: str) -> bytes:
        """The id that an answer names. Raises SignInWrong."""
        try:
            return _bytes(str(_read(answer)["rawId"]))
        except (ValueError, KeyError, TypeError):
            raise SignInWrong from None

    def check(self, state: bytes, attested: bytes, answer: str) -> None:
        """Whether the passkey's holder has given this answer to this question. Raises SignInWrong."""
        try:
            self._server.authenticate_complete(json.loads(state), [AttestedCredentialData(attested)], _read(answer))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SignInWrong from None


def _asked(options: Any, state: Any) -> Asked:
    return Asked(json.dumps(dict(options.public_key)), json.dumps(state).encode())


def _read(answer: str) -> Mapping[str, Any]:
    if len(answer) > _LONGEST:
        raise ValueError(answer[:20])
    read: object = json.loads(answer)
    if not isinstance(read, dict):
        raise TypeError(type(read))
    return cast("Mapping[str, Any]", read)


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
