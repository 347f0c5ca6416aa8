"""What commands write where nobody looks."""

import os
import subprocess
import sys

TABLE = """
from rich.table import Table
from rescind.speaking import out

table = Table("what", "why")
table.add_row("x" * 60, "y" * 60)
out.print(table)
"""


def test_a_pipe_gets_every_word_of_a_table():
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    told = subprocess.run([sys.executable, "-c", TABLE], env=environment, capture_output=True, text=True, check=True)
    assert "x" * 60 in told.stdout
    assert "y" * 60 in told.stdout
