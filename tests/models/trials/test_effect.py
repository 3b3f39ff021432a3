"""The average effect of a treatment drawn by lot, against numbers worked by hand and simulated truth."""

import numpy as np
import pandas as pd
import pytest

from crmkit.models.trials.effect import average_effect


def test_two_treated_with_12_and_8_against_3_and_5_bring_6_with_error_root_of_5():
    effect = average_effect([12.0, 8.0, 3.0, 5.0], [True, True, False, False])
    # Variances 8 and 2, two people each: 8/2 + 2/2 = 5. Welch: 25 / (16/1 + 1/1) = 1.47 degrees of freedom.
    assert effect.value == pytest.approx(6.0)
    assert effect.error == pytest.approx(5**0.5)
    assert (effect.treated_mean, effect.held_mean, effect.n_treated, effect.n_held) == (10.0, 4.0, 2, 2)


def test_welch_interval_is_that_of_scipy():
    from scipy import stats

    random = np.random.default_rng(1)
    a, b = random.normal(3, 2, 3000), random.normal(1, 5, 2000)
    effect = average_effect(np.concatenate([a, b]), [True] * 3000 + [False] * 2000)
    expected = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    assert (effect.low, effect.high) == pytest.approx((expected.low, expected.high), abs=0.005)


def test_a_few_people_borrow_the_variance_of_the_many_on_the_other_side():
    # Nobody of the five held out bought: by themselves they would be taken for certain.
    effect = average_effect([*([50.0, 0.0] * 20), *([0.0] * 5)], [True] * 40 + [False] * 5)
    alone = (51.28 * 50 / 4 / 40) ** 0.5  # 25.3 a head of 40 treated
    assert effect.error > 2 * alone


def test_adjusting_by_a_column_that_explains_all_but_a_tenth_narrows_the_interval_by_two_thirds():
    random = np.random.default_rng(2)
    before = random.normal(0, 3, 4000)
    treated = random.random(4000) < 0.5
    y = before + random.normal(0, 1, 4000) + 0.5 * treated
    effect = average_effect(y, treated, before=pd.DataFrame({"before": before}))
    assert effect.narrowed == pytest.approx(1 - (1 / 10) ** 0.5, abs=0.03)  # the share theory says: 1 - sqrt(1 - R2)
    assert effect.low < 0.5 < effect.high
    assert effect.balance > 0.001


def test_lin_regression_is_that_of_statsmodels_with_interactions():
    import statsmodels.api as sm

    random = np.random.default_rng(3)
    x = random.normal(size=200)
    treated = random.permutation(np.arange(200) % 3 == 0)
    y = 1 + x + treated * (2 + x) + random.normal(size=200)
    effect = average_effect(y, treated, before=pd.DataFrame({"x": x}))
    centred = x - x.mean()
    fitted = sm.OLS(y, np.column_stack([np.ones(200), treated, centred, treated * centred])).fit(cov_type="HC2")
    assert effect.value == pytest.approx(fitted.params[1])
    slope = fitted.params[3]
    assert effect.error == pytest.approx((fitted.bse[1] ** 2 + slope**2 * centred.var() / 200) ** 0.5, rel=0.03)


def test_people_are_weighted_by_the_probability_of_their_draw():
    # Six of eight large customers are treated, two of eight small ones: unweighted, the action seems to bring 55.
    large, small = [100.0] * 8, [10.0] * 8
    treated = [True] * 6 + [False] * 2 + [True] * 2 + [False] * 6
    y = [value + 5 * is_treated for value, is_treated in zip(large + small, treated, strict=True)]
    probability = [0.75] * 8 + [0.25] * 8
    assert average_effect(y, treated).value == pytest.approx(50.0)
    assert average_effect(y, treated, probability=probability).value == pytest.approx(5.0)


def test_one_person_held_out_gives_no_interval():
    effect = average_effect([1.0, 2.0, 3.0], [True, True, False])
    assert np.isnan(effect.low)
    assert effect.n_held == 1


def test_sides_that_differ_before_the_draw_are_found_out():
    x = np.arange(100.0)
    effect = average_effect(x, x >= 50, before=pd.DataFrame({"x": x}))
    assert effect.balance < 1e-6


def test_an_outcome_that_is_the_same_for_all_has_no_effect_and_no_certainty():
    effect = average_effect([1.0] * 40, [True, False] * 20, before=pd.DataFrame({"x": np.arange(40.0)}))
    assert effect.value == pytest.approx(0.0)
    assert np.isnan(effect.low) and np.isnan(effect.z)


def test_a_column_of_one_value_or_of_gaps_does_no_harm():
    columns = pd.DataFrame({"same": [1.0] * 60, "none": [np.nan] * 60, "x": [*range(59), np.nan]})
    y = np.arange(60.0)
    effect = average_effect(y, [True, False] * 30, before=columns)
    assert np.isfinite(effect.value) and np.isfinite(effect.error)


@pytest.mark.parametrize("n", [60, 400])
def test_intervals_hold_the_true_effect_in_about_95_of_100_trials(n):
    random, inside, trials = np.random.default_rng(n), 0, 400
    for _ in range(trials):
        x = random.gamma(2, 10, n)
        block = (x > np.median(x)).astype(str)
        treated = random.permutation(np.arange(n) % 4 > 0)
        y = np.where(random.random(n) < 0.4, x * random.gamma(2, 0.5, n), 0.0) + 3 * treated
        effect = average_effect(y, treated, before=pd.DataFrame({"x": x}), block=block)
        inside += effect.low <= 3 <= effect.high
    assert 0.92 <= inside / trials <= 0.98
