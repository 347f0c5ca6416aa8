"""The language of conditions: what it says, what it refuses and where it points."""

import re
import tomllib
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest

from rescind.core.policy import STANDARD, Explainer, PolicyError, check, load, phrase, restore
from rescind.core.policy.as_python import first_that_holds
from rescind.core.policy.as_sql import condition_sql
from rescind.core.policy.example import examples
from rescind.core.policy.language import parse
from rescind.core.policy.position import Text
from rescind.core.policy.tree import Always, And, Compare, Flag, Node, Not, Word
from rescind.locales import locale
from rescind.policies import preset, source

HEAD = 'policy = "mine"\nlayer = "shop"\nzone = "Europe/Paris"\n'
VALUES = {"hold": ["1h"], "extra": ["30m"], "most": [3], "dear": ["USD 100.00"], "strict": [False]}
PLAIN = {name: meant[-1] for name, meant in VALUES.items()}


def read(text: str) -> Node:
    return parse(text, STANDARD, VALUES, lambda message, index: PolicyError("when", 1, index + 1, message))


def holds(text: str, facts: Mapping[str, Any], lines: str = "any") -> bool:
    return first_that_holds([(read(text), lines)], PLAIN, STANDARD)(facts) == 0


def rule(when: str, rest: str = 'verdict = "approve"\ncites = ["M-01"]') -> bytes:
    return f'{HEAD}\n[[rules]]\nid = "R-1"\non = "request"\nwhen = {when}\n{rest}\n'.encode()


def refused(data: bytes) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        load(data, "mine.toml")
    assert in_chinese(caught.value), caught.value.message
    return caught.value


def in_chinese(error: PolicyError) -> bool:
    """Whether an author who reads Chinese is told in Chinese: the message kept its pattern, and somebody said it."""
    return re.search("[\u4e00-\u9fff]", locale("zh").told(error.message)) is not None


# --- what a condition means ---


def test_a_condition_becomes_a_tree_of_our_own():
    assert read("stage >= 'packed' and not (paid = false)") == And(
        (Compare("stage", ">=", Word("packed")), Not(Not(Flag("paid"))))
    )


def test_a_literal_on_the_left_is_turned_round():
    assert read("'1h' > since_paid") == read("since_paid < '1h'")


@pytest.mark.parametrize(
    ("text", "below", "at"),
    [
        ("since_paid < hold", 3599, 3600),
        ("since_paid < '2d'", 2 * 86400 - 1, 2 * 86400),
        ("since_paid < hold + extra", 5399, 5400),
        ("since_paid < 90", 89, 90),
        ("not since_paid >= '90m'", 5399, 5400),
    ],
)
def test_both_sides_of_a_time(text: str, below: int, at: int):
    assert holds(text, {"since_paid": below})
    assert not holds(text, {"since_paid": at})


def test_between_has_both_ends():
    found = [n for n in range(6) if holds("requests_on_order between 2 and most", {"requests_on_order": n})]
    assert found == [2, 3]


def test_stages_compare_in_the_order_of_fulfilment():
    stages = STANDARD["stage"].members
    assert [stage for stage in stages if holds("stage < 'review'", {"stage": stage})] == ["unpaid", "on_hold"]
    assert [stage for stage in stages if holds("stage > 'completed'", {"stage": stage})] == ["cancelled"]
    assert not any(holds("stage < 'unpaid'", {"stage": stage}) for stage in stages)


@pytest.mark.parametrize(
    ("literal", "currency", "minor"),
    [("USD 100.00", "USD", 10000), ("USD 100.5", "USD", 10050), ("JPY 1999", "JPY", 1999), ("KWD 1.250", "KWD", 1250)],
)
def test_money_is_exact_in_every_currency(literal: str, currency: str, minor: int):
    text = f"amount >= '{literal}'"
    assert holds(text, {"amount": minor, "currency": currency})
    assert not holds(text, {"amount": minor - 1, "currency": currency})


def test_money_in_another_currency_never_compares():
    for text in ("amount >= dear", "amount < dear", "amount = 'USD 50'", "amount in (dear, 'USD 50')"):
        assert not holds(text, {"amount": 5000, "currency": "EUR"})


def test_any_line_and_all_lines():
    one, both, none = [{"custom_made": True}, {"custom_made": False}], [{"custom_made": True}] * 2, []
    for lines, expected in ((one, (True, False)), (both, (True, True)), (none, (False, False))):
        facts = {"lines": lines, "paid": True}
        assert (holds("custom_made and paid", facts, "any"), holds("custom_made and paid", facts, "all")) == expected


def test_a_setting_stands_alone():
    assert holds("paid and not strict", {"paid": True})
    assert read("TRUE") == Always(holds=True)


