"""Refunds that the marketplace pays out itself, from the command line: the table goes out and comes back."""

import asyncio
import csv
import io
import re

import pytest
from typer.testing import CliRunner

from postgres.market import Market, worked
from rescind.app import database, open_desk
from rescind.cli import program
from rescind.core.parts import Line, Tender
from rescind.core.scope import Scope
from rescind.core.views import RefundOrderFilters
from rescind.providers.host import Host
from rescind.settings import Settings


@pytest.fixture
def folder(tmp_path):
    """A data folder whose installation has two refunds of EUR 40 to pay out."""

    async def fill():
        settings = Settings(data=tmp_path / "data")
        async with database(settings) as dsn, open_desk(settings, dsn, "") as desk:
            market = await Market(desk.pool, desk.engine, desk.clock).open()
            for _ in range(2):
                tender = Tender(id="t", method="bank_transfer", amount_minor=4000)
                line = Line(id="1", sku="MUG", quantity=1, unit_minor=4000)
                await market.cancels(await market.order(lines=(line,), tenders=(tender,)))
            await worked(market, Host(3, desk.paying_out.said))

    asyncio.run(fill())
    return tmp_path


@pytest.fixture
def run(folder):
    """A command on that folder: exit status and what it says."""
    environ = {"RESCIND_DATA": str(folder / "data"), "LANG": "C.UTF-8", "COLUMNS": "160"}

    def command(*words, key=None):
        done = CliRunner().invoke(program(), [str(word) for word in words], env={**environ, "OPERATOR_KEY": key})
        return done.exit_code, " ".join(done.output.split())

    return command


def references(folder):
    async def read():
        settings = Settings(data=folder / "data")
        async with database(settings) as dsn, open_desk(settings, dsn, "") as desk:
            rows = await desk.paying_out.every(Scope(), RefundOrderFilters(state="confirmed"))
            return [one.refund.reference for one in rows]

    return asyncio.run(read())


def test_a_table_goes_out_is_checked_and_confirmed_once(run, folder):  # M-15, ID-05
    _, ops = run("key", "new", "operator", "ines")
    _, host = run("key", "new", "host", "backend")
    table = folder / "open.csv"
    assert run("refunds", "export", table)[1].startswith("Wrote 2 to")
    assert run("refunds", "export", table)[0] == 2, "what is there is not written over"
    header, *rows = csv.reader(io.StringIO(table.read_bytes().decode("utf-8-sig"), newline=""))

    def filled(paid_on, *, amount="40.00"):
        rows[0][-2:] = ["BK-1", paid_on]
        rows[0][header.index("amount")] = amount
        out = io.StringIO(newline="")
        csv.writer(out).writerows([header, *rows])
        table.write_bytes(out.getvalue().encode())
        return table

    today = rows[0][header.index("ordered_on")]
    assert "it takes an operator's" in run("refunds", "confirm", filled(today), key=host)[1]
    status, told = run("refunds", "confirm", filled("2030-01-01"), key=ops)
    assert status == 2
    assert "line 2:" in told
    assert "paid_on must be a day from when it was owed until today." in told
    status, told = run("refunds", "confirm", filled(today, amount="41.00"), key=ops)
    assert "The refund is of €40.00, not €41.00." in told
    assert references(folder) == []
    assert run("refunds", "confirm", filled(today), "--check", key=ops) == (0, "1 would be confirmed, 1 not paid yet.")
    assert references(folder) == []
    status, told = run("refunds", "confirm", table, key=ops)
    assert (status, told) == (0, f"line 2: {rows[0][0]}: confirmed 1 done, 1 not paid yet.")
    assert "was so before" in run("refunds", "confirm", table, key=ops)[1]
    assert references(folder) == ["BK-1"]
    table.write_text("order;note\n1;2\n")
    assert "There is no column note" in run("refunds", "confirm", table, key=ops)[1]
    assert "cannot be read" in run("refunds", "confirm", folder / "none.csv", key=ops)[1]


