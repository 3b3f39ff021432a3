"""The sample company fills every table, and every table agrees with the others."""

import numpy as np
import pandas as pd
import pytest

from crmkit.errors import Problems
from crmkit.sources.sample import sample_company
from crmkit.tables.schema import SCHEMAS
from tests.sources.kaldi import MONTHS, kaldi, month_of, table

# Predictions are written later, and totals of mailings come from tools that name no recipients: the sample has those.
NOT_THERE = ("customer_scores", "segment_assignments", "text_sentiments", "mailing_totals")
TABLES = [name for name in SCHEMAS if name not in NOT_THERE]
#: What its rows say anyway: a term of it is one paid period, and all outcomes of a draw are seen on one day, half of whose
#: people were treated.
NOT_IN_SAMPLE = {("subscription_terms", "last_event_at"), ("treatments", "ends_at")} | {
    ("treatments", name) for name in ("trial", "round", "block", "probability", "cost")
}
COLUMNS = {name: [c for c in SCHEMAS[name].columns if (name, c.name) not in NOT_IN_SAMPLE] for name in TABLES}
DTYPES = {
    "id": "object",
    "text": "object",
    "timestamp": "datetime64[us]",
    "date": "datetime64[us]",
    "money": "float64",
    "number": "float64",
    "integer": "Int64",
    "flag": "boolean",
}
REFERENCES = [("customer_id", "customers"), ("lead_id", "leads"), ("deal_id", "deals"), ("order_id", "orders")]


def test_it_has_5000_customers_and_the_sizes_of_a_small_business():
    sizes = {name: len(rows) for name, rows in kaldi().tables.items()}
    assert sizes["customers"] == sizes["customer_identities"] == 5000
    assert 15_000 < sizes["orders"] < 26_000
    assert 8_000 < sizes["leads"] < 13_000
    assert sorted(sizes) == sorted(TABLES)


def test_a_table_has_every_column_of_the_schema_in_order_with_its_dtype():
    found = {name: [(column, str(rows[column].dtype)) for column in rows] for name, rows in kaldi().tables.items()}
    assert found == {name: [(c.name, DTYPES[c.kind]) for c in COLUMNS[name]] for name in TABLES}


def test_required_columns_are_full_and_no_column_is_empty():
    full = {name: table(name).notna() for name in TABLES}
    assert [(name, c) for name in TABLES for c in SCHEMAS[name].required if not full[name][c].all()] == []
    assert [(name, c) for name in TABLES for c in full[name] if not full[name][c].any()] == []


def test_keys_are_unique():
    keyed = [name for name in TABLES if SCHEMAS[name].key]
    assert keyed
    assert [name for name in keyed if table(name).duplicated(list(SCHEMAS[name].key)).any()] == []


def test_values_are_among_the_choices_and_within_the_limits():
    known = [(name, column, table(name)[column.name].dropna()) for name in TABLES for column in COLUMNS[name]]
    assert [(n, c.name) for n, c, values in known if c.choices and not set(values) <= set(c.choices)] == []
    assert [(n, c.name) for n, c, values in known if c.low is not None and not (values >= c.low).all()] == []
    assert [(n, c.name) for n, c, values in known if c.high is not None and not (values <= c.high).all()] == []


def test_no_row_lies_outside_the_36_months():
    moments = {
        (name, column.name): table(name)[column.name].dropna()
        for name in TABLES
        for column in COLUMNS[name]
        if column.kind in ("timestamp", "date") and column.name not in ("ends_at", "birth_date")
    }
    assert len(moments) > len(TABLES)
    within = {each: at.between("2023-11-01", "2026-11-01", inclusive="left").all() for each, at in moments.items()}
    assert [each for each, is_within in within.items() if not is_within] == []


def test_every_month_has_rows():
    dated = [name for name in TABLES if SCHEMAS[name].clock and name != "treatments"]
    months = {name: set(month_of(table(name)[SCHEMAS[name].clock])) for name in dated}
    assert len(dated) > 10
    assert {name: missing for name in dated if (missing := set(MONTHS) - months[name])} == {}


