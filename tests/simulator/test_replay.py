"""Replays: what happened is played by the code that serves live orders, and every sum comes out to the cent."""

import io
import json
import os
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from rescind.commands.policy import app as policy_commands
from rescind.commands.policy_file import find
from rescind.commands.replay import _Bar, _calendar, replay, run
from rescind.core import lifecycle
from rescind.core.fulfilment import ReportFact
from rescind.core.money import Money
from rescind.core.parts import FactKind
from rescind.core.stage import Stage
from rescind.core.verdict import Verdict
from rescind.locales import locale
from rescind.policies import preset
from rescind.simulator import replay as playing
from rescind.simulator.history import PastCredit, PastLine, PastOrder, PastTender, Reading
from rescind.simulator.layouts import recognise
from rescind.simulator.replay import Asked, Player
from rescind.simulator.report import Report, show

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
PLACED = datetime(2018, 3, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

ORDERS = (
    "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,"
    "order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date"
)
ITEMS = "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value"
PAYMENTS = "order_id,payment_sequential,payment_type,payment_installments,payment_value"
LINES = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"

# One cancelled order for each last stage, one of them without lines, and two that were not cancelled.
SMALL = {
    "orders": [
        "unpaid,c1,canceled,2018-03-05 09:00:00,,,,2018-03-20 00:00:00",
        "paid,c2,canceled,2018-03-05 09:00:00,2018-03-05 09:20:00,,,2018-03-20 00:00:00",
        "bare,c3,canceled,2018-03-05 09:00:00,2018-03-05 09:20:00,,,2018-03-20 00:00:00",
        "shipped,c4,canceled,2018-03-05 09:00:00,2018-03-05 09:20:00,2018-03-04 09:00:00,,2018-03-20 00:00:00",
        "arrived,c5,canceled,2018-03-05 09:00:00,2018-03-05 09:20:00,2018-03-06 09:00:00,2018-03-09 09:00:00,",
        "kept,c6,delivered,2018-03-05 09:00:00,2018-03-05 09:20:00,2018-03-06 09:00:00,2018-03-09 09:00:00,",
        "stuck,c7,unavailable,2018-03-05 09:00:00,2018-03-05 09:20:00,,,2018-03-20 00:00:00",
    ],
    "items": [
        "unpaid,1,p1,s1,2018-03-10 00:00:00,10.00,1.00",
        "paid,1,p1,s1,2018-03-10 00:00:00,20.00,2.00",
        "paid,2,p2,s2,2018-03-10 00:00:00,30.00,3.00",
        "shipped,1,p1,s1,2018-03-10 00:00:00,40.00,4.00",
        "arrived,1,p1,s1,2018-03-10 00:00:00,50.00,5.00",
        "kept,1,p1,s1,2018-03-10 00:00:00,60.00,6.00",
        "strange,1,p1,s1,2018-03-10 00:00:00,70.00,7.00",
    ],
    "payments": [
        "unpaid,1,boleto,1,11.00",
        "paid,1,voucher,1,5.01",
        "paid,2,credit_card,3,51.49",  # 1.50 more than the lines: interest
        "bare,1,credit_card,1,33.33",
        "shipped,1,debit_card,1,44.00",
        "arrived,1,credit_card,1,54.00",  # 1.00 less than the lines
        "kept,1,credit_card,1,66.00",
        "gone,1,credit_card,1,9.99",
        "gone,2,voucher,1,0.01",
    ],
}


def write(folder: Path, **tables: list[str]) -> Path:
    """An Olist folder; a table that is not given is the small one."""
    headings = {"orders": ORDERS, "items": ITEMS, "payments": PAYMENTS}
    for name, heading in headings.items():
        lines = [heading, *tables.get(name, SMALL[name])]
        (folder / f"{name}.csv").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return folder


def past(**differing) -> PastOrder:
    plain = {
        "number": "1",
        "buyer": "b",
        "sellers": ("s",),
        "currency": "BRL",
        "placed_at": PLACED,
        "paid_at": PLACED + HOUR,
        "carrier_at": None,
        "delivered_at": None,
        "estimate": None,
        "ship_by": None,
        "lines": (line(1, 1000),),
        "tenders": (tender(1000),),
        "ended_as": "canceled",
    }
    return PastOrder(**(plain | differing))


def line(quantity: int, minor: int, shipping: int = 0, sku: str = "p") -> PastLine:
    return PastLine(sku, "", quantity, Money(minor, "BRL"), Money(shipping, "BRL"))


def tender(minor: int, kind: str = "card") -> PastTender:
    return PastTender(kind, Money(minor, "BRL"))


def player(policy: str = "base", asked: Asked = Asked.AFTER_LAST_STAGE) -> Player:
    chosen = find(policy)
    return Player(chosen, _calendar(chosen), asked)


def told(history: Path, policy: str = "base") -> Report:
    chosen = find(policy)
    return run(recognise(history), history, chosen, _calendar(chosen))


cli = typer.Typer()
cli.command()(replay)
cli.add_typer(policy_commands, name="policy")


def command(*args: object):
    return CliRunner().invoke(cli, [str(arg) for arg in args])


# --- one order -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["base", "us"])
@pytest.mark.parametrize(
    ("paid_h", "carrier_h", "delivered_h"),
    [
        (None, None, None),
        (1, None, None),
        (1, 20, None),
        (1, 20, 90),
        (30, 20, 90),  # handed over before the payment was approved
        (1, -5, None),  # and before the purchase
        (1, 90, 20),  # arrived before it left
        (None, 20, 90),
        (1, None, 90),
    ],
)
def test_facts_fold_to_the_same_order_as_on_the_live_path(policy, paid_h, carrier_h, delivered_h):
    times = [None if hours is None else PLACED + hours * HOUR for hours in (paid_h, carrier_h, delivered_h)]
    history = past(paid_at=times[0], carrier_at=times[1], delivered_at=times[2])
    playing_it = player(policy)
    played = playing_it.play(history).order

    terms = playing_it._terms_of(PLACED)
    live = playing_it._place(history, terms)
    live = msgspec.structs.replace(live, id=played.id)
    kinds = (FactKind.PAID, FactKind.HANDED_OVER, FactKind.DELIVERED)
    for at, fact in sorted((at, kind.value) for kind, at in zip(kinds, times, strict=True) if at is not None):
        report = ReportFact(order=live.id, fact=FactKind(fact), occurred_at=at)
        decision = lifecycle.decide(live, report, playing._HOST, playing_it._context, terms, max(at, PLACED))
        for event in decision.events:
            live = lifecycle.apply(live, event)

    assert played == live


@pytest.mark.parametrize(
    ("times", "stage", "base", "us"),
    [
        ({"paid_at": None}, Stage.UNPAID, ("approve", "UNPAID-1"), ("approve", "UNPAID-1")),
        ({}, Stage.REVIEW, ("approve", "REVIEW-1"), ("approve", "HOLD-1")),
        ({"carrier_at": PLACED + 5 * HOUR}, Stage.IN_TRANSIT, ("refuse", "SHIPPED-1"), ("refuse", "SHIPPED-1")),
        ({"delivered_at": PLACED + 9 * HOUR}, Stage.DELIVERED, ("refuse", "SHIPPED-1"), ("refuse", "SHIPPED-1")),
    ],
)
def test_an_order_is_asked_about_one_second_after_the_last_stage_known(times, stage, base, us):
    history = past(**times)
    for policy, expected in (("base", base), ("us", us)):
        (answer,) = player(policy).play(history).answers
        assert (answer.verdict, answer.rule) == expected
        assert answer.at == history.last_at + timedelta(seconds=1)
        assert answer.stage in {stage, Stage.ON_HOLD if policy == "us" and stage is Stage.REVIEW else stage}


@settings(deadline=None)
@given(
    lines=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 9999), st.integers(0, 999)), max_size=4),
    tenders=st.lists(st.integers(0, 30000), max_size=3),
    paid=st.booleans(),
)
def test_any_order_adds_up_and_gives_back_all_that_was_captured(lines, tenders, paid):
    history = past(
        lines=tuple(line(*parts) for parts in lines),
        tenders=tuple(tender(minor) for minor in tenders),
        paid_at=PLACED if paid else None,
    )
    played = player().play(history)

    assert played.order.total.minor == sum(tenders)
    assert all(bought.paid_minor >= 0 for bought in played.order.lines)
    assert played.order.shipping_minor >= 0
    assert played.order.paid.minor == (sum(tenders) if paid else 0)
    assert played.answers[0].verdict is Verdict.APPROVE
    assert played.answers[0].quoted_minor == played.order.paid.minor


