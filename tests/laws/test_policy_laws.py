"""What holds for every order and every policy: one meaning, an answer for everybody, and no right lost."""

import sqlite3
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from rescind.core.deadline import Calendar, day_start, due, reckon, span
from rescind.core.policy import STANDARD, Explainer, Step, asked, judge, judge_fast, load, restore
from rescind.core.policy.as_python import first_that_holds
from rescind.core.policy.as_sql import SqlNames, condition_sql
from rescind.core.policy.as_trace import Asked, compiled
from rescind.core.policy.handed_over import within
from rescind.core.policy.tree import Among, And, Compare, Elapsed, Flag, Named, Node, Not, Number, Or, Price, Sum, Word
from rescind.core.policy.vocabulary import Kind, Per
from rescind.core.verdict import SILENCE_RANK, VERDICT_RANK, Verdict
from rescind.policies import preset, presets

NOW = datetime(2026, 5, 6, 17, 0, tzinfo=UTC)
VALUES = {"hold": "1h", "most": 3, "dear": "USD 40.00"}
CODES = ("none", "PH", "VN", "FR")
EDGES = (0, 1, 3, 10, 899, 3599, 3600, 3601, 18000, 86399, 86400, 200000)
ORDER_FACTS = [spec for spec in STANDARD.values() if spec.level is Per.ORDER]
LINE_FACTS = [spec for spec in STANDARD.values() if spec.level is Per.LINE]


def values_of(kind: Kind, members: tuple[str, ...]) -> st.SearchStrategy[Any]:
    match kind:
        case Kind.FLAG:
            return st.booleans()
        case Kind.COUNT:
            return st.sampled_from(EDGES)
        case Kind.AMOUNT:
            return st.sampled_from((0, 1, 3999, 4000, 4001, 10**9))
        case _:
            return st.sampled_from(members or CODES)


@st.composite
def facts(draw: st.DrawFn) -> dict[str, Any]:
    said = {spec.name: draw(values_of(spec.kind, spec.members)) for spec in ORDER_FACTS}
    line = st.fixed_dictionaries({spec.name: values_of(spec.kind, spec.members) for spec in LINE_FACTS})
    return said | {"currency": draw(st.sampled_from(("USD", "JPY"))), "lines": draw(st.lists(line, max_size=3))}


def leaves() -> st.SearchStrategy[Node]:
    ops = st.sampled_from(("=", "!=", "<", "<=", ">", ">="))
    counts = st.sampled_from([spec.name for spec in ORDER_FACTS if spec.unit == "seconds"])
    times = st.sampled_from(
        (Elapsed("1h"), Elapsed("1d"), Number(899), Named("hold"), Sum((Named("hold"), Elapsed("4h"))))
    )
    stages = st.sampled_from(STANDARD["stage"].members).map(Word)
    reasons = st.sampled_from(STANDARD["reason"].members).map(Word)
    money = st.sampled_from((Price("USD", 4000), Price("JPY", 3999), Named("dear")))
    return st.one_of(
        st.sampled_from([spec.name for spec in STANDARD.values() if spec.kind is Kind.FLAG]).map(Flag),
        st.builds(Compare, counts, ops, times),
        st.builds(Compare, st.just("requests_on_order"), ops, st.sampled_from((Number(3), Named("most")))),
        st.builds(Compare, st.just("stage"), ops, stages),
        st.builds(Compare, st.just("reason"), st.sampled_from(("=", "!=")), reasons),
        st.builds(Compare, st.just("amount"), ops, money),
        st.builds(Compare, st.just("category"), st.sampled_from(("=", "!=")), st.sampled_from(CODES).map(Word)),
        st.builds(Among, st.just("stage"), st.lists(stages, min_size=1, max_size=3).map(tuple)),
        st.builds(Among, st.just("amount"), st.lists(money, min_size=1, max_size=2).map(tuple)),
    )


