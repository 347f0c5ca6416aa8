"""Whether something keeps this machine's clock right: asked of the kernel, which the time service tells."""

from __future__ import annotations

import ctypes

_TIME_ERROR = 5
_ROOM = 1024
"""More than the kernel's answer takes on any machine, in bytes; all zero it asks and changes nothing."""


def kept() -> bool | None:
    """None: this system does not say, as on a Mac or in a container that may not ask."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_ROOM))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR
