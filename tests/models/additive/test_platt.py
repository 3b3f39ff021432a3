"""Held-out log odds: whoever is judged was not learned from, on any of her days."""

import numpy as np
import pytest

from crmkit.models.additive.classifier import N_FOLDS, _held_out, platt


def rows(seed, n_customers=150, n_rows=400):
    random = np.random.default_rng(seed)
    return (random.random(n_rows) < 0.3).astype(np.intp), random.choice([f"c{i}" for i in range(n_customers)], n_rows)


@pytest.mark.parametrize("seed", range(4))
def test_a_customer_is_held_out_with_all_rows_once_and_leavers_are_spread(seed):
    codes, groups = rows(seed)
    folds = []

    def log_odds(held):
        folds.append(held)
        return np.array([np.full(held.sum(), len(folds))])

    (each,) = _held_out(log_odds, codes, groups, seed)
    assert np.sum(folds, axis=0).tolist() == [1] * len(codes)
    assert sorted(set(each)) == [1, 2, 3]
    assert all(len(set(each[groups == name])) == 1 for name in set(groups))
    left = [len(set(groups[held & (codes == 1)])) for held in folds]
    assert max(left) - min(left) <= 1


def test_without_groups_each_row_is_a_customer():
    codes, _ = rows(0)
    each = _held_out(lambda held: np.zeros((2, held.sum())), codes, None, 0)
    assert each.shape == (2, len(codes)) and N_FOLDS == 3


def test_log_odds_that_point_the_wrong_way_are_left_alone():
    assert platt(np.array([4.0, 4.0, -4.0, -4.0]), np.array([0, 1, 1, 1])) == (1.0, 0.0)
