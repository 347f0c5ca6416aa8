"""Mail to whoever has to put a receiver right: its webhook endpoint was switched off (WH-13)."""

from __future__ import annotations

import structlog

from rescind.core.errors import InvalidField
from rescind.locales import DEFAULT
from rescind.mail.address import wire
from rescind.postgres.switched_off import SwitchedOff, Untold

log = structlog.get_logger()

_CHINESE = frozenset(
    f"Asia/{city}" for city in ("Shanghai", "Chongqing", "Harbin", "Urumqi", "Hong_Kong", "Macau", "Taipei")
)
"""Zones of shops that are written to in Chinese: nothing else says which language a shop reads."""


async def sweep(switched_off: SwitchedOff, operator: str) -> int:
    """Write about each endpoint once. operator: who is written to where a shop has no address; may be empty."""
    found = await switched_off.untold()
    for one in found:
        address = _address(one.email) or _address(operator)
        written = await switched_off.tell(one, address, language(one))
        log.warning("webhook.switched_off_told", endpoint=one.endpoint_id, written=written)
    return len(found)


def language(one: Untold) -> str:
    """The language of the mail."""
    return "zh" if one.zone in _CHINESE else DEFAULT


def _address(text: str) -> str:
    try:
        return wire(text) if text else ""
    except InvalidField:
        return ""