def test_what_was_paid_beyond_the_lines_goes_with_the_shipping_and_what_was_paid_short_is_a_discount():
    beyond = player().play(past(lines=(line(1, 1000, 100),), tenders=(tender(1150),))).order
    assert (beyond.shipping_minor, beyond.lines[0].discount_minor) == (150, 0)
    short = player().play(past(lines=(line(1, 300), line(2, 300, 100)), tenders=(tender(700),))).order
    assert (short.shipping_minor, [bought.discount_minor for bought in short.lines]) == (100, [100, 200])
    nothing = player().play(past(lines=(line(1, 1000, 100),), tenders=())).order
    assert (nothing.shipping_minor, nothing.lines[0].discount_minor) == (0, 1000)


# --- credits ---------------------------------------------------------------------------------------------------------


def credit(hours: int, quantity: int, sku: str = "p") -> PastCredit:
    return PastCredit(PLACED + hours * HOUR, sku, quantity, Money(100 * quantity, "BRL"))


def test_each_credit_note_is_a_question_at_its_moment_about_its_units():
    history = past(
        lines=(line(2, 100), line(1, 200, sku="q"), line(3, 100)),
        tenders=(tender(700),),
        credits=(credit(2, 4), credit(2, 1, "q"), credit(9, 1)),
    )
    first, second = player("base", Asked.AT_EACH_CREDIT).play(history).answers
    assert (first.at, first.quoted_minor, first.credited_minor) == (PLACED + 2 * HOUR, 600, 500)
    assert (second.at, second.quoted_minor, second.credited_minor) == (PLACED + 9 * HOUR, 100, 100)


