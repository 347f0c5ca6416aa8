"""Acts on one order: how each of them reaches the engine, and how the address names what it is about by a number."""

from __future__ import annotations

from rescind.api.endpoint import Call
from rescind.core import errors
from rescind.core.ids import shop_of
from rescind.core.lifecycle import Command
from rescind.engine import Outcome, Submission

_DIGITS = 5


async def act(call: Call, command: Command, on_behalf_of: str = "") -> Outcome:
    """Have a command decided as the caller's own, once per key, in the version that the caller has read.

    on_behalf_of: the buyer for whom support acts. Raises what the engine raises.
    """
    return await call.desk.engine.handle(
        Submission(
            command=command,
            actor=call.principal.actor(on_behalf_of),
            key=call.key(shop_of(command.order)),
            fingerprint=call.fingerprint(),
            expected_version=call.expected_version(),
            scope=call.principal.scope,
        )
    )


def numbered(call: Call, name: str, kind: str) -> int:
    """Which of an order's matters is meant, by its number in the address. Raises NotFound for what is no number."""
    text = call.ids[name]
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and text == str(int(text))):
        raise errors.NotFound(kind=kind)
    return int(text)
