"""The talk with a mail server, step by step, so that it is known what it had been given when it fell silent.

smtplib speaks in a thread of its own. Whoever waits for it may stop waiting: the line is cut, and the thread ends.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import msgspec

from rescind.core.mail import Answer, Place, judge
from rescind.mail.security import Security

_STOP = re.compile(rb"^\.", re.MULTILINE)


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A server that takes mail for others. security: ``none`` on this machine alone.

    sender: the address mail comes from, name: what it is called. ca_file: certificates it is trusted by, if not those
    of the system.
    """

    host: str
    port: int
    security: Security
    sender: str
    name: str = ""
    user: str = ""
    password: str = ""
    ca_file: Path | None = None

    def __repr__(self) -> str:
        return f"Server({self.host}:{self.port}, {self.security})"


class Patience(msgspec.Struct, frozen=True):
    """How long is waited, in seconds: for one step, for all up to the content, for the answer to it (RFC 5321)."""

    step_s: float = 30
    offer_s: float = 120
    answer_s: float = 600


class _Said(Exception):
    """The server's answer that ends the talk; code 0 for none."""

    def __init__(self, place: Place, code: int = 0, said: bytes | str = b"") -> None:
        super().__init__(place, code)
        self.answer = judge(place, code, said if isinstance(said, str) else said.decode("utf-8", "replace"))


class Talk:
    """One mail for one server: ``offer``, then ``hand_over``, then ``leave``. Or ``greet``, and ``leave`` at once."""

    def __init__(self, server: Server, threads: ThreadPoolExecutor, patience: Patience) -> None:
        self._server = server
        self._threads = threads
        self._patience = patience
        self._socket: socket.socket | None = None
        self._smtp = smtplib.SMTP(timeout=patience.step_s, local_hostname=server.sender.rpartition("@")[2])
        self._place: Place = "connect"
        self._cut = False

    async def greet(self) -> Answer | None:
        """Come in and log in, and offer nothing; None where that went well."""
        return await self._in_time(self._greet, self._patience.offer_s)

    async def offer(self, to: str, size: int) -> Answer | None:
        """Everything up to the content; None once the server waits for it. size: bytes."""
        return await self._in_time(lambda: self._offer(to, size), self._patience.offer_s)

    async def hand_over(self, message: bytes) -> Answer:
        """The content, and what the server says to it. A line that ends before the last dot left nothing behind."""
        answer = await self._in_time(lambda: self._hand_over(message), self._patience.answer_s)
        assert answer is not None, "the content is always answered"
        return answer

    def leave(self) -> None:
        """Take leave without waiting for an answer, and end the line."""
        if self._socket is not None and not self._cut:
            with suppress(OSError, ValueError, smtplib.SMTPException):
                self._smtp.send(b"QUIT\r\n")
        self._end()

    async def _in_time(self, work: Callable[[], Answer | None], seconds: float) -> Answer | None:
        running = asyncio.get_running_loop().run_in_executor(self._threads, self._answered, work)
        try:
            done, _ = await asyncio.wait({running}, timeout=seconds)
        except asyncio.CancelledError:
            self._end(running)
            raise
        if done:
            return running.result()
        # First the line, then where the talk was: what had not left by then does not leave any more.
        self._end(running)
        return judge(self._place, 0, "no answer in time")

    def _answered(self, work: Callable[[], Answer | None]) -> Answer | None:
        try:
            return work()
        except _Said as said:
            return said.answer
        except smtplib.SMTPResponseException as odd:
            said = odd.smtp_error
            return judge(self._place, odd.smtp_code, said if isinstance(said, str) else said.decode("utf-8", "replace"))
        except (smtplib.SMTPException, ssl.SSLError, OSError, ValueError) as odd:
            return judge(self._place, 0, _words(odd))

    # In the thread.

    def _greet(self) -> None:
        server, smtp = self._server, self._smtp
        self._connect()
        self._expect(smtp.ehlo(server.sender.rpartition("@")[2]), 250)
        if server.security == "starttls":
            self._place = "tls"
            if not smtp.has_extn("starttls"):
                raise _Said("tls", 0, "the server offers no STARTTLS")
            self._expect(smtp.docmd("STARTTLS"), 220)
            self._wrap()
            # What was said before is forgotten: nobody signed it.
            self._expect(smtp.ehlo(server.sender.rpartition("@")[2]), 250)
        if server.user:
            self._place = "login"
            smtp.login(server.user, server.password)

    def _offer(self, to: str, size: int) -> None:
        server, smtp = self._server, self._smtp
        self._greet()
        limit = smtp.esmtp_features.get("size", "")
        if limit.isascii() and limit.isdigit() and 0 < int(limit) < size:
            raise _Said("size", 552, f"the server takes {int(limit)} bytes, the mail has {size}")
        self._place = "sender"
        options = [f"SIZE={size}"] if smtp.has_extn("size") else []
        self._expect(smtp.mail(server.sender, options), 250)
        self._place = "recipient"
        self._expect(smtp.rcpt(to), 250, 251)
        self._place = "data"
        self._expect(smtp.docmd("DATA"), 354)

    def _hand_over(self, message: bytes) -> Answer:
        assert self._socket is not None, "it was offered first"
        self._socket.settimeout(self._patience.answer_s)
        self._smtp.send(_STOP.sub(b"..", message))
        # Until the last dot has left there is no mail; from here on there may be one.
        self._place = "content"
        self._smtp.send(b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n")
        code, said = self._smtp.getreply()
        return judge("content", code, said.decode("utf-8", "replace"))

    def _connect(self) -> None:
        server = self._server
        self._socket = socket.create_connection((server.host, server.port), self._patience.step_s)
        if self._cut:
            raise _Said("connect", 0, "no answer in time")
        if server.security == "none" and not ipaddress.ip_address(self._socket.getpeername()[0]).is_loopback:
            raise _Said("tls", 0, "the server is not on this machine, and nothing would be encrypted")
        self._smtp.sock = self._socket
        if server.security == "tls":
            self._place = "tls"
            self._wrap()
            self._place = "connect"
        self._expect(self._smtp.getreply(), 220)

    def _wrap(self) -> None:
        assert self._socket is not None, "there is a line"
        trusted = ssl.create_default_context(cafile=self._server.ca_file)
        self._socket = trusted.wrap_socket(self._socket, server_hostname=self._server.host)
        smtp = self._smtp
        smtp.sock = self._socket
        smtp.file = None
        smtp.ehlo_resp = None
        smtp.esmtp_features = {}
        smtp.does_esmtp = False

    def _expect(self, reply: tuple[int, bytes], *codes: int) -> None:
        if reply[0] not in codes:
            raise _Said(self._place, *reply)

    def _end(self, running: asyncio.Future[Answer | None] | None = None) -> None:
        """Cut the line. A thread that waits at it wakes up, and only then is its socket given back."""
        self._cut = True
        if self._socket is not None:
            # The plain socket's own: that of TLS would first let go of its encryption, with a thread still writing.
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        if running is None:
            self._close()
        else:
            running.add_done_callback(lambda _: self._close())

    def _close(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                self._socket.close()


def _words(odd: Exception) -> str:
    """What is wrong with the line, for the operator who has to mend it."""
    if isinstance(odd, ssl.SSLCertVerificationError):
        return f"the certificate is not good: {odd.verify_message}"
    # smtplib tells a line that timed out as one that was closed.
    if isinstance(odd, TimeoutError) or "timed out" in str(odd):
        return "no answer in time"
    if isinstance(odd, OSError) and odd.strerror:
        return odd.strerror
    return str(odd)
