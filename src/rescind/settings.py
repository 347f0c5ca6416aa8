"""What an operator may choose: environment variables, over-ruled by options of the command line.

    Settings.read(os.environ, port="9000")

An unknown `RESCIND_*` variable is refused by name, because a misspelt one would be silently without effect.
"""

import contextlib
import difflib
import ipaddress
import os
import re
import secrets
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self, cast, get_type_hints
from urllib.parse import urlsplit

from rescind import jetstream
from rescind.core.errors import InvalidField
from rescind.core.handover import origin
from rescind.core.limits import DailyLimits, Guards
from rescind.core.money import Money, decimals
from rescind.core.sentence import Sentence, phrased, why
from rescind.identity import Said as IdentitySaid
from rescind.jetstream import Server as NatsServer
from rescind.mail.address import wire
from rescind.mail.security import Security, on_this_machine
from rescind.translator import Said as TranslatorSaid
from rescind.webhooks.egress import Egress

PREFIX = "RESCIND_"
PORTS_TRIED = 20
SECRET_BYTES = 32
LONGEST_LINE = 120


EVERY_MEANS = "all"
"""What ``paid_out_by_host`` says for every means of payment."""
DEMO_SITE = "Harbour Market"
DEMO_HOST_PAYS = ("bank_transfer",)
DEMO_ALONE = "BRL 1000, CNY 1000, EUR 250, GBP 250, JPY 30000, MYR 1000, THB 7000, USD 250"
"""Up to which amounts one person of the demo moves money by hand."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """An amount for each of some currencies, in minor units."""

    minor: Mapping[str, int]

    def of(self, currency: str) -> int | None:
        """The amount in this currency; None where it is not named."""
        return self.minor.get(currency)

    def __str__(self) -> str:
        return ", ".join(f"{currency} {_plain(minor, currency)}" for currency, minor in self.minor.items())


@dataclass(frozen=True, slots=True)
class Sites:
    """What people call each of some sites, by its origin."""

    names: Mapping[str, str]

    def __str__(self) -> str:
        return ", ".join(f"{site} {name}" for site, name in self.names.items())


class SettingsError(Exception):
    """A setting that cannot be used: the message has its name, what it was and what it should be."""


def _path(value: str) -> Path:
    return Path(value).expanduser().absolute()


def _port(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", value) or int(value) > 65535:
        raise ValueError(phrased("a port number, 0 (any free one) to 65535"))
    return int(value)


def _switch(value: str) -> bool:
    match value.lower():
        case "1" | "true" | "yes" | "on":
            return True
        case "0" | "false" | "no" | "off":
            return False
        case _:
            raise ValueError("1 or 0")


def _host(value: str) -> str:
    if value != "localhost":
        try:
            ipaddress.ip_address(value)
        except ValueError as error:
            raise ValueError(phrased("an IP address to listen on, or localhost")) from error
    return value


def _server(value: str) -> str:
    if urlsplit(value).scheme not in {"postgresql", "postgres"}:
        raise ValueError(phrased("an address like postgresql://rescind_app@host/rescind"))
    return value


def _programs(value: str) -> Path:
    if not (_path(value) / "postgres").is_file():
        raise ValueError(phrased("a folder with the program `postgres` in it, like /usr/lib/postgresql/15/bin"))
    return _path(value)


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
        or parts.fragment
    ):
        raise ValueError(phrased("the address that people see, like https://desk.example, without a path"))
    return value.rstrip("/")


def _email(value: str) -> str:
    if not re.fullmatch(r"[^@\s<>\"]+@[^@\s<>\"]+\.[^@\s<>\"]+", value):
        raise ValueError(phrased("an address like help@desk.example"))
    return value


def _telephone(value: str) -> str:
    if not re.fullmatch(r"\+?[0-9][0-9 ()./-]{3,30}", value):
        raise ValueError(phrased("a telephone number like +44 20 7946 0999"))
    return value


def _plain(minor: int, currency: str) -> str:
    """An amount as people type it: without a point where there is nothing behind it."""
    text = str(Money(minor, currency)).partition(" ")[0]
    return text if minor % 10 ** decimals(currency) else text.partition(".")[0]


def _sender(value: str) -> str:
    try:
        return wire(value)
    except InvalidField as error:
        raise ValueError(phrased("an address like desk@marketplace.example")) from error


def _mail_host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:-]{1,253}", value):
        raise ValueError(phrased("a name or address like mail.marketplace.example"))
    return value


def _security(value: str) -> Security:
    match value:
        case "tls" | "starttls" | "none":
            return value
        case _:
            raise ValueError(phrased("tls, starttls or none"))


def _amounts(value: str) -> Amounts:
    found: dict[str, int] = {}
    for part in value.split(","):
        currency, _, number = part.strip().partition(" ")
        try:
            amount = Money.parse(number.strip(), currency).minor
        except InvalidField:
            amount = -1
        if amount < 0 or currency in found or not re.fullmatch(r"[A-Z]{3}", currency):
            raise ValueError(phrased("amounts with their currencies, each once, like EUR 200, USD 250.50"))
        found[currency] = amount
    return Amounts(found)


def _line(value: str) -> str:
    if not value.isprintable() or len(value) > LONGEST_LINE:
        raise ValueError(phrased("one line of at most %(most)s characters", most=LONGEST_LINE))
    return value


def _methods(value: str) -> tuple[str, ...]:
    codes = tuple(part.strip() for part in value.split(","))
    if not all(re.fullmatch(r"[a-z][a-z0-9_]{0,63}", code) for code in codes) or (
        EVERY_MEANS in codes and len(codes) > 1
    ):
        raise ValueError(
            phrased("codes of means of payment with commas between them, like bank_transfer, alipay, or all alone")
        )
    return tuple(dict.fromkeys(codes))


def _ports(value: str) -> tuple[int, ...]:
    found = [part.strip() for part in value.split(",")]
    if not all(re.fullmatch(r"[0-9]{1,5}", one) and 0 < int(one) < 65536 for one in found):
        raise ValueError(phrased("port numbers with commas between them, like 443, 8443"))
    return tuple(dict.fromkeys(map(int, found)))


def _sites(value: str) -> Sites:
    found: dict[str, str] = {}
    for part in value.split(","):
        address, _, name = (one.strip() for one in part.strip().partition(" "))
        site = origin(address)
        parts = urlsplit(address) if site else None
        bare = parts is not None and not (parts.path.strip("/") or parts.query or parts.fragment)
        if not bare or site in found or not name:
            raise ValueError("origins with what people call them, each once, like https://market.example The Market")
        found[site] = _line(name)
    return Sites(found)


def _proxies(value: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in value.split(","))
    for one in found:
        try:
            ipaddress.ip_network(one)
        except ValueError as error:
            raise ValueError(
                phrased("addresses or networks with commas between them, like 10.0.0.5, 10.1.0.0/16")
            ) from error
    return found


def _brokers(value: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in value.split(","))
    for one in found:
        parts = urlsplit(one)
        bare = not (parts.username or parts.password or parts.path.strip("/") or parts.query or parts.fragment)
        try:
            fits = parts.scheme in {"nats", "tls"} and bool(parts.hostname) and parts.port != 0
        except ValueError:
            fits = False
        if not (fits and bare):
            raise ValueError(
                phrased("addresses like nats://127.0.0.1:4222, tls://nats.example:4222, without user and password")
            )
    return found


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    here = parts.scheme == "http" and on_this_machine(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or here) or parts.query or parts.fragment:
        raise ValueError(phrased("the address of an identity provider, like https://id.marketplace.example"))
    return value


def _translator(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or parts.query:
        raise ValueError(phrased("an address like https://translate.example, without a user and a password"))
    return value.rstrip("/")


def _stream(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", value):
        raise ValueError(phrased("a name of letters, digits, - and _"))
    return value


def _subject(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,7}", value):
        raise ValueError(phrased("words of letters, digits, - and _ with dots between them, like desk.events"))
    return value


def _bucket(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"file", "s3", "gs", "az"} or (parts.scheme == "file") == bool(parts.netloc):
        raise ValueError(
            phrased("an address like s3://bucket/folder, gs://bucket, az://account/container or file:///folder")
        )
    return value


def _from_to(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,4}", value) or not low <= int(value) <= high:
            raise ValueError(phrased("a number from %(low)s to %(high)s", low=low, high=high))
        return int(value)

    return read


@dataclass(frozen=True, slots=True)
class Choice:
    """How a setting is read: its parser, its line in the documentation, its variable if that is not RESCIND_<FIELD>."""

    parse: Callable[[str], object]
    about: str
    variable: str | None = None


_ALONE = _amounts(
    "USD 200, EUR 200, GBP 200, BRL 1000, IDR 3000000, MYR 1000, PHP 10000, SGD 300, THB 7000, VND 5000000"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything chosen, checked one by one. What does not fit together is refused by `read`."""

    data: Annotated[Path, Choice(_path, "Folder of the embedded database and of the secret key.")] = Path(".data")
    database_url: Annotated[
        str | None,
        Choice(
            _server,
            "A PostgreSQL of yours, from version 15 on, as the role that serves; none: the embedded one.",
            variable="DATABASE_URL",
        ),
    ] = None
    owner_url: Annotated[
        str | None,
        Choice(_server, "The same database as its owner; only migrating, backing up and restoring use it."),
    ] = None
    host: Annotated[str, Choice(_host, "Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Choice(_port, "Port to listen on. Unless chosen, the next free one after 8700.")] = 8700
    base_url: Annotated[
        str | None,
        Choice(_web_address, "Address under which people reach Rescind; none: the one it listens on."),
    ] = None
    proxies: Annotated[
        tuple[str, ...],
        Choice(
            _proxies,
            "Addresses or networks of the proxy in front, with commas between them, like `10.0.0.5, 10.1.0.0/16`: its "
            "`X-Forwarded-For` is believed, so that wrong tries are counted by who makes them. None: it is not read.",
        ),
    ] = ()
    host_sites: Annotated[
        Sites | None,
        Choice(
            _sites,
            "Sites of the marketplace: origins with what people call them and commas between, like "
            "`https://market.example The Market`. Buyers are led back to these alone, come straight in from them, and "
            "their pages may fetch fragments. None: nobody comes back.",
        ),
    ] = None
    pg_bin: Annotated[
        Path | None,
        Choice(_programs, "Folder of the PostgreSQL programs to run instead of those that come with Rescind."),
    ] = None
    pg_user: Annotated[
        str | None,
        Choice(str, "Account that runs the embedded PostgreSQL when Rescind is started by root; none: nobody."),
    ] = None
    demo: Annotated[bool, Choice(_switch, "Fill an empty database with the demo marketplace.")] = False
    secret_file: Annotated[
        Path | None,
        Choice(
            _path,
            "File with the key of form tokens and list cursors; none: `secret` in the data folder. "
            "Machines that share a database share its contents.",
        ),
    ] = None
    receipt_key_file: Annotated[
        Path | None,
        Choice(
            _path,
            "File with the key that signs receipts; none: `receipt-key` in the data folder. "
            "Machines that share a database share its contents.",
        ),
    ] = None
    evidence_store: Annotated[
        str | None,
        Choice(
            _bucket,
            "Where photos and documents are kept; none: `evidence` in the data folder. "
            "Machines that share a database share the store, and need its provider's usual credentials.",
        ),
    ] = None
    evidence_mib: Annotated[int, Choice(_from_to(1, 50), "Size of the largest photo or document, in MiB.")] = 10
    evidence_files: Annotated[int, Choice(_from_to(1, 10), "How many of them may go with one request or answer.")] = 5
    evidence_order_files: Annotated[
        int,
        Choice(
            _from_to(1, 200),
            "How many photos and documents buyer, seller and support may each send for one order; before any, for one "
            "conversation, and a buyer to one shop in a day.",
        ),
    ] = 20
    evidence_order_mib: Annotated[int, Choice(_from_to(1, 2000), "How many MiB they may each send for it, in all.")] = (
        100
    )
    support_email: Annotated[
        str | None, Choice(_email, "Where people write to platform support; it stands on the page of help.")
    ] = None
    support_phone: Annotated[
        str | None, Choice(_telephone, "Where people call platform support; it stands on the page of help.")
    ] = None
    support_hours: Annotated[
        str | None, Choice(_line, "When platform support answers, in your words, such as `Mon–Fri 9–17, London time`.")
    ] = None
    support_lead: Annotated[
        str | None,
        Choice(_line, "Who leads support, by name: the owner of what nobody confirmed in time, as its pages say."),
    ] = None
    operator_email: Annotated[
        str | None,
        Choice(
            _email,
            "Where Rescind writes to those who run it: that an endpoint of the marketplace, or of a shop without an "
            "address, was switched off.",
        ),
    ] = None
    mail_host: Annotated[
        str | None,
        Choice(
            _mail_host,
            "Mail server (SMTP) that mail is handed to; it goes before one that operators set up on their page. "
            "None: theirs, and without one mail waits in the outbox.",
        ),
    ] = None
    mail_port: Annotated[int | None, Choice(_port, "Its port; none: 465 for tls, 587 else.")] = None
    mail_security: Annotated[
        Security,
        Choice(
            _security,
            "How the line to it is encrypted: `tls` from the beginning, `starttls` before anything is told, or `none`, "
            "which a server on the same machine may have, and no other.",
        ),
    ] = "starttls"
    mail_user: Annotated[str | None, Choice(_line, "Whom to log in as; none: nobody.")] = None
    mail_password_file: Annotated[Path | None, Choice(_path, "File with the password of that user.")] = None
    mail_sender: Annotated[str | None, Choice(_sender, "Address that mail comes from; it goes with the server.")] = None
    mail_name: Annotated[str | None, Choice(_line, "What people read as the sender of a mail, before the address.")] = (
        None
    )
    mail_ca_file: Annotated[
        Path | None,
        Choice(_path, "File with the certificates that a mail server is trusted by; none: those of the system."),
    ] = None
    mail_returned_dir: Annotated[
        Path | None,
        Choice(
            _path,
            "Maildir to which mail to the sender's address is delivered; reports in it that a mail came back are told "
            "to that mail. None: they are not read.",
        ),
    ] = None
    paid_out_by_host: Annotated[
        tuple[str, ...],
        Choice(
            _methods,
            "Means of payment whose refunds the marketplace pays out itself, by their codes, such as "
            "`bank_transfer, alipay`; `all` for every one. Somebody confirms each with reference and day.",
        ),
    ] = ()
    backed_up_elsewhere: Annotated[
        bool,
        Choice(
            _switch,
            "Whether another program backs the database up, so that `rescind doctor` asks for no backup of ours.",
        ),
    ] = False
    pay_out_days: Annotated[
        int,
        Choice(
            _from_to(1, 30),
            "Working days in which such a refund is to be confirmed; after them whoever leads support has it.",
        ),
    ] = 3
    second_person_above: Annotated[
        Amounts,
        Choice(
            _amounts,
            "Up to which amount one person of support decides against the rules alone. Above it, and in every "
            "currency that is not named, a second person has to confirm.",
        ),
    ] = _ALONE
    refund_second_person_above: Annotated[
        Amounts | None,
        Choice(
            _amounts,
            "Up to which amount one person moves the money of an order by hand, like `EUR 250, USD 250`: gives some "
            "back, settles a refund that failed, says that one was paid out. Above it a second person has to confirm; "
            "a currency that is not named has no limit.",
        ),
    ] = None
    daily_refunds: Annotated[
        int | None,
        Choice(
            _from_to(1, 9999),
            "How many refunds one person, or one key, of a shop or of the platform grants on one day (UTC) at most, in "
            "each currency; none: as many as they like. What a rule decides is not counted.",
        ),
    ] = None
    daily_refund_amount: Annotated[
        Amounts | None,
        Choice(
            _amounts,
            "Up to which amount they do so in all on one day, like `EUR 5000, USD 5000`; a currency that is not named "
            "has no limit.",
        ),
    ] = None
    webhook_ports: Annotated[
        tuple[int, ...],
        Choice(
            _ports,
            "Ports that webhook endpoints may have, like `443, 8443`. They are reached by https on the public internet "
            "only.",
        ),
    ] = (443,)
    webhook_loopback: Annotated[
        bool,
        Choice(
            _switch,
            "Let webhook endpoints be on this very machine too, by plain http and on any port: for development alone.",
        ),
    ] = False
    translator_url: Annotated[
        str | None,
        Choice(
            _translator,
            "Translator of yours, in the wire form of LibreTranslate, like `https://translate.example`; messages that "
            "somebody wants to read in another language go there. None: nobody is offered that.",
        ),
    ] = None
    translator_name: Annotated[str, Choice(_line, "What it is called beside what it wrote.")] = "LibreTranslate"
    translator_key_file: Annotated[Path | None, Choice(_path, "File with the key it wants, if any.")] = None
    translator_private: Annotated[
        bool,
        Choice(
            _switch,
            "Let the translator be inside your own network, by plain http too; else it is reached by https on the "
            "public internet only.",
        ),
    ] = False
    oidc_issuer: Annotated[
        str | None,
        Choice(
            _issuer,
            "Your own identity provider, by which people who work here may sign in (OpenID Connect); none: by what "
            "they have here alone. By https, or on this machine.",
        ),
    ] = None
    oidc_client_id: Annotated[str | None, Choice(_line, "As what Rescind is known there.")] = None
    oidc_secret_file: Annotated[Path | None, Choice(_path, "File with the secret of that client.")] = None
    oidc_name: Annotated[str, Choice(_line, "What people call it, on the page for signing in.")] = "your organisation"
    nats_url: Annotated[
        tuple[str, ...],
        Choice(
            _brokers,
            "NATS servers with JetStream to publish events to, like `tls://nats.example:4222`, with commas between "
            "those of one cluster; none: nothing is published. Wants the extra `rescind[nats]`.",
        ),
    ] = ()
    nats_stream: Annotated[
        str,
        Choice(_stream, "The stream that keeps them. One that is not there is made; one that is there stays as it is."),
    ] = "RESCIND"
    nats_subject: Annotated[
        str, Choice(_subject, "What their subjects begin with, before the shop and the kind of event.")
    ] = "rescind"
    nats_user: Annotated[str | None, Choice(_line, "Whom to log in as; none: nobody.")] = None
    nats_password_file: Annotated[Path | None, Choice(_path, "File with the password of that user.")] = None
    nats_ca_file: Annotated[
        Path | None,
        Choice(
            _path,
            "File with the certificates that a NATS server is trusted by, which makes the line encrypted; none: "
            "those of the system.",
        ),
    ] = None
    nats_days: Annotated[int, Choice(_from_to(1, 365), "How many days a stream that is made keeps an event.")] = 7
    nats_mib: Annotated[
        int, Choice(_from_to(16, 9999), "How large such a stream grows, in MiB, before its oldest events go.")
    ] = 1024
    chosen: frozenset[str] = frozenset()  # names of the fields that somebody set

    @property
    def host_pays(self) -> tuple[str, ...]:
        """Means of payment whose refunds the marketplace pays out itself; the demo shows it for one of them."""
        return self.paid_out_by_host or (DEMO_HOST_PAYS if self.demo else ())

    def sites(self, own: str) -> Mapping[str, str]:
        """What the sites of the marketplace are called, by origin; a demo plays one itself. own: our own origin."""
        played = {own: DEMO_SITE} if self.demo else dict[str, str]()
        return {**(self.host_sites.names if self.host_sites else {}), **played}

    @property
    def egress(self) -> Egress:
        """Which addresses webhook endpoints may have."""
        return Egress(ports=frozenset(self.webhook_ports), loopback=self.webhook_loopback)

    @property
    def nats(self) -> NatsServer | None:
        """Where events are published; None: nowhere."""
        if not self.nats_url:
            return None
        return NatsServer(
            addresses=self.nats_url,
            stream=self.nats_stream,
            prefix=self.nats_subject,
            user=self.nats_user or "",
            password_file=self.nats_password_file,
            ca_file=self.nats_ca_file,
            days=self.nats_days,
            mib=self.nats_mib,
        )

    @property
    def identity_provider(self) -> IdentitySaid | None:
        """By whom people who work here may be known; None: by nobody."""
        if self.oidc_issuer is None or self.oidc_client_id is None or self.oidc_secret_file is None:
            return None
        return IdentitySaid(self.oidc_issuer, self.oidc_client_id, self.oidc_secret_file, self.oidc_name)

    @property
    def translator(self) -> TranslatorSaid | None:
        """Who translates; None: nobody."""
        if self.translator_url is None:
            return None
        return TranslatorSaid(
            self.translator_url, self.translator_name, self.translator_key_file, self.translator_private
        )

    @property
    def daily_limits(self) -> DailyLimits:
        """What one person may give back on one day."""
        amounts = self.daily_refund_amount.minor if self.daily_refund_amount else dict[str, int]()
        return DailyLimits(acts=self.daily_refunds, amounts=amounts)

    @property
    def guards(self) -> Guards:
        """What one person may do with money, as far as this process was told."""
        return Guards(daily=self.daily_limits, alone_up_to=self.alone_up_to)

    @property
    def alone_up_to(self) -> Mapping[str, int]:
        """By currency, what one person moves by hand on one order, in minor units; the demo shows it with some."""
        chosen = self.refund_second_person_above or (_amounts(DEMO_ALONE) if self.demo else None)
        return chosen.minor if chosen else {}

    @classmethod
    def read(cls, environ: Mapping[str, str], **options: object) -> Self:
        """Settings from the environment; an option that is not None wins. SettingsError names what is wrong.

        options: by field name, text (parsed like a variable) or a value of the field's type.
        """
        choices = _choices()
        variables = {_variable(name, choice): name for name, choice in choices.items()}
        for variable in environ:
            if variable.startswith(PREFIX) and variable not in variables:
                raise SettingsError(_unknown(variable, variables))
        assert options.keys() <= choices.keys(), options.keys() - choices.keys()
        values: dict[str, Any] = {}
        for variable, name in variables.items():
            given, source = environ.get(variable), variable
            if (option := options.get(name)) is not None:
                given, source = option, "--" + name.replace("_", "-")
            if given is None or given == "":
                continue
            try:
                values[name] = choices[name].parse(given) if isinstance(given, str) else given
            except ValueError as error:
                raise SettingsError(_unfit(source, given, error)) from error
        chosen = frozenset(values)
        values.setdefault("data", Path(".data").absolute())
        settings = cls(**values, chosen=chosen)
        if settings.owner_url and not settings.database_url:
            raise SettingsError(
                phrased("RESCIND_OWNER_URL goes with DATABASE_URL: the embedded database has its own owner.")
            )
        if settings.mail_host and not settings.mail_sender:
            raise SettingsError(
                phrased("RESCIND_MAIL_HOST wants RESCIND_MAIL_SENDER: the address that mail comes from.")
            )
        if settings.mail_user and settings.mail_password_file is None:
            raise SettingsError(
                phrased("RESCIND_MAIL_USER wants RESCIND_MAIL_PASSWORD_FILE: the file with the password.")
            )
        if settings.mail_host and settings.mail_security == "none" and not on_this_machine(settings.mail_host):
            raise SettingsError(phrased("RESCIND_MAIL_SECURITY may be none for a mail server on this machine alone."))
        _check_nats(settings)
        _check_provider(settings)
        if (settings.translator_url or "").startswith("http:") and not settings.translator_private:
            raise SettingsError(
                phrased("RESCIND_TRANSLATOR_URL begins with https:// unless RESCIND_TRANSLATOR_PRIVATE is 1.")
            )
        return settings


def _unknown(variable: str, known: Iterable[str]) -> Sentence:
    close = difflib.get_close_matches(variable, list(known), n=1)
    if not close:
        return phrased("There is no setting %(name)s.", name=variable)
    return phrased("There is no setting %(name)s. Did you mean %(near)s?", name=variable, near=close[0])


def _unfit(source: str, given: object, error: ValueError) -> Sentence:
    said = phrased("%(name)s must be %(wanted)s.", name=source, wanted=why(error))
    if "@" in str(given):  # an address may hold a password
        return said
    return phrased("%(name)s must be %(wanted)s, not %(given)s.", given=repr(given), **said.params)


def _check_provider(settings: Settings) -> None:
    if settings.oidc_issuer and settings.identity_provider is None:
        raise SettingsError(phrased("RESCIND_OIDC_ISSUER wants RESCIND_OIDC_CLIENT_ID and RESCIND_OIDC_SECRET_FILE."))


def _check_nats(settings: Settings) -> None:
    """Raises SettingsError for what does not go together."""
    if settings.nats_url and not jetstream.installed():
        raise SettingsError(phrased("RESCIND_NATS_URL wants the client of NATS: install rescind[nats]."))
    if settings.nats_user and settings.nats_password_file is None:
        raise SettingsError(phrased("RESCIND_NATS_USER wants RESCIND_NATS_PASSWORD_FILE: the file with the password."))
    open_lines = [
        one
        for one in settings.nats_url
        if one.startswith("nats:") and not on_this_machine(urlsplit(one).hostname or "")
    ]
    if settings.nats_user and open_lines and settings.nats_ca_file is None:
        raise SettingsError(phrased("RESCIND_NATS_USER wants an encrypted line: write tls:// in RESCIND_NATS_URL."))


def _choices() -> dict[str, Choice]:
    hints = get_type_hints(Settings, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items() if hasattr(hint, "__metadata__")}


def _variable(name: str, choice: Choice) -> str:
    return choice.variable or PREFIX + name.upper()


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, cast("tuple[object, ...]", value)))
    return "" if value is None else str(value)


