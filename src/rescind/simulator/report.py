"""What a replay found out: counts and sums, for people and as JSON. docs/operating/replay.md explains every member.

Money is written as decimal text in the history's one currency, exact to its smallest unit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Literal, get_args

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from rescind.core.money import Money
from rescind.core.sentence import marked
from rescind.core.verdict import Verdict
from rescind.locales import Locale
from rescind.simulator.history import BadRow, PastOrder, Reached, Tally
from rescind.simulator.online_retail import CREDITED_IN_WHOLE, KEPT
from rescind.simulator.replay import Asked, Played

STAGES: tuple[Reached, ...] = get_args(Reached)
CANCELED = frozenset({"canceled", CREDITED_IN_WHOLE})
"""The words with which a history says that an order was cancelled as a whole."""

BAD_ROWS_KEPT = 100

Fate = Literal["approve", "ask_seller", "ask_carrier", "review", "refuse", "released"]
RELEASED: Fate = "released"
FATES: tuple[Fate, ...] = get_args(Fate)
"""What becomes of money: the five answers, and what was never there."""


class PolicyName(msgspec.Struct, frozen=True):
    name: str
    hash: str


class Canceled(msgspec.Struct, frozen=True):
    """The orders that the history says were cancelled as a whole. Stages are the furthest with a recorded time.

    paid: what the payment rows say, captured or not. verdicts: the answer to the last question of each order.
    """

    orders: int
    paid: str
    without_lines: int
    by_last_stage: Mapping[str, int]
    paid_by_last_stage: Mapping[str, str]
    verdicts: Mapping[str, int]
    verdicts_by_last_stage: Mapping[str, Mapping[str, int]]
    rules: Mapping[str, int]


class Refunds(msgspec.Struct, frozen=True):
    """What the history itself gave back: paid on cancelled orders, or credited where it has credits.

    by_policy: the same money by the policy's answer; `released` was never captured, so the answer ends a claim and
    moves no money. quoted: what the core would give back on a yes, by answer.
    """

    currency: str
    total: str
    by_tender: Mapping[str, str]
    by_policy: Mapping[str, str]
    quoted: Mapping[str, str]


class Credits(msgspec.Struct, frozen=True):
    """Credit lines of the history, the questions they became (one an order and moment), and the orders they touch."""

    lines: int
    unmatched: int
    partly_matched: int
    questions: int
    orders_in_whole: int
    orders_in_part: int


class Absent(msgspec.Struct, frozen=True):
    """Rows about orders that the history does not have: sound, but of no use here."""

    orders: int
    payments: int
    items: int


class BadRows(msgspec.Struct, frozen=True):
    """How many rows were skipped, and the first of them."""

    count: int
    first: tuple[BadRow, ...]


class Report(msgspec.Struct, frozen=True):
    """Everything a replay found out. verdicts and rules count decisions, `canceled` and `by_status` orders.

    seconds: reading and playing, by the clock on the wall; cpu_seconds: of this process.
    """

    layout: str
    policy: PolicyName
    asked: Asked
    orders: int
    by_status: Mapping[str, int]
    paid: str
    without_lines: int
    several_sellers: int
    decisions: int
    verdicts: Mapping[str, int]
    verdicts_by_status: Mapping[str, Mapping[str, int]]
    rules: Mapping[str, int]
    canceled: Canceled
    refunds: Refunds
    credits: Credits | None
    absent: Absent
    bad_rows: BadRows
    seconds: float
    cpu_seconds: float
    decisions_per_second: float

    def json(self) -> bytes:
        """The report as an indented JSON document with a line feed at its end."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


