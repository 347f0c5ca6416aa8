"""A running provider, as good as new for every test."""

import pytest

from provider.client import Provider


@pytest.fixture(scope="session")
def running_provider():
    with Provider() as running:
        yield running


@pytest.fixture
def provider(running_provider):
    running_provider.clear()
    yield running_provider
    assert running_provider.usage()["broken"] == 0, "the fake itself must not fail"
