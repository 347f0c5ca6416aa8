"""Commands are read as from a pipe: whole, however narrow the terminal is that the tests run in."""

import pytest

from rescind.commands import speaking


@pytest.fixture(autouse=True, scope="session")
def _wide():
    speaking.out.width = speaking.OF_A_PIPE
