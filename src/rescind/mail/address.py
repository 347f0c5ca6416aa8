"""Addresses that mail can be sent to, as they go over the wire."""

from __future__ import annotations

import re

import idna

from rescind.core.errors import InvalidField

EXPECTED = "an e-mail address like name@example.com, its name in plain letters, digits and signs"
_LONGEST, _LONGEST_LOCAL = 254, 64
# What RFC 5321 calls a dot-string. Quoted names are lawful and used by nobody but attackers.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z][a-z0-9-]{0,61}[a-z0-9])", re.ASCII)


def wire(text: str, *, field: str = "/address") -> str:
    """The address with its domain in ASCII, as every server takes it. Raises InvalidField.

    A domain in any script is written as IDNA 2008 has it. A name before the @ that is not ASCII is refused: most
    servers on the way would turn it away, and nobody would be told.
    """
    local, at, domain = text.strip().rpartition("@")
    try:
        ascii_domain = idna.encode(domain, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        ascii_domain = ""
    address = f"{local}@{ascii_domain}"
    if (
        not at
        or len(local) > _LONGEST_LOCAL
        or len(address) > _LONGEST
        or not _LOCAL.fullmatch(local)
        or not _DOMAIN.fullmatch(ascii_domain)
    ):
        raise InvalidField(field=field, expected=EXPECTED)
    return address
