"""Tables by name, functions by the names of their parameters, and what is missing named."""

from datetime import date

import pandas as pd
import pytest

from crmkit.errors import NotMeasured, UnknownName
from crmkit.settings import parse_settings
from crmkit.tables.catalog import Catalog
from crmkit.tables.derived.register import DERIVED

ORDERS = {
    "order_id": ["1", "2", "3"],
    "customer_id": ["ann", "ann", "bob"],
    "ordered_at": ["2026-03-01 10:00", "2026-08-01 10:00", "2026-03-05 23:30"],
    "revenue": [10.0, 20.0, 30.0],
}
TERMS = {
    "subscription_id": ["s", "s"],
    "customer_id": ["ann", "ann"],
    "mrr": [10.0, 10.0],
    "starts_at": ["2026-01-01", "2026-12-01"],
    "ends_at": ["2026-12-01", "2027-12-01"],
}


@pytest.fixture
def catalog(stored):
    def of(settings=None, **tables):
        return Catalog({name: stored(name, columns) for name, columns in tables.items()}, settings)

    return of


def test_names_are_the_canonical_tables_that_are_there(catalog):
    assert catalog(orders=ORDERS, subscription_terms=TERMS).names == ["orders", "subscription_terms"]
    assert catalog().names == []


def test_a_canonical_table_is_returned_as_it_was_given(stored):
    orders = stored("orders", ORDERS)
    assert Catalog({"orders": orders}).table("orders") is orders
    assert Catalog({"orders": orders}).frame("orders")["revenue"].sum() == 60.0


def test_a_derived_table_is_computed_from_the_tables_its_parameters_name(catalog):
    spells = catalog(orders=ORDERS).frame("activity_spells")
    assert sorted(spells["customer_id"]) == ["ann", "ann", "bob"]
    moves = catalog(orders=ORDERS).frame("customer_movements")
    assert moves["kind"].value_counts().to_dict() == {"left": 3, "joined": 2, "returned": 1}


def test_a_derived_table_is_derived_once(catalog):
    company = catalog(orders=ORDERS)
    assert company.table("activity_spells") is company.table("activity_spells")


def test_a_registered_table_is_found_by_the_name_of_its_function(catalog, monkeypatch):
    def big_orders(orders, *, threshold=15):
        return orders.filter(orders.revenue > threshold)

    monkeypatch.setitem(DERIVED, "big_orders", big_orders)
    company = catalog(orders=ORDERS)
    assert company.table("big_orders").count().execute() == 2
    assert company.call(lambda big_orders: big_orders.revenue.sum()).execute() == 50.0


def test_churn_after_days_comes_from_the_settings_and_can_be_overridden(catalog):
    # Ann's orders are 153 days apart: two spells at 90 days, one at 153.
    assert len(catalog(orders=ORDERS).frame("activity_spells")) == 3
    patient = parse_settings({"company": {"churn_after_days": 153}})
    company = catalog(patient, orders=ORDERS)
    assert len(company.frame("activity_spells")) == 2
    assert company.call(DERIVED["activity_spells"], churn_after_days=152).count().execute() == 3


def test_a_switch_that_no_setting_holds_keeps_its_default(catalog):
    def switches(*, currency, copy="own", threshold=3):
        return currency, copy, threshold

    company = catalog(parse_settings({"company": {"currency": "IDR"}}))
    assert company.call(switches) == ("IDR", "own", 3)
    assert company.call(switches, threshold=4, currency="USD") == ("USD", "own", 4)


def test_an_optional_table_that_is_missing_is_none_and_a_required_one_is_not_measured(catalog):
    def both(orders, leads=None):
        return orders, leads

    orders, leads = catalog(orders=ORDERS).call(both)
    assert orders is not None and leads is None
    with pytest.raises(NotMeasured, match=r"^not measured: needs orders$"):
        catalog(leads={"lead_id": ["1"], "created_at": ["2026-01-01"]}).call(both)


def test_a_derived_table_that_cannot_be_derived_is_none_where_it_is_optional(catalog):
    company = catalog(leads={"lead_id": ["1"], "created_at": ["2026-01-01"]})
    assert company.call(lambda leads, customer_movements=None: customer_movements) is None
    with pytest.raises(NotMeasured, match="needs orders or subscription_terms"):
        company.table("customer_movements")


READS_MARGIN = {
    "as an attribute": lambda orders: orders.margin.sum(),
    "in brackets": lambda orders: orders["margin"].sum(),
    "in a selection": lambda orders: orders.select("order_id", "margin"),
    "after a filter": lambda orders: orders.filter(orders.revenue > 0).margin.sum(),
    "beside a whole table": lambda leads, orders: (leads.lead_id, orders.margin),
}


@pytest.mark.parametrize("reader", READS_MARGIN.values(), ids=READS_MARGIN)
def test_a_canonical_column_that_is_missing_is_not_measured_however_it_is_read(catalog, reader):
    company = catalog(orders=ORDERS, leads={"lead_id": ["1"], "created_at": ["2026-01-01"]})
    with pytest.raises(NotMeasured) as missing:
        company.call(reader)
    assert missing.value.needs == "orders.margin"


