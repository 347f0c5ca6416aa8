"""Where a message may go: no further than the public internet, whatever a name or a number in an address says (WH-14).

The address is looked at twice. When an endpoint is made its form is checked, which tells people early. When a
connection is made the numbers that a name stands for at that moment are checked, and those are connected to: a name
that meant something else a second ago gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Wrong = Literal["form", "scheme", "credentials", "port", "host", "private"]
"""What is wrong with an address, in a code."""

LONGEST = 1000
HTTPS = 443
_UNSAFE = re.compile(r"[^!-~]|[\\<>\"^`{|}]")
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\.?", re.IGNORECASE)

# By the registries of special-purpose addresses. The standard library's own lists differ from one Python to another.
_DENIED_4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared by carriers
            "127.0.0.0/8",  # this machine
            "169.254.0.0/16",  # link-local, and what clouds tell their machines
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocols
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # AMT
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
        ),
    )
)
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
_DENIED_6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocols: Teredo, benchmarks, ORCHID
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: an IPv4 address in disguise
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
        ),
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LOW_32 = 0xFFFF_FFFF


def is_public(address: Address) -> bool:
    """Whether it is a unicast address of the public internet. What holds an IPv4 address inside is judged by that."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & _LOW_32)
        if inner is not None:
            return is_public(inner)
        return address in _GLOBAL_6 and not any(address in one for one in _DENIED_6)
    return not any(address in one for one in _DENIED_4)


def number(host: str) -> Address | None:
    """The address that a host is, in its one plain form; None for a name, and for a number in any other form."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Egress:
    """Which addresses are called. loopback: this very machine by plain HTTP too, and on any port: for development."""

    ports: frozenset[int] = field(default_factory=lambda: frozenset({HTTPS}))
    loopback: bool = False

    def wrong(self, url: str) -> Wrong | None:
        """What is wrong with the address of an endpoint, None for one that may be tried."""
        if len(url) > LONGEST or _UNSAFE.search(url):
            return "form"
        try:
            parts = urlsplit(url)
            port, host = parts.port, parts.hostname or ""
        except ValueError:
            return "form"
        if parts.scheme not in {"https", "http"}:
            return "scheme"
        if "@" in parts.netloc:
            return "credentials"
        if parts.fragment or not host or "%" in host or parts.netloc.endswith(":"):
            return "form"
        literal = number(host)
        if parts.scheme == "http":
            here = host == "localhost" or (literal is not None and literal.is_loopback)
            return None if self.loopback and here else "scheme"
        if (HTTPS if port is None else port) not in self.ports:
            return "port"
        if literal is not None:
            return None if is_public(literal) else "private"
        # A name whose last part is no word is a number in disguise: 0x7f.1, 0177.0.0.1, 2130706433.
        return None if _NAME.fullmatch(host) and len(host) <= 253 else "host"
