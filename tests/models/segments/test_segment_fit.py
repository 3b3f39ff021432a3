"""Does a ruler still fit: silence where nothing has changed, a word where much has."""

import numpy as np
import pandas as pd
import pytest

from crmkit.models.segments.matching import match_labels
from crmkit.models.segments.rfm import RFM
from crmkit.models.segments.stability import Fit, alike, centres_fit, rfm_fit


def buyers(n: int, seed: int, dearer: float = 1.0, lapsed: float = 0.3) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    gone = random.uniform(size=n) < lapsed
    count = np.where(gone, 0, 1 + random.poisson(random.gamma(1.2, 3, n)))
    return pd.DataFrame(
        {
            "days_since_order": np.where(
                gone, 365 + random.exponential(300, n), random.exponential(90, n).clip(0, 364)
            ).round(),
            "n_orders": count,
            "revenue": count * np.exp(3 + 0.5 * random.normal(size=n)) * dearer,
        }
    )


def fit(then, now):
    return rfm_fit(RFM().fit(then), then, now, np.random.default_rng(0))


def test_cuts_fit_another_sample_of_the_same_customers_in_19_of_20_firms():
    assert sum(fit(buyers(400, seed), buyers(400, 100 + seed)).holds for seed in range(20)) >= 19


def test_cuts_no_longer_fit_when_everybody_spends_twice_as_much():
    found = [fit(buyers(400, seed), buyers(400, 100 + seed, dearer=2.0)) for seed in range(5)]
    assert not any(each.holds for each in found) and min(each.moved for each in found) > 0.1


def test_a_pile_of_lapsed_customers_that_has_doubled_changes_nothing_for_the_others():
    then, now = buyers(600, 1, lapsed=0.3), buyers(900, 2, lapsed=0.6)
    assert (alike(now, then, np.random.default_rng(0))["n_orders"] == 0).mean() == pytest.approx(0.3, abs=0.05)
    assert fit(then, now).holds


def test_a_change_counts_only_if_it_is_both_large_and_no_chance():
    assert Fit(moved=0.3, p=0.2).holds and Fit(moved=0.05, p=0.001).holds
    assert not Fit(moved=0.3, p=0.001).holds and not Fit(moved=0.01, p=0.001, loss=0.5).holds


@pytest.mark.parametrize(("shift", "holds"), [(0.0, True), (3.0, False)])
def test_centres_no_longer_fit_when_a_group_has_gone_elsewhere(shift, holds):
    random = np.random.default_rng(3)
    then, now = (random.normal(size=(300, 2)) * 0.5 + np.repeat([[0, 0], [6, 6]], 150, axis=0) for _ in range(2))
    now[150:, 0] -= shift
    centres = np.array([then[:150].mean(axis=0), then[150:].mean(axis=0)])
    assert centres_fit(centres, then, now, np.ones(300, dtype=bool), random).holds == holds


def test_segments_are_matched_by_the_customers_they_share_and_strangers_are_not():
    before, now = np.array([0] * 8 + [1] * 8), np.array([1] * 8 + [2, 2, 0, 0, 3, 3, 3, 2])
    assert match_labels(before, now, 2, 4) == [1, 2]
    assert match_labels(np.array([0, 0, 0, 0]), np.array([0, 1, 2, 3]), 2, 4)[1] == -1
