"""A prediction that is killed at any write leaves all tables and their log as before, or all of them as after."""

import os
import shutil
import signal
import sys

import pandas as pd
import pytest

import crmkit as ck
from crmkit.predictions.runner.run_log import RunEntry, read_run_log
from crmkit.predictions.runner.store import read_predictions, write_predictions
from crmkit.sources.store.one_step import one_step
from crmkit.sources.store.store import located_store

pytestmark = [
    pytest.mark.usefixtures("register"),
    pytest.mark.skipif(os.name != "posix", reason="needs fork and SIGKILL"),
]
WRITING = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "shutil.rmtree", "shutil.copyfile"}
TABLES = ("customer_scores", "segment_assignments")


@pytest.fixture
def two_tables():
    """Two predictions, each in a table of its own."""

    @ck.prediction(table="customer_scores", model="spend")
    def spend(catalog, as_of):
        return pd.DataFrame({"customer_id": ["1", "2"], "value": [float(as_of.month), 2.0]})

    @ck.prediction(table="segment_assignments", model="kinds", version="7")
    def kinds(catalog, as_of):
        return pd.DataFrame({"customer_id": ["1"], "segment": ["Loyal"]})


def killed(store, kill_at, action):
    """Run an action in a process of its own; kill it at its n-th step of writing. Return whether it was killed."""
    child = os.fork()
    if child == 0:
        steps = 0

        def watch(event, arguments):
            nonlocal steps
            is_open = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_WRONLY
            if (is_open or event in WRITING) and any(str(store) in str(each) for each in arguments):
                steps += 1
                if steps == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        action()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def seen(store):
    """What a reader sees: the tables, and the log, which is valid for these very tables alone."""
    assert located_store(store) == store
    log = read_run_log(store)
    assert log is not None, "the log is that of other tables"
    days = sorted((entry.as_of, entry.model) for entry in log.entries)
    return days, [sorted(read_predictions(store, table)["as_of"].astype(str)) for table in TABLES]


def write_month(store, month):
    """Write the rows of both predictions as of the end of a month."""
    day = f"2026-{month:02d}-28"
    entries = [RunEntry(day, "spend", TABLES[0], "1", "made"), RunEntry(day, "kinds", TABLES[1], "7", "made")]
    known = {"as_of": pd.Timestamp(day).date(), "customer_id": ["1", "2"]}
    scores = pd.DataFrame(known | {"model": "spend", "model_version": "1", "value": [float(month), 2.0]})
    kinds = pd.DataFrame(known | {"model": "kinds", "model_version": "7", "segment": "Loyal"})
    write_predictions(store, entries, dict(zip(TABLES, (scores, kinds), strict=True)), {day: "made"})


def test_a_kill_at_each_write_of_a_prediction_leaves_all_as_before_or_all_as_after(company):
    store, kept = company / "store", company.parent / "kept"
    write_month(store, 8)
    before = seen(store)
    shutil.copytree(store, kept)
    write_month(store, 9)
    after = seen(store)
    assert before != after
    states = []
    for kill_at in range(1, 200):
        shutil.rmtree(store)
        shutil.copytree(kept, store)
        ended = not killed(store, kill_at, lambda: write_month(store, 9))
        states.append(seen(store))
        assert states[-1] in (before, after), f"killed at write {kill_at}"
        write_month(store, 9)
        assert seen(store) == after
        assert not list(store.glob(".next*"))
        if ended:
            break
    assert ended and len(states) > 15
    assert states == sorted(states, key=lambda state: state == after), "before the moment as before, then as after"


@pytest.mark.parametrize("kill_at", [3, 12, 25, 34])
def test_predict_run_again_after_a_kill_gives_what_an_undisturbed_one_gives(company, two_tables, kill_at):
    store = company / "store"
    ck.predict(company, "2026-09")
    killed(store, kill_at, lambda: ck.predict(company, "2026-10"))
    ck.predict(company, "2026-10")
    days = ["2026-09-30", "2026-10-31"]
    assert seen(store)[1] == [[day for day in days for _ in range(2)], days]


def test_a_step_that_fails_leaves_nothing(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(OSError, match="No space"), one_step(tmp_path) as fresh:
        (fresh / "a.txt").write_text("new")
        raise OSError(28, "No space left on device")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"] and (tmp_path / "a.txt").read_text() == "old"
