"""Where a request comes from, as far as counting goes: an address that one customer of a provider can change at will
is no address of theirs.
"""

from __future__ import annotations

import ipaddress

_IPV6 = 56
"""What providers give a household or an office; larger ones have several."""


def network(address: str, *, ipv4: int = 32) -> str:
    """The network that an address counts for; empty where it is not known. ipv4: bits of an IPv4 address that count."""
    if of_this_machine(address):
        return ""
    found = ipaddress.ip_address(address)
    if mapped := getattr(found, "ipv4_mapped", None):
        found = mapped
    return str(ipaddress.ip_network((found, ipv4 if found.version == 4 else _IPV6), strict=False))


def of_this_machine(address: str) -> bool:
    """Whether whoever asks is unknown: behind a proxy that nobody has named."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return True
