"""The operator's policy work from the command line: compare, propose, approve."""

import re

import pytest
from typer.testing import CliRunner

from rescind.cli import program
from rescind.policies import source

SHOP = """
policy = "kiln"
layer = "shop"
zone = "UTC"
[[rules]]
id = "KILN-1"
on = "request"
when = "{when}"
verdict = "{verdict}"
{rest}
cites = ["M-29"]
"""


@pytest.fixture
def run(installation):
    """A command on a data folder of its own: exit status and what it says."""
    environ = {"RESCIND_DATA": str(installation), "LANG": "C.UTF-8"}

    def command(*words, key=None):
        done = CliRunner().invoke(program(), [str(word) for word in words], env={**environ, "OPERATOR_KEY": key})
        return done.exit_code, " ".join(done.output.split())

    return command


def test_a_difference_is_told_by_what_is_written_and_by_the_examples_that_turn(run, tmp_path):
    file = tmp_path / "longer.toml"
    file.write_bytes(source("base").replace(b'"24h", source = "R-040"', b'"36h", source = "R-040"'))
    assert run("policy", "diff", "base", "base")[0] == 0
    status, said = run("policy", "diff", "base", file)
    assert status == 1
    assert "value answer_span - 24h from 2024-07-12 + 36h from 2024-07-12" in said
    assert re.search(r"[1-9]\d* examples are answered otherwise\.", said)
    assert "- ask_seller by ASK-1 until" in said
    status, said = run("policy", "diff", "base", "bass")
    assert status == 2
    assert "There is no policy called 'bass'; did you mean 'base'?" in said


def test_two_operators_put_a_policy_in_force(run, tmp_path):
    _, ines = run("key", "new", "operator", "ines")
    _, omar = run("key", "new", "operator", "omar")
    _, host = run("key", "new", "host", "backend")
    _, shop = run("shop", "add", "Kiln & Co")
    file = tmp_path / "base.toml"
    file.write_bytes(source("base").replace(b'"24h", source = "R-040"', b'"36h", source = "R-040"'))
    assert run("policy", "publish", file, key="rsk_" + "A" * 43) == (2, "rescind: This key is not in force.")
    assert "it takes an operator's" in run("policy", "publish", file, key=host)[1]
    status, said = run("policy", "publish", file, key=ines)
    assert status == 0
    # What its own worked examples promised is named for whoever approves.
    assert re.search(r"\d+ worked examples of base come out otherwise: M-01-before", said)
    assert "Draft 1. Another operator puts it in force" in said
    status, said = run("policy", "approve", "1", key=ines)
    assert status == 2
    assert "ines wrote this draft: only its author works on it, and somebody else has to approve it" in said
    assert "is in force" in run("policy", "approve", "1", key=omar)[1]
    assert re.search(r"1 base live \w{12} ines omar", run("policy", "versions")[1])

    # The shop's own rules: less than the platform grants is refused with the case, more is a draft.
    own = tmp_path / "kiln.toml"
    own.write_text(SHOP.format(when="since_placed >= '10m'", verdict="refuse", rest='instead = "contact_support"'))
    status, said = run("policy", "publish", own, "--shop", shop, key=ines)
    assert status == 2
    assert "the platform grants: approve by UNPAID-1. The shop would give: refuse by KILN-1." in said
    own.write_text(SHOP.format(when="stage < 'packing'", verdict="approve", rest=""))
    assert "names its --shop" in run("policy", "publish", own, key=ines)[1]
    assert run("policy", "publish", own, "--shop", shop, key=ines)[0] == 0
    assert f"is in force for {shop}" in run("policy", "approve", "2", key=omar)[1]
