"""Real, within noise, too few to tell, no comparison: worked by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from crmkit.metrics.engine.verdict import benjamini_hochberg, judge_changes, judge_target


def share_rows(pairs: list[tuple[int, int]], better: str = "lower", status: str = "ok") -> pd.DataFrame:
    rows = []
    for hits, n in pairs:
        low, high = proportion_confint(hits, n, method="wilson")
        rows.append({"value": hits / n, "low": low, "high": high, "status": status, "unit": "share", "better": better})
    return pd.DataFrame(rows)


def judged(now: pd.DataFrame, then: pd.DataFrame, matters: float = 0.01) -> pd.DataFrame:
    return judge_changes(now, then, np.full(len(now), matters))


def test_churn_from_4_3_to_6_2_percent_of_4700_is_real_and_worse():
    verdict = judged(share_rows([(294, 4742)]), share_rows([(202, 4701)])).iloc[0]
    assert (verdict["verdict"], verdict["direction"]) == ("real", "worse")
    assert verdict["change"] == pytest.approx(294 / 4742 - 202 / 4701)


def test_a_real_fall_of_churn_is_better_and_a_real_fall_of_satisfaction_is_worse():
    assert judged(share_rows([(202, 4701)]), share_rows([(294, 4742)]))["direction"].item() == "better"
    falls = judged(share_rows([(202, 4701)], better="higher"), share_rows([(294, 4742)], better="higher"))
    assert falls["direction"].item() == "worse"


def test_one_point_among_4700_is_within_noise_if_a_point_could_have_been_seen():
    verdict = judged(share_rows([(190, 4701)]), share_rows([(202, 4701)]), matters=0.015).iloc[0]
    assert (verdict["verdict"], verdict["direction"]) == ("within noise", "")


def test_ten_points_among_100_are_too_few_to_tell():
    assert judged(share_rows([(55, 100)]), share_rows([(45, 100)]), matters=0.05)["verdict"].item() == "too few to tell"


def test_a_real_change_stays_real_however_little_could_have_been_seen():
    assert judged(share_rows([(90, 100)]), share_rows([(10, 100)]), matters=0.0001)["verdict"].item() == "real"


def test_without_an_earlier_value_there_is_no_comparison():
    then = share_rows([(1, 10)]).assign(value=np.nan, low=np.nan, high=np.nan, status="no data")
    verdict = judged(share_rows([(5, 10)]), then).iloc[0]
    assert verdict["verdict"] == "no comparison"
    assert np.isnan(verdict["change"]) and np.isnan(verdict["p_value"])


def test_numbers_with_too_few_behind_them_are_never_real():
    few = share_rows([(9, 9)], status="too few")
    assert judged(few, share_rows([(0, 4000)]))["verdict"].item() == "too few to tell"


def test_an_unchanged_value_is_not_real():
    same = share_rows([(500, 10000)])
    assert judged(same, same)["verdict"].item() == "within noise"


def test_a_family_of_many_needs_stronger_evidence_than_one():
    alone = judged(share_rows([(260, 4742)]), share_rows([(215, 4701)]))
    crowd_now, crowd_then = (
        share_rows([(260, 4742)] + [(200, 4700)] * 19),
        share_rows([(215, 4701)] + [(200, 4700)] * 19),
    )
    assert alone["verdict"].item() == "real"
    assert judged(crowd_now, crowd_then)["verdict"].iloc[0] != "real"


def test_the_error_of_a_difference_is_newcombes():
    """The two-sided p-value is .05 where Newcombe's interval of the difference touches zero."""
    for hits in range(60, 100):
        low, _ = confint_proportions_2indep(hits, 400, 50, 400, method="newcomb")
        p_value = judged(share_rows([(hits, 400)]), share_rows([(50, 400)]))["p_value"].item()
        assert (p_value < 0.05) == (low > 0)


def test_money_matters_relative_to_the_value_before():
    row = {"status": "ok", "unit": "money", "better": "higher"}
    now = pd.DataFrame([{"value": 102.0, "low": 99.0, "high": 105.0, **row}])
    then = pd.DataFrame([{"value": 100.0, "low": 97.0, "high": 103.0, **row}])
    assert judged(now, then, matters=0.10)["verdict"].item() == "within noise"  # 6 of 100 could be seen
    assert judged(now, then, matters=0.05)["verdict"].item() == "no large change"  # 2 + 1.645 x 2.16 = 5.6
    assert judged(now, then, matters=0.05)["at_most"].item() == pytest.approx(5.56, abs=0.01)
    assert judged(now, then, matters=0.02)["verdict"].item() == "too few to tell"


