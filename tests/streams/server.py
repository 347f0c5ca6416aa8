"""A real ``nats-server`` of its own: on loopback, with its store in a folder of the test, ended by its process id."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket

PROGRAM = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/sbin")


class Nats:
    """``args``: further words of its command line, which are kept over restarts."""

    def __init__(self, folder, *args: str) -> None:
        self._folder, self._args = folder, args
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    async def start(self, *, jetstream: bool = True) -> None:
        kept = ("--jetstream", "--store_dir", str(self._folder)) if jetstream else ()
        self._process = await asyncio.create_subprocess_exec(
            PROGRAM, "--addr", "127.0.0.1", "--port", str(self.port), *kept, *self._args,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return
        raise AssertionError("nats-server did not start in four seconds")

    async def kill(self) -> None:
        """End it at once, as a machine that loses its current does."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
        self._process = None
