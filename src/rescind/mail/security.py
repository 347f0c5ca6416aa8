"""How the line to a mail server is encrypted, and where it need not be."""

from __future__ import annotations

import ipaddress
from contextlib import suppress
from typing import Literal

Security = Literal["tls", "starttls", "none"]
"""From the beginning, before anything is told, or not at all."""
PORTS: dict[Security, int] = {"tls": 465, "starttls": 587, "none": 25}


def on_this_machine(host: str) -> bool:
    """Whether a server of that name is this machine itself, so that nobody reads along."""
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False
