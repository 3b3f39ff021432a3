"""The calendar of a firm: learned from two years, kept out of one, and shrunk where it is chance."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.models.series.order_season import OrderSeason
from crmkit.predictions.futures.possible import possible_futures
from crmkit.predictions.value.fitted_models import fitted_models, model_from_json, to_json


def orders(years, busy, seed=0, a_day=20.0):
    """Orders a day drawn at random, more of them in November and December."""
    days = pd.date_range("2023-01-01", periods=round(365.25 * years))
    counts = np.random.default_rng(seed).poisson(a_day * np.where(days.month >= 11, busy, 1.0))
    return pd.Series(days.repeat(counts))


def test_two_months_of_double_orders_are_seen_in_two_years_and_their_time_runs_twice_as_fast():
    season = OrderSeason().fit(orders(3, 2.0), date(2025, 10, 31))
    assert season.effects_[[11, 12]].mean() / season.effects_[range(1, 11)].mean() == pytest.approx(2.0, rel=0.08)
    assert season.ahead(np.array([2.0]))[0] == pytest.approx(2 * 2 * 12 / 14, rel=0.05)
    assert season.before(np.array([12.0]))[0] == pytest.approx(12.0, rel=0.01)
    assert season.ahead(np.array([0.0])).tolist() == [0.0]


def test_of_a_year_and_a_half_no_season_is_claimed():
    assert OrderSeason().fit(orders(1.5, 3.0), date(2024, 6, 30)).is_flat
    assert OrderSeason().fit(pd.Series([], dtype="datetime64[ns]"), date(2024, 6, 30)).is_flat


def test_where_all_months_are_alike_hardly_any_effect_is_left():
    effects = OrderSeason().fit(orders(3, 1.0, a_day=3.0), date(2025, 12, 31)).effects_
    assert (effects - 1).abs().max() < 0.12


def test_a_season_comes_back_from_json_as_it_was():
    season = OrderSeason().fit(orders(3, 2.0), date(2025, 10, 31))
    again = model_from_json(OrderSeason, to_json(season))
    assert again.ahead(np.array([1.0, 7.0])).tolist() == season.ahead(np.array([1.0, 7.0])).tolist()


def shop(n=150, busy=4.0, seed=3):
    """Shoppers of three and a half years who order twice a quarter, four times as often in November to January."""
    random, days = np.random.default_rng(seed), pd.date_range("2022-07-01", "2026-02-01")
    pace = np.where(np.isin(days.month, [11, 12, 1]), busy, 1.0) * 0.015
    placed = random.random((n, len(days))) < pace
    who, when = np.nonzero(placed)
    rows = pd.DataFrame({"customer_id": [f"c{each}" for each in who], "ordered_at": days[when], "revenue": 20.0})
    return rows.assign(order_id=[str(each) for each in range(len(rows))])


def test_a_forecast_made_in_october_knows_the_winter_and_one_made_in_january_the_spring():
    rows = shop()
    came = {}
    for day, until in (("2025-10-31", "2026-01-29"), ("2025-01-31", "2025-05-01")):
        known = ck.connect({"orders": rows[rows["ordered_at"] <= day]}, ck.Settings(data={"through": day}))
        assert not fitted_models(known, date.fromisoformat(day)).season.is_flat
        actual = rows["ordered_at"].between(day, until, inclusive="right").sum()
        told = possible_futures(known, day).number("orders_soon")
        came[day] = told.value / actual
        assert told.low <= actual <= told.high
    assert came == pytest.approx({"2025-10-31": 1.0, "2025-01-31": 1.0}, abs=0.15)
