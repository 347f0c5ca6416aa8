"""`rescind people` on a real database, and keys that say what they may and where they were made."""

import asyncio
import os
import re
import sys

import pytest

from rescind.postgres.embedded import APP

BASE = {"RESCIND_BASE_URL": "https://desk.example"}


@pytest.fixture
def rescind(database, tmp_path):
    async def command(*words, status=0, **environ):
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "rescind", *words),
            env={
                "PATH": os.environ["PATH"],
                "RESCIND_DATA": str(tmp_path),
                "DATABASE_URL": database(APP),
                "LANG": "C.UTF-8",
                **environ,
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await child.communicate()
        assert child.returncode == status, err
        return (out if status == 0 else err).decode()

    return command


async def test_the_first_operator_is_invited_on_the_machine_itself(rescind, pool):
    said = await rescind("people", "invite", "operator", "Ines Duarte", "Ines@Harbour.example", **BASE)
    assert re.search(r"https://desk\.example/join/[\w-]{65}\n", said)
    assert "No mail server is set up" in said
    listed = await rescind("people", "list")
    assert "ines@harbour.example" in listed
    assert "invited until" in listed
    acts = await rescind("people", "acts")
    assert "invited" in acts
    assert "command line" in acts


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("invite", "operator", "Ines", "ines"), "The email must be an e-mail address like name@example.com"),
        (("invite", "seller", "Ines", "ines@harbour.example"), "The shop must be a shop for a seller"),
        (("invite", "seller", "I", "i@harbour.example", "--shop", "shp_00000000"), "There is no shop shp_00000000"),
        (("remove", "ines@harbour.example", "operator"), "There is no such person in that role."),
        (("begin-anew", "ines@harbour.example"), "There is no such person in that role."),
    ],
)
async def test_what_cannot_be_done_is_said_and_changes_nothing(rescind, pool, words, said):
    assert said in await rescind("people", *words, status=2, **BASE)
    assert await pool.fetchval("SELECT count(*) FROM staff_links") == 0


async def test_people_are_removed_and_begin_anew_on_the_machine(rescind, pool):
    for place, email in enumerate(("ines@harbour.example", "omar@harbour.example")):
        await pool.execute(
            "INSERT INTO accounts (account_id, email, name, language, zone) VALUES ($1, $2, 'Ines', 'en', 'UTC')",
            f"psn_{place}",
            email,
        )
        await pool.execute("INSERT INTO account_roles VALUES ($1, 'operator', '', 'manage', 'x')", f"psn_{place}")
    assert "/join/" in await rescind("people", "begin-anew", "ines@harbour.example", **BASE)
    assert "Removed." in await rescind("people", "remove", "ines@harbour.example", "operator")
    refused = await rescind("people", "remove", "omar@harbour.example", "operator", status=2)
    assert "It is the last operator" in refused


async def test_a_key_says_what_it_may_and_that_it_was_made_here(rescind, pool):
    await rescind("key", "new", "host", "backend", "--may", "orders:write")
    assert await pool.fetchval("SELECT scopes FROM credentials") == ["orders:read", "orders:write"]
    listed = await rescind("key", "list")
    assert "command line" in listed
    assert "orders:write" in listed
    assert "must be one of" in await rescind("key", "new", "host", "backend", "--may", "all", status=2)


async def test_a_program_gets_a_mandate_on_the_machine_and_loses_it_there(rescind, pool):
    await rescind("key", "new", "support", "night-desk", "--mandated")
    listed = await rescind("key", "list")
    assert "under a mandate" in listed
    mark = re.search(r"\b[0-9a-f]{16}\b", listed)[0]
    may = ("--may", "cancel", "--each", "40.00", "--a-day", "60", "--currency", "EUR")
    refused = await rescind("mandate", "give", "0" * 16, "Nights", *may, status=2)
    assert "No key in force of this mark acts under mandates alone" in refused
    assert "The daily amount must be" in await rescind(
        "mandate", "give", mark, "Nights", *may[:4], "--a-day", "1", *may[6:], status=2
    )
    may_not = await rescind("mandate", "give", mark, "Nights", *may, "--buyer", "ann", status=2)
    assert "a buyer of this marketplace" in may_not
    await pool.execute(
        "INSERT INTO buyers (buyer_id, name, email, locale) VALUES ('ann', 'Ann', 'ann@example.org', 'en')"
    )
    mandate = (await rescind("mandate", "give", mark, "Nights", *may, "--acts-a-day", "20", "--buyer", "ann")).strip()
    assert "end it first" in await rescind("mandate", "give", mark, "Nights", *may, status=2)
    shown = await rescind("mandate", "list")
    assert all(
        told in shown
        for told in (mandate, "night-desk", "cancel", "€40.00", "€60.00", "0 of 20", "buyer ann", "command line")
    )
    assert await rescind("mandate", "end", mandate) == "Ended.\n"
    assert "worth" in await rescind("mandate", "acts", mandate)
    assert "There is no mandate man_0" in await rescind("mandate", "acts", "man_0", status=2)
    assert "ended" in await rescind("mandate", "list")
