"""The size of a trial that earns most, against the closed form of Feit and Berman and against the classic size."""

import numpy as np
import pytest

from crmkit.models.trials.sizes import Prior, best_size, classic_size, estimated_prior, expected_gain


def test_with_an_effect_as_likely_good_as_bad_the_best_size_is_that_of_the_closed_form():
    # Two arms with means of spread s each: the difference has spread s sqrt(2). n = sqrt(N/4 (S/s)^2 + (3/4 (S/s)^2)^2) - 3/4 (S/s)^2
    n_people, noise, spread = 10_000, 20.0, 1.0
    ratio = (noise / spread) ** 2
    expected = np.sqrt(n_people / 4 * ratio + (0.75 * ratio) ** 2) - 0.75 * ratio
    size = best_size(n_people, Prior(0.0, spread * 2**0.5, noise))
    assert size.n_treated == pytest.approx(expected, rel=0.06)
    assert size.n_held == pytest.approx(expected, rel=0.06)


def test_the_size_grows_with_the_root_of_the_number_of_people():
    small, large = (best_size(n, Prior(0.0, 2.0, 20.0)).n_held for n in (20_000, 2_000_000))
    assert large / small == pytest.approx(10, rel=0.35)


def test_it_is_far_smaller_than_a_test_of_significance():
    prior = Prior(0.0, 1.0, 20.0)
    best, classic = best_size(5_000, prior), classic_size(5_000, 1.0, 20.0)
    assert best.n_held < 0.5 * classic.n_held
    gains = [
        float(expected_gain(size.n_treated, size.n_held, 5_000 - size.n_treated - size.n_held, prior))
        for size in (best, classic)
    ]
    assert gains[0] > 1.5 * max(gains[1], 0)


def test_an_action_that_surely_pays_holds_out_few_and_one_that_surely_does_not_treats_few():
    sure, hopeless = best_size(1_000, Prior(5.0, 0.5, 20.0)), best_size(1_000, Prior(-5.0, 0.5, 20.0))
    assert sure.n_held <= 5
    assert hopeless.n_treated <= 5
    assert hopeless.gain < 0


def test_no_more_people_than_are_at_hand_are_drawn():
    size = best_size(12_000, Prior(0.0, 2.0, 20.0), at_hand=300)
    assert size.n_treated + size.n_held <= 300
    assert best_size(3, Prior(0.0, 2.0, 20.0)).n_treated == 0


def test_where_others_come_later_everybody_at_hand_is_treated_or_held_out():
    size = best_size(3_000, Prior(0.6, 0.8, 20.0), 0.5, at_hand=500)
    assert size.n_treated + size.n_held == 500
    assert 20 < size.n_held < 250  # the smaller side teaches little, the held out forgo 0.10 each


def test_the_expected_gain_is_that_of_simulated_firms():
    random, prior, n, a, b, cost = np.random.default_rng(0), Prior(0.5, 1.5, 10.0), 2_000, 150, 100, 0.4
    effect = random.normal(prior.mean, prior.spread, 200_000)
    variance = prior.noise**2 * (1 / a + 1 / b)
    found = effect + random.normal(0, variance**0.5, len(effect))
    believed = (found * prior.spread**2 + prior.mean * variance) / (prior.spread**2 + variance)
    gain = a * (effect - cost) + (n - a - b) * np.where(believed > cost, effect - cost, 0)
    assert float(expected_gain(a, b, n - a - b, prior, cost)) == pytest.approx(gain.mean(), rel=0.02)


def test_earlier_actions_outweigh_what_is_usual_as_they_become_many():
    usual = Prior(0.0, 1.0, 20.0)
    few, many = (estimated_prior([3.0] * n, [0.1] * n, 20.0, usual).mean for n in (1, 30))
    assert few == pytest.approx(1.0, abs=0.05)  # what is usual counts as two
    assert many == pytest.approx(3.0 * 30 / 32, abs=0.05)
    assert estimated_prior([50.0], [100.0], 20.0, usual).mean < 0.1


def test_effects_that_agree_by_chance_do_not_make_the_next_one_sure():
    usual = Prior(0.0, 1.0, 20.0)
    assert estimated_prior([0.5] * 5, [1.0] * 5, 20.0, usual).spread > 0.5  # errors of 1 could hide a spread of 1
    assert estimated_prior([0.5] * 40, [0.1] * 40, 20.0, usual).spread < 0.3
    assert estimated_prior([-6.0, 6.0, -5.0, 5.0], [0.1] * 4, 20.0, usual).spread > 3


@pytest.mark.parametrize("n", [200, 2000, 20000])
def test_sizes_from_five_earlier_trials_regret_little_more_than_the_best_and_less_than_the_classic(n):
    random, true, cost = np.random.default_rng(6), Prior(0.5, 1.5, 20.0), 0.3

    def gain(size):
        later = n - size.n_treated - size.n_held
        return float(expected_gain(size.n_treated, size.n_held, later, true, cost))

    found = []
    for _ in range(60):
        effects = random.normal(true.mean, np.hypot(true.spread, 1.0), 5)
        found.append(gain(best_size(n, estimated_prior(effects, np.ones(5), 20.0, Prior(0.5, 1.0, 20.0)), cost)))
    perfect = n * np.maximum(random.normal(true.mean - cost, true.spread, 100_000), 0).mean()
    regret = perfect - np.mean(found)
    assert regret <= 1.15 * (perfect - gain(best_size(n, true, cost)))
    assert regret < perfect - gain(classic_size(n, 1.5, 20.0))