def test_the_same_condition_is_written_for_every_engine():
    tree = read("stage >= 'delivered' and (custom_made or amount > dear)")
    for dialect in ("duckdb", "postgres", "spark", "bigquery", "trino"):
        sql = condition_sql(tree, "all", PLAIN, STANDARD, dialect)
        assert "IN ('delivered', 'completed', 'cancelled')" in sql
        assert "NOT EXISTS" in sql


# --- what it refuses, and where it points ---


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("stagee = 'packed'", 1, "there is no fact and no value called stagee; did you mean 'stage'?"),
        ("paid and stage = 'packd'", 18, "stage is never 'packd'; did you mean 'packed'?"),
        ("paid and actor > 'buyer'", 10, "actor has no order"),
        ("reason like 'a'", 1, "LIKE is not allowed"),
        ("paid is null", 1, "IS is not allowed"),
        ("stage = null", 9, "NULL is not allowed"),
        ("lower(reason) = 'other'", 1, "functions are not allowed"),
        ("paid and exists(select 1)", 24, "a query inside a condition"),
        ("stage in (select 1)", 1, "IN takes a list"),
        ("since_paid < since_placed", 14, "compared with another fact"),
        ("stage = status", 9, "compared with another fact"),
        ("since_paid < '2bd'", 14, "counts business days"),
        ("since_paid < 'soon'", 14, "'soon' is not a span"),
        ("since_paid < most + dear", 21, "the value dear does not fit here"),
        ("amount < 'USD 1.005'", 10, "is not an amount of USD"),
        ("amount < 'JPY 1.5'", 10, "is not an amount of JPY"),
        ("amount < 100", 10, "write the currency"),
        ("requests_on_order < '1h'", 21, "compare it with a whole number"),
        ("requests_on_order < 1.5", 21, "1.5 is not a whole number"),
        ("requests_on_order > -1", 22, "a negative number"),
        ("paid = 'yes'", 8, "paid is a flag"),
        ("since_paid", 1, "since_paid is not a flag"),
        ("hold", 1, "hold is not true or false"),
        ("paid; drop table orders", 5, "without a semicolon"),
        ("paid and", 6, "a condition is missing after `and`"),
        ("paid )", 6, "this parenthesis closes nothing"),
        ("stage = 'packed", 9, "a quote is never closed"),
        ("", 1, "the condition cannot be read: it is empty"),
        ("orders.paid", 1, "a name is one plain word"),
        ('"paid"', 1, "a name is one plain word"),
        ("paid = ?", 1, "paid is a flag"),
        ("case when paid then paid end", 11, "CASE is not allowed"),
        ("1 = 1", 1, "needs a fact"),
        ("since_paid + 1 < hold", 1, "needs a fact"),
        ("(" * 50 + "paid" + ")" * 50, 41, "too many parentheses"),
        ("not " * 50 + "paid", 161, "too many parentheses and NOTs"),
        ("paid or " * 600 + "paid", 4001, "at most 4000 characters"),
        ("__import__('os')", 1, "functions are not allowed"),
    ],
)
def test_what_is_not_a_comparison_of_facts_is_refused_with_its_place(text: str, column: int, message: str):
    with pytest.raises(PolicyError) as caught:
        read(text)
    assert message in caught.value.message
    assert caught.value.column == column
    assert in_chinese(caught.value), caught.value.message


def test_a_mistake_is_pointed_at_inside_the_file():
    error = refused(rule("\"paid and stage = 'packd'\""))
    assert (error.file, error.line, error.column) == ("mine.toml", 8, 9 + 17)
    assert str(error).startswith("mine.toml:8:26: stage is never 'packd'")


def test_a_mistake_in_a_condition_over_several_lines_and_escapes():
    error = refused(rule('"""\npaid\n  and stagge = \'packed\'"""'))
    assert (error.line, error.column) == (10, 7)
    error = refused(rule("\"paid \\u0061nd stagge = 'packed'\""))
    assert (error.line, error.column) == (8, 9 + 15 - 1)


@pytest.mark.parametrize(
    ("data", "line", "column", "message"),
    [
        (b'policy = "x"\nzone = \n', 2, 8, "Invalid value"),
        (b'policy = "x"\nzone = "Europe/Parris"\n', 2, 9, "is not a time zone"),
        (b'policy = "x"\nzonne = "UTC"\n', 2, 1, "there is no 'zonne' here; did you mean 'zone'?"),
        (b'policy = "x"\nlayer = "shopp"\n', 2, 10, "did you mean 'shop'?"),
        (b'policy = "x"\nextends = "bse"\n', 2, 12, "there is no policy called bse to extend"),
        (b'policy = "\xff"\n', 1, 1, "not UTF-8"),
    ],
)
def test_a_file_that_is_no_policy_is_refused_with_its_place(data: bytes, line: int, column: int, message: str):
    error = refused(data)
    assert message in error.message
    assert (error.line, error.column) == (line, column)


