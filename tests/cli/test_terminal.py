"""What commands write where nobody looks."""

import os
import subprocess
import sys


def test_a_pipe_gets_every_word_of_a_table():
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    told = subprocess.run(
        [sys.executable, "-m", "rescind", "policy", "show", "base"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "…" not in told
    assert max(map(len, told.splitlines())) > 80