class Account:
    """Adds up played orders; `report` closes it. One history, so one currency."""

    def __init__(self, layout: str, policy: PolicyName, asked: Asked) -> None:
        self._layout = layout
        self._policy = policy
        self._asked = asked
        self._currency = ""
        self._orders = 0
        self._paid = 0
        self._without_lines = 0
        self._several_sellers = 0
        self._by_status: Counter[str] = Counter()
        self._verdicts: Counter[tuple[str, Verdict, str]] = Counter()
        self._canceled: Counter[tuple[Reached, Verdict, str]] = Counter()
        self._canceled_without_lines = 0
        self._paid_by_stage: Counter[str] = Counter()
        self._by_tender: Counter[str] = Counter()
        self._by_policy: Counter[str] = Counter()
        self._quoted: Counter[str] = Counter()
        self._bad: list[BadRow] = []

    def add(self, past: PastOrder, played: Played) -> None:
        """Count one order and its answers."""
        assert self._currency in {"", past.currency}, "a history has one currency"
        self._currency = past.currency
        self._orders += 1
        self._paid += sum([tender.amount.minor for tender in past.tenders])
        self._without_lines += not past.lines
        self._several_sellers += len(past.sellers) > 1
        status = past.ended_as
        self._by_status[status] += 1
        for answer in played.answers:
            self._verdicts[status, answer.verdict, answer.rule] += 1
        if status in CANCELED:
            self._add_canceled(past, played)
        if self._asked is Asked.AT_EACH_CREDIT:
            self._add_credits(past, played)

    def bad(self, row: BadRow) -> None:
        """Remember a row that was skipped, when it is among the first."""
        if len(self._bad) < BAD_ROWS_KEPT:
            self._bad.append(row)

    def _add_canceled(self, past: PastOrder, played: Played) -> None:
        last = played.answers[-1]
        self._canceled[past.reached, last.verdict, last.rule] += 1
        self._canceled_without_lines += not past.lines
        self._paid_by_stage[past.reached] += past.paid.minor
        if self._asked is Asked.AT_EACH_CREDIT:
            return
        for tender in past.tenders:
            self._by_tender[tender.kind] += tender.amount.minor
        captured = played.order.paid.minor
        self._by_policy[last.verdict] += captured
        self._by_policy[RELEASED] += past.paid.minor - captured
        self._quoted[last.verdict] += last.quoted_minor

    def _add_credits(self, past: PastOrder, played: Played) -> None:
        for answer in played.answers:
            # The one tender of an invoice: what was credited went back to it.
            self._by_tender[past.tenders[0].kind] += answer.credited_minor
            self._by_policy[answer.verdict] += answer.credited_minor
            self._quoted[answer.verdict] += answer.quoted_minor

    def report(self, tally: Tally, seconds: float, cpu_seconds: float) -> Report:
        """Everything added so far, with what the reading met."""
        decisions = sum(self._verdicts.values())
        statuses = sorted(self._by_status)
        return Report(
            layout=self._layout,
            policy=self._policy,
            asked=self._asked,
            orders=self._orders,
            by_status={status: self._by_status[status] for status in statuses},
            paid=self._decimal(self._paid),
            without_lines=self._without_lines,
            several_sellers=self._several_sellers,
            decisions=decisions,
            verdicts=_by_verdict((verdict, count) for (_, verdict, _), count in self._verdicts.items()),
            verdicts_by_status={
                status: _by_verdict((verdict, n) for (of, verdict, _), n in self._verdicts.items() if of == status)
                for status in statuses
            },
            rules=_by_rule((rule, count) for (_, _, rule), count in self._verdicts.items()),
            canceled=self._report_canceled(),
            refunds=Refunds(
                currency=self._currency,
                total=self._decimal(sum(self._by_policy.values())),
                by_tender={kind: self._decimal(self._by_tender[kind]) for kind in sorted(self._by_tender)},
                by_policy={fate: self._decimal(self._by_policy[fate]) for fate in FATES},
                quoted={fate: self._decimal(self._quoted[fate]) for fate in FATES if fate != RELEASED},
            ),
            credits=self._report_credits(tally, decisions),
            absent=Absent(tally.absent_orders, tally.absent_payments, tally.absent_items),
            bad_rows=BadRows(tally.bad_rows, tuple(self._bad)),
            seconds=round(seconds, 3),
            cpu_seconds=round(cpu_seconds, 3),
            decisions_per_second=round(decisions / seconds, 1) if seconds else 0.0,
        )

    def _report_canceled(self) -> Canceled:
        counted = self._canceled.items()
        return Canceled(
            orders=sum(self._canceled.values()),
            paid=self._decimal(sum(self._paid_by_stage.values())),
            without_lines=self._canceled_without_lines,
            by_last_stage={stage: sum(n for (of, _, _), n in counted if of == stage) for stage in STAGES},
            paid_by_last_stage={stage: self._decimal(self._paid_by_stage[stage]) for stage in STAGES},
            verdicts=_by_verdict((verdict, n) for (_, verdict, _), n in counted),
            verdicts_by_last_stage={
                stage: _by_verdict((verdict, n) for (of, verdict, _), n in counted if of == stage) for stage in STAGES
            },
            rules=_by_rule((rule, n) for (_, _, rule), n in counted),
        )

    def _report_credits(self, tally: Tally, questions: int) -> Credits | None:
        if self._asked is not Asked.AT_EACH_CREDIT:
            return None
        in_whole = self._by_status[CREDITED_IN_WHOLE]
        return Credits(
            lines=tally.credits,
            unmatched=tally.unmatched_credits,
            partly_matched=tally.partly_matched_credits,
            questions=questions,
            orders_in_whole=in_whole,
            orders_in_part=self._orders - in_whole - self._by_status[KEPT],
        )

    def _decimal(self, minor: int) -> str:
        return str(Money(minor, self._currency)).partition(" ")[0]


