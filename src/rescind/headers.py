"""Headers for browsers that pages and API share (HDR)."""

from __future__ import annotations

from collections.abc import Mapping

_POWERS = ("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone")

EVERYWHERE: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SHOWN_ALONE: Mapping[str, str] = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in (*_POWERS, "payment", "usb")),
}
"""For what a browser shows as a page of its own."""
SECURE: Mapping[str, str] = {"Strict-Transport-Security": "max-age=63072000; includeSubDomains"}
"""Where we are reached by HTTPS only."""


def as_bytes(headers: Mapping[str, str]) -> tuple[tuple[bytes, bytes], ...]:
    """As ASGI wants them."""
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