@pytest.mark.parametrize(
    ("value", "verdict"), [(100.5, "within noise"), (104.0, "no large change"), (110.8, "too few to tell")]
)
def test_a_change_surely_smaller_than_what_matters_is_within_noise_though_that_would_rarely_have_been_found(
    value, verdict
):
    """Standard errors of 4 make 5.7 of the difference: 16 could be found, and 0.5 + 1.645 x 5.7 = 9.8 is less than 10.

    Of 4 it may be 13.3, less than twice as much as matters; of 10.8, which may still be chance, 20.1.
    """
    row = {"status": "ok", "unit": "money", "better": "higher"}
    now = pd.DataFrame([{"value": value, "low": value - 7.84, "high": value + 7.84, **row}])
    then = pd.DataFrame([{"value": 100.0, "low": 92.16, "high": 107.84, **row}])
    assert judged(now, then, matters=0.10)["verdict"].item() == verdict
    open_end = now.assign(high=np.nan)
    assert judged(open_end, then, matters=0.10)["verdict"].item() == "too few to tell"


@pytest.mark.parametrize("change", [10.0, -10.0])
def test_a_change_that_matters_is_called_within_noise_in_at_most_5_percent_or_could_have_been_found(change):
    random, n, error = np.random.default_rng(5), 4000, 4.0
    sides = [random.normal(middle, error, n) for middle in (100 + change, 100)]
    row = {"status": "ok", "unit": "points", "better": "higher"}
    now, then = (pd.DataFrame({"value": x, "low": x - 1.96 * error, "high": x + 1.96 * error, **row}) for x in sides)
    assert (judged(now, then, matters=10.0)["verdict"] == "within noise").mean() <= 0.055


def test_adjusted_p_values_equal_scipys():
    p_values = np.array([0.001, 0.02, 0.03, 0.2, 0.9])
    np.testing.assert_allclose(benjamini_hochberg(p_values), false_discovery_control(p_values))
    assert len(benjamini_hochberg(np.array([]))) == 0


@pytest.mark.parametrize(
    ("low", "high", "target", "better", "expected"),
    [
        (0.055, 0.069, 0.04, "lower", "missed"),
        (0.02, 0.03, 0.04, "lower", "met"),
        (0.03, 0.05, 0.04, "lower", "too close to call"),
        (46, 60, 45, "higher", "met"),
        (45, 60, 45, "higher", "met"),
        (20, 40, 45, "higher", "missed"),
        (28, 54, 45, "higher", "too close to call"),
        (28, 54, None, "higher", ""),
        (28, 54, 45, "neither", ""),
        (float("nan"), float("nan"), 45, "higher", ""),
        (26, float("nan"), 30, "lower", "too close to call"),
        (36, float("nan"), 30, "lower", "missed"),
    ],
)
def test_targets_are_met_or_missed_only_by_the_whole_interval(low, high, target, better, expected):
    assert judge_target(low, high, target, better) == expected


def test_with_no_change_in_truth_a_false_real_is_rare_in_whole_families():
    """2,000 scorecards of 8 shares each, 300 customers: a false call in at most 6 %."""
    random = np.random.default_rng(4)
    false_calls = 0
    for _ in range(2000):
        truth = random.uniform(0.03, 0.6, 8)
        pairs = [[(int(random.binomial(300, p)), 300) for p in truth] for _ in range(2)]
        frames = [_fast_rows(side) for side in pairs]
        false_calls += (judge_changes(*frames, np.full(8, 0.02))["verdict"] == "real").any()
    assert false_calls / 2000 <= 0.06


def _fast_rows(pairs: list[tuple[int, int]]) -> pd.DataFrame:
    hits, n = np.array(pairs, dtype=float).T
    low, high = proportion_confint(hits, n, method="wilson")
    return pd.DataFrame(
        {"value": hits / n, "low": low, "high": high, "status": "ok", "unit": "share", "better": "lower"}
    )
