"""Predictions are made before the pages, once; a failing one is told and keeps no page from being made."""

from datetime import date

import pandas as pd
import pytest

import crmkit as ck
from crmkit.periods import Period
from crmkit.predictions.runner import predict as run_module
from crmkit.predictions.runner import registry as register_module
from crmkit.predictions.runner.registry import PREDICTIONS, registered_predictions
from crmkit.reporting.runner.fork_server import ForkServer
from crmkit.reporting.runner.notebooks import Notebook
from crmkit.reporting.runner.predictions import ensure_predictions
from crmkit.reporting.runner.reuse import PageKeys
from crmkit.sources.store.summary import store_summary
from crmkit.tables.caching import cache as cache_module
from tests.reporting.loaded import orders, write_company
from tests.reporting.tiny import write_notebook

SEPTEMBER, OCTOBER = Period.parse("2026-09"), Period.parse("2026-10")


@pytest.fixture(autouse=True)
def register(monkeypatch):
    registered_predictions()
    kept = dict(PREDICTIONS)
    PREDICTIONS.clear()
    monkeypatch.setattr(register_module, "MODULES", ())
    monkeypatch.setattr(cache_module, "code_digest", lambda: "this code")

    @ck.prediction(table="customer_scores", model="luck")
    def luck(catalog, as_of):
        return pd.DataFrame({"customer_id": ["1"], "value": [float(as_of.month)]})

    yield
    PREDICTIONS.clear()
    PREDICTIONS.update(kept)


@pytest.fixture
def company(tmp_path):
    return write_company(tmp_path / "kaldi", orders("2026-08-03", "2026-09-05", "2026-10-05"))


def made(company, *periods, fresh=False):
    told = []
    troubles = ensure_predictions(company, store_summary(company), periods, fresh, lambda *each: told.append(each))
    return troubles, told


def test_a_second_run_makes_none_and_says_nothing_and_a_fresh_one_does(company, monkeypatch):
    assert made(company, SEPTEMBER, OCTOBER) == ((), [("predictions", "started"), ("predictions", "done")])
    with monkeypatch.context() as patch:
        patch.setattr(run_module, "predict_days", lambda *a, **o: pytest.fail("they are made again"))
        assert made(company, SEPTEMBER, OCTOBER) == ((), [])
    assert made(company, OCTOBER, fresh=True)[1][-1] == ("predictions", "done")
    assert set(ck.connect(company).frame("customer_scores")["value"]) == {9.0, 10.0}


def test_those_that_only_this_program_knows_are_made_here(company, monkeypatch):
    fork_server = ForkServer()
    monkeypatch.setattr(fork_server, "start", lambda home: pytest.fail("another program is asked"))
    ensure_predictions(company, store_summary(company), [OCTOBER], False, lambda *each: None, fork_server)
    assert ck.connect(company).frame("customer_scores")["value"].tolist() == [10.0]


def test_one_that_fails_is_a_sentence(company):
    @ck.prediction(table="customer_scores", model="luck")
    def bad_luck(catalog, as_of):
        raise ValueError("no luck")

    troubles, told = made(company, OCTOBER)
    assert troubles == ("The prediction luck of 2026-10-31 failed: ValueError: no luck",)
    assert told[-1] == ("predictions", "failed")


def test_pages_of_september_stay_as_they_are_when_october_is_predicted_and_those_of_october_do_not(company, tmp_path):
    notebook = Notebook(write_notebook(tmp_path / "nb", "01_page", "period"))

    def key(period):
        return PageKeys(store_summary(company), company, period.end).key(notebook, {"period": str(period)})

    made(company, SEPTEMBER)
    before = key(SEPTEMBER), key(OCTOBER)
    made(company, OCTOBER)
    assert key(SEPTEMBER) == before[0] != ""
    assert key(OCTOBER) != before[1]


def test_a_running_month_is_predicted_from_the_last_day_of_the_data(company):
    november = Period.parse("2026-11")
    made(company, november)
    days = pd.to_datetime(ck.connect(company).frame("customer_scores")["as_of"]).dt.date
    assert set(days) == {date(2026, 10, 31)}
