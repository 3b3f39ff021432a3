"""Where the level of a series changes, and where it does not."""

import numpy as np
import pytest

from crmkit.models.series.level_shift import level_shift


def test_a_fall_by_a_third_in_the_thirtieth_month_is_dated():
    noise = np.exp(np.random.default_rng(1).normal(0, 0.04, 40))
    found = level_shift(np.where(np.arange(40) < 29, 90.0, 60.0) * noise)
    assert found.place == 29
    assert found.growth == pytest.approx(-1 / 3, abs=0.05)


def test_a_season_and_steady_growth_are_no_shift():
    month = np.arange(36)
    noise = np.exp(np.random.default_rng(2).normal(0, 0.03, 36))
    assert level_shift(100 * 1.02**month * (1 + 0.4 * (month % 12 == 11)) * noise) is None


def test_of_100_series_of_noise_at_most_3_have_a_shift():
    draws = np.random.default_rng(3).normal(0, 0.15, (100, 40))
    assert sum(level_shift(100 * np.exp(noise)) is not None for noise in draws) <= 3


@pytest.mark.parametrize("months", [[5.0] * 30, [0.0] + [5.0] * 40])
def test_thirty_months_and_months_at_0_are_not_judged(months):
    assert level_shift(np.array(months)) is None
