"""`rescind provider` and a comparison with what PayPal lists, on a real database and a strict provider."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from postgres.market import market_on
from provider.client import Provider
from rescind.connections import Connected, Secrets
from rescind.core.parts import Tender
from rescind.core.stage import Stage
from rescind.postgres.connections import ConnectionTable
from rescind.postgres.due import DueTable
from rescind.postgres.embedded import APP
from rescind.providers.router import Router
from rescind.secret_keys import secret
from rescind.settings import Settings
from rescind.worker import refunds


@pytest.fixture
def rescind(database, tmp_path):
    environ = {
        "PATH": os.environ["PATH"],
        "RESCIND_DATA": str(tmp_path),
        "DATABASE_URL": database(APP),
        "LANG": "C.UTF-8",
        "COLUMNS": "200",
    }

    def command(*words, status=0, piped=""):
        done = subprocess.run(
            [sys.executable, "-m", "rescind", *words],
            check=False,
            env=environ,
            input=piped,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == status, (done.stdout, done.stderr)
        return done.stdout if status < 2 else done.stderr

    return command


def test_each_kind_takes_what_is_piped_in_its_own_order_and_says_what_is_wrong(rescind):
    for kind, piped, said in (
        ("bank", "x", "There is no kind bank; there are: stripe, paypal, sandbox."),
        ("paypal", "fake-client fake-secret whsec_1", "The webhook secrets must be at most two webhook IDs."),
    ):
        words = ("provider", "add", "main", "--kind", kind)
        assert said in " ".join(rescind(*words, piped=piped, status=2).split())


async def test_paypals_list_is_compared_up_to_where_it_is_complete(rescind, pool, clock, tmp_path):
    clock.set(datetime.now(UTC) - timedelta(hours=5))
    with Provider() as fake:
        fake.advance(-5 * 3600)
        fake.set(reporting_delay_s=2.5 * 3600)
        connected = Connected(ConnectionTable(pool, clock), secret(Settings(data=tmp_path)))
        keys = Secrets("fake-secret", base=fake.url, client="fake-client")
        await connected.connect("main", "paypal", keys, "operator:ops", own=True)
        async with market_on(pool, clock) as market:
            paid = fake.capture(8000, wire="paypal").id
            tender = Tender(id="t", method="paypal", amount_minor=4000, payment=paid)
            await market.asks(await market.order(Stage.REVIEW, tenders=(tender,)))
            await refunds.sweep(market.engine, DueTable(pool, clock), Router(connected))
        await connected.close()
        by_hand = fake.refund_by_hand(paid, 500)
        fake.advance(5 * 3600)
        late = fake.refund_by_hand(paid, 700)

        assert "main: good, test FAKEMERCHANT1" in rescind("provider", "test", "main")
        told = rescind("reconcile", status=1)
        assert by_hand in told
        assert late not in told
        assert "1 of ours, 2 of theirs; 1 agree" in " ".join(told.split())
        now = datetime.now(UTC).isoformat()
        assert "list is so far behind" in " ".join(rescind("reconcile", "--until", now, status=2).split())
