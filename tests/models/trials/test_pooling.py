"""Rounds of an action together: against numbers worked by hand and simulated truth."""

import numpy as np
import pytest

from crmkit.models.trials.pooling import pooled_effect


def test_one_round_stands_for_itself():
    once = pooled_effect([4.0], [1.0], threshold=4.0)
    assert (once.value, once.error, once.n_rounds) == (4.0, 1.0, 1)
    assert (once.low, once.high) == pytest.approx((4 - 1.959964, 4 + 1.959964), abs=1e-5)
    assert once.above == pytest.approx(0.5)


def test_rounds_weigh_by_how_sure_they_are():
    pooled = pooled_effect([0.0, 10.0, 0.0, 10.0, 0.0, 10.0], [1.0, 100.0] * 3)
    assert abs(pooled.value) < 0.5


def test_six_equal_rounds_need_at_most_six_tenths_of_the_interval_of_one():
    once, six = pooled_effect([2.0], [1.0]), pooled_effect([2.0] * 6, [1.0] * 6)
    assert six.high - six.low <= 0.6 * (once.high - once.low)
    assert six.value == pytest.approx(2.0)


def test_rounds_further_apart_than_chance_widen_the_interval():
    alike, apart = pooled_effect([2.0] * 6, [1.0] * 6), pooled_effect([-8.0, 12.0] * 3, [1.0] * 6)
    assert apart.high - apart.low > 3 * (alike.high - alike.low)
    assert apart.spread > 5 > alike.spread


def test_like_actions_whose_rounds_agree_narrow_the_interval():
    alone = pooled_effect([3.0, 5.0], [1.0, 1.0])
    with_others = pooled_effect([3.0, 5.0], [1.0, 1.0], like=[([1.0] * 8, [1.0] * 8), ([7.0] * 8, [1.0] * 8)])
    assert with_others.high - with_others.low < alone.high - alone.low


def test_rounds_without_an_error_are_left_out():
    assert pooled_effect([4.0, np.nan], [1.0, np.nan]).n_rounds == 1
    assert np.isnan(pooled_effect([np.nan], [np.nan]).value)


@pytest.mark.parametrize("spread", [0.0, 1.0, 2.0])
def test_the_interval_of_six_rounds_holds_the_mean_effect(spread):
    random, trials = np.random.default_rng(5), 200
    inside = 0
    for _ in range(trials):
        pooled = pooled_effect(1 + spread * random.normal(size=6) + random.normal(size=6), np.ones(6))
        inside += pooled.low <= 1 <= pooled.high
    assert inside / trials >= 0.90
