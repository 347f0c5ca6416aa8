"""A line to the database that can be cut in mid-sentence: a Unix socket that passes everything on until told not to."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import unquote

PORT = ".s.PGSQL.5432"


class Line:
    """``cut(word, heard=...)``: the next sentence with that word ends the connection it is said on.

    heard: the server hears the sentence and acts on it, and its answer is lost; otherwise the sentence itself is lost.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._word = b""
        self._heard = False
        self._times = 0
        self.cuts = 0

    def cut(self, word: bytes, *, heard: bool, times: int = 1) -> None:
        self._word, self._heard, self._times = word, heard, times

    async def connect(self, reader, writer) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(str(self._target))
        back = asyncio.create_task(self._pass_on(far_reader, writer))
        try:
            while said := await reader.read(1 << 16):
                if self._times and self._word in said:
                    self._times -= 1
                    self.cuts += 1
                    back.cancel()
                    with suppress(asyncio.CancelledError):
                        await back
                    if self._heard:
                        far_writer.write(said)
                        await far_writer.drain()
                        await far_reader.read(1 << 16)  # done, and nobody is told
                    return
                far_writer.write(said)
                await far_writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            back.cancel()
            for end in (far_writer, writer):
                end.close()

    @staticmethod
    async def _pass_on(reader, writer) -> None:
        with suppress(ConnectionError):
            while said := await reader.read(1 << 16):
                writer.write(said)
                await writer.drain()
            writer.close()


@asynccontextmanager
async def line_to(dsn: str, folder: Path):
    """A line, and the address to reach the same database through it."""
    there = unquote(re.search(r"host=([^&]+)", dsn)[1])
    line = Line(Path(there) / PORT)
    server = await asyncio.start_unix_server(line.connect, str(folder / PORT))
    try:
        yield line, re.sub(r"host=[^&]+", f"host={folder}", dsn)
    finally:
        server.close()
