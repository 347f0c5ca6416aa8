"""Links by which the marketplace's own site hands a buyer over: where they may lead, and the text that is signed.

A link that the marketplace signs itself says everything in its address. The signature is HMAC-SHA256, in hexadecimal
digits, under a secret both sides have, over eight lines of UTF-8 without a line break at the end: ``rescind link 1``,
and one ``name=value`` for each of NAMES in that order, also where the value is empty. One that names a shop has nine:
``rescind link 2``, and ``shop=value`` behind the others.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args
from urllib.parse import urlencode, urlsplit

import msgspec

from rescind.core.errors import InvalidField, LinkAltered, LinkExpired, one_of
from rescind.core.instant import Instant

Destination = Literal["orders", "order", "cancel", "conversation", "fragment"]
"""Where a link may lead; never an address of somebody's choosing."""
DESTINATIONS: tuple[Destination, ...] = get_args(Destination)
PAGES: tuple[Destination, ...] = ("orders", "order", "cancel", "conversation")
"""Those that sign somebody in; a fragment is shown in a page of the marketplace and signs nobody in."""

VERSION = "rescind link 1"
NAMES = ("buyer", "order", "to", "language", "return", "expires", "nonce")
VERSION_OF_SHOP = "rescind link 2"
NAMES_OF_SHOP = (*NAMES, "shop")
"""Of a link that says in which shop its order is; one that does not is signed as it always was."""
SHORTEST, USUAL, LONGEST = timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=24)
"""How long a link may be good."""
_NONCE = range(16, 65)
_LONGEST_VALUE = 2000


class Handover(msgspec.Struct, frozen=True, kw_only=True):
    """What a link says. buyer: the marketplace's id of them. order: an id of ours or the marketplace's number, empty
    for all that the buyer has. shop: whose number that is, where several shops may have it. language: empty for the
    browser's. back_to: a page of the marketplace to come back to, empty for none.
    """

    buyer: str
    order: str = ""
    shop: str = ""
    to: Destination
    language: str = ""
    back_to: str = ""

    def __post_init__(self) -> None:
        """Raises InvalidField (to): an order is named where one is shown, and nowhere else."""
        if (self.to == "orders") != (not self.order):
            expected = "orders; with an order named: order, cancel, conversation or fragment"
            raise InvalidField(field="/to", expected=expected)


class SignedLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link as it was signed, until when it is good, and what tells it from every other."""

    handover: Handover
    expires_at: Instant
    nonce: str


def signature(secret: str, values: Mapping[str, str]) -> str:
    """64 hexadecimal digits over the values of NAMES, or of NAMES_OF_SHOP."""
    version, names = (VERSION_OF_SHOP, NAMES_OF_SHOP) if values.get("shop") else (VERSION, NAMES)
    text = "\n".join((version, *(f"{name}={values.get(name, '')}" for name in names)))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def signed(secret: str, link: SignedLink) -> str:
    """The query of a signed link; what is empty is left out."""
    said = link.handover
    values = {
        "buyer": said.buyer,
        "order": said.order,
        "to": said.to,
        "language": said.language,
        "return": said.back_to,
        "expires": str(int(link.expires_at.timestamp())),
        "nonce": link.nonce,
        "shop": said.shop,
    }
    return urlencode(
        {name: value for name, value in values.items() if value} | {"signature": signature(secret, values)}
    )


def read(query: Mapping[str, str], secrets: tuple[str, ...], now: Instant) -> SignedLink:
    """What a signed link says, once one of the secrets has signed it. Raises LinkAltered, LinkExpired, InvalidField.

    The signature comes first: what nobody has signed is not even told why.
    """
    values = {name: query.get(name, "") for name in NAMES_OF_SHOP}
    shown = query.get("signature", "")
    sane = all(len(one) <= _LONGEST_VALUE and "\n" not in one for one in values.values())
    # Every secret is tried, so that the time tells nothing about which of them was near.
    fits = [hmac.compare_digest(signature(one, values).encode(), shown.encode()) for one in secrets] if sane else []
    if not any(fits) or not set(query) <= {*NAMES_OF_SHOP, "signature"}:
        raise LinkAltered
    expires_at = _moment(values["expires"])
    if expires_at <= now:
        raise LinkExpired
    if expires_at > now + LONGEST:
        raise InvalidField(field="?expires", expected=f"a time at most {LONGEST // timedelta(hours=1)} hours ahead")
    if len(values["nonce"]) not in _NONCE or not values["nonce"].isascii() or not values["nonce"].isalnum():
        raise InvalidField(field="?nonce", expected="16 to 64 letters and digits that were never used before")
    handover = Handover(
        buyer=values["buyer"],
        order=values["order"],
        shop=values["shop"],
        to=destination(values["to"], field="?to"),
        language=values["language"],
        back_to=values["return"],
    )
    return SignedLink(handover=handover, expires_at=expires_at, nonce=values["nonce"])


def destination(text: str, *, field: str) -> Destination:
    """One of the places a link may lead to. Raises InvalidField."""
    found: Destination | None = next((one for one in DESTINATIONS if one == text), None)
    if found is None:
        raise InvalidField(field=field, expected=one_of(DESTINATIONS))
    return found


def origin(address: str) -> str:
    """Scheme, host and port of an address on the web, as browsers write them; empty for anything else."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        return ""
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, usual} else "")


def _moment(text: str) -> Instant:
    if not (text.isascii() and text.isdigit() and len(text) <= 11):
        raise InvalidField(field="?expires", expected="seconds since 1970, like 1767225600")
    return datetime.fromtimestamp(int(text), UTC)
