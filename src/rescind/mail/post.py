"""Mail as the program sees it: which server it is handed to, how one mail is handed over, and what is asked for."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, cast

import msgspec
import structlog

from rescind.clock import wall_clock
from rescind.core.errors import InvalidField, NoMailServer, Unavailable, one_of
from rescind.core.instant import Instant
from rescind.core.mail import Answer, judge
from rescind.intake.text import label
from rescind.mail.address import wire
from rescind.mail.message import Envelope, Letter, TooLarge, written
from rescind.mail.security import PORTS, Security, on_this_machine
from rescind.mail.smtp import Patience, Server, Talk
from rescind.postgres.mail_server import KeptServer, MailServerTable
from rescind.postgres.mails import MailTable
from rescind.sealing import Sealer
from rescind.settings import Settings

log = structlog.get_logger()

AT_ONCE = 8
"""How many mails are handed over beside each other."""
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?", re.ASCII)
_LONGEST = 200
_WHOSE = "mail server"


class ServerView(msgspec.Struct, frozen=True, kw_only=True):
    """The server without its password. source: ``environment`` where no page can change it."""

    host: str
    port: int
    security: Security
    user: str
    sender: str
    name: str
    source: Literal["environment", "page"]
    changed_at: Instant | None = None
    changed_by: str = ""


class NewServer(msgspec.Struct, frozen=True, kw_only=True):
    """A server as an operator writes it down. password: empty keeps the one that is there, for the same user."""

    host: str
    security: str
    sender: str
    port: int | None = None
    user: str = ""
    password: str = ""
    name: str = ""

    def __repr__(self) -> str:
        return "NewServer(…)"


class Post:
    """The server that mail is handed to, and the mails themselves in ``table``."""

    def __init__(
        self,
        table: MailTable,
        servers: MailServerTable,
        settings: Settings,
        secret: bytes,
        *,
        patience: Patience | None = None,
    ) -> None:
        self.table = table
        self._servers = servers
        self._settings = settings
        self._sealer = Sealer(secret, "rescind mail server 1")
        self._patience = patience or Patience()
        self._told: set[tuple[str, str]] = set()
        # Threads of our own: one that waits for a slow server takes none from anybody else.
        self._threads = ThreadPoolExecutor(AT_ONCE + 1, thread_name_prefix="mail")

    async def view(self) -> ServerView | None:
        """The server that mail is handed to; None while there is none."""
        said = self._settings
        if said.mail_host and said.mail_sender:
            return ServerView(
                host=said.mail_host,
                port=said.mail_port or PORTS[said.mail_security],
                security=said.mail_security,
                user=said.mail_user or "",
                sender=said.mail_sender,
                name=said.mail_name or "",
                source="environment",
            )
        kept = await self._servers.read()
        if kept is None:
            return None
        return ServerView(
            host=kept.host,
            port=kept.port,
            security=cast("Security", kept.security),
            user=kept.user,
            sender=kept.sender,
            name=kept.name,
            source="page",
            changed_at=kept.changed_at,
            changed_by=kept.changed_by,
        )

    async def server(self) -> Server | None:
        """The same with what opens it. Raises Unavailable: its password was sealed under another secret key."""
        given = self._given()
        if given is not None:
            return given
        kept = await self._servers.read()
        if kept is None:
            return None
        return Server(
            host=kept.host,
            port=kept.port,
            security=cast("Security", kept.security),
            user=kept.user,
            password=self._opened(kept),
            sender=kept.sender,
            name=kept.name,
            ca_file=self._settings.mail_ca_file,
        )

    async def set_up(self, new: NewServer, by: str) -> None:
        """Hand mail to this server from now on; what waits is tried at once.

        Raises InvalidField (host, port, security, user, password, sender, name): also where the environment has one.
        """
        if self._settings.mail_host:
            raise InvalidField(field="/host", expected="the server that the environment names")
        host = new.host.strip()
        if not _HOST.fullmatch(host):
            raise InvalidField(field="/host", expected="the name or address of a mail server")
        if self._settings.demo and not on_this_machine(host):
            raise InvalidField(field="/host", expected="a server on this machine: this marketplace is a demonstration")
        if new.security not in PORTS:
            raise InvalidField(field="/security", expected=one_of(PORTS))
        if new.security == "none" and not on_this_machine(host):
            raise InvalidField(field="/security", expected="an encrypted line: the server is not on this machine")
        port = PORTS[new.security] if new.port is None else new.port
        if not 1 <= port <= 65535:
            raise InvalidField(field="/port", expected="a port number, 1 to 65535")
        sender = wire(new.sender, field="/sender")
        name = label(new.name, field="/name") if new.name.strip() else ""
        user = _credential(new.user.strip(), "/user")
        password = _credential(new.password, "/password")
        if user and not password:
            kept = await self._servers.read()
            # A password goes to the server and the user it was typed for, and to no other.
            password = self._opened(kept) if kept and (kept.host, kept.user) == (host, user) else ""
            if not password:
                raise InvalidField(field="/password", expected="the password of that user")
        await self._servers.put(
            host=host,
            port=port,
            security=new.security,
            user=user,
            password=self._sealer.seal(_WHOSE, password.encode()) if user else b"",
            sender=sender,
            name=name,
            by=by,
        )
        await self.table.hurry()

    async def remove(self) -> bool:
        """Hand mail to nobody any more: it waits."""
        return await self._servers.remove()

    async def hand_over(
        self, server: Server, letter: Letter, envelope: Envelope, handing: Callable[[], Awaitable[None]] | None = None
    ) -> Answer:
        """One mail to one server. ``handing`` is awaited before the content goes; what it raises ends the talk."""
        try:
            message = written(letter, envelope)
        except TooLarge:
            return judge("size", 552, "the mail is larger than any of ours may be")
        talk = Talk(server, self._threads, self._patience)
        try:
            answer = await talk.offer(envelope.to, len(message))
            if answer is None:
                if handing is not None:
                    await handing()
                answer = await talk.hand_over(message)
        finally:
            talk.leave()
        return answer

    async def greet(self) -> Answer | None:
        """Log in to the server and hand nothing over: None where it lets us in, else what it said.

        Raises NoMailServer, Unavailable.
        """
        server = await self.server()
        if server is None:
            raise NoMailServer
        talk = Talk(server, self._threads, self._patience)
        try:
            return await talk.greet()
        finally:
            talk.leave()

    async def test(self, to: str, letter: Letter) -> Answer:
        """Hand over a test mail now. Raises NoMailServer, InvalidField, Unavailable."""
        address = wire(to)
        server = await self.server()
        if server is None:
            raise NoMailServer
        return await self.hand_over(server, letter, self.envelope(server, f"test-{secrets.token_hex(8)}", address))

    def envelope(self, server: Server, identifier: str, to: str) -> Envelope:
        """Who writes to whom: people who answer reach platform support."""
        return Envelope(
            id=identifier,
            sender=server.sender,
            name=server.name,
            to=to,
            at=wall_clock(),
            reply_to=self._settings.support_email or "",
        )

    def close(self) -> None:
        """Wait for nobody."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _given(self) -> Server | None:
        """The server of the environment."""
        said = self._settings
        if not said.mail_host or not said.mail_sender:
            return None
        return Server(
            host=said.mail_host,
            port=said.mail_port or PORTS[said.mail_security],
            security=said.mail_security,
            user=said.mail_user or "",
            password=self._password() if said.mail_user else "",
            sender=said.mail_sender,
            name=said.mail_name or "",
            ca_file=said.mail_ca_file,
        )

    def _opened(self, kept: KeptServer) -> str:
        if not kept.user:
            return ""
        try:
            return self._sealer.open(_WHOSE, kept.password).decode()
        except Unavailable:
            self._tell_once("mail.sealed_elsewhere", kept.host)
            raise

    def _password(self) -> str:
        """That of the environment, read each time, so that a new one needs no restart."""
        path = self._settings.mail_password_file
        assert path is not None, "the settings were checked"
        try:
            return path.read_text("utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError) as fault:
            self._tell_once("mail.password_unreadable", str(fault))
            raise Unavailable(retry_after=60) from None

    def _tell_once(self, event: str, about: str) -> None:
        """The worker looks every second; the log need not say so each time."""
        if (event, about) not in self._told:
            self._told.add((event, about))
            log.error(event, about=about)


def _credential(text: str, field: str) -> str:
    if len(text) > _LONGEST or not (text.isascii() and text.isprintable()):
        raise InvalidField(field=field, expected="at most 200 plain letters, digits and signs")
    return text