def test_a_credit_takes_the_units_of_the_line_furthest_down_first():
    history = past(lines=(line(2, 100), line(3, 90)), tenders=(tender(470),))
    units = playing._Units(player().play(history).order, msgspec.structs.replace(history, credits=(credit(1, 4),)))
    assert units.take((credit(1, 4),)) == {"2": 3, "1": 1}
    assert units.take((credit(2, 1),)) == {"1": 1}


def test_where_the_seller_is_asked_the_history_says_yes_and_the_next_credit_can_be_asked():
    asking = past(lines=(line(2, 100),), tenders=(tender(200),), paid_at=PLACED, credits=(credit(3, 2),))
    (answer,) = player("us", Asked.AT_EACH_CREDIT).play(asking).answers
    assert (answer.verdict, answer.rule, answer.quoted_minor) == ("ask_seller", "ASK-1", 200)
    twice = msgspec.structs.replace(asking, credits=(credit(3, 1), credit(4, 1)))
    assert [one.rule for one in player("us", Asked.AT_EACH_CREDIT).play(twice).answers] == ["WHOLE-1", "WHOLE-1"]


@pytest.mark.parametrize(("verdict", "rest"), [("ask_seller", "REPEAT-1"), ("review", "REPEAT-1")])
def test_a_question_that_waits_does_not_stand_in_the_way_of_the_next(tmp_path, verdict, rest):
    file = tmp_path / "strict.toml"
    file.write_text(
        f"""
        policy = "strict"
        extends = "base"
        order = ["{rest}", "MINE-1", "SELLER-1", "SELLER-2", "SELLER-3", "SHIP-5"]
        [values.requests_per_order]
        2010-01-01 = {{ value = 1, source = "test" }}
        [[rules]]
        id = "MINE-1"
        on = "request"
        when = "TRUE"
        verdict = "{verdict}"
        deadline = "seller_answer"
        cites = ["test"]
        [[rules]]
        id = "REPEAT-1"
        on = "request"
        when = "requests_on_order >= requests_per_order"
        verdict = "refuse"
        instead = "contact_support"
        cites = ["test"]
        """,
        encoding="utf-8",
    )
    history = past(lines=(line(3, 100),), tenders=(tender(300),), credits=tuple(credit(h, 1) for h in (1, 2, 3)))
    answers = player(str(file), Asked.AT_EACH_CREDIT).play(history).answers
    assert [answer.rule for answer in answers] == ["MINE-1", rest, rest]


