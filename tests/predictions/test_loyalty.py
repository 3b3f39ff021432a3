"""Tiers by points and anniversaries by hand; tastes and next orders look at nothing later."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import Problems
from crmkit.features.customer_summaries import interpurchase_times
from crmkit.predictions.loyalty import anniversaries, loyalty
from crmkit.predictions.next_purchase import next_order_backtest, next_orders, preference_backtest, preferences
from crmkit.settings import parse_settings

DAY = date(2026, 9, 30)


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    """150 customers over two years to the end of 2026; the even ones buy in the shop on Mondays only."""
    random, rows = np.random.default_rng(4), []
    for customer in range(150):
        days = np.cumsum(random.exponential(12 + 20 * (customer % 4), 90)).astype(int)
        rows += [(f"c{customer:03}", d - d % 7 if customer % 2 == 0 else d, 10.0 + customer) for d in days[days < 727]]
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "revenue"])
    at = pd.Timestamp(2025, 1, 6) + pd.to_timedelta(frame.pop("day"), unit="D")  # a Monday
    channel = np.where(frame["customer_id"].str[1:].astype(int) % 2 == 0, "shop", "web")
    return frame.assign(ordered_at=at, channel=channel, order_id=[str(n) for n in range(len(frame))])


@pytest.fixture(scope="module")
def catalog(orders):
    return ck.connect({"orders": orders})


@pytest.fixture(scope="module")
def cut(orders):
    return ck.connect({"orders": orders[orders["ordered_at"] < "2026-10-01"]})


def test_points_are_three_to_fifteen_and_the_best_in_all_three_are_gold(catalog):
    loyal = loyalty(catalog, DAY)
    assert loyal["points"].between(3, 15).all()
    assert (loyal["points"] == loyal[["tenure", "value", "engagement"]].sum(axis=1)).all()
    least = loyal.groupby("tier")["points"].agg(["min", "max"])
    assert (
        least.loc["Gold", "min"] == 12 and least.loc["Silver"].between(9, 11).all() and least.loc["No tier", "max"] <= 5
    )
    assert set(loyal["tenure"]) == {1, 2}, "nobody has been a customer for two whole years"


def test_tiers_are_those_of_the_settings_and_impossible_ones_are_refused(orders):
    settings = parse_settings({"loyalty": {"tiers": {"Friend": 3}}})
    assert set(loyalty(ck.connect({"orders": orders}, settings), DAY)["tier"]) == {"Friend"}
    with pytest.raises(Problems, match="Platinum = 20"):
        parse_settings({"loyalty": {"tiers": {"Platinum": 20}}})


@pytest.mark.parametrize(
    ("first", "next_on", "years"),
    [
        ("2025-10-05", "2026-10-05", 1),
        ("2024-09-30", "2027-09-30", 3),
        ("2024-02-29", "2027-02-28", 3),
        ("2026-09-30", "2027-09-30", 1),
    ],
)
def test_the_next_anniversary_is_after_the_day(orders, first, next_on, years):
    rows = [("new", first, 5.0), ("new", "2026-09-29" if first < "2026-09-29" else first, 5.0)]
    own = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "revenue"]).assign(order_id=["x1", "x2"])
    every = pd.concat([orders.drop(columns="channel"), own.assign(ordered_at=pd.to_datetime(own["ordered_at"]))])
    loyal = loyalty(ck.connect({"orders": every}), DAY).set_index("customer_id")
    assert loyal.loc["new", "anniversary_on"] == pd.Timestamp(next_on) and loyal.loc["new", "years"] == years
    assert ("new" in set(anniversaries(loyal.reset_index(), DAY)["customer_id"])) == (next_on == "2026-10-05")


def test_gaps_and_outcomes_are_those_of_plain_pandas(catalog, orders):
    ours = catalog.call(interpurchase_times, as_of=DAY, horizon=60).execute().set_index("customer_id")
    days = orders.assign(on=orders["ordered_at"].dt.normalize()).drop_duplicates(["customer_id", "on"])
    days = days.sort_values("on")
    for who in ("c000", "c007", "c149"):
        own = days.loc[days["customer_id"] == who, "on"]
        before, after = own[own <= pd.Timestamp(DAY)], own[own > pd.Timestamp(DAY)]
        gaps = np.log(before.diff().dropna().dt.days)
        assert ours.loc[who, ["n_gaps", "sum_log"]].tolist() == pytest.approx([len(gaps), gaps.sum()])
        assert ours.loc[who, "days_since"] == (pd.Timestamp(DAY) - before.max()).days
        until = (after.min() - pd.Timestamp(DAY)).days
        assert ours.loc[who, "days_until"] == until if until <= 60 else np.isnan(ours.loc[who, "days_until"])


@pytest.mark.parametrize("look", [next_orders, next_order_backtest, preferences, preference_backtest, loyalty])
def test_nothing_later_than_the_day_is_looked_at(catalog, cut, look):
    pd.testing.assert_frame_equal(look(catalog, DAY), look(cut, DAY))


def test_half_the_customers_prefer_a_channel_and_it_is_predicted_better_than_by_what_is_popular(catalog):
    tested = preference_backtest(catalog, DAY).set_index("kind")
    assert tested.loc["channel", "hit"] > 0.95 > 0.6 > tested.loc["channel", "hit_popular"]
    assert tested.loc["channel", "surprise"] < tested.loc["channel", "surprise_popular"]
    liked = preferences(catalog, DAY).set_index(["customer_id", "kind"])["level"]
    assert liked["c000", "channel"] == "shop" and liked["c000", "weekday"] == "Monday"


def test_too_few_customers_get_a_message_that_says_so():
    few = ck.connect(
        {
            "orders": pd.DataFrame(
                {
                    "order_id": ["1"],
                    "customer_id": ["a"],
                    "revenue": [3.0],
                    "ordered_at": pd.to_datetime(["2026-09-01"]),
                }
            )
        }
    )
    with pytest.raises(ck.CrmkitError):
        next_orders(few, DAY)
    with pytest.raises(ck.CrmkitError):
        loyalty(few, DAY)
    assert preferences(few, DAY).empty
