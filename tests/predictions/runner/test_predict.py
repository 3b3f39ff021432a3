"""Predictions are written beside earlier ones, made anew only for a reason, and never in the way of anything."""

import json
import re
from datetime import date

import pandas as pd
import pytest
from filelock import FileLock

import crmkit as ck
from crmkit.cleaning.loading.load import load
from crmkit.errors import CrmkitError, NotMeasured
from crmkit.predictions.runner import store as store_module
from crmkit.predictions.runner.run_log import predictions_hash, read_run_log
from crmkit.predictions.runner.store import latest_predictions, read_predictions, write_predictions
from crmkit.settings import read_settings
from crmkit.sources.store.integrity import remove_copies
from crmkit.sources.store.store import save_table
from tests.reporting.loaded import orders, write_company

pytestmark = pytest.mark.usefixtures("register")
CALLS = []


@pytest.fixture
def spend():
    """A prediction: each customer will spend what she has spent up to the day."""
    CALLS.clear()

    @ck.prediction(table="customer_scores", model="spend")
    def spend(catalog, as_of):
        CALLS.append(as_of)
        rows = catalog.frame("orders")
        rows = rows[rows["ordered_at"] < pd.Timestamp(as_of) + pd.Timedelta(days=1)]
        return rows.groupby("customer_id", as_index=False)["revenue"].sum().rename(columns={"revenue": "value"})


@pytest.fixture
def kinds():
    @ck.prediction(table="segment_assignments", model="kinds", version="7")
    def kinds(catalog, as_of):
        return pd.DataFrame({"customer_id": ["1"], "segment": ["Loyal"]})


def status(company, *arguments, **options):
    told = ck.predict(company, *arguments, **options)
    return dict(zip(told["model"], told["status"], strict=True))


def rows_of(company, table="customer_scores"):
    return read_predictions(company / "store", table)


def test_rows_are_written_with_day_model_and_version_and_read_back_by_the_catalog(company, spend, kinds):
    told = ck.predict(company, "2026-09")
    assert told[["as_of", "model", "n_customers", "status"]].to_dict("records") == [
        {"as_of": "2026-09-30", "model": "spend", "n_customers": 2, "status": "made"},
        {"as_of": "2026-09-30", "model": "kinds", "n_customers": 1, "status": "made"},
    ]
    catalog = ck.connect(company)
    scores = catalog.frame("customer_scores")
    assert scores["customer_id"].tolist() == ["1", "2"] and scores["value"].tolist() == [20.0, 20.0]
    assert set(pd.to_datetime(scores["as_of"]).dt.date) == {date(2026, 9, 30)} and set(scores["model"]) == {"spend"}
    assert scores["model_version"].str.fullmatch(rf"{re.escape(ck.__version__)}\.[0-9a-f]{{8}}").all()
    assert catalog.frame("segment_assignments")["model_version"].tolist() == ["7"]
    assert catalog.data_through == date(2026, 10, 31), "predictions say nothing of how far the data reach"


def test_the_next_months_rows_stand_beside_those_of_before(company, spend):
    ck.predict(company, "2026-09")
    ck.predict(company, "2026-10")
    rows = rows_of(company)
    assert rows.groupby(rows["as_of"].astype(str))["value"].sum().to_dict() == {"2026-09-30": 40.0, "2026-10-31": 80.0}
    assert latest_predictions(rows, "spend", date(2026, 10, 30))["value"].tolist() == [20.0, 20.0]


def test_what_is_unchanged_is_not_computed_again_even_after_another_load(company, spend, kinds):
    assert status(company, "2026-10") == {"spend": "made", "kinds": "made"}
    before = (company / "store/customer_scores.parquet").stat().st_mtime_ns
    assert status(company, "2026-10") == {"spend": "unchanged", "kinds": "unchanged"}
    load(read_settings(company))
    assert status(company, "2026-10") == {"spend": "unchanged", "kinds": "unchanged"}
    assert len(CALLS) == 1 and (company / "store/customer_scores.parquet").stat().st_mtime_ns == before


def test_other_data_another_setting_and_the_wish_for_it_make_them_again(company, spend):
    ck.predict(company, "2026-10")
    write_company(company, orders("2026-08-03", "2026-09-05", "2026-10-05"))
    assert status(company, "2026-10") == {"spend": "made"}
    assert rows_of(company)["value"].sum() == 60.0, "the rows of the same day are replaced"
    write_company(company, orders("2026-08-03", "2026-09-05", "2026-10-05"), churn=60)
    assert status(company, "2026-10") == {"spend": "made"}
    assert status(company, "2026-10", fresh=True) == {"spend": "made"}
    assert len(CALLS) == 4 and len(rows_of(company)) == 3


def test_a_table_that_was_written_by_others_is_not_taken_for_what_it_was(company, spend):
    ck.predict(company, "2026-10")
    ours = rows_of(company)
    save_table(company / "store", "customer_scores", ours.assign(value=1e6))
    assert status(company, "2026-10") == {"spend": "made"}
    assert rows_of(company)["value"].sum() == 80.0


def test_one_alone_leaves_the_others_as_they_are(company, spend, kinds):
    assert status(company, "2026-10", only=["kinds"]) == {"kinds": "made"}
    assert CALLS == [] and not (company / "store/customer_scores.parquet").exists()
    assert status(company, "2026-10") == {"spend": "made", "kinds": "unchanged"}


def test_what_the_data_lack_is_a_reason_and_old_rows_of_that_day_go(company, spend):
    ck.predict(company, "2026-10")

    @ck.prediction(table="customer_scores", model="spend")
    def spend_without_data(catalog, as_of):
        raise NotMeasured("orders.margin")

    told = ck.predict(company, "2026-10", fresh=True)
    assert told[["status", "reason", "n_customers"]].to_numpy().tolist() == [
        ["not made", "not measured: needs orders.margin", 0]
    ]
    assert rows_of(company).empty
    assert status(company, "2026-10") == {"spend": "not made"}


