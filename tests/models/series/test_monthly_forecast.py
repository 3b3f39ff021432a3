"""Forecasts of monthly series: the season, growth, intervals, paths, and what is refused."""

import numpy as np
import pytest

import crmkit as ck
from crmkit.models.series.components import component_forecasts
from crmkit.models.series.season import seasonal_effects, yearly_growth

NOISE = np.random.default_rng(3)
DECEMBER_TWICE = np.tile([100.0] * 11 + [200.0], 2)


def test_a_december_of_twice_the_size_in_two_years_is_expected_again():
    expected = ck.models.MonthlyForecast().fit(DECEMBER_TWICE).predict(12)["value"]
    assert expected.iloc[:11].to_numpy() == pytest.approx([100] * 11, rel=0.05)
    assert expected.iloc[11] == pytest.approx(200, rel=0.05)


def test_two_years_that_agree_on_nothing_have_no_season():
    first = np.array([1.0, -1] * 6)
    assert seasonal_effects(np.concatenate([first, -first])).tolist() == [0.0] * 12


def test_half_of_a_difference_between_months_that_is_chance_is_no_season():
    effects = seasonal_effects(NOISE.normal(size=36))
    assert np.abs(effects).max() < 0.8  # the mean of three is .58 by itself


def test_growth_of_two_percent_a_month_goes_on():
    steady = 100 * 1.02 ** np.arange(36)
    forecast = ck.models.MonthlyForecast().fit(steady)
    assert yearly_growth(np.log(steady)) == pytest.approx(12 * np.log(1.02))
    ahead = forecast.predict(6)
    assert ahead["value"].iloc[-1] == pytest.approx(steady[-1] * 1.02**6, rel=0.04)
    assert (ahead["high"] / ahead["low"]).iloc[0] < 1.4  # steady growth is no uncertainty


def test_last_year_again_has_no_number_where_the_month_is_before_the_series():
    last_year = component_forecasts(np.zeros(9), 4)[0]
    assert np.isnan(last_year[:3]).all() and last_year[3] == 0


def test_the_weights_add_up_and_last_year_has_none_in_the_first_year():
    assert sum(ck.models.MonthlyForecast().fit(DECEMBER_TWICE).weights_.values()) == pytest.approx(1)
    assert ck.models.MonthlyForecast().fit(np.arange(1.0, 13)).weights_["last year again"] == 0


def test_last_year_weighs_more_where_it_has_held_better():
    season = np.tile(100 + 90 * np.sin(np.arange(12)), 3)
    noise = 100 * np.exp(NOISE.normal(0, 0.3, 36).cumsum())
    weight = [ck.models.MonthlyForecast().fit(y).weights_["last year again"] for y in (season, noise)]
    assert weight[0] > 0.25 > weight[1]


def test_the_interval_of_80_percent_lies_inside_that_of_95_and_both_hold_the_middle():
    ahead = ck.models.MonthlyForecast().fit(100 + NOISE.normal(0, 10, 30)).predict(12)
    ordered = ahead[["low", "low_80", "value", "high_80", "high"]].to_numpy()
    assert (np.diff(ordered, axis=1) > 0).all()


def test_paths_have_the_intervals_of_the_months():
    forecast = ck.models.MonthlyForecast().fit(100 + NOISE.normal(0, 10, 30))
    paths, months = forecast.paths(6, 20_000), forecast.predict(6)
    for share, column in ((0.025, "low"), (0.1, "low_80"), (0.5, "value"), (0.9, "high_80"), (0.975, "high")):
        assert np.quantile(paths, share, axis=0) == pytest.approx(months[column].to_numpy(), rel=0.02)


def test_months_that_follow_each_other_miss_together():
    paths = ck.models.MonthlyForecast().fit(100 + NOISE.normal(0, 10, 30)).paths(6, 4000)
    assert 0.1 < np.corrcoef(paths[:, 0], paths[:, 1])[0, 1] < 0.95


def test_of_800_months_ahead_of_noise_at_least_80_percent_lie_in_their_intervals_of_80():
    inside = []
    for _ in range(40):
        months = 100 * np.exp(NOISE.normal(0, 0.2, 30))
        ahead = ck.models.MonthlyForecast().fit(months[:24]).predict(6)
        inside.append((ahead["low_80"] <= months[24:]) & (months[24:] <= ahead["high_80"]))
    assert 0.75 < np.mean(inside) < 0.95


@pytest.mark.parametrize("months", [[0.0] * 12, [7.0] * 24, [0, 0, 5, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0, 0]])
def test_months_without_movement_or_mostly_at_0_have_a_forecast_that_is_not_below_0(months):
    ahead = ck.models.MonthlyForecast().fit(months).predict(6)
    assert np.isfinite(ahead.to_numpy(float)).all() and (ahead["low"] >= 0).all()


def test_amounts_below_0_stay_possible():
    ahead = ck.models.MonthlyForecast().fit([-5.0, 5] * 8).predict(3)
    assert (ahead["low"] < 0).all() and (ahead["high"] > 0).all()


def test_the_unit_of_the_amounts_changes_nothing():
    months = np.abs(100 + NOISE.normal(0, 20, 26))
    small, large = (ck.models.MonthlyForecast().fit(months * unit).predict(3)["high"] / unit for unit in (1, 1e6))
    assert small.to_numpy() == pytest.approx(large.to_numpy(), rel=1e-6)


@pytest.mark.parametrize("months", [[1.0] * 5, [1.0] * 8 + [np.nan], [[1.0] * 8]])
def test_five_months_a_missing_month_and_a_table_are_refused(months):
    with pytest.raises(ck.CrmkitError):
        ck.models.MonthlyForecast().fit(months)


def test_thirteen_months_ahead_are_refused():
    with pytest.raises(ck.CrmkitError, match="1 to 12 months"):
        ck.models.MonthlyForecast().fit([1.0] * 12).predict(13)
