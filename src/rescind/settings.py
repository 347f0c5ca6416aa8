"""What an operator may choose: environment variables, over-ruled by options of the command line.

    Settings.read(os.environ, port="9000")

An unknown `RESCIND_*` variable is refused by name, because a misspelt one would be silently without effect.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self, cast, get_type_hints
from urllib.parse import urlsplit

from rescind import jetstream
from rescind import setting_values as to
from rescind.core.limits import DailyLimits, Guards
from rescind.core.sentence import Sentence, phrased, why
from rescind.jetstream import Server as NatsServer
from rescind.mail.security import Security, on_this_machine
from rescind.setting_values import Amounts, Issuer, Sites, TranslationServer
from rescind.webhooks.egress import Egress

PREFIX = "RESCIND_"
DEMO_SITE = "Harbour Market"
DEMO_HOST_PAYS = ("bank_transfer",)
DEMO_ALONE = "BRL 1000, CNY 1000, EUR 250, GBP 250, JPY 30000, MYR 1000, THB 7000, USD 250"
"""Up to which amounts one person of the demo moves money by hand."""


class SettingsError(Exception):
    """A setting that cannot be used: the message has its name, what it was and what it should be."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How a setting is read: its parser, its line in the documentation, its variable if that is not RESCIND_<FIELD>."""

    parse: Callable[[str], object]
    about: str
    variable: str | None = None


