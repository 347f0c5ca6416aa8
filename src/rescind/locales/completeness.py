"""What the catalogues still owe: sentences of templates and code, words for every code, and signs that do not belong.

Only the test of the catalogues and a translator at work need this; serving does not.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple, cast, get_args

import typer.main
from babel.messages.extract import extract

from rescind.cli import program
from rescind.commands import helping
from rescind.core import lifecycle, news
from rescind.core.actor import ActorKind
from rescind.core.business_calendar import Says
from rescind.core.cancellation import FAULT, SUPPORT_REFUSALS
from rescind.core.conversation import Way as ContactWay
from rescind.core.correction import CorrectionReason
from rescind.core.costs import LABOUR, MATERIAL
from rescind.core.documents import DocumentKind
from rescind.core.escalation import GROUNDS
from rescind.core.escalation import OUTCOMES as OUTCOMES_CALLED
from rescind.core.evidence import REFUSED
from rescind.core.failed_refund import WayOn
from rescind.core.ledger import ACCOUNTS
from rescind.core.lifecycle.due import Kind
from rescind.core.lists import LISTS
from rescind.core.mail import MailKind, MailStatus, Place
from rescind.core.mandate import Bound, ProgramAct
from rescind.core.notice import GROUPS, REQUIRED, Group
from rescind.core.override import REASONS
from rescind.core.parts import (
    Act,
    CancellationStatus,
    Decider,
    FactKind,
    MoneyAct,
    ProposalOutcome,
    RefundStatus,
    ReturnStatus,
)
from rescind.core.policy import vocabulary
from rescind.core.policy.handed_over import OVER
from rescind.core.policy.policy import Layer
from rescind.core.policy.unheard import UNHEARD
from rescind.core.reconcile import KINDS
from rescind.core.refund import NOT_SENT_BECAUSE, ONLY_TRIED, ProviderOutcome
from rescind.core.refund_order import DECLINED_BECAUSE
from rescind.core.returns import OUTCOMES, WITHDRAWN, Wish
from rescind.core.review import FINDINGS
from rescind.core.scopes import SCOPES
from rescind.core.staff import ACTS, RIGHTS
from rescind.core.stage import Stage
from rescind.core.verdict import OnSilence, Verdict
from rescind.core.views import CaseKind
from rescind.jetstream import FAULTS as STREAM_FAULTS
from rescind.locales import DEFAULT, LANGUAGE_NAMES, Locale, locale
from rescind.mail.security import Security
from rescind.notices.robot import FAULTS as ROBOT_FAULTS
from rescind.notices.robots import ROBOTS
from rescind.order_sources import KINDS as SOURCE_KINDS
from rescind.order_sources import TROUBLES
from rescind.policies.sources import Grade, catalogue
from rescind.postgres.credentials import Role
from rescind.postgres.imports import State as ImportState
from rescind.postgres.order_sources import Told as SourceTold
from rescind.postgres.robot_messages import MessageState
from rescind.postgres.saved_views import Pause
from rescind.providers.kinds import KINDS as PROVIDERS
from rescind.webhooks.posting import FAULTS
from rescind.woocommerce.orders import Meaning

PACKAGE = Path(__file__).parent.parent

_KEYWORDS = {
    "_": None,
    "phrased": None,
    "marked": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_TEMPLATE_OPTIONS = {
    "trim_blocks": "true",
    "newstyle_gettext": "true",
    "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols",
}
_SAYS = re.compile(r"\b(?:_|phrased|marked|n?p?gettext)\(")
_DIGITS = re.compile(r"\d+")
_WORDS = re.compile(r"\b[a-z]{3,}\b")
_PLACE = re.compile(r"%\(\w+\)s")
_CJK = "[\u3400-\u9fff\uff00-\uffef\u3000-\u303f]"
_HALF_WIDTH = re.compile(rf"{_CJK}\s*[,;:!?]|[,;!?]\s*{_CJK}|{_CJK}\.(?:\s|$)|\({_CJK}|{_CJK}\)")


class Gap(NamedTuple):
    """One thing to put right. context: empty for sentences. where: a file and line, or the table the code stands in."""

    tag: str
    context: str
    key: str
    fault: str
    where: str


def missing() -> list[Gap]:
    """Every gap in every catalogue; empty when they are complete."""
    wanted = {**dict.fromkeys(codes(), "the table of codes"), **dict(sentences())}
    # The named wordings of English, "key@reader" among them, are what every other language owes as well.
    named = {pair: "en.po" for pair in locale(DEFAULT).messages if pair[0]}
    gaps: list[Gap] = []
    for tag in LANGUAGE_NAMES:
        language = locale(tag)
        owed = {pair: where for pair, where in wanted.items() if tag != DEFAULT or pair[0]} | named
        gaps += [Gap(tag, *pair, "missing", where) for pair, where in owed.items() if pair not in language.messages]
        gaps += _faults(language)
    return gaps


def _faults(language: Locale) -> Iterator[Gap]:
    english = locale(DEFAULT).messages
    for (context, key), forms in language.messages.items():
        model = english.get((context, key), (key,))[-1]
        for form in forms:
            # The count may be left out of "one thing", and must be there in a language with one form.
            if (set(_PLACE.findall(form)) ^ set(_PLACE.findall(model))) - {"%(num)s"}:
                yield Gap(language.tag, context, key, "other placeholders than in English", form)
            if language.tag == "zh" and _HALF_WIDTH.search(_PLACE.sub("", form)):
                yield Gap(language.tag, context, key, "half-width sign beside Chinese", form)


_STEPS = ("opened", "taken", "questioned", "answered", "extended", "silent_buyer", "silent_support")


def _provider_fields() -> Iterator[str]:
    return (f"{kind.name}.{field.name}" for kind in PROVIDERS.values() for field in kind.fields)


def codes() -> Iterator[tuple[str, str]]:
    """(context, key) of everything the program knows by a code."""
    tables: dict[str, tuple[str, ...]] = {
        "stage": tuple(Stage),
        "status": vocabulary.STATUSES,
        "cancellation": tuple(CancellationStatus),
        "refund": tuple(RefundStatus),
        "not_sent": (*NOT_SENT_BECAUSE, ONLY_TRIED),
        "not_paid_out": DECLINED_BECAUSE,
        "refund_order": (
            *("ordered", "frozen", "escalated", "succeeded", "failed", "taken_elsewhere", "taken_by_colleague"),
        ),
        "refund_owner": ("support", "lead"),
        "provider": tuple(PROVIDERS),
        "provider field": tuple(_provider_fields()),
        "provider hint": tuple(_provider_fields()),
        "document": tuple(DocumentKind),
        "mail": tuple(MailStatus),
        "mail.kind": get_args(MailKind),
        "list": tuple(LISTS),
        "column": tuple(dict.fromkeys(column.name for one in LISTS.values() for column in one.columns)),
        "sign_in_way": ("passkey", "app", "provider"),
        "view": tuple(dict.fromkeys(view.name for one in LISTS.values() for view in one.views)),
        "view_paused": tuple(one for one in get_args(Pause) if one),
        "case_kind": get_args(CaseKind),
        "notice_group": get_args(Group),
        "notice_about": tuple(f"{group}@{role}" for role, groups in GROUPS.items() for group in groups),
        "notice_required": tuple(f"{group}@{role}" for role, groups in REQUIRED.items() for group in sorted(groups)),
        "mail.place": tuple(place for place in get_args(Place) if place),
        "mail.security": get_args(Security),
        "verdict": tuple(Verdict),
        "silence": (*OnSilence, "release", "cancel"),
        "day_says": get_args(Says),
        "finding": (*FINDINGS, "asked_for"),
        "way_on": vocabulary.WAYS_ON,
        "actor": tuple(ActorKind),
        "decider": get_args(Decider),
        "reason": (*vocabulary.BUYER_REASONS, *vocabulary.SELLER_REASONS, *FAULT),
        "refusal": (*vocabulary.REFUSAL_REASONS, *SUPPORT_REFUSALS),
        "act": tuple(Act),
        "program_act": tuple(ProgramAct),
        "program_did": tuple(ProgramAct),
        "program_of": ("own", *get_args(Role)),
        "program_for": ("you", *(one.value for one in (ActorKind.BUYER, ActorKind.SELLER, ActorKind.SUPPORT))),
        "mandate.bound": tuple(Bound),
        "mcp": ("unreachable", "invalid-arguments", "no-such-tool", "unexpected"),
        "contact_way": tuple(ContactWay),
        "escalation": GROUNDS,
        "escalation_outcome": OUTCOMES_CALLED,
        "override": tuple(reason for reasons in REASONS.values() for reason in reasons),
        "override_outcome": tuple(ProposalOutcome),
        "money_act": tuple(MoneyAct),
        "proposal_outcome": tuple(ProposalOutcome),
        "return": tuple(ReturnStatus),
        "return_reason": vocabulary.RETURN_REASONS,
        "special_reason": vocabulary.SPECIAL_REASONS,
        "return_outcome": (*OUTCOMES, WITHDRAWN),
        "return_step": _STEPS,
        "wish": tuple(Wish),
        "file": REFUSED,
        "correction": tuple(CorrectionReason),
        "fact": tuple(vocabulary.STANDARD),
        "event": (*FactKind, *(event.__name__ for event in get_args(lifecycle.Event))),
        "rule": tuple(_rules()),
        "fee": (*_rules(of_fees=True), MATERIAL, LABOUR),
        "way": tuple(WayOn),
        "due": get_args(Kind),
        "account": ACCOUNTS,
        "difference": KINDS,
        "difference.state": ("open", "told", "explained"),
        "outcome": tuple(one for one in ProviderOutcome if one is not ProviderOutcome.NOT_SENT),
        "policy.layer": get_args(Layer),
        "source.says": tuple(catalogue()),
        "source.grade": tuple(Grade),
        "order source": SOURCE_KINDS,
        "source state": ("on", "odd", "troubled", "paused"),
        "source message": get_args(SourceTold),
        "source trouble": TROUBLES,
        "source meaning": get_args(Meaning),
        "source pays": ("here", "there"),
        "scenario": ("passed", "not yet", "failed", "not told"),
        "webhook": ("on", "troubled", "paused", "gone", "failing"),
        "webhook_topic": news.TOPICS,
        "webhook_fault": FAULTS,
        "stream_fault": STREAM_FAULTS,
        "robot": ("on", "untried", "troubled", "paused", "gone", "failing"),
        "robot_kind": tuple(ROBOTS),
        "robot_place": tuple(ROBOTS),
        "robot_fault": (*FAULTS, *ROBOT_FAULTS),
        "robot_message": get_args(MessageState),
        "rights": RIGHTS,
        "scope": SCOPES,
        "staff_act": ACTS,
        "import": get_args(ImportState),
        "delivery": ("waiting", "delivered", "failed", "missed"),
    }
    for context, keys in tables.items():
        for key in keys:
            yield context, str(key)
    yield from _policy_names()
    for code in _problems():
        yield "problem.title", code
        yield "problem.detail", code
    for words in (*_READERS_WORDS, *_expectations()):
        yield "expected", words


def _problems() -> Iterator[str]:
    """Codes of every subclass of RescindError, read from the sources: it does not matter what has been imported."""
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if "(RescindError)" in text else ():
            match node:
                case ast.ClassDef(bases=[ast.Name("RescindError")], body=body):
                    for line in body:
                        match line:
                            case ast.Assign(targets=[ast.Name("code")], value=ast.Constant(value=str(code))):
                                yield code
                            case _:
                                pass
                case _:
                    pass


_READERS_WORDS = (
    *("int", "str", "bool", "array", "object", "datetime", "one of: *"),
    *(f"{kind} | null" for kind in ("int", "str", "bool", "array", "object", "datetime")),
    *("int >= #", "int <= #", "str of length >= #", "str of length <= #", "array of length >= #"),
    *("array of length <= #", "object of length >= #", "object of length <= #"),
    *("bool | int | str", "bool | str", "date", "date | null"),
)
"""What the reader of documents says it expected, with ``#`` for its numbers."""


