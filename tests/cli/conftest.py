"""Commands are read as from a pipe: whole, however narrow the terminal is that the tests run in."""

import pytest

from rescind import terminal


@pytest.fixture(autouse=True, scope="session")
def _wide():
    terminal.out.width = terminal.OF_A_PIPE