# --- the report ------------------------------------------------------------------------------------------------------


def test_a_small_history_comes_out_to_the_cent(tmp_path):
    report = told(write(tmp_path))
    assert (report.orders, report.decisions) == (7, 7)
    assert report.by_status == {"canceled": 5, "delivered": 1, "unavailable": 1}
    assert (report.without_lines, report.several_sellers) == (2, 1)
    assert report.verdicts == {"approve": 4, "ask_seller": 0, "ask_carrier": 0, "review": 0, "refuse": 3}
    assert report.rules == {"REVIEW-1": 3, "SHIPPED-1": 3, "UNPAID-1": 1}
    canceled = report.canceled
    assert canceled.by_last_stage == {"never_approved": 1, "approved": 2, "with_carrier": 1, "delivered": 1}
    assert canceled.paid_by_last_stage == {
        "never_approved": "11.00",
        "approved": "89.83",
        "with_carrier": "44.00",
        "delivered": "54.00",
    }
    assert (canceled.orders, canceled.paid, canceled.without_lines) == (5, "198.83", 1)
    assert canceled.verdicts_by_last_stage["with_carrier"]["refuse"] == 1
    assert canceled.rules == {"REVIEW-1": 2, "SHIPPED-1": 2, "UNPAID-1": 1}
    assert report.refunds.total == "198.83"
    assert report.refunds.by_tender == {
        "boleto": "11.00",
        "credit_card": "138.82",
        "debit_card": "44.00",
        "voucher": "5.01",
    }
    assert report.refunds.by_policy == {
        "approve": "89.83",
        "ask_seller": "0.00",
        "ask_carrier": "0.00",
        "review": "0.00",
        "refuse": "98.00",
        "released": "11.00",
    }
    assert report.refunds.quoted["approve"] == "89.83"
    assert report.absent == type(report.absent)(orders=2, payments=2, items=1)
    assert report.credits is None


def test_answers_add_up_whatever_the_policy(tmp_path):
    for policy in ("base", "us"):
        report = told(write(tmp_path), policy)
        assert sum(report.canceled.verdicts.values()) == report.canceled.orders == 5
        by_stage = Counter()
        for counts in report.canceled.verdicts_by_last_stage.values():
            by_stage.update(counts)
        assert {verdict: by_stage[verdict] for verdict in report.canceled.verdicts} == report.canceled.verdicts
        assert sum(report.verdicts.values()) == sum(report.rules.values()) == report.decisions
        assert sum(map(cents, report.refunds.by_policy.values())) == cents(report.refunds.total)
        assert sum(map(cents, report.refunds.by_tender.values())) == cents(report.refunds.total)


def cents(amount: str) -> int:
    whole, _, part = amount.partition(".")
    return int(whole) * 100 + int(part)