def _expectations() -> Iterator[str]:
    """What fields expect in our own words, with ``#`` for numbers that are filled in, read from the sources."""
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if "expected" in text.lower() or "Malformed(" in text else ():
            match node:
                case ast.keyword(arg="expected", value=said):
                    pass
                case ast.Dict(keys=[ast.Constant("expected")], values=[said]):
                    pass
                case ast.Assign(targets=[ast.Name("EXPECTED")], value=said):
                    pass
                case ast.Call(func=ast.Name("Malformed"), args=[said]):
                    pass
                case _:
                    continue
            match said:
                case ast.Constant(value=str(words)):
                    yield _DIGITS.sub("#", words)
                case ast.JoinedStr(values=parts):
                    words = "".join(str(part.value) if isinstance(part, ast.Constant) else "#" for part in parts)
                    yield _DIGITS.sub("#", words)
                case _:
                    pass


def _rules(*, of_fees: bool = False) -> Iterator[str]:
    if not of_fees:
        yield from dict.fromkeys(rule.id for rule in OVER.values())
        yield UNHEARD
    for path in sorted((PACKAGE / "policies").glob("*.toml")):
        if not path.name.endswith(".examples.toml"):
            for rule in cast("list[dict[str, str]]", tomllib.loads(path.read_text("utf-8")).get("rules", [])):
                if not of_fees or "fee" in rule:
                    yield rule["id"]


