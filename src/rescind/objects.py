"""Where the bytes of evidence are: a folder of this machine, or a bucket of any provider that obstore knows."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from rescind.core.errors import Unavailable

if TYPE_CHECKING:
    from obstore import BytesStream
    from obstore.store import ObjectStore as Bucket

SCHEMES = ("file", "s3", "gs", "az")
"""Addresses of stores. Their credentials come from the environment variables that each provider's own tools read."""


class Objects:
    """An ``ObjectStore`` of the core's ports. ``folder``: where the files are, when they are on this machine."""

    def __init__(self, bucket: Bucket, folder: Path | None = None) -> None:
        self._bucket = bucket
        self._folder = folder

    @classmethod
    def at(cls, address: str | None, data: Path) -> Objects:
        """The store at an address; without one a folder of the data folder, closed to others."""
        if address is not None and not address.startswith("file:"):
            return cls(from_url(address))
        folder = Path(address.removeprefix("file://")) if address else data / "evidence"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(LocalStore(folder), folder)

    async def put(self, name: str, data: bytes) -> None:
        """Keep the bytes; they are on disk, or with the provider, when this returns. Raises Unavailable."""
        try:
            await obstore.put_async(self._bucket, name, data)
            if self._folder is not None:
                await asyncio.to_thread(_to_disk, self._folder / name)
        except (BaseError, OSError) as fault:
            raise Unavailable(retry_after=10) from fault

    async def put_file(self, name: str, path: Path) -> None:
        """The same for a file that may be large; it is never in memory as a whole. Raises Unavailable."""
        try:
            await obstore.put_async(self._bucket, name, path)
            if self._folder is not None:
                await asyncio.to_thread(_to_disk, self._folder / name)
        except (BaseError, OSError) as fault:
            raise Unavailable(retry_after=10) from fault

    async def stream(self, name: str) -> AsyncIterator[bytes] | None:
        """The bytes part by part, None when there are none. Raises Unavailable."""
        try:
            found = await obstore.get_async(self._bucket, name)
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as fault:
            raise Unavailable(retry_after=10) from fault
        return _parts(found.stream())

    async def get(self, name: str) -> bytes | None:
        """The bytes, None when there are none. Raises Unavailable."""
        try:
            found = await obstore.get_async(self._bucket, name)
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as fault:
            raise Unavailable(retry_after=10) from fault

    async def delete(self, name: str) -> None:
        """Remove the bytes, if there are any. Raises Unavailable."""
        try:
            await obstore.delete_async(self._bucket, name)
        except FileNotFoundError:
            return
        except (BaseError, OSError) as fault:
            raise Unavailable(retry_after=10) from fault


async def _parts(stream: BytesStream) -> AsyncIterator[bytes]:
    async for part in stream:
        yield bytes(part)


def _to_disk(path: Path) -> None:
    """The file, and its place in the folder, survive a cut of the power."""
    for one in (path, path.parent):
        descriptor = os.open(one, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
