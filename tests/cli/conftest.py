"""Commands are read as from a pipe: whole, however narrow the terminal is that the tests run in."""

import pytest

from rescind.commands import speaking
from rescind.postgres.embedded import EmbeddedServer
from rescind.settings import Settings


@pytest.fixture(autouse=True, scope="session")
def _wide():
    speaking.out.width = speaking.OF_A_PIPE


@pytest.fixture
def installation(tmp_path):
    """The folder of an installation in which nothing is yet: only some commands may begin one."""
    folder = tmp_path / "data"
    EmbeddedServer.start(Settings(data=folder)).stop()
    return folder