@pytest.mark.parametrize(
    ("rest", "line", "message"),
    [
        ('verdict = "approve"', 5, "R-1 cites no source"),
        ('verdict = "aprove"\ncites = ["M-01"]', 9, "did you mean 'approve'?"),
        ('verdict = "ask_seller"\ncites = ["M-01"]', 5, "R-1 waits for somebody and names no deadline"),
        ('verdict = "ask_seller"\ndeadline = "soon"\ncites = ["M-01"]', 10, "there is no deadline called soon"),
        ('verdict = "refuse"\ncites = ["M-01"]', 5, "does not say what to do instead"),
        ('verdict = "refuse"\ninstead = "return_or_refnd"\ncites = ["M-01"]', 10, "did you mean 'return_or_refund'?"),
        ('verdict = "approve"\nwhenn = "paid"\ncites = ["M-01"]', 10, "did you mean 'when'?"),
    ],
)
def test_a_rule_that_leaves_something_open_is_refused(rest: str, line: int, message: str):
    error = refused(rule('"paid"', rest))
    assert message in error.message
    assert error.line == line


def test_a_preset_must_answer_every_order():
    error = refused(rule('"paid"').replace(b'layer = "shop"\n', b""))
    assert "the last rule on request must always hold" in error.message


def test_two_rules_of_one_name_are_refused():
    twice = (
        rule('"paid"') + b'[[rules]]\nid = "R-1"\non = "request"\nwhen = "paid"\nverdict = "approve"\ncites = ["x"]\n'
    )
    error = refused(twice)
    assert "two rules called R-1" in error.message
    assert error.line == 12


def test_a_rule_behind_one_that_always_holds_is_refused():
    data = (
        rule('"TRUE"') + b'[[rules]]\nid = "R-2"\non = "request"\nwhen = "paid"\nverdict = "approve"\ncites = ["x"]\n'
    )
    error = refused(data)
    assert "R-2 is never reached" in error.message
    assert error.line == 11


def test_a_new_rule_in_an_extension_needs_its_place():
    data = b'policy = "x"\nextends = "base"\n\n[[rules]]\nid = "NEW-1"\non = "request"\nwhen = "paid"\n'
    data += b'verdict = "approve"\ncites = ["x"]\n'
    with pytest.raises(PolicyError, match="NEW-1 is new") as caught:
        load(data, "x.toml", bases={"base": preset("base")})
    assert caught.value.line == 4
    ordered = b'order = ["NEW-1", "CLOSED-1", "SELLER-3", "SHIP-5"]\n' + data
    policy = load(ordered, "x.toml", bases={"base": preset("base")})
    assert [entry.id for entry in policy.rules] == ["NEW-1", "CLOSED-1", "SELLER-3", "SHIP-5"]


def test_an_extension_cannot_spoil_a_rule_it_inherits():
    data = b'policy = "x"\nextends = "base"\n[values.window]\n2024-01-01 = { value = "2bd", source = "x" }\n'
    with pytest.raises(PolicyError, match="the value window does not fit"):
        load(data, "x.toml", bases={"base": preset("base")})


def test_the_published_form_reads_back_to_the_same_policy():
    for name in ("base", "us"):
        policy = preset(name)
        again = restore(policy.canonical())
        assert again == policy
        assert again.hash == policy.hash
    with pytest.raises(PolicyError):
        restore(preset("us").canonical().replace(b'"R-002"', b'""'))
    with pytest.raises(PolicyError):
        restore(b"{}")


def test_a_policy_published_by_an_older_program_keeps_its_hash():
    # As if `applies` had not been there yet: the bytes differ from what is written today, the name stays.
    older = preset("us").canonical().replace(b'"applies":"placed",', b"")
    assert restore(older) == preset("us")
    assert restore(older).hash == sha256(older).hexdigest() != preset("us").hash
    assert restore(older).canonical() == older


def test_a_long_condition_with_many_short_lists_is_no_attack():
    text = " or ".join(["reason in ('other', 'none')"] * 60)
    assert len(text) < 4000
    assert holds(text, {"reason": "none"})
    assert holds(" or ".join(["paid"] * 480), {"paid": True})


TRICKY = """# comment with "quotes" and [brackets]
"quoted key" = "a"  # after
a.b."c d" = 'lit\\eral'
list = [
  "one", # comment, with comma
  [ "two", { x = "three", y = [ "four" ] } ],
]
when = 2024-01-31T10:00:00
[table.sub]
m = \"\"\"
first \\
   second "quoted" \\u0041\"\"\"\"
n = '''
x''y'''
[[many]]
id = "m0"
[[many.inner]]
z = "deep"
[[many]]
id = "m\\t1"
[many.plain]
q = ""
"""