def _by_verdict(counted: Iterable[tuple[Verdict, int]]) -> dict[str, int]:
    """Every verdict, those nobody got as well, the most generous first."""
    found: dict[str, int] = {verdict.value: 0 for verdict in Verdict}
    for verdict, count in counted:
        found[verdict.value] += count
    return found


def _by_rule(counted: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Rules that decided, the busiest first."""
    found: Counter[str] = Counter()
    for rule, count in counted:
        found[rule] += count
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


# --- for people ------------------------------------------------------------------------------------------------------

_STAGE_WORDS: Mapping[Reached, str] = {
    "never_approved": marked("payment never approved"),
    "approved": marked("payment approved"),
    "with_carrier": marked("with the carrier"),
    "delivered": marked("delivered"),
}
_FATE_WORDS: Mapping[Fate, str] = {
    "approve": marked("goes back at once"),
    "ask_seller": marked("if the seller agrees"),
    "ask_carrier": marked("if the carrier agrees"),
    "review": marked("if support agrees"),
    "refuse": marked("does not go back"),
    "released": marked("was never captured"),
}
_ASKED_WORDS: Mapping[Asked, str] = {
    Asked.AFTER_LAST_STAGE: marked(
        "The history has no time of cancellation, so every order is asked about once, one second after the last stage "
        "it is known to have reached."
    ),
    Asked.AT_EACH_CREDIT: marked(
        "The history has credit notes and no stages: each note is a question at its moment about an order that is "
        "placed and paid. Packing and hand-over are not known, so an order that had left counts as one that waits."
    ),
}


def show(report: Report, console: Console, language: Locale) -> None:
    """Print the report, readable in 80 columns."""
    _ = language.gettext
    said = {
        "orders": f"{report.orders:,}",
        "layout": report.layout,
        "policy": f"{report.policy.name} ({report.policy.hash[:12]})",
    }
    console.print(_("Orders of %(layout)s under policy %(policy)s: %(orders)s") % said, style="bold", highlight=False)
    console.print(_(_ASKED_WORDS[report.asked]), highlight=False)
    for make in (_canceled_table, _all_table, _rules_table, _money_table):
        console.print()
        console.print(make(report, language))
    console.print()
    for remark in _remarks(report, language):
        console.print(remark, highlight=False)


def _canceled_table(report: Report, language: Locale) -> Table:
    _ = language.gettext
    canceled = report.canceled
    answers = _given(canceled.verdicts)
    title = f"{_('Orders cancelled as a whole')} ({report.refunds.currency})"
    table = _table(title, _("last stage known"), (_("orders"), _("paid"), *map(_spoken, answers)))
    for stage in STAGES:
        counts = [canceled.verdicts_by_last_stage[stage][answer] for answer in answers]
        paid = _grouped(canceled.paid_by_last_stage[stage])
        table.add_row(_(_STAGE_WORDS[stage]), f"{canceled.by_last_stage[stage]:,}", paid, *map(_count, counts))
    table.add_section()
    counts = [canceled.verdicts[answer] for answer in answers]
    table.add_row(_("all"), f"{canceled.orders:,}", _grouped(canceled.paid), *map(_count, counts))
    return table


def _all_table(report: Report, language: Locale) -> Table:
    _ = language.gettext
    answers = _given(report.verdicts)
    table = _table(_("Every question"), _("order ended as"), (_("orders"), _("questions"), *map(_spoken, answers)))
    for status, orders in report.by_status.items():
        found = report.verdicts_by_status[status]
        questions = sum(found.values())
        table.add_row(_spoken(status), f"{orders:,}", _count(questions), *(_count(found[answer]) for answer in answers))
    table.add_section()
    counts = [report.verdicts[answer] for answer in answers]
    table.add_row(_("all"), f"{report.orders:,}", f"{report.decisions:,}", *map(_count, counts))
    return table


def _rules_table(report: Report, language: Locale) -> Table:
    _ = language.gettext
    table = _table(_("Rules that decided"), _("rule"), (_("every question"), _("cancelled as a whole")))
    for rule, count in report.rules.items():
        table.add_row(rule, f"{count:,}", _count(report.canceled.rules.get(rule, 0)))
    return table


def _money_table(report: Report, language: Locale) -> Table:
    """What the history gave back, twice: by where it went, and by what the policy says to it."""
    _ = language.gettext
    refunds = report.refunds
    table = _table(f"{_('What the history gave back')} ({refunds.currency})", "", (_("amount"),))
    for kind, amount in refunds.by_tender.items():
        table.add_row(_spoken(kind), _grouped(amount))
    table.add_section()
    table.add_row(_("all"), _grouped(refunds.total))
    table.add_section()
    for fate in FATES:
        if Decimal(refunds.by_policy[fate]):
            table.add_row(_("policy: %(fate)s") % {"fate": _(_FATE_WORDS[fate])}, _grouped(refunds.by_policy[fate]))
    return table


def _remarks(report: Report, language: Locale) -> Iterator[str]:
    _ = language.gettext
    count = {"without": f"{report.without_lines:,}", "several": f"{report.several_sellers:,}"}
    yield _("Orders without lines: %(without)s; with several sellers: %(several)s.") % count
    absent = report.absent
    if absent.orders:
        yield _(
            "Not used, because their orders are not in the history (%(orders)s): of payments %(payments)s, "
            "of items %(items)s."
        ) % {"payments": f"{absent.payments:,}", "items": f"{absent.items:,}", "orders": f"{absent.orders:,}"}
    noted = report.credits
    if noted:
        yield _("Credit lines: %(lines)s, of them %(unmatched)s without a purchase and %(partly)s matched in part.") % {
            "lines": f"{noted.lines:,}",
            "unmatched": f"{noted.unmatched:,}",
            "partly": f"{noted.partly_matched:,}",
        }
    yield _("Bad rows: %(count)s.") % {"count": f"{report.bad_rows.count:,}"}
    yield _("%(seconds)s s with reading (%(cpu)s s of processor time), %(rate)s decisions a second.") % {
        "seconds": f"{report.seconds:.1f}",
        "cpu": f"{report.cpu_seconds:.1f}",
        "rate": f"{report.decisions_per_second:,.0f}",
    }


def _table(title: str, first: str, others: Iterable[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column(first)
    for other in others:
        table.add_column(other, justify="right")
    return table


def _given(verdicts: Mapping[str, int]) -> list[str]:
    """The answers that somebody got; those that nobody got need no column."""
    return [answer for answer, count in verdicts.items() if count]


def _spoken(code: str) -> str:
    return code.replace("_", " ")


def _count(count: int) -> str:
    return f"{count:,}" if count else "·"


def _grouped(amount: str) -> str:
    return f"{Decimal(amount):,}"
