"""A receiver of webhooks that does as little as one can: it counts what came, and says so. A process of its own.

    python -m bench.receiver

Prints its port. ``GET /`` gives ``{"messages": …, "different": …, "cpu_s": …}``; whatever is posted is a receipt.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from typing import ClassVar

import httptools
import uvloop

_TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receiver(asyncio.Protocol):
    """One connection."""

    seen: ClassVar[Counter[bytes]] = Counter()
    signed = 0

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._id = b""
        self._signature = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"webhook-id":
            self._id = value
        elif name.lower() == b"webhook-signature":
            self._signature = value.startswith(b"v1,")

    def on_message_complete(self) -> None:
        if self._parser.get_method() == b"POST":
            Receiver.seen[self._id] += 1
            Receiver.signed += self._signature
            self._transport.write(_TAKEN)
            return
        told = {
            "messages": Receiver.seen.total(),
            "different": len(Receiver.seen),
            "signed": Receiver.signed,
            "cpu_s": time.process_time(),
        }
        body = json.dumps(told).encode()
        self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