def branches(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(inner.map(Not), several.map(And), several.map(Or))


CONDITIONS = st.recursive(leaves(), branches, max_leaves=8)


def in_sqlite(expression: str, said: dict[str, Any]) -> Any:
    """Evaluate over one order and its lines, booleans as 0 and 1."""
    order = {name: value for name, value in said.items() if name != "lines"} | {"order_id": 1}
    with sqlite3.connect(":memory:") as base:
        base.execute(f"create table facts ({', '.join(order)})")
        base.execute(f"insert into facts values ({', '.join('?' * len(order))})", list(order.values()))
        base.execute(f"create table line_facts (order_id, {', '.join(spec.name for spec in LINE_FACTS)})")
        for line in said["lines"]:
            base.execute("insert into line_facts values (1, ?, ?, ?)", [line[spec.name] for spec in LINE_FACTS])
        return base.execute(f"select {expression} from facts as o").fetchone()[0]


@given(CONDITIONS, facts(), st.sampled_from(("any", "all")))
def test_a_condition_means_the_same_in_python_in_sql_and_in_its_explanation(
    node: Node, said: dict[str, Any], lines: str
):
    in_python = first_that_holds([(node, lines)], VALUES, STANDARD)(said) == 0
    assert bool(in_sqlite(condition_sql(node, lines, VALUES, STANDARD, "sqlite"), said)) == in_python
    explainer = Explainer(VALUES, STANDARD)
    assert explainer.trace(node, said, lines).held == in_python
    if said["lines"]:
        assert bool(explainer.what_would_change(node, said, lines)) != in_python


@given(CONDITIONS, facts(), st.sampled_from(("any", "all")))
def test_the_trace_that_is_kept_says_what_the_explainer_says(node: Node, said: dict[str, Any], lines: str):
    explainer = Explainer(VALUES, STANDARD)
    trace = compiled([Asked("X-1", node, lines), Asked("X-2", node, lines)], "preset", "x", explainer)
    failed = explainer.what_would_change(node, said, lines)
    one = Step("preset", "x", "X-1", held=False, failed=failed)
    for _ in range(2):  # the second time from what is remembered
        assert trace(said, -1) == (one, structs.replace(one, rule="X-2"))
        assert trace(said, 0) == (Step("preset", "x", "X-1", held=True),)
        assert trace(said, 1) == (one, Step("preset", "x", "X-2", held=True))


@given(facts())
def test_the_trace_of_a_preset_is_that_of_each_of_its_rules(said: dict[str, Any]):
    for policy in (preset(name).at(NOW) for name in presets()):
        for on in policy.first:
            steps = asked(policy, on, said)
            # Something always answers, but for fees: where no rule says that one is kept, none is.
            nothing_held = on == "fee" and policy.first[on](said) < 0
            assert [step.held for step in steps] == [False] * (len(steps) - 1) + [not nothing_held]
            for step, rule in zip(steps if nothing_held else steps[:-1], policy.rules_on(on), strict=False):
                expected = policy.explainer.what_would_change(rule.rule.when, said, rule.rule.lines)
                assert (step.rule, step.failed) == (rule.id, expected)


@cache
def written_out(name: str, on: str) -> str:
    return preset(name).at(NOW).sql(on, "sqlite", SqlNames())


@pytest.mark.parametrize("on", ["request", "seller_cancel", "ship"])
@given(said=facts())
def test_every_preset_decides_the_same_live_and_in_a_back_test(on: str, said: dict[str, Any]):
    for name in presets():
        live = judge_fast([preset(name).at(NOW)], on, said)[1].id
        assert in_sqlite(written_out(name, on), said) == live, name


@pytest.mark.parametrize("name", presets())
def test_every_stage_and_actor_gets_a_verdict_and_nothing_waits_for_ever(name: str):
    flags = [spec.name for spec in ORDER_FACTS if spec.kind is Kind.FLAG]
    policy, calendar = preset(name).at(NOW), Calendar(preset(name).zone)
    plain: dict[str, Any] = dict.fromkeys(flags, False)
    plain |= {spec.name: 0 for spec in ORDER_FACTS if spec.kind in {Kind.COUNT, Kind.AMOUNT}}
    plain |= {"currency": "USD", "status": "awaiting_shipment", "reason": "other", "shipping_by": "seller"}
    plain |= {"handling": "regular", "country": "none"}
    starts = {"placed": NOW - timedelta(days=3), "paid": NOW - timedelta(days=3)}
    for on in ("request", "seller_cancel", "ship"):
        for stage in STANDARD["stage"].members:
            for actor in STANDARD["actor"].members:
                for raised in [(), *((flag,) for flag in flags), tuple(flags)]:
                    for line in ({"custom_made": False, "special": False}, {"custom_made": True, "special": False}):
                        said = plain | dict.fromkeys(raised, True) | {"stage": stage, "actor": actor, "lines": [line]}
                        finding = judge([policy], on, said, NOW, starts, calendar, trace=False)
                        assert finding.rule != "CLOSED-1"
                        assert (finding.deadline is not None) == finding.verdict.waits
                        assert finding.deadline is None or finding.deadline.due_at > NOW
                        assert finding.verdict is not Verdict.REFUSE or finding.instead


def rank(layer: Any, rule: Any) -> tuple[int, int]:
    silence = rule.deadline.on_silence if rule.deadline else None
    return VERDICT_RANK[rule.verdict], SILENCE_RANK[silence] if silence else 0


SHOP = load(
    b"""policy = "corner"
layer = "shop"
zone = "UTC"
[deadlines.quick]
from = "requested"
span = "2h"
on_silence = "escalate"
[[rules]]
id = "SHOP-1"
on = "request"
when = "stage = 'packing' or reason = 'duplicate'"
verdict = "approve"
cites = ["our page"]
[[rules]]
id = "SHOP-2"
on = "request"
when = "stage = 'packed' or seller_fault"
verdict = "ask_seller"
deadline = "quick"
cites = ["our page"]
[[rules]]
id = "SHOP-3"
on = "request"
when = "paid"
verdict = "refuse"
instead = "contact_support"
cites = ["our page"]
""",
    "corner.toml",
).at(NOW)


@given(facts())
def test_the_most_generous_layer_decides_whatever_the_order_of_layers(said: dict[str, Any]):
    layers = [preset("base").at(NOW), preset("us").at(NOW), SHOP]
    starts, calendar = {"requested": NOW}, Calendar("UTC")
    alone = [(one, judge_fast([one], "request", said)[1]) for one in layers[:2]]
    number = SHOP.first["request"](said)
    # What was handed over no layer can say yes to, so such a rule does not count (M-10, KF-22).
    if number >= 0 and within("request", said["stage"], "shop", SHOP.rules_on("request")[number]):
        alone.append((SHOP, SHOP.rules_on("request")[number]))
    best = min(rank(layer, rule) for layer, rule in alone)
    for several in (layers, layers[::-1]):
        assert rank(*judge_fast(several, "request", said, starts, calendar)) == best
    # Adding a layer never takes a right away.
    preset_alone = rank(*alone[1])
    assert rank(*judge_fast([layers[1], SHOP], "request", said, starts, calendar)) <= preset_alone


@given(CONDITIONS)
def test_the_published_form_keeps_every_condition(node: Node):
    us = preset("us")
    first = structs.replace(us.rules[0], when=node)
    changed = structs.replace(us, values=(*us.values, *VALUES_OF_TESTS), rules=(first, *us.rules[1:]))
    again = restore(changed.canonical())
    assert again == changed
    assert again.hash == changed.hash != us.hash


VALUES_OF_TESTS = load(
    b"""policy = "v"
layer = "shop"
[values.most]
2024-01-01 = { value = 3, source = "x" }
[values.dear]
2024-01-01 = { value = "USD 40.00", source = "x" }
""",
    "v.toml",
).values


# --- deadlines --------------------------------------------------------------------------------------------------------

ZONES = ("UTC", "America/Los_Angeles", "Europe/London", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia")
INSTANTS = st.datetimes(datetime(2011, 1, 1), datetime(2027, 1, 1)).map(lambda t: t.replace(tzinfo=UTC))  # noqa: DTZ001


@given(INSTANTS, st.integers(0, 400), st.sampled_from(ZONES))
def test_hours_are_elapsed_in_every_zone(start: datetime, hours: int, zone: str):  # E-01
    assert due(start, f"{hours}h", Calendar(zone)) == start + timedelta(hours=hours)


@given(INSTANTS, st.integers(0, 40), st.sampled_from(ZONES))
def test_a_day_ends_with_the_last_instant_of_its_local_date(start: datetime, days: int, zone: str):  # E-03
    end = due(start, f"{days}d", Calendar(zone)).astimezone(ZoneInfo(zone))
    last = start.astimezone(ZoneInfo(zone)).date() + timedelta(days=days)
    assert end.date() > last
    assert (end.astimezone(UTC) - timedelta(microseconds=1)).astimezone(ZoneInfo(zone)).date() <= last


@given(INSTANTS, st.integers(0, 12), st.sampled_from(ZONES), st.sets(st.integers(0, 6), max_size=5))
def test_business_days_are_counted_one_by_one(start: datetime, days: int, zone: str, weekend: set[int]):
    calendar = Calendar(zone, frozenset(weekend), frozenset({date(2020, 12, 25), date(2021, 1, 1)}))
    counted = reckon(start, f"{days}bd", calendar)
    assert counted.day_zero
    assert counted.last_day
    between = [counted.day_zero + timedelta(n) for n in range(1, (counted.last_day - counted.day_zero).days + 1)]
    if days:
        assert sum(calendar.counts(day) for day in between) == days
        assert [day for day in between if not calendar.counts(day)] == list(counted.skipped)
    assert calendar.counts(counted.last_day)
    assert counted.due_at == day_start(counted.last_day + timedelta(days=1), zone)
    later = reckon(start + timedelta(hours=5), f"{days}bd", calendar)
    assert later.due_at >= counted.due_at


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00:00+00:00"),  # 00:00 does not exist: begins at 01:00
        (
            "America/Sao_Paulo",
            date(2018, 2, 18),
            "2018-02-18T03:00:00+00:00",
        ),  # 23:00 to 24:00 came twice the day before
        ("America/Havana", date(2025, 11, 2), "2025-11-02T04:00:00+00:00"),  # 00:00 comes twice: begins at the first
        ("Europe/London", date(2026, 3, 29), "2026-03-29T00:00:00+00:00"),
        ("Europe/London", date(2026, 3, 30), "2026-03-29T23:00:00+00:00"),
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00+00:00"),  # a day that never was
    ],
)
def test_a_day_begins_at_its_first_instant_whatever_the_clocks_do(zone: str, day: date, begins: str):
    assert day_start(day, zone).isoformat() == begins


