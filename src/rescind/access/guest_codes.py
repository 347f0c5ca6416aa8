"""Guests: who knows an order's number and reads the mail of its buyer gets in, for that order alone.

Asking is answered before anything is looked up, and a code is worked out for whatever was typed; so neither an answer
nor its time says whether there is such an order.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from contextlib import suppress
from datetime import timedelta

import msgspec
import structlog

from rescind.access.network import network
from rescind.access.sign_in_steps import GOOD_FOR, Steps, step_token
from rescind.core.errors import AddressBounces, CodeWrong, IdempotencyKeyReused, InvalidField, SignInWrong
from rescind.core.ids import OrderId, shop_of
from rescind.intake.text import label
from rescind.locales import negotiate
from rescind.mail.address import wire
from rescind.postgres.mails import MailTable, Telling
from rescind.postgres.reads import Reads

log = structlog.get_logger()

DIGITS, TRIES = 6, 5
"""Of a code, and how often it may be typed."""
SPAN = timedelta(hours=1)
CODES_OF_ONE_ORDER, CODES_TO_ONE_ADDRESS, CODES_FROM_ONE_NETWORK = 10, 5, 40
"""How many codes may be asked for within the span, whether anybody is sent one or not."""
GUESSES_OF_ONE_ORDER, GUESSES_FROM_ONE_NETWORK = 30, 60
"""How often codes may be typed within the span: for one order, and from one network whichever orders it tries."""
_LONGEST_NUMBER = 128


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed, and from which the code follows."""

    number: str
    email: str
    language: str
    nonce: str


class GuestCodes:
    """Codes for guests. secret: the installation's."""

    def __init__(self, steps: Steps, reads: Reads, mails: MailTable, secret: bytes) -> None:
        self._steps = steps
        self._reads = reads
        self._mails = mails
        self._key = hmac.digest(secret, b"rescind guest code 1", hashlib.sha256)

    async def ask(self, number: str, email: str, language: str, address: str, seed: str = "") -> str:
        """Remember what was typed; the token of the step. address: whence it comes, empty for the host's own server.

        seed: the same one asks once. Raises InvalidField, InvalidText: it is no number or no e-mail address;
        RateLimited, IdempotencyKeyReused.
        """
        number = label(number, field="/number", limit=_LONGEST_NUMBER, blank=False).removeprefix("#").strip()
        email = wire(email, field="/email").lower()
        if seed and (token := await self._before(seed, number, email)):
            return token
        if place := network(address, ipv4=24):
            await self._steps.limit("guest from", place, CODES_FROM_ONE_NETWORK, SPAN)
        await self._steps.limit("guest order", number, CODES_OF_ONE_ORDER, SPAN)
        await self._steps.limit("guest address", email, CODES_TO_ONE_ADDRESS, SPAN)
        asked = Asked(number=number, email=email, language=negotiate(None, language), nonce=secrets.token_hex(12))
        return await self._steps.begin("guest", "", msgspec.json.encode(asked), seed=self._seeded(seed) if seed else "")

    async def send(self, token: str) -> None:
        """Send the code, where number and address belong together; else nothing, and nobody is told which."""
        asked = await self._look(token)
        order = next(iter(await self._orders(asked)), None)
        if order is None:
            return
        telling = Telling(
            shop=shop_of(order),
            kind="guest",
            order=order,
            about=asked.nonce,
            reader="",
            language=asked.language,
            address=asked.email,
            key=f"guest:{asked.nonce}",
        )
        try:
            await self._mails.tell(telling)
        except AddressBounces:
            log.info("guest.unreachable", order=order)

    async def prove(self, token: str, typed: str, address: str, shop: str = "") -> OrderId:
        """Somebody types the code; the order it opens. shop: whose, where several have one of this number.

        Raises CodeWrong, alike for all that is wrong; RateLimited; and once the code is right InvalidField (/shop),
        where they did not say which of several orders they mean. The code holds on then.
        """
        if place := network(address, ipv4=24):
            await self._steps.limit("guest guess from", place, GUESSES_FROM_ONE_NETWORK, SPAN)
        asked = await self._look(token)
        await self._steps.limit("guest guess", asked.number, GUESSES_OF_ONE_ORDER, SPAN)
        tries = await self._steps.tries("guest step", token)
        fits = hmac.compare_digest(self.code(asked.nonce).encode(), "".join(typed.split()).encode())
        if tries > TRIES or not fits:
            raise CodeWrong
        orders = [one for one in await self._orders(asked) if shop in {"", shop_of(one)}]
        if len(orders) > 1 or (shop and not orders):
            expected = "the shop whose order it is, for several have one of this number"
            raise InvalidField(field="/shop", expected=expected)
        try:
            # Once: of two who type it at the same time one gets in.
            await self._steps.take("guest", token)
        except SignInWrong:
            raise CodeWrong from None
        if not orders:
            raise CodeWrong
        log.info("guest.entered", order=orders[0])
        return orders[0]

    async def choices(self, token: str) -> tuple[OrderId, ...]:
        """The orders among which whoever has proved the code has to choose. Raises CodeWrong."""
        return await self._orders(await self._look(token))

    async def sent(self, token: str) -> str:
        """The code that a demo shows, because it sends no mail; empty where none would have been sent."""
        try:
            asked = await self._look(token)
        except CodeWrong:
            return ""
        return self.code(asked.nonce) if await self._orders(asked) else ""

    def code(self, nonce: str) -> str:
        """The digits of a step. The row of the mail has the nonce; without the secret it says nothing."""
        number = int.from_bytes(hmac.digest(self._key, nonce.encode(), hashlib.sha256)[:8], "big")
        return f"{number % 10**DIGITS:0{DIGITS}}"

    async def _before(self, seed: str, number: str, email: str) -> str:
        """The step that was begun with this seed; empty for none. Raises IdempotencyKeyReused."""
        token = step_token(self._seeded(seed))
        try:
            asked = await self._look(token)
        except CodeWrong:
            return ""
        if (asked.number, asked.email) != (number, email):
            raise IdempotencyKeyReused
        return token

    def _seeded(self, seed: str) -> str:
        return base64.urlsafe_b64encode(hmac.digest(self._key, seed.encode(), hashlib.sha256)).decode().rstrip("=")

    async def _look(self, token: str) -> Asked:
        try:
            step = await self._steps.look("guest", token)
        except SignInWrong:
            raise CodeWrong from None
        return msgspec.json.decode(step.data, type=Asked)

    async def _orders(self, asked: Asked) -> tuple[OrderId, ...]:
        """The orders of this number that were told with this address, one a shop; what was placed last comes first."""
        found: list[OrderId] = []
        for order, kept in await self._reads.addresses_of(asked.number):
            with suppress(InvalidField):
                if wire(kept).lower() == asked.email:
                    found.append(order)
        return tuple(found)


__all__ = ["DIGITS", "GOOD_FOR", "GuestCodes"]
