"""Every preset says the same of the same facts in Python and in SQL: a back-test is the decision, over columns."""

import asyncio
import os
import random
from datetime import UTC, datetime

import asyncpg

from rescind.core.policy import STANDARD, SqlNames, judge_fast
from rescind.core.policy.literal import constant, read_literal
from rescind.core.policy.vocabulary import Kind, Per
from rescind.policies import laws, names, preset
from rescind.postgres.embedded import OWNER

ROWS = 100_000 if os.environ.get("PROOF") == "full" else 20_000
SEED = 20260506
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TYPES = {Kind.FLAG: "boolean", Kind.COUNT: "bigint", Kind.AMOUNT: "bigint", Kind.LEVEL: "text", Kind.CODE: "text"}
OF_ORDER = [spec for spec in STANDARD.values() if spec.level is Per.ORDER]
OF_LINE = [spec for spec in STANDARD.values() if spec.level is Per.LINE]
COUNTRIES = ("none", "PH", "VN", "MY", *(law.countries[0] for law in laws()))


def edges(spec) -> list[int]:
    """For a count: every number that some policy's value means for it, and its neighbours."""
    known = {0, 1}
    meanings = {dated.value for name in names() for value in preset(name).values for dated in value.history}
    for meant in meanings:
        try:
            known.add(constant(read_literal(meant, spec), spec, {}).content)
        except ValueError:
            continue
    return sorted({max(0, number + step) for number in known for step in (-1, 0, 1)})


def some_facts(chance: random.Random, counts):
    """A row of facts, not all equally likely: a shop sees more plain orders than odd ones, and so do the rules."""
    said = {}
    # Half the rows are of orders about which hardly anything is special: only those get as far as the last rules.
    special = chance.choice((0.1, 0.25))
    for spec in OF_ORDER:
        match spec.kind:
            case Kind.FLAG:
                said[spec.name] = chance.random() < special
            case Kind.COUNT | Kind.AMOUNT:
                several = [chance.choice(counts[spec.name]) for _ in range(3 if special < 0.2 else 1)]
                said[spec.name] = min(several)
            case _:
                said[spec.name] = chance.choice(spec.members or COUNTRIES)
    lines = [
        {spec.name: chance.random() < 0.3 if spec.kind is Kind.FLAG else chance.choice(COUNTRIES) for spec in OF_LINE}
        for _ in range(chance.choice((0, 1, 1, 1, 2, 3)))
    ]
    return said | {"currency": chance.choice(("USD", "VND")), "lines": lines}


async def filled(connection, rows) -> None:
    columns = ", ".join(f"{spec.name} {TYPES[spec.kind]}" for spec in OF_ORDER)
    of_line = ", ".join(f"{spec.name} {TYPES[spec.kind]}" for spec in OF_LINE)
    await connection.execute(f"CREATE TEMP TABLE facts (order_id int PRIMARY KEY, currency text, {columns})")
    await connection.execute(f"CREATE TEMP TABLE line_facts (order_id int, {of_line})")
    await connection.copy_records_to_table(
        "facts",
        records=[
            (number, said["currency"], *(said[spec.name] for spec in OF_ORDER)) for number, said in enumerate(rows)
        ],
    )
    await connection.copy_records_to_table(
        "line_facts",
        records=[
            (number, *(line[spec.name] for spec in OF_LINE))
            for number, said in enumerate(rows)
            for line in said["lines"]
        ],
    )
    await connection.execute("CREATE INDEX ON line_facts (order_id)")
    await connection.execute("ANALYZE facts")
    await connection.execute("ANALYZE line_facts")


def asked_of(name):
    """Everything a preset can be asked, by its SQL: as shipped, and with each value that a shop may choose set to the
    last it may choose. What comes out as the same text is the same question.
    """
    settings = ({}, *({one.name: one.choices[-1] if one.choices else one.high} for one in preset(name).tunable))
    policies = [preset(name).at(NOW, chosen) for chosen in settings]
    return {policy.sql(on, "postgres", SqlNames()): (policy, on) for policy in policies for on in policy.first}


def in_python(policy, on, rows):
    """The rule that decides each row, as live decisions find it."""
    first, rules = policy.first[on], [rule.id for rule in policy.rules_on(on)]
    found = map(first, rows)
    return [rules[number] if number >= 0 else None for number in found]


async def test_every_preset_means_the_same_in_python_and_in_sql(database):
    chance = random.Random(SEED)
    counts = {spec.name: edges(spec) for spec in OF_ORDER if spec.kind in {Kind.COUNT, Kind.AMOUNT}}
    rows = [some_facts(chance, counts) for _ in range(ROWS)]
    connection = await asyncpg.connect(database(OWNER))
    try:
        await filled(connection, rows)
        for name in names():
            questions = asked_of(name)
            reached = set()
            # One statement for all of them, so that the rows are read once.
            columns = ", ".join(f"{sql} AS c{place}" for place, sql in enumerate(questions))
            found = await connection.fetch(f"SELECT {columns} FROM facts AS o ORDER BY order_id")
            for place, (policy, on) in enumerate(questions.values()):
                in_sql, ours = [row[place] for row in found], in_python(policy, on, rows)
                if in_sql != ours:
                    differ = [row for row in zip(range(ROWS), in_sql, ours, strict=True) if row[1] != row[2]]
                    raise AssertionError(f"{name} on {on}, {policy.settings}: {differ[:5]}")
                reached.update(in_sql)
            # The rows are varied enough to mean something: every rule that can be reached decided some of them.
            assert {rule.id for rule in preset(name).rules} - reached <= {"CLOSED-1"}, name
    finally:
        await asyncio.wait_for(connection.close(), 10)


def test_what_decides_a_row_is_what_judges_it():
    """The short way that a hundred thousand rows take, and the one that decisions take."""
    chance = random.Random(SEED)
    counts = {spec.name: edges(spec) for spec in OF_ORDER if spec.kind in {Kind.COUNT, Kind.AMOUNT}}
    rows = [some_facts(chance, counts) for _ in range(200)]
    for name in names():
        for policy, on in asked_of(name).values():
            for said, ours in zip(rows, in_python(policy, on, rows), strict=True):
                try:
                    judged = judge_fast([policy], on, said)[1].id
                except LookupError:
                    judged = None
                assert judged == ours