def test_invoices_with_credits_are_reported_with_the_same_keys(tmp_path):
    file = tmp_path / "lines.csv"
    lines = [
        "1,10001,Mug,2,2010-05-05 10:00:00,3.00,c1,UK",
        "2,10001,Mug,1,2010-05-05 11:00:00,3.00,c2,UK",
        "3,10002,Jug,5,2010-05-05 12:00:00,4.00,c3,UK",
        "C4,10001,Mug,-2,2010-05-05 10:30:00,3.00,c1,UK",
        "C5,10002,Jug,-1,2010-05-06 10:30:00,3.50,c3,UK",
        "C6,10009,Pan,-1,2010-05-06 10:30:00,3.50,c3,UK",
    ]
    file.write_text("\n".join([LINES, *lines]), encoding="utf-8")
    report = told(file, "us")
    assert report.by_status == {"credited_in_part": 1, "credited_in_whole": 1, "kept": 1}
    assert report.canceled.by_last_stage["approved"] == report.canceled.orders == 1
    assert report.canceled.paid_by_last_stage["approved"] == "6.00"
    assert report.canceled.verdicts["approve"] == 1
    assert report.refunds.total == report.refunds.by_tender["invoice"] == "9.50"
    assert (report.refunds.by_policy["approve"], report.refunds.by_policy["refuse"]) == ("6.00", "3.50")
    assert report.refunds.quoted["refuse"] == "4.00"  # by the price it was bought at
    assert report.credits is not None
    assert (report.credits.lines, report.credits.unmatched, report.credits.questions) == (3, 1, 2)
    assert (report.credits.orders_in_whole, report.credits.orders_in_part) == (1, 1)


@pytest.mark.parametrize("policy", ["base", "us"])
def test_the_report_fits_into_80_columns_and_names_what_matters(tmp_path, policy):
    out = io.StringIO()
    show(told(write(tmp_path), policy), Console(file=out, width=80), locale("en"))
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    for piece in ("payment never approved", "198.83", "does not go back", "one second after", "Bad rows: 0", policy):
        assert " ".join(piece.split()) in " ".join(text.split())


# --- published histories ---------------------------------------------------------------------------------------------


def published(name: str, policy: str) -> tuple[Report, dict]:
    folder = DATA / name
    if not folder.is_dir():
        reason = f"the published history {name} is not beside the checkout"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return told(folder, policy), json.loads((folder / "expected.json").read_text(encoding="utf-8"))


def test_olist_comes_out_to_the_cent():
    report, expected = published("olist", "base")
    canceled = expected["canceled"]
    assert report.orders == report.decisions == expected["rows"]["orders"]
    assert report.by_status == expected["status"]
    assert report.canceled.orders == canceled["orders"]
    assert list(report.canceled.by_last_stage.values()) == list(canceled["last_stage_reached"].values())
    assert list(report.canceled.paid_by_last_stage.values()) == list(canceled["paid_by_last_stage"].values())
    assert report.canceled.without_lines == canceled["without_items"]
    assert report.refunds.total == report.canceled.paid == canceled["paid_total"]
    assert report.refunds.by_tender == canceled["paid_by_type"]
    assert report.several_sellers == expected["orders_with_several_sellers"]
    assert report.bad_rows.count == 0
    assert report.canceled.verdicts == {"approve": 550, "ask_seller": 0, "ask_carrier": 0, "review": 0, "refuse": 75}
    # What the core would give back is what was captured, whether or not lines are known.
    assert report.refunds.by_policy["approve"] == report.refunds.quoted["approve"] == "99900.87"
    assert report.refunds.by_policy["released"] == "34487.07"


