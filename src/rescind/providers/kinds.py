"""The kinds of payment provider that can be connected, a line a kind: what is asked of the operator, and the adapter.

Their clients take long to load, and most installations at first have no use for them, so they are loaded where one is
connected.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib import import_module
from typing import Literal

import msgspec

from rescind.core.errors import InvalidField
from rescind.core.ports import ConnectedProvider, Means
from rescind.core.refund import SANDBOX
from rescind.providers.means import PAYPAL, PAYPAL_LISTS_AFTER, STRIPE
from rescind.providers.sandbox import Sandbox, Tell


class Secrets(msgspec.Struct, frozen=True):
    """What opens a provider, and what its messages are signed with or for: two while one takes over from the other.

    base: where it answers, if not where it always does. client: whose the key is, where a kind asks for that.
    """

    key: str
    webhook: tuple[str, ...] = ()
    base: str = ""
    client: str = ""

    def __repr__(self) -> str:
        return "Secrets(…)"


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What an adapter is made of. patience_s: how long an answer is waited for; None: as long as it holds right. tell:
    how one that is here and not on the wire tells of what comes back.
    """

    name: str
    secrets: Secrets
    direct: bool
    patience_s: float | None = None
    tell: Tell | None = None


class Field(msgspec.Struct, frozen=True):
    """Something an operator gives. name: of the member of ``Secrets``; expected: what it has to be, as a sentence ends.

    hidden: it opens something, so it is not shown again.
    """

    name: Literal["client", "key", "webhook"]
    pattern: re.Pattern[str]
    expected: str
    hidden: bool = True


class Kind(msgspec.Struct, frozen=True):
    """A kind of provider. module: what takes long to load. adapter: makes one, once that is loaded; what it can do, its
    traits say. messages: the types of message it is to send us.

    means: what it sends money back to. lists_after: as of its traits. places: where it may answer; keys are tried at
    each until one accepts them. live: whether keys, at the place that is in them, move real money.
    """

    name: str
    module: str
    fields: tuple[Field, ...]
    messages: tuple[str, ...]
    adapter: Callable[[Opening], ConnectedProvider]
    live: Callable[[Secrets], bool]
    places: tuple[str, ...] = ("",)
    means: Means = Means()
    lists_after: timedelta = timedelta()

    def load(self) -> None:
        """Load what takes long; in a thread, so that nothing waits for it."""
        import_module(self.module)

    def check(self, secrets: Secrets) -> None:
        """Raises InvalidField with the name of the first field that is not what it has to be."""
        for field in self.fields:
            if field.name == "webhook":
                good = len(secrets.webhook) <= 2 and all(field.pattern.fullmatch(one) for one in secrets.webhook)
            else:
                good = field.pattern.fullmatch(secrets.client if field.name == "client" else secrets.key) is not None
            if not good:
                raise InvalidField(field=POINTERS[field.name], expected=field.expected)
        if secrets.client and not any(field.name == "client" for field in self.fields):
            raise InvalidField(field=POINTERS["client"], expected="left out for this kind of provider")


POINTERS: Mapping[str, str] = {"client": "/client_id", "key": "/key", "webhook": "/webhook_secrets"}
"""Where each field stands in what an operator sends."""


def _stripe(opening: Opening) -> ConnectedProvider:
    from rescind.providers.stripe import TIMEOUT_S, Stripe  # noqa: PLC0415 - heavy, and only where it is connected

    return Stripe(
        opening.secrets.key,
        name=opening.name,
        direct=opening.direct,
        base=opening.secrets.base,
        webhook=opening.secrets.webhook,
        timeout_s=TIMEOUT_S if opening.patience_s is None else opening.patience_s,
    )


def _paypal(opening: Opening) -> ConnectedProvider:
    from rescind.providers.paypal import TIMEOUT_S, PayPal  # noqa: PLC0415 - as above

    return PayPal(
        opening.secrets.client,
        opening.secrets.key,
        name=opening.name,
        direct=opening.direct,
        base=opening.secrets.base,
        webhook=opening.secrets.webhook,
        timeout_s=TIMEOUT_S if opening.patience_s is None else opening.patience_s,
    )


def _sandbox(opening: Opening) -> ConnectedProvider:
    return Sandbox(opening.tell, on_trial=True)


PAYPAL_LIVE, PAYPAL_SANDBOX = "https://api-m.paypal.com", "https://api-m.sandbox.paypal.com"

_OF_STRIPE = (
    Field(
        "key",
        re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{4,240}"),
        expected="a secret or restricted key, sk_… or rk_…",
    ),
    Field("webhook", re.compile(r"whsec_[!-~]{8,240}"), expected="at most two signing secrets, whsec_…"),
)
_OF_PAYPAL = (
    Field("client", re.compile(r"[A-Za-z0-9_-]{8,200}"), expected="an application’s client ID", hidden=False),
    Field("key", re.compile(r"[A-Za-z0-9_-]{8,200}"), expected="the secret of that application"),
    Field("webhook", re.compile(r"[A-Z0-9]{10,50}"), expected="at most two webhook IDs", hidden=False),
)

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "stripe",
            "rescind.providers.stripe",
            _OF_STRIPE,
            ("refund.*", "charge.refund.updated", "charge.dispute.*", "payment_intent.succeeded"),
            _stripe,
            live=lambda secrets: "_live_" in secrets.key,
            means=STRIPE,
        ),
        Kind(
            "paypal",
            "rescind.providers.paypal",
            _OF_PAYPAL,
            ("PAYMENT.CAPTURE.*", "PAYMENT.REFUND.*", "CUSTOMER.DISPUTE.*"),
            _paypal,
            live=lambda secrets: secrets.base == PAYPAL_LIVE,
            places=(PAYPAL_LIVE, PAYPAL_SANDBOX),
            means=PAYPAL,
            lists_after=PAYPAL_LISTS_AFTER,
        ),
        Kind(SANDBOX, "rescind.providers.sandbox", (), (), _sandbox, live=lambda _: False),
    )
}