def test_one_that_fails_harms_no_other_and_is_tried_again(company, spend):
    @ck.prediction(table="customer_scores", model="broken")
    def broken(catalog, as_of):
        CALLS.append("broken")
        return 1 / 0

    told = ck.predict(company, "2026-10")
    assert told.set_index("model").loc["broken", ["status", "reason"]].tolist() == [
        "failed",
        "ZeroDivisionError: division by zero",
    ]
    assert rows_of(company)["model"].unique().tolist() == ["spend"]
    assert status(company, "2026-10") == {"spend": "unchanged", "broken": "failed"}
    assert CALLS.count("broken") == 2


def test_the_interval_must_hold_the_value_or_nothing_is_written(company):
    @ck.prediction(table="customer_scores", model="odd")
    def odd(catalog, as_of):
        return pd.DataFrame({"customer_id": ["1"], "value": [5.0], "low": [6.0], "high": [7.0]})

    told = ck.predict(company, "2026-10")
    assert "interval does not hold its value" in told["reason"][0] and rows_of(company).empty


def test_progress_is_reported_for_each(company, spend, kinds):
    told = []
    ck.predict(company, "2026-10", progress=lambda *each: told.append(each))
    ck.predict(company, "2026-10", progress=lambda *each: told.append(each))
    assert told == [
        ("spend", "waiting"),
        ("kinds", "waiting"),
        ("spend", "started"),
        ("spend", "done"),
        ("kinds", "started"),
        ("kinds", "done"),
        ("spend", "waiting"),
        ("kinds", "waiting"),
        ("spend", "unchanged"),
        ("kinds", "unchanged"),
    ]


# --- what a page can know of them


def test_a_months_pages_do_not_depend_on_later_predictions_but_on_those_they_can_read(company, spend):
    store, until = company / "store", date(2026, 10, 1)
    nothing = predictions_hash(store, until)
    ck.predict(company, "2026-09")
    of_september = predictions_hash(store, until)
    ck.predict(company, "2026-10")
    assert predictions_hash(store, until) == of_september != nothing
    ck.predict(company, "2026-08")
    assert predictions_hash(store, until) != of_september


def test_a_run_log_that_is_damaged_or_of_another_table_is_ignored(company, spend):
    ck.predict(company, "2026-10")
    file = company / "store/predictions.json"
    noted = file.read_text()
    for content in ("{", json.dumps(json.loads(noted) | {"tables": {}}), "[]"):
        file.write_text(content)
        assert read_run_log(company / "store") is None
    file.write_text(noted)
    assert read_run_log(company / "store").entry(date(2026, 10, 31), "spend").n_customers == 3


def test_rows_that_no_entry_speaks_of_get_one(company, spend):
    ck.predict(company, "2026-09")
    (company / "store/predictions.json").unlink()
    remove_copies(company / "store/predictions.json")
    ck.predict(company, "2026-10")
    days = [
        (entry.as_of, entry.n_customers, bool(entry.fingerprint)) for entry in read_run_log(company / "store").entries
    ]
    assert days == [("2026-09-30", 2, False), ("2026-10-31", 3, True)]


# --- one writer


def test_a_second_writer_waits_and_then_says_so(company, spend, monkeypatch):
    monkeypatch.setattr(store_module, "_PATIENCE", 0.0)
    with (
        FileLock(company / "store" / store_module._LOCK),
        pytest.raises(CrmkitError, match="Another program is writing predictions"),
    ):
        ck.predict(company, "2026-10")
    assert rows_of(company).empty


def test_a_lock_that_was_left_behind_is_forgotten_at_once(company, spend, monkeypatch):
    (company / "store" / store_module._LOCK).touch()
    monkeypatch.setattr(store_module, "_PATIENCE", 0.0)
    assert status(company, "2026-10") == {"spend": "made"}


def test_a_write_that_fails_leaves_the_table_as_it_was(company, spend, monkeypatch):
    ck.predict(company, "2026-09")
    before = (company / "store/customer_scores.parquet").read_bytes()

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_module, "save_table", full)
    with pytest.raises(OSError, match="No space"):
        ck.predict(company, "2026-10")
    assert (company / "store/customer_scores.parquet").read_bytes() == before
    assert [path.name for path in (company / "store").glob(".*") if path.name != store_module._LOCK] == []


def test_a_table_of_no_rows_has_the_types_of_its_columns(tmp_path):
    write_predictions(tmp_path, [], {}, {})
    assert read_predictions(tmp_path, "customer_scores").empty


# --- without a store


def test_a_catalog_of_frames_is_overlaid_and_stays_as_it_is(company, spend):
    catalog = ck.connect({"orders": ck.connect(company).frame("orders")})
    seen = ck.with_predictions(catalog, date(2026, 10, 9))
    assert seen.frame("customer_scores")["value"].sum() == 80.0
    assert "customer_scores" not in catalog.names
    again = ck.with_predictions(seen, date(2026, 9, 30))
    assert len(again.frame("customer_scores")) == 5, "earlier predictions stay"
    assert len(ck.with_predictions(again, date(2026, 9, 30)).frame("customer_scores")) == 5


def test_a_failure_in_a_notebook_is_one_error(company):
    @ck.prediction(table="customer_scores", model="broken")
    def broken(catalog, as_of):
        return 1 / 0

    with pytest.raises(CrmkitError, match="broken: ZeroDivisionError"):
        ck.with_predictions(ck.connect(company))
