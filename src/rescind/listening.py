"""The socket that Rescind serves on."""

from __future__ import annotations

import socket

from rescind.core.sentence import phrased
from rescind.settings import Settings, SettingsError

PORTS_TRIED = 20


def listen(settings: Settings) -> socket.socket:
    """A bound socket to serve on. A port that nobody chose gives way to the next free one.

    SettingsError: the chosen port is taken, or none of twenty is free.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    tries = 1 if "port" in settings.chosen else PORTS_TRIED
    reason = ""
    for port in range(settings.port, settings.port + tries):
        bound = socket.socket(family, socket.SOCK_STREAM)
        # A restart may use the port while old connections fade; two servers never share it.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it. An answer is written in two parts, and without it the second waits for the first one's
        # acknowledgement: 40 ms.
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            bound.bind((settings.host, port))
            bound.listen(1024)
        except OSError as error:
            bound.close()
            reason = str(error.strerror)
        else:
            return bound
    span = f"{settings.port}" if tries == 1 else f"{settings.port} to {settings.port + tries - 1}"
    raise SettingsError(
        phrased(
            "Cannot listen on %(host)s, port %(span)s (%(reason)s); choose another with RESCIND_PORT.",
            host=settings.host,
            span=span,
            reason=reason,
        )
    )
