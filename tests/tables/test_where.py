"""Catalogs narrowed by a condition: the same numbers as from filtered frames, and true reasons where there are none."""

import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import CrmkitError
from crmkit.sources.sample import sample_company
from crmkit.tables.reach import BELONGS_TO

PERIODS = ["2026-08", "2026-09"]
NUMBERS = ["value", "low", "high", "n"]


@pytest.fixture(scope="module")
def frames():
    return sample_company(n_customers=600).tables


@pytest.fixture(scope="module")
def catalog(frames):
    return ck.connect(frames)


def filtered(catalog, keep):
    """Oracle: the frames of a catalog with the rows of the customers to keep; other tables are not there."""
    people = catalog.frame("customers")
    ids = set(people.loc[keep(people), "customer_id"])
    rows = {}
    for name in sorted(catalog.names, key=lambda name: name in BELONGS_TO):
        frame = catalog.frame(name)
        if name in BELONGS_TO:
            owner, key = BELONGS_TO[name]
            rows[name] = frame[frame[key].isin(rows[owner][key])]
        elif "customer_id" in frame:
            rows[name] = frame[frame["customer_id"].isin(ids)]
    data = catalog.settings.data.model_copy(update={"through": catalog.data_through})
    return rows, catalog.settings.model_copy(update={"data": data})


def test_every_number_is_that_of_filtered_frames(catalog):
    rows, settings = filtered(catalog, lambda people: people["region"] == people["region"].mode()[0])
    region = catalog.frame("customers")["region"].mode()[0]
    # A cut of the reach: region is on customers alone, so that each table is narrowed through them.
    told = ck.evaluate(catalog, periods=PERIODS, where={"region": region})
    expected = ck.evaluate(ck.connect(rows, settings), periods=PERIODS)
    ok = told["status"].isin(["ok", "too few"])
    assert ok.sum() > 60
    pd.testing.assert_frame_equal(told.loc[ok, NUMBERS], expected.loc[ok, NUMBERS], rtol=1e-9)
    assert (told["status"] == expected["status"]).all()


def test_the_end_of_the_data_and_the_settings_are_those_of_all(catalog):
    narrowed = catalog.where("country = 'nowhere'")
    assert (narrowed.data_from, narrowed.data_through) == (catalog.data_from, catalog.data_through)
    assert narrowed.settings is catalog.settings
    assert narrowed.whole is catalog
    assert len(narrowed.frame("customers")) == 0


def test_a_table_that_does_not_reach_the_column_is_lacking_for_the_true_reason(catalog):
    numbers = ck.evaluate(catalog, ["acquisition_spend", "visitors"], "2026-09", where={"region": "North"})
    assert numbers["reason"].tolist() == ["needs costs.region", "needs web_traffic.region"]


def test_a_condition_on_a_tables_own_column_narrows_that_table_alone():
    orders = pd.DataFrame(
        {"order_id": list("abcd"), "ordered_at": "2026-10-02", "revenue": [1.0, 2, 3, 4], "hub": list("xxyy")}
    )
    tickets = pd.DataFrame({"ticket_id": ["t"], "customer_id": ["c"], "opened_at": ["2026-10-03"]})
    catalog = ck.connect({"orders": orders, "tickets": tickets})
    narrowed = catalog.where("hub = 'x'")
    assert narrowed.names == ["orders"]
    assert narrowed.frame("orders")["revenue"].sum() == 3
    assert ck.evaluate(catalog, "revenue", "2026-10", where="HUB != 'x' and revenue > 3")["value"].tolist() == [4.0]
    with pytest.raises(CrmkitError, match="tickets.hub"):
        narrowed.table("tickets")


def test_conditions_add_up_and_give_the_same_catalog_again(catalog):
    both = catalog.where("country = 'DE'").where({"channel": "search"})
    assert str(both.condition) == "country = 'DE' and channel = 'search'"
    assert both is catalog.where(["country = 'DE'", "channel = 'search'"])
    assert catalog.where(None) is catalog
    assert catalog.where("  ") is catalog


def test_results_of_one_condition_are_not_those_of_another(catalog):
    first = catalog.frame("customers")["channel"].dropna().unique()[:2]
    numbers = [ck.evaluate(catalog, "new_customers", "2026-09", where={"channel": each})["n"].iloc[0] for each in first]
    whole = ck.evaluate(catalog, "new_customers", "2026-09")["n"].iloc[0]
    assert sum(numbers) <= whole
    assert all(number < whole for number in numbers)


def test_an_unknown_column_is_reported_with_the_nearest_and_all(catalog):
    with pytest.raises(CrmkitError, match="there is no column 'contry'. Did you mean 'country'. There are: .*channel"):
        catalog.where("contry = 'DE'")
    with pytest.raises(CrmkitError, match="no column 'email'|have no column"):
        catalog.where("email = 'a@b.example'")


def test_scorecards_and_lists_take_a_condition(catalog):
    region = catalog.frame("customers")["region"].mode()[0]
    card = ck.scorecard(catalog, "2026-09", metrics=["n_orders"], where={"region": region})
    assert (
        card["value"].iloc[0] == ck.evaluate(catalog, "n_orders", "2026-09", where={"region": region})["value"].iloc[0]
    )
    ids = set(catalog.where({"region": region}).frame("customers")["customer_id"])
    values = ck.customer_values(catalog, "2026-09-30", where={"region": region})
    assert len(values) > 0
    assert set(values["customer_id"]) <= ids
    whole = ck.customer_values(catalog, "2026-09-30").set_index("customer_id")
    assert values["value"].tolist() == whole.loc[values["customer_id"], "value"].tolist()