def test_references_resolve():
    pairs = [(name, c, other) for name in TABLES for c, other in REFERENCES if c in table(name)]
    assert len(pairs) > 10
    strangers = {(n, c): set(table(n)[c].dropna()) - set(table(other)[c]) for n, c, other in pairs}
    assert [each for each, unknown in strangers.items() if unknown] == []
    customers = table("customers")
    assert set(customers["referred_by"].dropna()) <= set(customers["customer_id"])


def test_the_same_seed_gives_the_same_company_and_another_seed_another_one():
    first, again, other = (sample_company(60, 12, seed) for seed in (1, 1, 2))
    for name in TABLES:
        pd.testing.assert_frame_equal(first.tables[name], again.tables[name])
    for name, rows in first.truth.items():
        pd.testing.assert_frame_equal(rows, again.truth[name])
    assert not first.tables["orders"].equals(other.tables["orders"])


def test_50_customers_fill_the_same_tables():
    small = sample_company(50)
    assert len(small.tables["customers"]) == 50
    assert [name for name in TABLES if small.tables[name].empty] == []
    assert {name: list(rows.columns) for name, rows in small.tables.items()} == {
        name: [column for column in SCHEMAS[name].names if (name, column) not in NOT_IN_SAMPLE] for name in small.tables
    }


@pytest.mark.parametrize("last_month", ["2024-02", "2025-12"])
def test_the_window_ends_with_the_month_asked_for(last_month):
    company = sample_company(80, 8, 3, last_month)
    assert month_of(company.tables["costs"]["spent_at"]).max() == last_month
    assert company.tables["costs"]["spent_at"].min() == pd.Timestamp(last_month) - pd.DateOffset(months=7)
    assert company.truth["events"].set_index("event")["starts_on"]["cheaper paid social"] == pd.Timestamp(last_month)


def test_all_that_is_wrong_with_the_numbers_is_said_at_once():
    with pytest.raises(Problems, match="3 problems") as caught:
        sample_company(n_customers=3, months=2, last_month="2026-Q3")
    assert len(caught.value.problems) == 3


def test_revenue_and_margin_of_an_order_come_from_its_lines():
    lines = table("order_lines").groupby("order_id")["revenue"].sum()
    orders = table("orders").set_index("order_id")
    assert set(lines.index) == set(orders.index)
    np.testing.assert_allclose(orders["revenue"], lines.loc[orders.index], atol=0.005)
    assert 0.35 < orders["margin"].sum() / orders["revenue"].sum() < 0.5


def test_refunds_are_negative_orders_that_pay_back_no_more_than_the_order():
    orders = table("orders").set_index("order_id")
    refunds = orders[orders.index.str.startswith("R-")]
    paid = orders.loc[refunds.index.str.replace("R-", "O-")]
    assert 0.015 < len(refunds) / len(orders) < 0.04
    assert (refunds["revenue"] < 0).all() and (orders.drop(refunds.index)["revenue"] > 0).all()
    assert (-refunds["revenue"].to_numpy() <= paid["revenue"].to_numpy() + 0.005).all()
    assert (refunds["ordered_at"].to_numpy() > paid["ordered_at"].to_numpy()).all()
    assert (table("order_lines").set_index("order_id").loc[refunds.index, "quantity"] < 0).all()


def test_about_6_of_100_orders_are_by_guests():
    assert 0.05 < table("orders")["customer_id"].isna().mean() < 0.07


def test_a_customer_is_acquired_with_the_first_order_or_term():
    orders = table("orders").groupby("customer_id")["ordered_at"].min()
    terms = table("subscription_terms").groupby("customer_id")["starts_at"].min()
    first = pd.concat([orders, terms]).groupby(level=0).min()
    customers = table("customers").set_index("customer_id")
    assert (first.loc[customers.index] == customers["acquired_at"]).all()


def test_terms_of_a_subscription_follow_one_another_and_only_the_last_is_cancelled():
    terms = table("subscription_terms").sort_values(["subscription_id", "starts_at"])
    follows = terms["subscription_id"].eq(terms["subscription_id"].shift())
    assert (terms["starts_at"] == terms["ends_at"].shift())[follows].all()
    assert terms["cancelled_at"].shift()[follows].isna().all()
    cancelled = terms.dropna(subset=["cancelled_at"])
    assert cancelled["cancelled_at"].between(cancelled["starts_at"], cancelled["ends_at"]).all()
    assert cancelled["cancel_reason"].notna().all()