def test_online_retail_comes_out_to_the_cent():
    report, expected = published("online-retail-2010", "us")
    orders = expected["orders"]
    assert (report.orders, report.paid) == (orders["n"], orders["value"])
    assert report.credits is not None
    assert report.credits.orders_in_whole == report.canceled.orders == orders["credited_in_whole"]
    assert report.credits.orders_in_part == orders["credited_in_part"]
    assert report.credits.lines == expected["credit_lines"]["lines"]
    outcomes = expected["credit_lines"]["by_outcome"]
    assert report.credits.unmatched == outcomes["unmatched"] + outcomes["no_customer"]
    assert report.canceled.paid == orders["value_of_orders_credited_in_whole"]
    assert report.refunds.total == expected["credit_lines"]["matched_value"]
    assert sum(map(cents, report.refunds.by_policy.values())) == cents(report.refunds.total)
    assert sum(report.verdicts.values()) == report.decisions == report.credits.questions


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_prints_the_report_and_writes_it_as_json(tmp_path):
    file = tmp_path / "report.json"
    result = command("replay", write(tmp_path), "--policy", "base", "--json", file)
    assert result.exit_code == 0
    assert re.search(r"Orders of olist under policy base \(\w+\): 7", result.stdout)
    assert result.stderr == ""
    report = json.loads(file.read_bytes())
    assert report["policy"] == {"name": "base", "hash": preset("base").hash}
    assert report["asked"] == "after_last_stage"
    assert report["bad_rows"] == {"count": 0, "first": []}
    assert report["seconds"] > 0
    assert report["decisions_per_second"] > 0


def test_a_dash_stands_for_the_report_as_json_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = command("replay", write(tmp_path), "--policy", "base", "--json", "-")
    assert json.loads(result.stdout)["policy"]["name"] == "base"
    assert not (tmp_path / "-").exists()


def test_a_bad_row_is_named_skipped_and_told_by_the_exit_code(tmp_path):
    orders = [
        *SMALL["orders"],
        "wrong,c8,canceled,2018-02-30 09:00:00,,,,2018-03-20 00:00:00",
        "unpaid,c9,canceled,2018-03-05 09:00:00,,,,2018-03-20 00:00:00",
    ]
    payments = [*SMALL["payments"], "paid,3,credit_card,1,1.234", "paid,4,[red]card,1"]
    file = tmp_path / "report.json"
    result = command("replay", write(tmp_path, orders=orders, payments=payments), "--policy", "base", "--json", file)
    assert result.exit_code == 1
    report = json.loads(file.read_bytes())
    assert (report["orders"], report["bad_rows"]["count"]) == (7, 4)
    places = [("payments.csv", 11), ("payments.csv", 12), ("orders.csv", 9), ("orders.csv", 10)]
    assert [(row["file"], row["line"]) for row in report["bad_rows"]["first"]] == places
    lines = result.stderr.splitlines()
    assert len(lines) == 4
    for (name, number), complaint in zip(places, lines, strict=True):
        assert complaint.startswith(f"{name}, line {number}: ")
    assert "payment_value: '1.234'" in lines[0]


def test_only_the_first_hundred_bad_rows_are_kept_but_all_are_counted_and_named(tmp_path):
    payments = [f"paid,{n},voucher,1,none" for n in range(150)]
    file = tmp_path / "report.json"
    result = command("replay", write(tmp_path, payments=payments), "--policy", "base", "--json", file)
    report = json.loads(file.read_bytes())
    assert (report["bad_rows"]["count"], len(report["bad_rows"]["first"])) == (150, 100)
    assert len(result.stderr.splitlines()) == 150


