"""Programs from the fork server: they do what they would do if they were started alone, and they end when the run does."""

import os
import signal
import subprocess
import sys

import pandas as pd
import pytest

import crmkit as ck
from crmkit.predictions.runner import predict as run_module
from crmkit.predictions.runner.store import read_predictions
from crmkit.reporting.runner.fork_server.server import ForkedProgram, ForkServer
from crmkit.reporting.runner.run import run_report
from tests.predictions.churn.test_outlook import shop
from tests.reporting.loaded import write_company
from tests.reporting.processes import forget_test, has_ended, needs_fork, program, wait_for
from tests.reporting.tiny import write_notebook

RUNS = """import os, time
with open({file!r}, "w") as file:
    print(os.getpid(), ".", end="", file=file)
time.sleep(200)
"""
pytestmark = needs_fork


@pytest.fixture
def fork_server(tmp_path):
    with ForkServer() as started:
        forget_test()
        started.start(tmp_path)
        yield started


def order(fork_server, *asked):
    forget_test()
    return fork_server.spawn_program(*asked)


def running(fork_server, file):
    """A program that runs for long; return it and the number of its process."""
    ordered = order(fork_server, "timeit", ["-n", "1", "-r", "1", RUNS.format(file=str(file))])
    wait_for(file)
    return ordered, int(file.read_text().split()[0])


def test_a_program_prints_what_it_would_if_it_were_started_alone(fork_server, tmp_path):
    (tmp_path / "given.json").write_text('{"cafe": [1, "\u00fc"]}')
    arguments = ["--compact", str(tmp_path / "given.json")]
    with open(tmp_path / "printed", "w+b") as printed:
        assert order(fork_server, "json.tool", arguments, printed).wait() == 0
        printed.seek(0)
        alone = subprocess.run([sys.executable, "-m", "json.tool", *arguments], capture_output=True, check=True).stdout
        assert printed.read() == alone == b'{"cafe":[1,"\\u00fc"]}\n'


def test_several_are_born_and_one_that_fails_says_so(fork_server, tmp_path):
    (tmp_path / "given.json").write_text("[1]")
    files = [tmp_path / "given.json", tmp_path / "not there.json", tmp_path / "given.json"]
    ordered = [order(fork_server, "json.tool", [str(file)]) for file in files]
    assert [each.wait() for each in ordered] == [0, 1, 0]


def test_there_is_none_under_other_variables_nor_after_the_end(fork_server, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("CRMKIT_TEST", "set since")
        assert fork_server.spawn_program("json.tool", []) is None
    fork_server.close()
    assert order(fork_server, "json.tool", []) is None


@pytest.mark.parametrize("ends", ["kill", "close", "fork server dies"])
def test_it_is_gone_when_it_is_ended_and_when_the_fork_server_is(fork_server, tmp_path, ends):
    ordered, number = running(fork_server, tmp_path / "runs")
    if ends == "kill":
        ordered.kill()
    elif ends == "close":
        fork_server.close()
    else:
        os.kill(program(fork_server), signal.SIGKILL)
    assert has_ended(number, within=30)
    assert ordered.wait() is None


def test_when_the_fork_server_cannot_import_there_is_no_answer_and_no_waiting(tmp_path, monkeypatch):
    monkeypatch.setattr("crmkit.reporting.runner.fork_server.server._PROGRAM", "no_such_program")
    with ForkServer() as fork_server:
        forget_test()
        fork_server.start(tmp_path)
        ordered = order(fork_server, "json.tool", [])
        assert ordered is None or ordered.wait() is None


# --- predictions of a report


@pytest.fixture
def firm(tmp_path):
    rows = shop(60, days=400)
    later = pd.Timestamp("2026-10-31") - rows["ordered_at"].max()
    rows = rows.assign(ordered_at=rows["ordered_at"] + later.floor("D")).to_csv(index=False)
    for name in ("01_first", "02_second"):
        write_notebook(tmp_path / "nb", name, "1")
    return write_company(tmp_path / "firm", rows, churn=60)


def report(firm):
    forget_test()
    return run_report(firm, "2026-10", output=firm / "out", notebooks=firm.parent / "nb", fresh=True)


def scores(firm):
    rows = read_predictions(firm / "store", "customer_scores")
    return rows.sort_values(["model", "customer_id"], ignore_index=True)


def test_the_predictions_of_a_report_are_made_by_a_child_of_the_fork_server_and_are_the_same(firm, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(run_module, "predict_days", lambda *a, **o: pytest.fail("they are made here"))
        assert report(firm).troubles == []
    by_child = scores(firm)
    assert set(by_child["model"]) >= {"value", "churn"}
    ck.predict(firm, "2026-10", fresh=True)
    pd.testing.assert_frame_equal(by_child, scores(firm))


@pytest.mark.parametrize("code", [1, None])
def test_if_the_child_comes_to_a_bad_end_they_are_made_here(firm, monkeypatch, code):
    made, real = [], run_module.predict_days
    monkeypatch.setattr(ForkedProgram, "wait", lambda self: code)
    monkeypatch.setattr(run_module, "predict_days", lambda *a, **o: made.append(a) or real(*a, **o))
    assert report(firm).troubles == []
    assert len(made) == 1 and len(scores(firm))