def test_of_two_tables_without_a_channel_the_one_that_was_read_is_named(catalog):
    company = catalog(orders=ORDERS, leads={"lead_id": ["1"], "created_at": ["2026-01-01"]})
    with pytest.raises(NotMeasured, match=r"needs leads\.channel"):
        company.call(lambda orders, leads: leads.channel)


def test_a_missing_column_inside_a_derived_table_is_named_too(catalog, monkeypatch):
    monkeypatch.setitem(DERIVED, "margins", lambda orders: orders.select(orders.margin))
    with pytest.raises(NotMeasured, match=r"needs orders\.margin"):
        catalog(orders=ORDERS).call(lambda margins: margins)


@pytest.mark.parametrize(
    ("faulty", "named"),
    [
        (lambda orders: orders.margn, "margn"),
        (lambda orders: orders["margn"], "margn"),
        (lambda orders: "text".margin, "margin"),
        (lambda activity_spells: activity_spells.revenue, "revenue"),
        (lambda orders, leads: leads.margin, "margin"),
    ],
    ids=["misspelt", "misspelt in brackets", "of a text", "of a derived table", "of another table"],
)
def test_a_mistake_of_the_function_itself_is_not_taken_for_missing_data(catalog, faulty, named):
    company = catalog(orders=ORDERS, leads={"lead_id": ["1"], "created_at": ["2026-01-01"]})
    with pytest.raises(Exception, match=f"'{named}'") as mistake:
        company.call(faulty)
    assert not isinstance(mistake.value, NotMeasured)


def test_an_unknown_table_is_answered_with_the_nearest(catalog, stored):
    with pytest.raises(UnknownName, match=r"There is no table 'activity_spell'. Did you mean 'activity_spells'\?"):
        catalog(orders=ORDERS).table("activity_spell")
    with pytest.raises(UnknownName, match=r"There is no table 'order'. Did you mean 'orders'\?"):
        Catalog({"order": stored("orders", ORDERS)})
    with pytest.raises(NotMeasured, match="needs leads"):
        catalog(orders=ORDERS).table("leads")


def test_what_is_known_of_the_input_is_kept(stored):
    assert Catalog({}, provenance={"n_rows": 3}).provenance == {"n_rows": 3}
    assert Catalog({}).provenance == {}


# --- from when to when


def span(company):
    return company.data_from, company.data_through


def test_data_run_from_the_earliest_to_the_latest_day_of_any_table(catalog):
    leads = {"lead_id": ["1", "2"], "created_at": ["2026-02-10", "2026-08-31 23:59"]}
    assert span(catalog(orders=ORDERS)) == (date(2026, 3, 1), date(2026, 8, 1))
    assert span(catalog(orders=ORDERS, leads=leads)) == (date(2026, 2, 10), date(2026, 8, 31))


def test_a_setting_for_the_last_day_wins(catalog):
    through_july = parse_settings({"data": {"through": date(2026, 7, 31)}})
    assert span(catalog(through_july, orders=ORDERS)) == (date(2026, 3, 1), date(2026, 7, 31))


def test_a_term_booked_ahead_does_not_prolong_the_data_but_an_early_one_begins_them(catalog):
    assert span(catalog(orders=ORDERS, subscription_terms=TERMS)) == (date(2026, 1, 1), date(2026, 8, 1))


def test_a_company_of_terms_and_customers_only_has_the_span_of_its_terms(catalog):
    customers = {"customer_id": ["ann"]}
    assert span(catalog(subscription_terms=TERMS)) == (date(2026, 1, 1), date(2026, 12, 1))
    assert span(catalog(customers=customers, subscription_terms=TERMS)) == (date(2026, 1, 1), date(2026, 12, 1))


def test_what_the_workbook_writes_itself_does_not_prolong_the_data(catalog):
    scores = {"customer_id": ["ann"], "as_of": [date(2026, 9, 1)], "model": ["churn"], "model_version": ["1"]}
    draws = {"customer_id": ["ann"], "action": ["call"], "assigned_at": ["2026-09-02"], "treated": [True]}
    company = catalog(orders=ORDERS, customer_scores=scores, segment_assignments=scores, treatments=draws)
    assert span(company) == (date(2026, 3, 1), date(2026, 8, 1))


def test_without_dated_rows_there_is_no_span(catalog):
    nobody = {name: [] for name in ORDERS}
    for company in (catalog(), catalog(customers={"customer_id": ["ann"]}), catalog(orders=nobody)):
        assert span(company) == (None, None)


def test_a_misspelt_column_is_named_with_the_nearest(stored):
    tables = Catalog({"orders": stored("orders", pd.DataFrame({"order_id": ["a"], "revenue": [1.0]}))})
    with pytest.raises(UnknownName, match="There is no column of orders 'revenu'. Did you mean 'revenue'?"):
        tables.call(lambda orders: orders.revenu)


def test_a_catalogue_shows_whose_it_is_and_what_it_holds(stored):
    frame = pd.DataFrame({"order_id": ["a"], "ordered_at": pd.to_datetime(["2026-10-02"]).astype("datetime64[us]")})
    assert (
        repr(Catalog({"orders": stored("orders", frame)}))
        == "<Catalog of My company: orders, 2026-10-02 to 2026-10-02>"
    )
