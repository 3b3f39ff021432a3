"""What was said of months to come: kept at once, scored when they have come, the first statement counts."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import RestoredFile
from crmkit.predictions.track_record.record import keep_statements, record_summary
from crmkit.predictions.track_record.statements import (
    STATEMENTS_FILE,
    read_statements,
    statements_hash,
    write_statements,
)
from crmkit.sources.store.integrity import restore

SETTINGS = '[files.orders]\npath = "orders.csv"\n[tables.orders]\nfile = "orders"\n'


@pytest.fixture
def shop(tmp_path):
    """Return what loads the orders up to a day, after which they cost so much, and opens the store."""
    from crmkit.cleaning.loading.load import load

    (tmp_path / "exports").mkdir()
    (tmp_path / "crmkit.toml").write_text(SETTINGS, encoding="utf-8")

    def loaded(through: str, then: float = 10.0):
        days = pd.date_range("2024-01-01", through)
        revenue = np.where(days > pd.Timestamp("2025-09-30"), then, 10.0)
        orders = pd.DataFrame({"order_id": [f"o{n}" for n in range(len(days))], "ordered_at": days, "revenue": revenue})
        orders.to_csv(tmp_path / "exports" / "orders.csv", index=False)
        load(ck.read_settings(tmp_path))
        return ck.connect(tmp_path)

    return loaded


def kept(catalog, day: str) -> int:
    return keep_statements(catalog, catalog.settings.path("store"), date.fromisoformat(day))


def test_what_is_said_at_the_end_of_september_is_scored_when_october_is_there(shop):
    september = shop("2025-09-30")
    assert kept(september, "2025-09-30") > 0
    record = ck.track_record(september)
    assert record["actual"].isna().all() and record["in_time"].all()
    october = ck.track_record(shop("2025-10-31"))
    row = october[(october["metric"] == "revenue") & (october["period"] == "2025-10")].iloc[0]
    assert (row["actual"], row["inside"], row["in_time"]) == (310, True, True)
    assert row["missed"] == pytest.approx(abs(310 - row["value"]))


def test_the_first_statement_counts(shop):
    catalog = shop("2025-09-30")
    n = kept(catalog, "2025-09-30")
    first = read_statements(catalog.settings.path("store"))
    assert len(first) == n
    assert kept(shop("2025-10-31", then=90.0), "2025-09-30") == 0
    assert read_statements(catalog.settings.path("store")) == first


def test_what_is_said_when_the_month_is_known_is_scored_apart(shop):
    catalog = shop("2025-12-31")
    kept(catalog, "2025-09-30")
    record = ck.track_record(catalog)
    in_time = record.groupby("period")["in_time"].first()
    assert in_time.to_dict() == {f"2025-{m}": False for m in (10, 11, 12)} | {f"2026-0{m}": True for m in (1, 2, 3)}
    assert set(record_summary(record)["in_time"]) == {False}


def test_a_statement_made_afterwards_sees_nothing_that_came_later(shop):
    in_time = shop("2025-09-30")
    kept(in_time, "2025-09-30")
    store = in_time.settings.path("store")
    first = read_statements(store)
    (store / STATEMENTS_FILE).unlink()
    for copy in store.glob(f"{STATEMENTS_FILE}.copy-*"):
        copy.unlink()
    kept(shop("2025-12-31", then=5000.0), "2025-09-30")
    afterwards = [replace(each, data_through=first[0].data_through) for each in read_statements(store)]
    assert afterwards == first


def test_what_was_not_said_by_a_day_is_not_in_its_record(shop):
    catalog = shop("2025-10-31")
    for day in ("2025-09-30", "2025-10-31"):
        kept(catalog, day)
    assert set(ck.track_record(catalog, as_of="2025-09-30")["as_of"]) == {"2025-09-30"}
    assert ck.track_record(catalog, as_of="2025-09-30")["actual"].isna().all()


def test_the_record_survives_a_load_and_the_loss_of_its_file(shop):
    catalog = shop("2025-09-30")
    kept(catalog, "2025-09-30")
    store = shop("2025-10-31").settings.path("store")
    before = read_statements(store)
    (store / STATEMENTS_FILE).write_text("{", encoding="utf-8")
    with pytest.warns(RestoredFile):
        restore(store)
    assert read_statements(store) == before != []


def test_a_damaged_record_is_told(tmp_path):
    (tmp_path / STATEMENTS_FILE).write_text("{", encoding="utf-8")
    with pytest.raises(ck.CrmkitError, match="record of what reports have said"):
        read_statements(tmp_path)


def test_a_later_statement_changes_no_earlier_page(shop):
    catalog = shop("2025-10-31")
    store = catalog.settings.path("store")
    kept(catalog, "2025-09-30")
    before = statements_hash(store, date(2025, 10, 1))
    kept(catalog, "2025-10-31")
    assert statements_hash(store, date(2025, 10, 1)) == before != ""
    assert statements_hash(store, date(2025, 11, 1)) != before


def test_predictions_of_a_day_keep_what_is_said_of_the_months_ahead(shop):
    catalog = shop("2025-09-30")
    ck.predict(catalog, "2025-09-30")
    assert {each.metric for each in read_statements(catalog.settings.path("store"))} >= {"revenue", "n_orders"}


def test_by_number_coverage_and_error_beside_last_year(shop):
    catalog = shop("2025-09-30")
    kept(catalog, "2025-09-30")
    store = catalog.settings.path("store")
    write_statements(store, [replace(each, value=300, naive=200) for each in read_statements(store)])
    by = record_summary(ck.track_record(shop("2025-10-31"))).set_index("label")
    assert by.loc["Shop revenue", ["n", "missed", "naive_missed"]].tolist() == pytest.approx([1, 10 / 310, 110 / 310])


@pytest.fixture
def regulars(tmp_path):
    """Return what loads the orders of 30 customers up to a day: each every 20 days, ten of them until June 2025."""
    from crmkit.cleaning.loading.load import load

    (tmp_path / "exports").mkdir()
    (tmp_path / "crmkit.toml").write_text(SETTINGS, encoding="utf-8")

    def loaded(through: str, then: float = 10.0):
        rows = []
        for n in range(30):
            last = "2025-06-15" if n < 10 else "2026-12-31"
            days = pd.date_range("2024-01-01", last, freq="20D") + pd.Timedelta(days=n % 20)
            rows.append(pd.DataFrame({"customer_id": f"c{n}", "ordered_at": days}))
        orders = pd.concat(rows).assign(revenue=10.0)
        orders.loc[orders["ordered_at"] > "2025-06-30", "revenue"] = then
        orders = orders[orders["ordered_at"] <= through].reset_index(drop=True)
        orders.assign(order_id=orders.index.map("o{}".format)).to_csv(tmp_path / "exports" / "orders.csv", index=False)
        load(ck.read_settings(tmp_path))
        return ck.connect(tmp_path)

    return loaded


def test_ten_customers_who_left_are_scored_beside_the_losses_expected(regulars):
    """All 30 ordered within 90 days of 30 June; 10 never again. In the 90 days before nobody left: the naive guess is 0."""
    kept(regulars("2025-06-30"), "2025-06-30")
    before = ck.track_record(ck.connect(regulars("2025-08-31").settings.folder))
    assert before[before["kind"] == "customers"]["actual"].isna().all()
    record = ck.track_record(regulars("2025-12-31")).set_index("metric")
    assert record.loc["leave", ["actual", "naive", "in_time"]].tolist() == [10, 0, True]
    assert record.loc["order_soon", "actual"] == 20
    assert np.isnan(record.loc["money_year", "actual"])


def test_statements_on_customers_and_verdicts_see_nothing_that_came_later(regulars):
    first = regulars("2025-06-30")
    kept(first, "2025-06-30")
    store = first.settings.path("store")
    said = read_statements(store)
    for file in [store / STATEMENTS_FILE, *store.glob(f"{STATEMENTS_FILE}.copy-*")]:
        file.unlink()
    kept(regulars("2025-12-31", then=900.0), "2025-06-30")
    again = [replace(each, data_through="2025-06-30") for each in read_statements(store)]
    assert {each.kind for each in again} >= {"month", "customers"}
    pd.testing.assert_frame_equal(pd.DataFrame(again), pd.DataFrame(said))


def test_a_rise_called_real_lasts_if_the_three_months_after_lie_above(regulars):
    """Orders of 900 from July on: July's turnover is real, better, and the months after it stay above June's."""
    catalog = regulars("2025-07-31", then=900.0)
    kept(catalog, "2025-07-31")
    said = [each for each in read_statements(catalog.settings.path("store")) if each.kind == "verdict"]
    assert "turnover" in {each.metric for each in said}
    record = ck.track_record(regulars("2025-10-31", then=900.0))
    row = record[(record["kind"] == "verdict") & (record["metric"] == "turnover")].iloc[0]
    assert (row["inside"], row["in_time"]) == (True, True)
    assert row["actual"] > row["naive"]


def test_a_record_that_cannot_be_kept_is_told_as_a_prediction_that_failed(shop):
    catalog = shop("2025-09-30")
    store = catalog.settings.path("store")
    (store / STATEMENTS_FILE).write_text("{", encoding="utf-8")
    made = ck.predict(catalog, "2025-09-30")
    row = made[made["model"] == "track_record"].iloc[0]
    assert row["status"] == "failed" and "record of what reports have said" in row["reason"]