def documentation() -> list[tuple[str, str, str]]:
    """(variable, default, meaning) of every setting, in order: what the page of settings is made of."""
    plain = Settings()
    return [(_variable(name, choice), _said(getattr(plain, name)), choice.about) for name, choice in _choices().items()]


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


def secret(settings: Settings) -> bytes:
    """The installation's secret key, 32 bytes; made at the first call, readable by its owner only.

    SettingsError: the file can be read by others, or holds something else.
    """
    return _key(settings.secret_file, settings.data / "secret", phrased("secret key"))


def receipt_key(settings: Settings) -> bytes:
    """The 32 bytes of the Ed25519 key that signs receipts; made and kept as ``secret`` is. SettingsError likewise."""
    return _key(settings.receipt_key_file, settings.data / "receipt-key", phrased("receipt key"))


def replace_receipt_key(settings: Settings) -> bytes:
    """Put a new key in place of the one that signs receipts; the old one is gone for good."""
    path = settings.receipt_key_file or settings.data / "receipt-key"
    _write_key(path, lambda beside: beside.replace(path))
    return receipt_key(settings)


def _key(chosen: Path | None, ours: Path, name: Sentence) -> bytes:
    path = chosen or ours
    if not path.exists() and chosen is None:
        # Linked, not renamed: whoever comes first wins, and nobody ever reads half a key.
        _write_key(path, path.hardlink_to)
    try:
        text = path.read_text("ascii").strip()
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            phrased("The %(name)s %(path)s cannot be read: %(error)s.", name=name, path=path, error=error)
        ) from error
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise SettingsError(phrased("The %(name)s %(path)s must hold 64 hexadecimal digits.", name=name, path=path))
    if mode & 0o077 and chosen is None:
        raise SettingsError(
            phrased(
                "The %(name)s %(path)s can be read by others: chmod 600 it, or remove it to get a new one.",
                name=name,
                path=path,
            )
        )
    return bytes.fromhex(text)


def _write_key(path: Path, place: Callable[[Path], object]) -> None:
    """Write a new key beside, then put it in its place."""
    path.parent.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(SECRET_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process made it meanwhile; that one holds
            place(beside)
    finally:
        beside.unlink(missing_ok=True)