def test_24_hours_over_a_change_of_the_clocks_is_24_hours():  # E-01
    pacific = ZoneInfo("America/Los_Angeles")
    start = datetime(2026, 3, 7, 12, tzinfo=pacific)
    assert due(start.astimezone(UTC), "24h", Calendar("America/Los_Angeles")).astimezone(pacific).time() == time(13)
    assert due(start.astimezone(UTC), "1d", Calendar("America/Los_Angeles")).astimezone(pacific) == datetime(
        2026, 3, 9, tzinfo=pacific
    )


@pytest.mark.parametrize(
    ("placed", "last"),
    [("2026-05-06T13:59", "2026-05-06"), ("2026-05-06T14:00", "2026-05-07"), ("2026-05-08T14:01", "2026-05-11"),
     ("2026-05-09T09:00", "2026-05-11")],
)  # fmt: skip
def test_the_two_oclock_rule(placed: str, last: str):  # R-080, S-50
    zone = "Asia/Ho_Chi_Minh"
    start = datetime.fromisoformat(placed).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert str(reckon(start, "0bd", Calendar(zone), cutoff=time(14)).last_day) == last


@pytest.mark.parametrize("text", ["", "24", "h", "-1h", "1.5h", "1 h", "24H", "2w", "9999999h", "１h"])
def test_what_is_no_span_is_refused(text: str):
    with pytest.raises(ValueError, match="is not a span"):
        span(text)


def test_a_calendar_without_business_days_is_refused():
    with pytest.raises(ValueError, match="no business day"):
        due(NOW, "1bd", Calendar("UTC", frozenset(range(7))))
