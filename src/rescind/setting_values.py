"""How the text of one setting becomes its value. What does not fit raises ValueError with what it must be."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from rescind.core.errors import InvalidField
from rescind.core.handover import origin
from rescind.core.money import Money, decimals
from rescind.core.sentence import phrased
from rescind.mail.address import wire
from rescind.mail.security import Security, on_this_machine

LONGEST_LINE = 120
EVERY_MEANS = "all"
"""What ``paid_out_by_host`` says for every means of payment."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """An amount for each of some currencies, in minor units."""

    minor: Mapping[str, int]

    def of(self, currency: str) -> int | None:
        """The amount in this currency; None where it is not named."""
        return self.minor.get(currency)

    def __str__(self) -> str:
        return ", ".join(f"{currency} {_plain(minor, currency)}" for currency, minor in self.minor.items())


@dataclass(frozen=True, slots=True)
class Sites:
    """What people call each of some sites, by its origin."""

    names: Mapping[str, str]

    def __str__(self) -> str:
        return ", ".join(f"{site} {name}" for site, name in self.names.items())


class Issuer(NamedTuple):
    """The identity provider by which people who work here are known. name: what they call it."""

    issuer: str
    client: str
    secret_file: Path
    name: str


class TranslationServer(NamedTuple):
    """Where messages are translated. name: what readers are told; private: it may be in the operator's own network."""

    url: str
    name: str
    key_file: Path | None = None
    private: bool = False


def path(value: str) -> Path:
    return Path(value).expanduser().absolute()


def port(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", value) or int(value) > 65535:
        raise ValueError(phrased("a port number, 0 (any free one) to 65535"))
    return int(value)


def switch(value: str) -> bool:
    match value.lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
        case _:
            raise ValueError("1 or 0")


def host(value: str) -> str:
    if value != "localhost":
        try:
            ipaddress.ip_address(value)
        except ValueError as error:
            raise ValueError(phrased("an IP address to listen on, or localhost")) from error
    return value


def server(value: str) -> str:
    if urlsplit(value).scheme not in {"postgresql", "postgres"}:
        raise ValueError(phrased("an address like postgresql://rescind_app@host/rescind"))
    return value


def programs(value: str) -> Path:
    if not (path(value) / "postgres").is_file():
        raise ValueError(phrased("a folder with the program `postgres` in it, like /usr/lib/postgresql/15/bin"))
    return path(value)


def web_address(value: str) -> str:
    parts = urlsplit(value)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
    ):
        raise ValueError(phrased("the address that people see, like https://desk.example, without a path"))
    return value.rstrip("/")


def email(value: str) -> str:
    if not re.fullmatch(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+", value):
        raise ValueError(phrased("an address like help@desk.example"))
    return value


def telephone(value: str) -> str:
    if not re.fullmatch(r"\+?[0-9][0-9 ()./-]{3,30}", value):
        raise ValueError(phrased("a telephone number like +44 20 7946 0999"))
    return value


def _plain(minor: int, currency: str) -> str:
    """An amount as people type it: without a point where there is nothing behind it."""
    text = str(Money(minor, currency)).partition(" ")[0]
    return text if minor % 10 ** decimals(currency) else text.partition(".")[0]


def sender(value: str) -> str:
    try:
        return wire(value)
    except InvalidField as error:
        raise ValueError(phrased("an address like desk@marketplace.example")) from error


def mail_host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:-]{1,253}", value):
        raise ValueError(phrased("a name or address like mail.marketplace.example"))
    return value


def security(value: str) -> Security:
    match value:
        case "tls" | "starttls" | "none":
            return value
        case _:
            raise ValueError(phrased("tls, starttls or none"))


def amounts(value: str) -> Amounts:
    found: dict[str, int] = {}
    for part in value.split(","):
        currency, _, number = part.strip().partition(" ")
        try:
            amount = Money.parse(number.strip(), currency).minor
        except InvalidField:
            amount = -1
        if amount < 0 or currency in found or not re.fullmatch(r"[A-Z]{3}", currency):
            raise ValueError(phrased("amounts with their currencies, each once, like EUR 200, USD 250.50"))
        found[currency] = amount
    return Amounts(found)


def line(value: str) -> str:
    if not value.isprintable() or len(value) > LONGEST_LINE:
        raise ValueError(phrased("one line of at most %(most)s characters", most=LONGEST_LINE))
    return value


def methods(value: str) -> tuple[str, ...]:
    codes = tuple(part.strip() for part in value.split(","))
    if not all(re.fullmatch(r"[a-z][a-z0-9_]{0,63}", code) for code in codes) or (
        EVERY_MEANS in codes and len(codes) > 1
    ):
        raise ValueError(
            phrased("codes of means of payment with commas between them, like bank_transfer, alipay, or all alone")
        )
    return tuple(dict.fromkeys(codes))


def ports(value: str) -> tuple[int, ...]:
    found = [part.strip() for part in value.split(",")]
    if not all(re.fullmatch(r"[0-9]{1,5}", one) and 0 < int(one) < 65536 for one in found):
        raise ValueError(phrased("port numbers with commas between them, like 443, 8443"))
    return tuple(dict.fromkeys(map(int, found)))


def sites(value: str) -> Sites:
    found: dict[str, str] = {}
    for part in value.split(","):
        address, _, name = (one.strip() for one in part.strip().partition(" "))
        site = origin(address)
        parts = urlsplit(address) if site else None
        bare = parts is not None and not (parts.path.strip("/") or parts.query or parts.fragment)
        if not bare or site in found or not name:
            raise ValueError("origins with what people call them, each once, like https://market.example The Market")
        found[site] = line(name)
    return Sites(found)


def proxies(value: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in value.split(","))
    for one in found:
        try:
            ipaddress.ip_network(one)
        except ValueError as error:
            raise ValueError(
                phrased("addresses or networks with commas between them, like 10.0.0.5, 10.1.0.0/16")
            ) from error
    return found


def brokers(value: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in value.split(","))
    for one in found:
        parts = urlsplit(one)
        bare = not (parts.username or parts.password or parts.path.strip("/") or parts.query or parts.fragment)
        try:
            fits = parts.scheme in {"nats", "tls"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            fits = False
        if not (fits and bare):
            raise ValueError(
                phrased("addresses like nats://127.0.0.1:4222, tls://nats.example:4222, without user and password")
            )
    return found


def issuer(value: str) -> str:
    parts = urlsplit(value)
    here = parts.scheme == "http" and on_this_machine(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or here) or parts.query or parts.fragment:
        raise ValueError(phrased("the address of an identity provider, like https://id.marketplace.example"))
    return value


def translator(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or parts.query:
        raise ValueError(phrased("an address like https://translate.example, without a user and a password"))
    return value.rstrip("/")


def stream(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", value):
        raise ValueError(phrased("a name of letters, digits, - and _"))
    return value


def subject(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,7}", value):
        raise ValueError(phrased("words of letters, digits, - and _ with dots between them, like desk.events"))
    return value


def bucket(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"file", "s3", "gs", "az"} or (parts.scheme == "file") == bool(parts.netloc):
        raise ValueError(
            phrased("an address like s3://bucket/folder, gs://bucket, az://account/container or file:///folder")
        )
    return value


def from_to(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,4}", value) or not low <= int(value) <= high:
            raise ValueError(phrased("a number from %(low)s to %(high)s", low=low, high=high))
        return int(value)

    return read