@pytest.mark.parametrize("text", [TRICKY, source("base").decode(), source("us").decode()])
def test_every_string_of_a_file_is_found_where_it_stands(text: str):
    found = Text("x.toml", text)
    found.index()

    def walk(value: Any, path: tuple[str | int, ...]) -> int:
        match value:
            case dict():
                return sum(walk(inner, (*path, name)) for name, inner in value.items())
            case list():
                return sum(walk(inner, (*path, n)) for n, inner in enumerate(value))
            case str():
                place = found.places[path]
                written = "".join(text[at] for at in place.characters[:-1])
                # An escape is found at its backslash.
                assert len(written) == len(value)
                assert all(w in ("\\", v) for w, v in zip(written, value, strict=True)), path
                return 1
            case _:
                assert path in found.places
                return 0

    assert walk(tomllib.loads(text), ()) > 10


def test_line_ends_of_another_system_change_neither_hash_nor_place():
    data = source("base")
    assert load(data.replace(b"\n", b"\r\n"), "base.toml").hash == preset("base").hash
    error = refused(rule('"paid and stagge"').replace(b"\n", b"\r\n"))
    assert (error.line, error.column) == (8, 18)


# --- explanations ---


def test_a_trace_shows_every_part_with_what_it_found():
    explainer = Explainer(PLAIN, STANDARD)
    facts = {"stage": "packed", "since_paid": 4000, "paid": True}
    branch = explainer.trace(read("paid and (since_paid < hold or stage = 'packed')"), facts)
    assert branch.held
    told = [
        (p.atom.fact, p.atom.op, p.atom.wanted, p.atom.actual, p.atom.held) for p in branch.parts[1].parts if p.atom
    ]
    assert told == [("since_paid", "<", 3600, 4000, False), ("stage", "=", "packed", "packed", True)]


def test_the_least_that_would_change_an_answer():
    explainer = Explainer(PLAIN, STANDARD)
    facts = {"stage": "packed", "since_paid": 4000, "paid": False, "partial": True}
    text = "(paid and since_paid < hold and stage < 'packed') or (not partial)"
    (atom,) = explainer.what_would_change(read(text), facts)
    assert (atom.fact, atom.op, atom.held) == ("partial", "is not", False)
    assert explainer.what_would_change(read("not paid"), facts) == ()
    blockers = explainer.what_would_change(read("paid and since_paid < hold"), facts)
    assert [(a.fact, a.by) for a in blockers] == [("paid", ()), ("since_paid", ("hold",))]


def test_a_condition_falls_into_pieces_a_page_can_translate():
    told = phrase(read("not (paid and since_paid < hold) or stage in ('packed', 'packing')"), PLAIN, STANDARD)
    assert told.how == "or"
    unless, packed = told.parts
    assert [(p.fact, p.op, p.wanted, p.unit, p.by) for p in unless.parts] == [
        ("paid", "is not", (), "", ()),
        ("since_paid", ">=", (3600,), "seconds", ("hold",)),
    ]
    assert (unless.how, packed.op, packed.wanted) == ("or", "in", ("packed", "packing"))
    assert phrase(read("not strict"), PLAIN, STANDARD).how == "always"


def test_explanations_name_the_line():
    facts = {"lines": [{"custom_made": True, "special": False}, {"custom_made": False, "special": False}], "paid": True}
    explainer = Explainer({}, STANDARD)
    (atom,) = explainer.what_would_change(read("custom_made and paid"), facts, "all")
    assert (atom.fact, atom.line) == ("custom_made", 1)


def test_a_failed_example_is_told_as_a_person_would():
    book = examples(
        b"""policy = "us"
[calendar]
[[examples]]
id = "S-01"
says = "Paid at 10:00, cancelled at 11:30."
placed = 2026-05-06T10:00:00
paid = 2026-05-06T10:00:00
asks = 2026-05-06T11:30:00
facts = { stage = "preparing" }
verdict = "approve"
rule = "HOLD-1"
[[examples]]
id = "S-06"
says = "Silent seller."
placed = 2026-05-06T10:00:00
paid = 2026-05-06T10:00:00
asks = 2026-05-06T11:30:00
facts = { stage = "preparing" }
verdict = "ask_seller"
rule = "ASK-1"
due = 2026-05-07T11:29:00
""",
        "x.examples.toml",
    )
    first, second = check(preset("us"), book)
    assert "Expected approve by HOLD-1; the answer is ask_seller by ASK-1." in str(first)
    assert "HOLD-1 did not hold: since_paid = 5400, not < 3600." in str(first)
    assert "Expected the deadline at Thu 2026-05-07 11:29:00; it is Thu 2026-05-07 11:30:00." in str(second)
