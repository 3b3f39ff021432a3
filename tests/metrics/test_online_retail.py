"""The report of a real company, November 2011, against an independent computation in pandas."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.settings import read_settings

EXAMPLE = Path(__file__).parents[2] / "examples" / "online_retail"
MONTH = "2011-11"


@pytest.fixture(scope="module")
def retailer(shared_data):
    settings = read_settings(EXAMPLE)
    return ck.connect(shared_data, settings)


@pytest.fixture(scope="module")
def invoices(shared_data) -> pd.DataFrame:
    """One row per invoice, straight from the file with pandas and nothing of crmkit."""
    lines = pd.read_parquet(shared_data / "online_retail_2010_2011.parquet")
    lines["revenue"] = lines["Quantity"] * lines["UnitPrice"]
    grouped = lines.groupby("InvoiceNo")
    frame = grouped.agg(at=("InvoiceDate", "min"), revenue=("revenue", "sum"), customer=("CustomerID", "first"))
    return frame.assign(month=frame["at"].dt.strftime("%Y-%m"), day=frame["at"].dt.normalize())


@pytest.fixture(scope="module")
def card(retailer) -> pd.DataFrame:
    return ck.scorecard(retailer, MONTH).set_index("metric")


def test_revenue_of_all_months_is_9_747_747_934(retailer, invoices):
    months = ck.evaluate(retailer, "revenue", periods="2010-12..2011-12")["value"]
    assert months.sum() == pytest.approx(9_747_747.934, abs=1e-6)
    assert months.tolist() == pytest.approx(invoices.groupby("month")["revenue"].sum().tolist(), abs=1e-6)


def test_orders_average_order_value_and_orders_per_customer(card, invoices):
    bought = invoices[(invoices["month"] == MONTH) & (invoices["revenue"] > 0)]
    assert card.loc["n_orders", "value"] == len(bought)
    assert card.loc["average_order_value", "value"] == pytest.approx(bought["revenue"].mean(), rel=1e-12)
    known = bought.dropna(subset="customer")
    assert card.loc["transactions_per_customer", "value"] == pytest.approx(len(known) / known["customer"].nunique())


def test_new_customers_are_those_whose_first_order_is_in_the_month(card, invoices):
    firsts = invoices[invoices["revenue"] > 0].groupby("customer")["month"].min()
    assert card.loc["new_customers", "value"] == (firsts == MONTH).sum()


def test_churn_is_that_of_customers_without_an_order_for_churn_after_days(card, retailer, invoices):
    """Oracle: who ordered in the 90 days up to the eve of the month, and who of them in those up to its last day."""
    days = pd.Timedelta(days=retailer.settings.company.churn_after_days)
    bought = invoices[invoices["revenue"] > 0].dropna(subset="customer")

    def active(on: str) -> set[float]:
        until = pd.Timestamp(on)
        return set(bought.loc[(bought["day"] <= until) & (bought["day"] > until - days), "customer"])

    at_start, at_end = active("2011-10-31"), active("2011-11-30")
    assert card.loc["churn_rate", "n"] == len(at_start)
    assert card.loc["churn_rate", "value"] == pytest.approx(len(at_start - at_end) / len(at_start), rel=1e-12)


def test_what_the_export_cannot_answer_says_which_table_it_needs(card):
    reasons = {
        "nps": "needs survey_responses",
        "csat": "needs survey_responses",
        "customer_acquisition_cost": "needs costs",
        "lead_conversion": "needs leads",
        "customer_origin": "needs customers.channel, or leads with a channel",
        "sales_cycle": "needs deals",
        "win_rate": "needs deals",
    }
    assert card.loc[list(reasons), "status"].eq("not measured").all()
    assert card.loc[list(reasons), "reason"].to_dict() == reasons
    assert card.loc[list(reasons), "value"].isna().all()
    lacking = card[card["status"] == "not measured"]
    assert lacking["reason"].str.startswith("needs ").all()
    measured = card.drop(index=lacking.index)
    assert {
        "revenue",
        "n_orders",
        "average_order_value",
        "transactions_per_customer",
        "new_customers",
        "churn_rate",
    } <= set(measured.index)
    assert measured["status"].eq("ok").all()
    assert np.isfinite(measured[["value", "low", "high"]].to_numpy(float)).all()
