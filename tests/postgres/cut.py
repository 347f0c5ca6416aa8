"""A line to the database that can be cut in mid-sentence: a Unix socket that passes everything on until told not to."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import unquote

PORT = ".s.PGSQL.5432"


class Line:
    """``cut((word, heard), …)``: the next sentence with the first word ends the connection it is said on, and so on.

    heard: the server hears the sentence and acts on it, and its answer is lost; otherwise the sentence itself is lost.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._plan: list[tuple[bytes, bool]] = []
        self.cuts = 0

    def cut(self, *plan: tuple[bytes, bool]) -> None:
        self._plan = list(plan)

    async def connect(self, reader, writer) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(str(self._target))
        back = asyncio.create_task(self._pass_on(far_reader, writer))
        try:
            while said := await reader.read(1 << 16):
                if self._plan and self._plan[0][0] in said:
                    _, heard = self._plan.pop(0)
                    self.cuts += 1
                    back.cancel()
                    with suppress(asyncio.CancelledError):
                        await back
                    if heard:
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
