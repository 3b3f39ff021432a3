"""Frames computed just now stand beside the tables of a catalog, with the types of their table."""

from datetime import date

import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import CrmkitError, Problems, UnknownName
from crmkit.tables.catalog import Catalog

SCORES = pd.DataFrame(
    {"customer_id": [1, 2], "as_of": "2026-09-30", "model": "value", "model_version": "1", "value": [3, None]}
)


@pytest.fixture
def catalog():
    rows = {
        "order_id": ["a", "b"],
        "ordered_at": ["2026-09-01", "2026-10-02"],
        "revenue": [10.0, 20.0],
        "customer_id": ["1", "2"],
    }
    return ck.connect({"orders": pd.DataFrame(rows)})


def test_a_frame_is_a_table_that_can_be_joined_with_the_others(catalog):
    over = catalog.with_tables({"customer_scores": SCORES})
    scores, orders = over.table("customer_scores"), over.table("orders")
    joined = orders.join(scores, "customer_id").execute().sort_values("order_id")
    assert joined["value"].tolist()[0] == 3.0 and pd.isna(joined["value"].tolist()[1])
    assert over.frame("customer_scores")["as_of"].tolist() == [pd.Timestamp("2026-09-30")] * 2


def test_times_with_a_zone_and_ids_that_pandas_made_floats_are_read_as_connect_reads_them():
    times = pd.to_datetime(["2026-09-30 22:30", "2026-10-02 00:00", "2026-10-31 23:30"], utc=True)
    orders = pd.DataFrame(
        {
            "order_id": ["a", "b", "c"],
            "ordered_at": times,
            "revenue": [10.0, 20.0, 40.0],
            "customer_id": [7.0, None, 8.0],
        }
    )
    settings = ck.Settings(company={"time_zone": "Europe/Berlin"}, data={"through": "2026-11-30"})
    connected = ck.connect({"orders": orders}, settings)
    with_frames = connected.with_tables({"orders": orders})
    for catalog in (connected, with_frames):
        assert ck.evaluate(catalog, "revenue", periods="2026-10")["value"].tolist() == [30.0]
        assert catalog.frame("orders")["customer_id"].fillna("none").tolist() == ["7", "none", "8"]


def test_it_takes_the_place_of_the_table_of_that_name_and_the_first_catalog_keeps_its_own(catalog):
    first = catalog.with_tables({"customer_scores": SCORES})
    second = first.with_tables({"customer_scores": SCORES.head(1)})
    assert [len(each.frame("customer_scores")) for each in (first, second)] == [2, 1]
    assert "customer_scores" not in catalog.names and second.data_through == date(2026, 10, 2)


def test_a_catalog_without_tables_takes_some():
    assert Catalog({}).with_tables({"customer_scores": SCORES}).names == ["customer_scores"]


def test_all_that_is_wrong_is_reported_at_once(catalog):
    wrong = SCORES.drop(columns="model").assign(value="much")
    with pytest.raises(Problems, match=r"(?s)model is missing.*value holds something else"):
        catalog.with_tables({"customer_scores": wrong})
    with pytest.raises(UnknownName, match="Did you mean 'customer_scores'"):
        catalog.with_tables({"customer_score": SCORES})


def test_what_is_wrong_with_several_frames_is_reported_at_once_with_the_value_met(catalog):
    wrong = SCORES.assign(value=[3.0, "much"])
    with pytest.raises(Problems) as caught:
        catalog.with_tables(
            {"customer_scores": wrong, "orders": pd.concat({"sum": SCORES}, axis="columns"), "leads": [1]}
        )
    assert caught.value.problems == [
        "Table 'customer_scores': value holds something else than it must: the prediction (met: 'much').",
        "Table 'orders': its columns have 2 levels, must have one name each (met: ('sum', 'customer_id')). "
        "Write, for instance, frame.columns = frame.columns.droplevel(0).",
        "Table 'leads': is a list, must be a pandas DataFrame.",
    ]


def test_a_named_index_huge_ids_and_intervals_are_laid_over_as_they_are_connected(catalog):
    sizes = pd.cut(pd.Series([3, 70]), [0, 10, 100])
    customers = pd.DataFrame({"customer_id": [2**70, 2], "company_size": sizes}).set_index("customer_id")
    with_frames, connected = catalog.with_tables({"customers": customers}), ck.connect({"customers": customers})
    for each in (with_frames, connected):
        told = [["1180591620717411303424", "(0, 10]"], ["2", "(10, 100]"]]
        assert each.frame("customers")[["customer_id", "company_size"]].values.tolist() == told
    with pytest.raises(Problems, match=r"year of birth \(met: 1180591620717411303424\)"):
        catalog.with_tables({"customers": customers.assign(birth_year=[1980, 2**70])})


def test_over_tables_in_a_database_it_says_what_to_do(catalog):
    class InDatabase:
        name = "postgres"

    class Table:
        def get_backend(self):
            return InDatabase()

    with pytest.raises(CrmkitError, match="of which crmkit is a reader only"):
        Catalog({"orders": Table()}).with_tables({"customer_scores": SCORES})
