"""What is learned from customers held out: whoever is judged was not learned from, on any of her days."""

import numpy as np
import pytest

from crmkit.models.additive.blend import N_FOLDS, held_out_folds, learned_weights


def rows(seed, n_customers=150, n_rows=400):
    random = np.random.default_rng(seed)
    return (random.random(n_rows) < 0.3).astype(np.intp), random.choice([f"c{i}" for i in range(n_customers)], n_rows)


@pytest.mark.parametrize("seed", range(4))
def test_a_customer_is_held_out_with_all_rows_once_and_leavers_are_spread(seed):
    outcomes, groups = rows(seed)
    folds = held_out_folds(outcomes, groups, seed)
    assert np.sum(folds, axis=0).tolist() == [1] * len(outcomes)
    assert all(sum(name in set(groups[held]) for held in folds) == 1 for name in set(groups))
    left = [len(set(groups[held & (outcomes == 1)])) for held in folds]
    assert max(left) - min(left) <= 1


def test_without_groups_each_row_is_a_customer():
    outcomes, _ = rows(0)
    folds = held_out_folds(outcomes, None, 0)
    assert len(folds) == N_FOLDS == 5 and np.sum(folds, axis=0).tolist() == [1] * len(outcomes)


def test_log_odds_that_point_the_wrong_way_are_left_alone():
    weights = learned_weights(np.array([[4.0], [4.0], [-4.0], [-4.0]]), np.array([0, 1, 1, 1]))
    assert (weights.of_parts.tolist(), weights.intercept) == ([1.0], 0.0)


def test_a_part_that_points_the_wrong_way_beside_the_other_counts_nothing():
    random = np.random.default_rng(0)
    right = random.normal(size=2000)
    outcomes = (random.random(2000) < 1 / (1 + np.exp(-right))).astype(np.intp)
    weights = learned_weights(np.column_stack([right, -0.1 * right + random.normal(size=2000)]), outcomes)
    assert weights.of_parts[0] == pytest.approx(1, abs=0.2) and 0 <= weights.of_parts[1] < 0.1