def test_an_empty_history_is_no_division_by_zero(tmp_path):
    report = told(write(tmp_path, orders=[], items=[], payments=[]))
    assert (report.orders, report.decisions, report.refunds.total) == (0, 0, "0.00")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nowhere", "--policy", "base"], "does not exist"),
        ([".", "--policy", "base"], "no known order history"),
        (["small", "--policy", "bas"], "did you mean 'base'? Presets: automation, base, br"),
        (["small", "--policy", "lost.toml"], "lost.toml cannot be read"),
        (["small", "--policy", "broken.toml"], "broken.toml:6:9:"),
        (["small", "--policy", "mute.toml"], "lists no reason"),
        (["small", "--policy", "moon.toml"], "the calendar 'MOON'"),
        (["small", "--policy", "base", "--json", "nowhere/report.json"], "nowhere/report.json"),
        (["small", "--policy", "law.toml"], "is a law layer"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(tmp_path, monkeypatch, args, said):
    (tmp_path / "small").mkdir()
    write(tmp_path / "small")
    rule = '[[rules]]\nid = "A-1"\non = "request"\nwhen = "{}"\nverdict = "approve"\ncites = ["t"]\n'
    own = 'policy = "own"\nextends = "base"\n'
    (tmp_path / "broken.toml").write_text(own + rule.format("stages = 1"), encoding="utf-8")
    (tmp_path / "mute.toml").write_text(
        own + '[[reasons.buyer]]\ncode = "duplicate"\nwhen = "stage = \'packed\'"\n', "utf-8"
    )
    (tmp_path / "moon.toml").write_text(own + 'calendar = "MOON"\n', encoding="utf-8")
    in_force = 'countries = ["XX"]\nin_force = 2026-01-01\n'
    head = 'policy = "law"\nlayer = "law"\nzone = "UTC"\n'
    (tmp_path / "law.toml").write_text(head + in_force + rule.format("TRUE"), "utf-8")
    monkeypatch.chdir(tmp_path)
    result = command("replay", *args)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_where_the_policy_does_not_list_our_reason_the_first_it_lists_is_given_with_a_comment(tmp_path):
    file = tmp_path / "own.toml"
    reasons = '[[reasons.buyer]]\ncode = "{}"\nneeds = ["comment"]\n'
    for code in ("other", "changed_mind"):
        file.write_text('policy = "own"\nextends = "base"\n' + reasons.format(code), encoding="utf-8")
        assert told(write(tmp_path), str(file)).canceled.verdicts == told(tmp_path).canceled.verdicts


def test_the_bar_shows_bytes_and_orders_and_is_quiet_in_a_log():
    reading = Reading(lambda _: iter([]))
    reading.tally.bytes_total, reading.tally.bytes_read, reading.tally.orders = 200, 100, 1234
    for terminal in (True, False):
        out = io.StringIO()
        with _Bar(reading, Console(file=out, force_terminal=terminal, width=80)):
            pass
        assert ("orders: 1,234" in out.getvalue()) is terminal
        assert ("50%" in out.getvalue()) is terminal


# --- policies --------------------------------------------------------------------------------------------------------


def test_presets_are_listed_shown_and_checked():
    listed = command("policy", "list")
    assert listed.exit_code == 0
    for name in ("base", "us"):
        assert preset(name).hash[:12] in listed.stdout
        shown = command("policy", "show", name)
        assert shown.exit_code == 0
        assert preset(name).hash in shown.stdout
        assert all(rule.id in shown.stdout for rule in preset(name).rules)
    checked = command("policy", "check")
    assert checked.exit_code == 0
    assert "base: examples: 41, failed: 0" in checked.stdout


def test_a_policy_of_ones_own_is_checked_with_the_examples_beside_it(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text('policy = "own"\nextends = "base"\n', encoding="utf-8")
    assert "own: loads; it has no examples" in command("policy", "check", file).stdout
    beside = tmp_path / "own.examples.toml"
    story = """
        policy = "own"
        [calendar]
        [[examples]]
        id = "E-1"
        says = "Who has not paid may go"
        placed = 2026-05-04T10:00:00
        verdict = "{}"
        rule = "UNPAID-1"
        """
    beside.write_text(story.format("approve"), encoding="utf-8")
    assert command("policy", "check", file).exit_code == 0
    beside.write_text(story.format("refuse"), encoding="utf-8")
    failed = command("policy", "check", file)
    assert failed.exit_code == 1
    assert "E-1: Who has not paid may go" in failed.stdout
    beside.write_text("policy =", encoding="utf-8")
    assert command("policy", "check", file).exit_code == 2


@pytest.mark.parametrize("action", ["show", "check"])
def test_a_mistake_in_a_policy_is_named_with_its_place(tmp_path, action):
    file = tmp_path / "own.toml"
    file.write_text('policy = "own"\nextends = "base"\nzone = "Moon"\n', encoding="utf-8")
    result = command("policy", action, file)
    assert result.exit_code == 2
    assert "own.toml:3:" in result.stderr
    assert "Presets: automation, base, br" in command("policy", action, "nosuch").stderr
