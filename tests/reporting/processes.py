"""What tests of programs that a run starts ask of the system."""

import os
import time
from pathlib import Path

import pytest

from crmkit.reporting.runner.fork_server import CAN_FORK

needs_fork = pytest.mark.skipif(
    not (CAN_FORK and Path("/proc/self/stat").is_file()), reason="this system cannot fork safely, or does not tell"
)


def forget_test():
    """Keep pytest's own variable as it is, which changes from test to test: a change is a reason to start alone."""
    os.environ["PYTEST_CURRENT_TEST"] = "any"


def program(fork_server):
    return fork_server._program.pid


def parent_of(number):
    """Number of the parent of a running process; None if it is not running, or a zombie."""
    try:
        state, parent = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state == "Z" else int(parent)


def has_ended(number, within=60):
    end = time.monotonic() + within
    while parent_of(number) is not None and time.monotonic() < end:
        time.sleep(0.1)
    return parent_of(number) is None


def wait_for(file):
    while not (file.exists() and file.read_text().endswith(".")):
        time.sleep(0.1)


def is_reaped(number, within=60):
    end = time.monotonic() + within
    while Path(f"/proc/{number}").exists() and time.monotonic() < end:
        time.sleep(0.1)
    return not Path(f"/proc/{number}").exists()
