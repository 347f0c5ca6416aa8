"""`rescind init`: from an empty folder to an address where the first operator signs in."""

import os
import pty
import re
import subprocess
import sys

import pytest

SAID = ("--name", "Ines", "--email", "ines@harbour.example", "--shop", "Kiln")


@pytest.fixture
def rescind(tmp_path):
    def command(*words, status=0, **environ):
        done = subprocess.run(
            [sys.executable, "-m", "rescind", *words],
            env={"PATH": os.environ["PATH"], "RESCIND_DATA": str(tmp_path / "data"), "LANG": "C.UTF-8", **environ},
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == status, done.stderr
        return done.stdout if status == 0 else done.stderr

    return command


def test_an_empty_folder_becomes_a_marketplace_and_is_one_then(rescind, tmp_path):
    assert "Say it as an option" in rescind("init", "--name", "Ines", status=2)
    assert "The email must be" in rescind("init", *SAID, "--email", "nobody", status=2)
    said = rescind("init", *SAID, "--policy", "us", "--base-url", "https://desk.example")
    assert "Start it with rescind serve, then" in said
    shop = re.search(r"Shop: (shp_\w{8})", said)[1]
    assert re.search(r"Key: rsk_[\w-]{43}", said)
    assert re.search(r"https://desk\.example/join/[\w-]+", said)
    assert re.search(rf"{shop} +Kiln +us +America/Los_Angeles", rescind("shop", "list"))
    folder = str(tmp_path / "data")
    again = rescind("init", *SAID, "--data", folder, LANG="zh_CN.UTF-8", RESCIND_DATA="")
    assert f"rescind serve --data {folder}" in again
    assert shop in again, "until somebody has come in it may be begun again"
    assert "密钥仅此一次显示" in again
    rescind("shop", "add", "Lantern")
    rescind("init", *SAID)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("people", "list"), "There is no installation in "),
        (("key", "new", "host", "shop"), "There is no installation in "),
        (("shop", "add", "Kiln"), "There is no installation in "),
        (("reconcile", "--provider", "stripe"), "There is no installation in "),
        (("migrate",), "There is no installation in "),
        (("backup", "kept.tar"), "There is no installation in "),
        (("init", *SAID, "--policy", "usa"), "There is no policy usa. There are: base, "),
        (("init", *SAID, "--zone", "Mars/Base"), "Mars/Base is no time zone"),
        (("init", *SAID, "--email", "nobody"), "The email must be"),
    ],
)
def test_a_mistyped_folder_or_word_is_the_beginning_of_nothing(rescind, tmp_path, words, said):
    assert said in rescind(*words, status=2)
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_who_sits_at_a_terminal_is_shown_each_market_with_its_currency_and_asked(tmp_path):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "rescind", "init"],
        env={"PATH": os.environ["PATH"], "RESCIND_DATA": str(tmp_path / "data"), "LANG": "C.UTF-8", "COLUMNS": "200"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.write(ours, b"Ines\nines@harbour.example\nKiln\nus\n\n")
    assert process.wait(60) == 0
    said = os.read(ours, 100_000).decode()
    assert re.search(r"us +United States \(us\), USD", said)
    assert re.search(r"base +Any market \(base\)\s", said), "each order names its own"
    assert "Time zone [America/Los_Angeles]" in said
    assert re.search(r"Key: rsk_[\w-]{43}", said)
