"""The books from the command line, and a restore that is let go only when somebody has compared."""

from datetime import UTC, datetime, timedelta

from cli.test_administration import rescind

__all__ = ["rescind"]

HEAD = "created,reference,amount,currency,status,refund\n"


def test_a_restore_is_let_go_when_its_refunds_were_reconciled(rescind, tmp_path):
    rescind("shop", "add", "Kiln & Co")
    assert rescind("ledger", "check") == "The books are right: 0 orders, 0 postings, no difference."
    assert "account" in rescind("ledger", "balance")
    assert rescind("release") == "Refunds are not held."
    rescind("backup", str(tmp_path / "file"))
    rescind.environ["RESCIND_DATA"] = str(tmp_path / "new")
    assert "rescind reconcile" in rescind("restore", str(tmp_path / "file"))
    assert "Refunds stay held." in rescind("release", status=2)
    assert "Say why" in rescind("release", "--without-comparing", " ", status=2)

    file = tmp_path / "list.csv"
    made = datetime.now(UTC).isoformat()
    file.write_text(HEAD + f"{made},re_1,19.99,eur,succeeded,\n")
    assert "there is no column at" in rescind("reconcile", "--file", str(file), status=2)
    told = ("reconcile", "--file", str(file), "--column", "at=created")
    end = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()
    found = rescind(*told, "--until", end, status=1, output="stdout")
    assert "1. Refund without our id is at the provider (€19.99, succeeded, reference re_1) and not here." in found
    assert "0 of ours, 1 of theirs" in found
    assert "1 open differences" in rescind("release", status=2)
    assert "must be" in rescind("explain-difference", "1", "1", " ", status=2)
    why = "A buyer of before the restore; settled with the host."
    assert "Explained. 0 differences" in rescind("explain-difference", "1", "1", why, "--by", "ines")
    assert "“explained”" in rescind("explain-difference", "1", "1", "No.", status=2)
    assert rescind("release", "--by", "ines") == "Refunds run again."
    assert rescind("release") == "Refunds are not held."


def test_a_line_that_cannot_be_read_is_named_and_nothing_is_compared(rescind, tmp_path):
    rescind("shop", "add", "Kiln & Co")
    file = tmp_path / "list.csv"
    good = "2026-05-01T10:00:00Z,re_1,19.99,EUR,succeeded,\n"
    for bad, said in (
        ("2026-05-01T10:00:00,re_2,19.99,EUR,succeeded,\n", "line 3: created must be"),
        ("2026-05-01T10:00:00Z,re_2,19.999,EUR,succeeded,\n", "line 3: amount must be"),
        ("2026-05-01T10:00:00Z,re_2,0,EUR,succeeded,\n", "line 3: amount must be above zero"),
        ("2026-05-01T10:00:00Z,re_2,19.99,Euro,succeeded,\n", "line 3: currency must be"),
        ("2026-05-01T10:00:00Z,re_2,19.99,EUR,maybe,\n", "line 3: status must be one of: succeeded"),
        ("2026-05-01T10:00:00Z,,19.99,EUR,succeeded,\n", "line 3: reference must be there"),
    ):
        file.write_text(HEAD + good + bad)
        assert said in rescind("reconcile", "--file", str(file), "--column", "at=created", status=2), bad
    file.write_text('{"reference": "re_1"}\n[]\n')
    assert "line 1: currency must be" in rescind("reconcile", "--file", str(file), status=2)
    assert "cannot be read" in rescind("reconcile", "--file", str(tmp_path / "absent"), status=2)
    assert "is no OURS=THEIRS" in rescind("reconcile", "--file", str(file), "--column", "when=at", status=2)
    assert "before --until" in rescind("reconcile", "--file", str(file), "--since", "2036-01-01T00:00:00Z", status=2)
