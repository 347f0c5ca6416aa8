"""A page as PDF, by WeasyPrint, in a process of its own.

Laying out a page takes a second of a processor and some hundred megabytes; in a process of its own nobody who wants an
answer waits for it, it cannot take the rest along, and what it may reach is nothing but the page it is given.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
from contextlib import suppress
from functools import cache
from importlib.util import find_spec

from rescind.core.errors import RescindError, Unavailable

LONGEST_S = 30.0
"""How long one page may take."""
AT_ONCE = 1
_PANGO = ("libpango-1.0.so.0", "libpango-1.0-0", "libpango-1.0.dylib", "libpango-1.0-0.dll")


class PdfUnavailable(RescindError):
    """This installation makes no PDF: the extra is not installed, or the system has no Pango."""

    code = "pdf-unavailable"


class Press:
    """Makes PDFs, one at a time."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)

    @property
    def here(self) -> bool:
        """Whether there is anything to make them with."""
        return _here()

    async def print(self, page: str) -> bytes:
        """The page as PDF. ``page``: HTML that holds everything it shows. Raises PdfUnavailable, Unavailable."""
        if not self.here:
            raise PdfUnavailable
        async with self._turn:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "rescind.pdf"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                data, _ = await asyncio.wait_for(child.communicate(page.encode()), LONGEST_S)
            except TimeoutError:
                raise Unavailable(retry_after=5) from None
            finally:
                # Also where whoever asked has gone away.
                with suppress(ProcessLookupError):
                    child.kill()
        if child.returncode or not data.startswith(b"%PDF-"):
            raise Unavailable(retry_after=5)
        return data


@cache
def _here() -> bool:
    if find_spec("weasyprint") is None:
        return False
    for name in _PANGO:
        with suppress(OSError):
            ctypes.CDLL(name)
            return True
    return False


def main() -> None:
    """Read a page from standard input and write it as PDF to standard output."""
    from weasyprint import HTML  # noqa: PLC0415 - the extra, and a second to import
    from weasyprint.urls import URLFetcher  # noqa: PLC0415 - as above

    # What the page itself holds, and nobody is asked for anything else.
    own = URLFetcher(allowed_protocols=("data",))
    page = sys.stdin.buffer.read().decode()
    made: bytes | None = HTML(string=page, url_fetcher=own).write_pdf()  # pyright: ignore[reportUnknownMemberType]
    assert made is not None, "without a target it gives the bytes"
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
