"""The books from the command line, and a restore that is let go only when somebody has compared."""

from datetime import UTC, datetime, timedelta

from cli.test_administration import rescind

__all__ = ["rescind"]

HEAD = "created,reference,amount,currency,status,refund\n"


def test_a_restore_is_let_go_when_its_refunds_were_reconciled(rescind, tmp_path):
    rescind("shop", "add", "Kiln & Co")
    assert rescind("ledger", "check") == "The books are right. Orders: 0, postings: 0, differences: none."
    rescind("backup", str(tmp_path / "file"))
    rescind.environ["RESCIND_DATA"] = str(tmp_path / "new")
    restored = rescind("restore", str(tmp_path / "file"))
    assert "rescind reconcile" in restored
    assert f"Put the one of before into {tmp_path / 'new' / 'secret'}" in restored
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
    why = "A buyer of before the restore; settled with the host."
    assert "Explained. 0 differences" in rescind("explain-difference", "1", "1", why, "--by", "ines")
    assert rescind("release", "--by", "ines") == "Refunds run again."


def test_a_provider_that_keeps_no_list_is_not_asked_for_one(rescind):
    rescind("shop", "add", "Kiln & Co")
    assert "No payment provider is connected; give its list with --file" in rescind("reconcile", status=2)
    rescind("provider", "add", "sandbox", "--kind", "sandbox", "--own")
    assert "sandbox cannot be asked for its refunds; give its list with --file" in rescind("reconcile", status=2)
    assert "No payment provider nobody is connected" in rescind("reconcile", "--provider", "nobody", status=2)
    assert "give the file with --file" in rescind("reconcile", "--column", "at=created", status=2)