def _policy_names() -> Iterator[tuple[str, str]]:
    """What the shipped policies call their values and deadlines, and how a deadline is counted."""
    for path in sorted((PACKAGE / "policies").glob("*.toml")):
        if path.name.endswith(".examples.toml"):
            continue
        text = cast("dict[str, dict[str, dict[str, str]]]", tomllib.loads(path.read_text("utf-8")))
        for name in (*text.get("values", {}), *text.get("tunable", {})):
            yield "policy.value", name
        for name, terms in text.get("deadlines", {}).items():
            yield "policy.deadline", name
            yield "policy.from", terms["from"]
            if "then" in terms:
                yield "policy.then", terms["then"]


def uncounted() -> list[str]:
    """Sentences with a number before a noun that has two forms in another sentence, and only one of them here.

    The nouns are those of the sentences that do have both: whatever is counted once is counted everywhere.
    """
    found = [(message, where) for message, _, where in _extracted()]
    nouns = {
        word
        for message, _ in found
        if not isinstance(message, str) and "%(num)s" in message[1]
        for word in set(_WORDS.findall(message[1])) - set(_WORDS.findall(message[0]))
        if word.endswith("s") and word.removesuffix("s") in _WORDS.findall(message[0])
    }
    counted = re.compile(rf"%\(\w+\)s (?:[a-z-]+ )?(?:{'|'.join(sorted(nouns))})\b")
    return [f"{message} ({where})" for message, where in found if isinstance(message, str) and counted.search(message)]


