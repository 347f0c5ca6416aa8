"""From nothing to the first order of a marketplace of one's own, by the command line and the API."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest


@pytest.fixture
def rescind(installation):
    """Run a command on a data folder of its own; gives what it printed, or its complaint and exit status."""
    environ = {"PATH": os.environ["PATH"], "RESCIND_DATA": str(installation), "LANG": "C.UTF-8"}

    def command(*words, status=0, output=""):
        done = subprocess.run(
            [sys.executable, "-m", "rescind", *words],
            check=False,
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == status, done.stderr
        return getattr(done, output or ("stdout" if status == 0 else "stderr")).strip()

    command.environ = environ
    return command


def call(url, key, body=None, method="POST"):
    request = urllib.request.Request(url, method=method, data=body and json.dumps(body).encode())
    request.add_header("Authorization", f"Bearer {key}")
    request.add_header("Content-Type", "application/json")
    request.add_header("Idempotency-Key", f"key-for-{url[-12:]}-{method}")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def test_a_marketplace_begins_with_a_shop_a_key_and_an_order(rescind):
    shop = rescind("shop", "add", "Kiln & Co", "--policy", "base", "--zone", "Europe/London", "--window", "24h")
    assert re.fullmatch(r"shp_[0-9a-z]{8}", shop)
    assert "Kiln & Co" in rescind("shop", "list")
    host = rescind("key", "new", "host", "backend")
    serving = subprocess.Popen(
        [sys.executable, "-m", "rescind", "serve", "--port", "0"],
        env=rescind.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        base = re.search(r"http://\S+", serving.stdout.readline())[0]
        order = {
            "shop": shop,
            "number": "A-1",
            "currency": "GBP",
            "placed_at": "2026-05-04T10:00:00Z",
            "buyer": {"id": "ann", "name": "Ann", "email": "ann@example.org"},
            "lines": [
                {
                    "id": "1",
                    "sku": "MUG",
                    "title": "Mug",
                    "quantity": 1,
                    "unit_price": {"amount": 900, "currency": "GBP"},
                }
            ],
            "tenders": [{"id": "1", "method": "card", "amount": {"amount": 900, "currency": "GBP"}}],
        }
        status, placed = call(f"{base}/v1/orders", host, order)
        assert status == 201, placed
        # A key made beside the program that serves works at once, and so does its end.
        buyer = rescind("key", "new", "buyer", "app", "--buyer", "ann")
        mine = f"{base}/v1/orders/{placed['id']}"
        assert call(mine, buyer, method="GET")[0] == 200
        assert rescind("key", "revoke", buyer) == "Revoked."
        assert call(mine, buyer, method="GET")[0] == 401
    finally:
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(20) == 0


def test_what_cannot_be_is_refused_and_changes_nothing(rescind):
    # A law is nobody's choice.
    for policy in ("usa", "law-eu-withdrawal"):
        assert f"There is no policy {policy}" in rescind("shop", "add", "Kiln", "--policy", policy, status=2)
    assert "is no time zone" in rescind("shop", "add", "Kiln", "--zone", "Mars/Base", status=2)
    assert "The window must be one of: " in rescind("shop", "add", "Kiln", "--window", "2h", status=2)
    assert "names its --shop" in rescind("key", "new", "seller", "desk", status=2)
    for nobody in ("shp_00000000", "kiln"):
        assert f"no shop {nobody};" in rescind("key", "new", "seller", "desk", "--shop", nobody, status=2)
    assert "No such key" in rescind("key", "revoke", "rsk_" + "A" * 43, status=2)
    assert "Kiln" not in rescind("shop", "list")


def test_keys_are_listed_without_the_keys_and_ended_by_their_mark(rescind):
    assert "backend" not in rescind("key", "list")
    key = rescind("key", "new", "host", "backend", "--days", "30")
    listed = rescind("key", "list")
    mark, role, name = re.search(r"([0-9a-f]{16}) +(\w+) +(\w+)", listed).groups()
    assert (role, name) == ("host", "backend")
    assert "not yet" in listed
    assert key not in listed
    assert rescind("key", "revoke", mark) == "Revoked."
    assert "revoked" in rescind("key", "list")
    assert "No such key" in rescind("key", "revoke", mark, status=2)


def test_staff_get_a_link_that_signs_them_in(rescind):
    link = rescind("key", "link", "operator", "ines", "--base-url", "https://desk.example.org")
    assert re.fullmatch(r"https://desk\.example\.org/sign-in/rso_[\w-]{43}", link)
    assert "names its --shop" in rescind("key", "link", "seller", "kim", "--base-url", "https://d.example", status=2)
    assert "Say the address" in rescind("key", "link", "operator", "ines", status=2)


def test_what_nobody_could_see_is_no_name(rescind):
    for words in (("shop", "add", ""), ("shop", "add", " \u200b"), ("key", "new", "host", "")):
        assert "The name must be at least one visible character." in rescind(*words, status=2)


def test_the_key_of_receipts_is_made_once_and_rotated_on_purpose(rescind, tmp_path):
    first = json.loads(rescind("receipt", "keys"))["keys"]
    assert [key["retired_at"] for key in first] == [None]
    file = tmp_path / "data" / "receipt-key"
    assert file.stat().st_mode & 0o777 == 0o600
    private = file.read_text()
    assert json.loads(rescind("receipt", "keys"))["keys"] == first
    made = rescind("receipt", "rotate")
    assert file.read_text() != private
    assert file.stat().st_mode & 0o777 == 0o600
    newest, oldest = json.loads(rescind("receipt", "keys"))["keys"]
    assert (newest["kid"], newest["retired_at"]) == (made, None)
    assert (oldest["kid"], oldest["x"]) == (first[0]["kid"], first[0]["x"])
    assert oldest["retired_at"] is not None
    file.chmod(0o644)
    assert "can be read by others" in rescind("receipt", "keys", status=2)


def test_a_shops_settings_are_read_and_chosen(rescind):  # M-03, R-008
    shop = rescind("shop", "add", "Lantern", "--policy", "us", "--window", "24h")
    before = rescind("shop", "set", shop)
    assert re.search(r"window +24h +0h", before)
    assert re.search(r"auto_approve +0h +0h +one of: 0h, 1h, 3h, 5h +R-008", before)
    after = rescind("shop", "set", shop, "auto_approve=3h", "closes_at_packing=true")
    assert re.search(r"auto_approve +3h", after)
    assert re.search(r"closes_at_packing +true", after)
    assert re.search(r"window +24h", after), "what is not named stays"
    assert "auto_approve must be one of: 0h, 1h, 3h, 5h." in rescind(
        "shop", "set", shop, "window=1h", "auto_approve=24h", status=2
    )
    assert re.search(r"window +24h", rescind("shop", "set", shop)), "nothing is half written"
    assert "must be one of: " in rescind("shop", "set", shop, "hold=0h", status=2)
    assert "window is no NAME=VALUE" in rescind("shop", "set", shop, "window", status=2)