def test_money_is_given_back_by_somebody_and_never_more_than_is_left(run, folder):  # KF-06
    async def place():
        settings = Settings(data=folder / "data")
        async with database(settings) as dsn, open_desk(settings, dsn, "") as desk:
            market = Market(desk.pool, desk.engine, desk.clock)
            return await market.order(price=4000)

    order = asyncio.run(place())
    _, key = run("key", "new", "operator", "ines")
    status, said = run("refunds", "give", order, "--amount", "40.01", key=key)
    assert status == 2
    assert "40.01 EUR was asked for and 40.00 EUR is left" in said
    status, said = run("refunds", "give", order, "--amount", "5.00", "--why", "A bubble in the glaze", key=key)
    assert status == 0, said
    assert "€5.00 to" in said
    status, said = run("refunds", "give", order, key=key)
    assert status == 2, "neither amount nor delivery"
    assert run("refunds", "give", order, "--amount", "5.00", key="rsk_wrong")[0] == 2
    assert run("refunds", "give", "ord_00000000000000000000ab", "--amount", "5.00", key=key)[0] == 2


def test_the_command_line_is_held_to_what_the_server_was_told(run, folder, monkeypatch):
    """Else one person does alone there what takes two on the page, and gives more in a day."""

    async def served():
        told = Settings.read(
            {"RESCIND_REFUND_SECOND_PERSON_ABOVE": "EUR 10", "RESCIND_DAILY_REFUNDS": "1"}, data=folder / "data"
        )
        async with database(told) as dsn, open_desk(told, dsn, "") as desk:
            await desk.guards.write()
            return await Market(desk.pool, desk.engine, desk.clock).order(price=4000)

    order = asyncio.run(served())
    _, ines = run("key", "new", "operator", "ines")
    monkeypatch.setenv("RESCIND_REFUND_SECOND_PERSON_ABOVE", "EUR 1000")
    status, said = run("refunds", "give", order, "--amount", "20.00", key=ines)
    assert (status, said.startswith("Proposed: €20.00")) == (0, True), said
    assert run("refunds", "give", order, "--amount", "1.00", key=ines)[0] == 0
    status, said = run("refunds", "give", order, "--amount", "1.00", key=ines)
    assert status == 2, "the day is full"


def test_above_the_amount_two_operators_give_money_back(run, folder, monkeypatch):
    monkeypatch.setenv("RESCIND_REFUND_SECOND_PERSON_ABOVE", "EUR 10")

    async def place():
        settings = Settings(data=folder / "data")
        async with database(settings) as dsn, open_desk(settings, dsn, "") as desk:
            return await Market(desk.pool, desk.engine, desk.clock).order(price=4000)

    order = asyncio.run(place())
    _, ines = run("key", "new", "operator", "ines")
    _, omar = run("key", "new", "operator", "omar")
    status, said = run("refunds", "give", order, "--amount", "20.00", "--why", "A scratch.", key=ines)
    assert (status, "Proposed: €20.00" in said) == (0, True), said
    assert f"rescind proposal confirm {order} 1" in said
    assert "€20.00" in run("proposal", "list")[1]
    status, said = run("proposal", "confirm", order, 1, key=ines)
    assert (status, "somebody else has to confirm it" in said) == (2, True), said
    status, said = run("proposal", "confirm", order, 1, "--why", "I saw it.", key=omar)
    assert (status, said.startswith("Done: €20.00 of order ")) == (0, True), said
    assert run("proposal", "reject", order, 1, key=omar)[0] == 2, "it is done"
    run("refunds", "give", order, "--amount", "11", key=ines)
    assert run("proposal", "reject", order, 2, key=ines) == (0, "The proposal was taken back: nothing of it happens.")
    assert order not in run("proposal", "list")[1]
    table = folder / "open.csv"
    run("refunds", "export", table)
    header, first, *_ = csv.reader(io.StringIO(table.read_bytes().decode("utf-8-sig"), newline=""))
    first[-2:] = ["BK-1", first[header.index("ordered_on")]]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([header, first])
    table.write_bytes(out.getvalue().encode())
    for _ in range(2):
        status, said = run("refunds", "confirm", table, key=ines)
        assert (status, "proposed; another operator has to confirm it" in said) == (0, True), said
        assert said.endswith("0 done, 1 proposed, 0 not paid yet.")
    assert run("refunds", "export", folder / "again.csv")[1].startswith("Wrote 1 to"), "nobody pays it once more"
    assert references(folder) == []
    (waits,) = re.findall(r"ord_\w+", run("proposal", "list")[1])
    status, said = run("proposal", "confirm", waits, 1, key=omar)
    assert status == 0, said
    assert references(folder) == ["BK-1"]
