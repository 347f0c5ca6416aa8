# ruff: noqa: ARG002 - what the server hands over is not all looked at
"""A real mail server over loopback, made by others (aiosmtpd), that takes, refuses, falls silent and breaks off."""

import asyncio
import ipaddress
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

USER, PASSWORD = "desk", "correct horse"


class Office:
    """What the server is told to say, and what it was given.

    answers: by command (MAIL, RCPT, DATA), what it says once, each in turn; then it takes everything again.
    """

    def __init__(self):
        self.answers = {}
        self.taken, self.asked, self.logins = [], [], []
        self.slow_s, self.cut_after_data, self.port = 0, False, 0

    def says(self, command, *answers):
        self.answers.setdefault(command, []).extend(answers)

    def _next(self, command):
        left = self.answers.get(command)
        return left.pop(0) if left else None

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802 - the server calls it so
        if said := self._next("MAIL"):
            return said
        envelope.mail_from = address
        envelope.mail_options = options
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 - the server calls it so
        self.asked.append(address)
        if said := self._next("RCPT"):
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the server calls it so
        await asyncio.sleep(self.slow_s)
        if said := self._next("DATA"):
            return said
        self.taken.append(envelope)
        if self.cut_after_data:
            server.transport.abort()
        return "250 2.0.0 queued as 4711"

    def mails(self):
        """What was taken, read as a mail program does."""
        return [message_from_bytes(one.content, policy=policy.default) for one in self.taken]

    def authenticate(self, server, session, envelope, mechanism, given):
        self.logins.append((mechanism, session.ssl is not None))
        right = (given.login, given.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=False)


class Broken(SMTP):
    """Invites the content and goes away before it is through."""

    async def smtp_DATA(self, arg):  # noqa: N802 - the server calls it so
        await self.push("354 go ahead")
        await self._reader.read(1024)
        self.transport.abort()


@asynccontextmanager
async def office(*, kind=SMTP, tls=None, starttls=None, login=False, **more):
    """A server on a free port. tls: from the beginning; starttls: offered. login: wanted before anything else."""
    open_, loop = Office(), asyncio.get_running_loop()
    if login:
        more |= {"authenticator": open_.authenticate, "auth_required": True, "auth_require_tls": starttls is not None}
    server = await loop.create_server(
        lambda: kind(open_, loop=loop, hostname="mail.test", tls_context=starttls, **more),
        host="127.0.0.1",
        port=0,
        ssl=tls,
    )
    open_.port = server.sockets[0].getsockname()[1]
    try:
        yield open_
    finally:
        server.close()


def certificate(folder, name="localhost"):
    """A certificate of our own for a server of that name: what the server shows, and the file it is trusted by."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    names = [x509.DNSName(name), *([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))] if name == "localhost" else [])]
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    shown, opened = folder / f"{name}.pem", folder / f"{name}.key"
    shown.write_bytes(made.public_bytes(Encoding.PEM))
    opened.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, opened)
    return context, shown
