"""`rescind doctor` and nightly backups, on an installation of one's own."""

import os
import re
import subprocess
import sys

import pytest


@pytest.fixture
def rescind(tmp_path):
    def command(*words, status=0, **environ):
        done = subprocess.run(
            [sys.executable, "-m", "rescind", *words],
            env={"PATH": os.environ["PATH"], "RESCIND_DATA": str(tmp_path / "data"), "LANG": "C.UTF-8", **environ},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == status, done.stderr
        return done.stdout if status < 2 else done.stderr

    return command


def test_looking_at_nothing_begins_nothing(rescind, tmp_path):
    assert "There is no installation in" in rescind("doctor", status=1)
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("installation")
def test_backups_are_made_tried_kept_and_told_of(rescind, tmp_path):
    rescind("shop", "add", "Kiln")
    assert "No backup was ever made." in rescind("doctor", status=1)
    assert "从未做过备份。" in rescind("doctor", status=1, LANG="zh_CN.UTF-8")

    folder = tmp_path / "kept"
    folder.mkdir()
    for day in (1, 2, 3):
        (folder / f"rescind-2026-10-0{day}T020000Z.dump").write_text("an old one")
    (folder / "notes.txt").write_text("not ours")
    said = rescind("backup", str(folder), "--keep", "2", "--try")
    assert re.search(r"Restored it on trial in \d+ s\. Orders: 0, events: 0\.", said)
    left = sorted(one.name for one in folder.iterdir())
    assert left[0] == "notes.txt"
    assert left[1] == "rescind-2026-10-03T020000Z.dump"
    assert len(left) == 3, "the new one, the last of the old ones, and what is not ours; the trial left nothing"
    assert "one was restored on trial" in rescind("doctor", status=1)
    assert "There is no folder " in rescind("backup", str(tmp_path / "one.dump"), "--keep", "2", status=2)


@pytest.mark.usefixtures("installation")
def test_a_file_is_not_written_over_and_what_is_no_backup_is_not_believed(rescind, tmp_path):
    rescind("shop", "add", "Kiln")
    file = tmp_path / "one.dump"
    rescind("backup", str(file))
    assert "is there already" in rescind("backup", str(file), status=2)