def sentences() -> Iterator[tuple[tuple[str, str], str]]:
    """((context or "", message id), where) of every sentence in templates and in the code of pages and notices."""
    for message, context, where in _extracted():
        yield (context, message if isinstance(message, str) else message[0]), where


@cache
def _extracted() -> tuple[tuple[str | tuple[str, ...], str, str], ...]:
    """(message id or its two forms, context or "", where)."""
    return tuple(_extracting())


def _extracting() -> Iterator[tuple[str | tuple[str, ...], str, str]]:
    for folder, pattern, method in (
        ("web/templates", "*.html", "jinja2.ext:babel_extract"),
        ("notices", "*.html", "jinja2.ext:babel_extract"),
        ("", "*.py", "python"),
    ):
        for path in sorted((PACKAGE / folder).rglob(pattern)):
            # Most modules say nothing to anybody; to look for the words that do is quicker than to take them apart.
            if method == "python" and not _SAYS.search(path.read_text("utf-8")):
                continue
            with path.open("rb") as file:
                for line, message, _, context in extract(method, file, keywords=_KEYWORDS, options=_TEMPLATE_OPTIONS):
                    yield message, context or "", f"{path.relative_to(PACKAGE)}:{line}"
    for path in sorted(PACKAGE.rglob("*.py")):
        for message, line in _inside_f_strings(path):
            yield message, "", f"{path.relative_to(PACKAGE)}:{line}"
    for text in helping.sentences(typer.main.get_command(program())):
        yield text, "", "help of a command"


def _inside_f_strings(path: Path) -> Iterator[tuple[str | tuple[str, ...], int]]:
    """(message id, line) of sentences within f-strings, which the extractor takes for text."""
    text = path.read_text("utf-8")
    if "{_(" not in text and "gettext(" not in text:
        return
    for outer in ast.walk(ast.parse(text)):
        for node in ast.walk(outer) if isinstance(outer, ast.JoinedStr) else ():
            match node:
                case ast.Call(
                    func=ast.Name("_") | ast.Attribute(attr="gettext"), args=[ast.Constant(value=str(message))]
                ):
                    yield message, node.lineno
                case ast.Call(
                    func=ast.Name("ngettext") | ast.Attribute(attr="ngettext"),
                    args=[ast.Constant(value=str(one)), ast.Constant(value=str(several)), *_],
                ):
                    yield (one, several), node.lineno
                case _:
                    pass


if __name__ == "__main__":
    import sys

    found = missing()
    for gap in found:
        sys.stdout.write(
            f"{gap.tag}: {gap.fault}: {f'[{gap.context}] ' if gap.context else ''}{gap.key}  ({gap.where})\n"
        )
    sys.exit(bool(found))
