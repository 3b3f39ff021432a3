"""The months ahead of a firm, by the month and to the end of the year."""

import sys
from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.insights.ahead import goal_sentences
from crmkit.predictions.ahead.working_days import DayWeights, learned_weights, weighted_days
from crmkit.settings import parse_settings
from crmkit.tables.catalog import Catalog


def shop(first: str, last: str, *, each: float = 10.0, **settings) -> Catalog:
    """Return a shop with one order a day."""
    days = pd.date_range(first, last)
    orders = pd.DataFrame(
        {"order_id": [f"o{n}" for n in range(len(days))], "ordered_at": days, "revenue": each, "customer_id": "a"}
    )
    return ck.connect({"orders": orders}, parse_settings(settings) if settings else None)


def months_of(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["kind"] == "month"].set_index("period")


def year_of(rows: pd.DataFrame) -> pd.Series:
    return rows[rows["kind"] == "year"].iloc[0]


def test_ten_a_day_for_two_years_are_310_in_january_and_280_in_february():
    rows = months_of(ck.ahead(shop("2024-01-01", "2025-12-31"), "revenue"))
    assert list(rows.index) == ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06"]
    assert rows.loc["2026-01", "value"] == pytest.approx(310, rel=0.01)
    assert rows.loc["2026-02", "value"] == pytest.approx(280, rel=0.01)


def test_of_a_year_what_came_is_added_to_what_is_to_come():
    year = year_of(ck.ahead(shop("2024-01-01", "2025-09-30"), "revenue", months=1))
    assert (year["period"], year["step"]) == ("2025", 3)
    assert year["so_far"] == 2730  # 273 days
    assert year["value"] == pytest.approx(3650, rel=0.01)


def test_the_goal_of_the_year_is_reached_in_the_share_of_futures_above_it():
    goals = [(3000.0, 1.0), (3650.0, 0.5), (5000.0, 0.0)]
    for goal, share in goals:
        target = {"metric": "revenue", "value": goal, "per": "year"}
        year = year_of(ck.ahead(shop("2024-01-01", "2025-09-30", targets=[target]), "revenue"))
        assert year["target"] == goal
        assert year["reached"] == pytest.approx(share, abs=0.2)


def test_a_goal_of_a_month_counts_twelve_times_in_the_year():
    target = {"metric": "revenue", "value": 300.0}
    assert year_of(ck.ahead(shop("2024-01-01", "2025-09-30", targets=[target]), "revenue"))["target"] == 3600


def test_the_goal_is_told_in_words():
    target = {"metric": "revenue", "value": 5000.0, "per": "year"}
    rows = ck.ahead(shop("2024-01-01", "2025-09-30", targets=[target]), "revenue")
    assert goal_sentences(rows, "EUR") == [
        "Shop revenue of 2025: the goal of €5,000 is reached in fewer than 1 of 10 futures."
    ]


def test_a_fiscal_year_from_april_ends_in_march():
    year = year_of(ck.ahead(shop("2024-01-01", "2025-12-31", company={"fiscal_year_start": 4}), "revenue"))
    assert (year["period"], year["step"], year["so_far"]) == ("FY2026", 3, 2750)


def test_after_the_last_month_of_a_year_the_next_one_is_told():
    year = year_of(ck.ahead(shop("2024-01-01", "2025-12-31"), "revenue", months=3))
    assert (year["period"], year["step"], year["so_far"]) == ("2026", 12, 0)


def test_of_a_running_month_what_is_known_is_a_part():
    rows = months_of(ck.ahead(shop("2024-01-01", "2025-12-20"), "revenue", months=2))
    assert rows.index[0] == "2025-12"
    assert rows.loc["2025-12", "value"] == pytest.approx(310, rel=0.01)
    assert rows.loc["2025-12", "low"] > 200  # came already
    width = rows["high"] - rows["low"]
    assert width["2025-12"] < 0.5 * width["2026-01"]


def test_nothing_after_the_day_is_seen():
    days = pd.date_range("2023-01-01", "2025-12-31")
    orders = pd.DataFrame({"order_id": range(len(days)), "ordered_at": days, "customer_id": "a"})
    asked = date(2025, 6, 30)
    wild = np.where(days > pd.Timestamp(asked), 9e6, 10.0)
    told, known = (
        ck.ahead(ck.connect({"orders": rows}), ["revenue", "n_orders", "new_customers"], as_of=asked)
        for rows in (orders.assign(revenue=wild), orders[days <= pd.Timestamp(asked)].assign(revenue=10.0))
    )
    pd.testing.assert_frame_equal(told, known)


def test_five_months_are_too_few_and_eight_know_no_season():
    few = ck.ahead(shop("2025-08-01", "2025-12-31"), "revenue").iloc[0]
    assert (few["status"], few["reason"]) == ("too few", "5 whole months on record; a forecast needs 6")
    eight = ck.ahead(shop("2025-05-01", "2025-12-31"), "revenue").iloc[0]
    assert (eight["status"], eight["reason"]) == ("ok", "8 months on record: no season can be seen yet")


def test_fifteen_months_know_the_season_of_one_year():
    assert "from last year alone" in ck.ahead(shop("2024-10-01", "2025-12-31"), "revenue").iloc[0]["reason"]


def test_what_a_firm_does_not_record_is_left_out_unless_it_is_asked_for():
    catalog = shop("2024-01-01", "2025-12-31")
    assert "recurring_revenue" not in set(ck.ahead(catalog)["metric"])
    asked = ck.ahead(catalog, "recurring_revenue").iloc[0]
    assert (asked["status"], asked["reason"]) == ("not measured", "needs subscription_terms")


def test_a_share_cannot_be_forecast_and_thirteen_months_neither():
    catalog = shop("2024-01-01", "2025-12-31")
    with pytest.raises(ck.CrmkitError, match="churn_rate cannot be forecast"):
        ck.ahead(catalog, "churn_rate")
    with pytest.raises(ck.CrmkitError, match="1 to 12 months"):
        ck.ahead(catalog, "revenue", months=13)


def test_a_shop_closed_on_sundays_has_26_or_27_of_31_days():
    days = pd.date_range("2024-01-01", "2025-12-31")
    weights = learned_weights(pd.DataFrame({"day": days, "n": [0 if day.weekday() == 6 else 3 for day in days]}))
    march, january = ck.Period.parse("2026-03"), ck.Period.parse("2026-01")  # 5 Sundays, and 4
    assert weighted_days(weights, january) / weighted_days(weights, march) == pytest.approx(27 / 26, rel=0.005)


def test_easter_moves_the_days_of_march_and_april():
    pytest.importorskip("holidays")
    weights = DayWeights((1.0,) * 7, feast=0.0, country="DE")
    march, april = ck.Period.parse("2024-03"), ck.Period.parse("2024-04")
    assert (weighted_days(weights, march), weighted_days(weights, april)) == (30, 29)  # Good Friday; Easter Monday


def test_a_country_whose_holidays_nobody_knows_is_told(monkeypatch):
    from types import SimpleNamespace

    from crmkit.predictions.ahead import working_days

    def unknown(country, years):
        raise NotImplementedError(country)

    working_days.feasts.cache_clear()
    monkeypatch.setitem(sys.modules, "holidays", SimpleNamespace(country_holidays=unknown))
    with pytest.raises(ck.CrmkitError, match=r"no public holidays of TV.*Leave out country"):
        working_days.feasts("TV", 2026)
    working_days.feasts.cache_clear()
