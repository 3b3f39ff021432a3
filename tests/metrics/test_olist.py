"""The report of a marketplace, May 2018, against an independent computation in pandas on the raw files."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

import crmkit as ck
from crmkit.settings import read_settings
from crmkit.tables.catalog import Catalog

EXAMPLE = Path(__file__).parents[2] / "examples" / "olist"
MONTH, START, END = "2018-05", pd.Timestamp("2018-05-01"), pd.Timestamp("2018-06-01")
MEASURED = [
    "revenue",
    "n_orders",
    "new_customers",
    "csat",
    "lead_conversion",
    "sales_cycle",
    "customer_origin",
    "win_rate",
]


@pytest.fixture(scope="module")
def marketplace(shared_data) -> Catalog:
    return ck.connect(shared_data, read_settings(EXAMPLE))


@pytest.fixture(scope="module")
def orders(shared_data) -> pd.DataFrame:
    """One row per order that was not called off and has items: buyer, time, price."""
    read = [pd.read_parquet(shared_data / f"olist_{name}.parquet") for name in ("orders", "customers", "order_items")]
    stands = read[0][~read[0]["order_status"].isin(["canceled", "unavailable"])].merge(read[1], on="customer_id")
    priced = stands.merge(read[2].groupby("order_id", as_index=False)["price"].sum(), on="order_id")
    frame = priced[["customer_unique_id", "order_purchase_timestamp", "price"]]
    return frame.set_axis(["buyer", "at", "price"], axis="columns").query("at < '2018-08-29'")


@pytest.fixture(scope="module")
def funnel(shared_data) -> pd.DataFrame:
    """One row per lead: first contact, origin, day won."""
    leads, won = (pd.read_parquet(shared_data / f"olist_{name}.parquet") for name in ("leads", "closed_deals"))
    frame = leads.merge(won[["mql_id", "won_date"]], on="mql_id", how="left")
    return frame.assign(won_on=frame["won_date"].dt.normalize())


@pytest.fixture(scope="module")
def card(marketplace) -> pd.DataFrame:
    return ck.scorecard(marketplace, MONTH).set_index("metric")


@pytest.mark.parametrize("period", ["2018-02", "2018-05", "2018-Q1", "2018-Q2", "2018"])
def test_all_in_the_files_has_a_value_and_an_interval(marketplace, period):
    numbers = ck.evaluate(marketplace, MEASURED, periods=period)
    assert numbers["status"].eq("ok").all()
    assert np.isfinite(numbers[["value", "low", "high"]].to_numpy(float)).all()
    assert ((numbers["low"] <= numbers["value"]) & (numbers["value"] <= numbers["high"])).all()


def test_what_the_files_cannot_answer_says_why(card):
    assert card.loc["customer_acquisition_cost", "reason"] == "needs costs"
    assert card.loc["nps", "reason"] == "no answers in this period"


def test_revenue_and_orders_of_every_month(marketplace, orders):
    months = ck.evaluate(marketplace, ["revenue", "n_orders"], periods="2017-01..2018-08")
    by_month = orders[orders["at"] >= "2017-01-01"].groupby(orders["at"].dt.strftime("%Y-%m"))["price"]
    found = months.pivot(index="period", columns="metric", values="value")
    assert found["revenue"].tolist() == pytest.approx(by_month.sum().tolist(), abs=1e-6)
    assert found["n_orders"].tolist() == by_month.count().tolist()


def test_new_customers_are_those_whose_first_order_that_stood_is_in_the_month(card, orders):
    first = orders.groupby("buyer")["at"].min()
    assert card.loc["new_customers", "value"] == first.between(START, END, inclusive="left").sum()


def test_satisfied_are_four_and_five_stars_by_the_day_of_the_answer(card, shared_data):
    reviews = pd.read_parquet(shared_data / "olist_order_reviews.parquet")
    inside = reviews[reviews["review_answer_timestamp"].between(START, END, inclusive="left")]
    # Of each person the last answer of the month counts.
    buyers = pd.read_parquet(shared_data / "olist_orders.parquet").merge(
        pd.read_parquet(shared_data / "olist_customers.parquet"), on="customer_id"
    )[["order_id", "customer_unique_id"]]
    inside = inside.merge(buyers, on="order_id").sort_values(["review_answer_timestamp", "review_id"])
    inside = inside.drop_duplicates("customer_unique_id", keep="last")
    assert card.loc["csat", "n"] == len(inside)
    assert card.loc["csat", "value"] == pytest.approx((inside["review_score"] >= 4).mean(), rel=1e-12)


def test_leads_won_within_30_days_of_those_whose_30_days_ended_in_the_month(card, funnel):
    due = funnel["first_contact_date"] + pd.Timedelta(days=30)
    inside = funnel[due.between(START, END, inclusive="left")]
    in_time = (inside["won_on"] - inside["first_contact_date"]).dt.days <= 30
    assert card.loc["lead_conversion", "n"] == len(inside)
    assert card.loc["lead_conversion", "value"] == pytest.approx(in_time.mean(), rel=1e-12)


def test_win_rate_sets_wins_of_the_month_against_leads_not_won_whose_14th_day_it_holds(card, funnel):
    won = funnel["won_on"].between(START, END, inclusive="left").sum()
    lost_on = (funnel["first_contact_date"] + pd.Timedelta(days=14))[funnel["won_on"].isna()]
    lost = lost_on.between(START, END, inclusive="left").sum()
    assert card.loc["win_rate", "n"] == won + lost
    assert card.loc["win_rate", "value"] == pytest.approx(won / (won + lost), rel=1e-12)


def test_the_win_rate_of_a_month_is_near_the_share_won_of_the_leads_of_that_month(marketplace, funnel):
    rates = ck.evaluate(marketplace, "win_rate", periods="2018-01..2018-05").set_index("period")["value"]
    cohorts = funnel["won_on"].notna().groupby(funnel["first_contact_date"].dt.strftime("%Y-%m")).mean()
    assert (rates - cohorts[rates.index]).abs().max() < 0.04


def test_half_of_the_deals_won_took_14_days_and_the_card_of_2018_says_13(marketplace, funnel):
    """The plain median needs all wins to have come; the card counts 2018, with who had not been won yet."""
    won = funnel.dropna(subset="won_on")
    taken = (won["won_on"] - won["first_contact_date"]).dt.days
    assert (taken.median(), taken.min(), round(taken.mean(), 1)) == (14, -2, 48.4)
    row = ck.evaluate(marketplace, "sales_cycle", periods="2018").iloc[0]
    assert row["value"] == 13
    assert row["low"] <= taken.median() <= row["high"]


def test_the_sales_cycle_of_the_month_is_lifelines_median_of_wins_with_delayed_entry(card, funnel):
    opened = funnel["first_contact_date"]
    won = funnel["won_on"].notna() & (funnel["won_on"] >= START) & (opened < END)
    entry = (START - opened[won]).dt.days.clip(lower=0)
    left = funnel.loc[won, "won_on"].clip(upper=END - pd.Timedelta(days=1))
    age = (left - opened[won]).dt.days.clip(lower=0)
    event = funnel.loc[won, "won_on"] < END
    lost_on = opened[funnel["won_on"].isna()] + pd.Timedelta(days=14)
    n_lost = lost_on.between(START, END, inclusive="left").sum()
    zeros = pd.Series(np.zeros(n_lost))  # lost on the day they were opened: at risk on that day only
    fitted = KaplanMeierFitter().fit(
        pd.concat([age, zeros]) + 0.5, pd.concat([event, zeros > 0]), entry=pd.concat([entry, zeros])
    )
    assert card.loc["sales_cycle", "value"] == fitted.median_survival_time_ - 0.5
    assert card.loc["sales_cycle", "n"] == event.sum()


def test_sellers_won_come_from_the_channels_of_their_leads(marketplace, funnel):
    numbers = ck.evaluate(marketplace, "customer_origin", periods=MONTH, by="channel").set_index("channel")
    won = funnel[funnel["won_on"].between(START, END, inclusive="left")]
    channel = won["origin"].where(won["origin"] != "unknown").fillna("(unknown)")
    small = channel.map(channel.value_counts()) < marketplace.settings.company.smallest_group
    channel = channel.mask(small, "(small groups)")
    assert numbers["n"].to_dict() == channel.value_counts().to_dict()
    expected = channel.value_counts(normalize=True)
    assert numbers["value"].to_dict() == pytest.approx(expected.to_dict(), rel=1e-12)


def test_the_origin_of_72_percent_of_the_sellers_won_is_known(card, funnel):
    won = funnel[funnel["won_on"].between(START, END, inclusive="left")]
    known = won["origin"].notna() & (won["origin"] != "unknown")
    assert card.loc["customer_origin", "value"] == pytest.approx(known.mean(), rel=1e-12)
    assert round(known.mean(), 2) == 0.72