_ALONE = to.amounts(
    "USD 200, EUR 200, GBP 200, BRL 1000, IDR 3000000, MYR 1000, PHP 10000, SGD 300, THB 7000, VND 5000000"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything chosen, checked one by one. What does not fit together is refused by `read`."""

    data: Annotated[Path, Choice(to.path, "Folder of the embedded database and of the secret key.")] = Path(".data")
    database_url: Annotated[
        str | None,
        Choice(
            to.server,
            "A PostgreSQL of yours, from version 15 on, as the role that serves; none: the embedded one.",
            variable="DATABASE_URL",
        ),
    ] = None
    owner_url: Annotated[
        str | None,
        Choice(to.server, "The same database as its owner; only migrating, backing up and restoring use it."),
    ] = None
    host: Annotated[str, Choice(to.host, "Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Choice(to.port, "Port to listen on. Unless chosen, the next free one after 8700.")] = 8700
    base_url: Annotated[
        str | None,
        Choice(to.web_address, "Address under which people reach Rescind; none: the one it listens on."),
    ] = None
    proxies: Annotated[
        tuple[str, ...],
        Choice(
            to.proxies,
            "Addresses or networks of the proxy in front, with commas between them, like `10.0.0.5, 10.1.0.0/16`: its "
            "`X-Forwarded-For` is believed, so that wrong tries are counted by who makes them. None: it is not read.",
        ),
    ] = ()
    host_sites: Annotated[
        Sites | None,
        Choice(
            to.sites,
            "Sites of the marketplace: origins with what people call them and commas between, like "
            "`https://market.example The Market`. Buyers are led back to these alone, come straight in from them, and "
            "their pages may fetch fragments. None: nobody comes back.",
        ),
    ] = None
    pg_bin: Annotated[
        Path | None,
        Choice(to.programs, "Folder of the PostgreSQL programs to run instead of those that come with Rescind."),
    ] = None
    pg_user: Annotated[
        str | None,
        Choice(str, "Account that runs the embedded PostgreSQL when Rescind is started by root; none: nobody."),
    ] = None
    demo: Annotated[bool, Choice(to.switch, "Fill an empty database with the demo marketplace.")] = False
    secret_file: Annotated[
        Path | None,
        Choice(
            to.path,
            "File with the key of form tokens and list cursors; none: `secret` in the data folder. "
            "Machines that share a database share its contents.",
        ),
    ] = None
    receipt_key_file: Annotated[
        Path | None,
        Choice(
            to.path,
            "File with the key that signs receipts; none: `receipt-key` in the data folder. "
            "Machines that share a database share its contents.",
        ),
    ] = None
    evidence_store: Annotated[
        str | None,
        Choice(
            to.bucket,
            "Where photos and documents are kept; none: `evidence` in the data folder. "
            "Machines that share a database share the store, and need its provider's usual credentials.",
        ),
    ] = None
    evidence_mib: Annotated[int, Choice(to.from_to(1, 50), "Size of the largest photo or document, in MiB.")] = 10
    evidence_files: Annotated[int, Choice(to.from_to(1, 10), "How many of them may go with one request or answer.")] = 5
    evidence_order_files: Annotated[
        int,
        Choice(
            to.from_to(1, 200),
            "How many photos and documents buyer, seller and support may each send for one order; before any, for one "
            "conversation, and a buyer to one shop in a day.",
        ),
    ] = 20
    evidence_order_mib: Annotated[
        int, Choice(to.from_to(1, 2000), "How many MiB they may each send for it, in all.")
    ] = 100
    support_email: Annotated[
        str | None, Choice(to.email, "Where people write to platform support; it stands on the page of help.")
    ] = None
    support_phone: Annotated[
        str | None, Choice(to.telephone, "Where people call platform support; it stands on the page of help.")
    ] = None
    support_hours: Annotated[
        str | None,
        Choice(to.line, "When platform support answers, in your words, such as `Mon–Fri 9–17, London time`."),
    ] = None
    support_lead: Annotated[
        str | None,
        Choice(to.line, "Who leads support, by name: the owner of what nobody confirmed in time, as its pages say."),
    ] = None
    operator_email: Annotated[
        str | None,
        Choice(
            to.email,
            "Where Rescind writes to those who run it: that an endpoint of the marketplace, or of a shop without an "
            "address, was switched off.",
        ),
    ] = None
    mail_host: Annotated[
        str | None,
        Choice(
            to.mail_host,
            "Mail server (SMTP) that mail is handed to; it goes before one that operators set up on their page. "
            "None: theirs, and without one mail waits in the outbox.",
        ),
    ] = None
    mail_port: Annotated[int | None, Choice(to.port, "Its port; none: 465 for tls, 587 else.")] = None
    mail_security: Annotated[
        Security,
        Choice(
            to.security,
            "How the line to it is encrypted: `tls` from the beginning, `starttls` before anything is told, or `none`, "
            "which a server on the same machine may have, and no other.",
        ),
    ] = "starttls"
    mail_user: Annotated[str | None, Choice(to.line, "Whom to log in as; none: nobody.")] = None
    mail_password_file: Annotated[Path | None, Choice(to.path, "File with the password of that user.")] = None
    mail_sender: Annotated[str | None, Choice(to.sender, "Address that mail comes from; it goes with the server.")] = (
        None
    )
    mail_name: Annotated[
        str | None, Choice(to.line, "What people read as the sender of a mail, before the address.")
    ] = None
    mail_ca_file: Annotated[
        Path | None,
        Choice(to.path, "File with the certificates that a mail server is trusted by; none: those of the system."),
    ] = None
    mail_returned_dir: Annotated[
        Path | None,
        Choice(
            to.path,
            "Maildir to which mail to the sender's address is delivered; reports in it that a mail came back are told "
            "to that mail. None: they are not read.",
        ),
    ] = None
    paid_out_by_host: Annotated[
        tuple[str, ...],
        Choice(
            to.methods,
            "Means of payment whose refunds the marketplace pays out itself, by their codes, such as "
            "`bank_transfer, alipay`; `all` for every one. Somebody confirms each with reference and day.",
        ),
    ] = ()
    backed_up_elsewhere: Annotated[
        bool,
        Choice(
            to.switch,
            "Whether another program backs the database up, so that `rescind doctor` asks for no backup of ours.",
        ),
    ] = False
    pay_out_days: Annotated[
        int,
        Choice(
            to.from_to(1, 30),
            "Working days in which such a refund is to be confirmed; after them whoever leads support has it.",
        ),
    ] = 3
    second_person_above: Annotated[
        Amounts,
        Choice(
            to.amounts,
            "Up to which amount one person of support decides against the rules alone. Above it, and in every "
            "currency that is not named, a second person has to confirm.",
        ),
    ] = _ALONE
    refund_second_person_above: Annotated[
        Amounts | None,
        Choice(
            to.amounts,
            "Up to which amount one person moves the money of an order by hand, like `EUR 250, USD 250`: gives some "
            "back, settles a refund that failed, says that one was paid out. Above it a second person has to confirm; "
            "a currency that is not named has no limit.",
        ),
    ] = None
    daily_refunds: Annotated[
        int | None,
        Choice(
            to.from_to(1, 9999),
            "How many refunds one person, or one key, of a shop or of the platform grants on one day (UTC) at most, in "
            "each currency; none: as many as they like. What a rule decides is not counted.",
        ),
    ] = None
    daily_refund_amount: Annotated[
        Amounts | None,
        Choice(
            to.amounts,
            "Up to which amount they do so in all on one day, like `EUR 5000, USD 5000`; a currency that is not named "
            "has no limit.",
        ),
    ] = None
    webhook_ports: Annotated[
        tuple[int, ...],
        Choice(
            to.ports,
            "Ports that webhook endpoints may have, like `443, 8443`. They are reached by https on the public internet "
            "only.",
        ),
    ] = (443,)
    webhook_loopback: Annotated[
        bool,
        Choice(
            to.switch,
            "Let webhook endpoints be on this very machine too, by plain http and on any port: for development alone.",
        ),
    ] = False
    translator_url: Annotated[
        str | None,
        Choice(
            to.translator,
            "Translator of yours, in the wire form of LibreTranslate, like `https://translate.example`; messages that "
            "somebody wants to read in another language go there. None: nobody is offered that.",
        ),
    ] = None
    translator_name: Annotated[str, Choice(to.line, "What it is called beside what it wrote.")] = "LibreTranslate"
    translator_key_file: Annotated[Path | None, Choice(to.path, "File with the key it wants, if any.")] = None
    translator_private: Annotated[
        bool,
        Choice(
            to.switch,
            "Let the translator be inside your own network, by plain http too; else it is reached by https on the "
            "public internet only.",
        ),
    ] = False
    oidc_issuer: Annotated[
        str | None,
        Choice(
            to.issuer,
            "Your own identity provider, by which people who work here may sign in (OpenID Connect); none: by what "
            "they have here alone. By https, or on this machine.",
        ),
    ] = None
    oidc_client_id: Annotated[str | None, Choice(to.line, "As what Rescind is known there.")] = None
    oidc_secret_file: Annotated[Path | None, Choice(to.path, "File with the secret of that client.")] = None
    oidc_name: Annotated[str, Choice(to.line, "What people call it, on the page for signing in.")] = "your organisation"
    nats_url: Annotated[
        tuple[str, ...],
        Choice(
            to.brokers,
            "NATS servers with JetStream to publish events to, like `tls://nats.example:4222`, with commas between "
            "those of one cluster; none: nothing is published. Wants the extra `rescind[nats]`.",
        ),
    ] = ()
    nats_stream: Annotated[
        str,
        Choice(
            to.stream, "The stream that keeps them. One that is not there is made; one that is there stays as it is."
        ),
    ] = "RESCIND"
    nats_subject: Annotated[
        str, Choice(to.subject, "What their subjects begin with, before the shop and the kind of event.")
    ] = "rescind"
    nats_user: Annotated[str | None, Choice(to.line, "Whom to log in as; none: nobody.")] = None
    nats_password_file: Annotated[Path | None, Choice(to.path, "File with the password of that user.")] = None
    nats_ca_file: Annotated[
        Path | None,
        Choice(
            to.path,
            "File with the certificates that a NATS server is trusted by, which makes the line encrypted; none: "
            "those of the system.",
        ),
    ] = None
    nats_days: Annotated[int, Choice(to.from_to(1, 365), "How many days a stream that is made keeps an event.")] = 7
    nats_mib: Annotated[
        int, Choice(to.from_to(16, 9999), "How large such a stream grows, in MiB, before its oldest events go.")
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
    def identity_provider(self) -> Issuer | None:
        """By whom people who work here may be known; None: by nobody."""
        if self.oidc_issuer is None or self.oidc_client_id is None or self.oidc_secret_file is None:
            return None
        return Issuer(self.oidc_issuer, self.oidc_client_id, self.oidc_secret_file, self.oidc_name)

    @property
    def translator(self) -> TranslationServer | None:
        """Who translates; None: nobody."""
        if self.translator_url is None:
            return None
        return TranslationServer(
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
        chosen = self.refund_second_person_above or (to.amounts(DEMO_ALONE) if self.demo else None)
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
