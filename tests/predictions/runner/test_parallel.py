"""What a second program computes meanwhile is the same as without it, is found in the cache, and is never in the way."""

import os
import subprocess
import sys
import time
from datetime import date

import pandas as pd
import pytest

import crmkit as ck
from crmkit.predictions.runner import parallel
from crmkit.predictions.runner.parallel import prefetch_slow
from crmkit.predictions.runner.store import read_predictions
from tests.predictions.churn.test_outlook import shop
from tests.reporting.loaded import write_company

PROGRAM = [sys.executable, "-m", "crmkit.predictions.runner.parallel"]
MODELS = ["churn", "rfm", "next_order_days"]


@pytest.fixture(scope="module")
def exported():
    return until_october(shop(120, days=500))


@pytest.fixture
def firm(tmp_path, exported):
    return write_company(tmp_path / "firm", exported, churn=60)


def started(monkeypatch):
    programs = []
    real = parallel.Popen

    def note(command, **options):
        programs.append(command)
        return real(command, **options)

    monkeypatch.setattr(parallel, "Popen", note)
    monkeypatch.setattr(parallel, "_WORTH_IT", 200)
    return programs


def scores(firm):
    told = ck.predict(firm, only=MODELS, fresh=True)
    assert dict(zip(told["model"], told["status"], strict=True)) == dict.fromkeys(MODELS, "made")
    rows = read_predictions(firm / "store", "customer_scores").drop(columns=["model_version"])
    return rows.sort_values(["model", "customer_id"], ignore_index=True)


def test_predictions_are_the_same_with_and_without_it(firm, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    alone = scores(firm)
    ck.connect(firm).cache.clear()
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    programs = started(monkeypatch)
    pd.testing.assert_frame_equal(scores(firm), alone)
    assert [command[-1] for command in programs] == ["churn"]


def test_what_it_computes_is_found_in_the_cache(firm):
    program = subprocess.Popen([*PROGRAM, str(firm), "2026-10-31", "churn"], stdin=subprocess.PIPE)
    assert program.wait(240) == 0
    assert len(list((firm / "cache").glob("*.parquet"))) > 5


def test_it_ends_with_the_program_that_started_it(firm):
    program = subprocess.Popen([*PROGRAM, str(firm), "2026-10-31", "churn"], stdin=subprocess.PIPE)
    time.sleep(0.5)
    program.stdin.close()  # as the system does when its holder ends, however it ends
    assert program.wait(60) == 0


def test_it_is_gone_after_an_error_which_is_not_hidden(firm, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(parallel, "_WORTH_IT", 200)
    running = []
    real = parallel.Popen
    monkeypatch.setattr(parallel, "Popen", lambda *a, **o: running.append(real(*a, **o)) or running[-1])
    catalog = ck.connect(firm)
    with pytest.raises(ZeroDivisionError), prefetch_slow(firm, catalog, [catalog.data_through]):
        raise ZeroDivisionError
    assert running[0].poll() is not None


@pytest.mark.parametrize("only", [["churn"], ["value", "rfm"]])
def test_there_is_none_where_there_is_nothing_else_to_do_or_nothing_slow(firm, monkeypatch, only):
    programs, catalog = started(monkeypatch), ck.connect(firm)
    with prefetch_slow(firm, catalog, [catalog.data_through], only):
        assert programs == []


def test_there_is_none_for_what_is_there_already_unless_it_is_to_be_made_again(firm, monkeypatch):
    scores(firm)
    programs, catalog = started(monkeypatch), ck.connect(firm)
    earlier = date(2026, 9, 30)
    with prefetch_slow(firm, catalog, [catalog.data_through]):
        assert programs == []
    with prefetch_slow(firm, catalog, [catalog.data_through, earlier]):
        assert [command[-2:] for command in programs] == [["2026-09-30", "churn"]]
    with prefetch_slow(firm, catalog, [catalog.data_through, earlier], fresh=True):
        assert programs[-1][-2:] == ["2026-09-30,2026-10-31", "churn"]


def test_it_may_be_started_in_another_way_and_may_not_start_at_all(firm, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(parallel, "_WORTH_IT", 200)
    asked, catalog = [], ck.connect(firm)
    with prefetch_slow(firm, catalog, [catalog.data_through], start=lambda *each: asked.append(each)):
        assert asked == [(parallel.PROGRAM, [str(firm), "2026-10-31", "churn"])]


def test_there_is_none_for_few_rows(tmp_path, monkeypatch):
    programs = started(monkeypatch)
    small = write_company(tmp_path / "small", until_october(shop(10, days=300)), churn=60)
    ck.predict(small, only=MODELS)
    assert programs == []


def until_october(orders):
    later = pd.Timestamp("2026-10-31") - orders["ordered_at"].max()
    return orders.assign(ordered_at=orders["ordered_at"] + later.floor("D")).to_csv(index=False)
