"""Ctrl-C and SIGTERM end a command with one sentence, within a query of DuckDB too."""

import os
import signal
import subprocess
import sys
import time

import pytest

LONG_QUERY = "SELECT sum(hash(i)) FROM range(100000000000) t(i)"
PROGRAM = f"""
import os, sys
if sys.argv.pop() == "1" and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:1]))  # before DuckDB counts the cores
from crmkit import cli
from crmkit.cleaning.loading import load as module
from crmkit.sources.sql import working_duckdb

def load(*given, **named):
    with working_duckdb() as con:
        print("begun", flush=True)
        con.execute({LONG_QUERY!r})

module.load = load
cli.main()
"""


@pytest.mark.skipif(os.name != "posix", reason="other systems have other signals")
@pytest.mark.parametrize("cores", ["1", "all"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_long_query_is_stopped_with_one_sentence_and_130(tmp_path, number, cores):
    (tmp_path / "crmkit.toml").write_text("")
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "load", "--settings", str(tmp_path), cores],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert program.stdout.readline() == "begun\n"
        time.sleep(0.5)
        program.send_signal(number)
        _, told = program.communicate(timeout=60)
    finally:
        program.kill()  # else the query runs on
    assert program.returncode == 130
    assert told.splitlines()[-1] == "Stopped. Nothing is left half done."
    assert "Traceback" not in told
