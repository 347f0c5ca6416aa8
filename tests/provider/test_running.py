"""The provider is a process of its own, and never outlives whoever started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provider.client import TESTS, Provider

STARTS = "import time; from provider.client import Provider; print(Provider().start().pid, flush=True); time.sleep(60)"


def test_it_ends_when_it_is_stopped():
    with Provider() as provider:
        assert Path(f"/proc/{provider.pid}").exists()
    assert not Path(f"/proc/{provider.pid}").exists()


def test_it_ends_with_whoever_started_it():
    parent = subprocess.Popen([sys.executable, "-c", STARTS], cwd=TESTS, stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait(10)
    parent.stdout.close()
    for _ in range(100):
        if not _alive(pid):
            return
        time.sleep(0.05)
    raise AssertionError(f"{pid} lives on")


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_fake_that_broke_fails_the_test():
    provider = Provider().start()
    os.kill(provider.pid, signal.SIGKILL)
    provider._process.wait(10)
    with pytest.raises(AssertionError, match="broke"):
        provider.stop()