def test_a_converted_lead_is_a_customer_and_its_moments_are_in_order():
    leads = table("leads")
    converted = leads["converted_at"].notna()
    assert (leads["customer_id"].notna() == converted).all()
    bought = table("customers").set_index("customer_id")["acquired_at"].loc[leads.loc[converted, "customer_id"]]
    assert (bought.to_numpy() == leads.loc[converted, "converted_at"].to_numpy()).all()
    for later in ("qualified_at", "converted_at", "abandoned_at", "last_activity_at"):
        assert not (leads[later] < leads["created_at"]).any()
    assert 0.15 < converted.mean() < 0.3


def test_a_won_deal_has_its_customer_and_runs_through_the_stages_in_time():
    deals, stages = table("deals"), table("deal_stages")
    won = deals["won"].fillna(False).astype(bool)
    assert deals.loc[won, "customer_id"].notna().all()
    assert (deals["closed_at"].notna() == deals["won"].notna()).all()
    assert (deals["closed_at"] > deals["created_at"])[deals["closed_at"].notna()].all()
    ordered = stages.sort_values(["deal_id", "entered_at"], kind="stable")
    assert (ordered.groupby("deal_id")["entered_at"].first() == deals.set_index("deal_id")["created_at"]).all()
    latest = ordered.groupby("deal_id")["stage"].last()
    assert (latest == deals.set_index("deal_id")["stage"].loc[latest.index]).all()
    assert set(latest[deals.set_index("deal_id")["won"].isna().loc[latest.index]]).isdisjoint({"won", "lost"})


def test_the_leads_of_the_web_traffic_are_the_rows_of_the_leads():
    leads, traffic = table("leads"), table("web_traffic")
    web = leads[leads["channel"] != "trade fair"]
    by_origin = traffic.groupby("origin")["leads"].sum().astype(int)
    assert by_origin.to_dict() == web["channel"].value_counts().to_dict()
    assert (traffic["visitors"] >= traffic["leads"]).all()
    assert (traffic["clicks"] >= traffic["converted_clicks"]).all() and (traffic["visitors"] >= traffic["clicks"]).all()


def test_a_mailing_credits_an_order_of_its_customer():
    mailings, orders = table("mailings"), table("orders")
    bought = mailings.dropna(subset=["converted_at"])
    found = bought.merge(orders, left_on=["customer_id", "converted_at"], right_on=["customer_id", "ordered_at"])
    assert len(found) == len(bought) > 300
    assert (found["revenue_x"] == found["revenue_y"]).all()
    for before, after in (
        ("sent", "delivered"),
        ("delivered", "opened"),
        ("opened", "clicked"),
        ("clicked", "converted"),
    ):
        assert not (mailings[f"{after}_at"] < mailings[f"{before}_at"]).any()


@pytest.mark.parametrize(
    "name",
    [
        "orders",
        "subscription_terms",
        "tickets",
        "interactions",
        "mailings",
        "survey_invitations",
        "survey_responses",
        "social_posts",
        "treatments",
    ],
)
def test_nothing_happens_to_a_customer_before_the_first_purchase(name):
    acquired = table("customers").set_index("customer_id")["acquired_at"]
    rows = table(name).dropna(subset=["customer_id"])
    assert (rows[SCHEMAS[name].clock].to_numpy() >= acquired.loc[rows["customer_id"]].to_numpy()).all()


def test_personal_data_is_invented_and_in_one_table_only():
    people = table("customer_identities")
    assert people["email"].str.contains(r"@example\.(?:com|org)$").all() and people["email"].is_unique
    assert people["phone"].is_unique and people["phone"].str.startswith("+49 30 23125").all()
    for name in set(TABLES) - {"customer_identities"}:
        texts = table(name).select_dtypes("object")
        assert not any(texts[column].astype(str).str.contains("@example").any() for column in texts)
