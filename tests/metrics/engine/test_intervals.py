"""Intervals against published formulas and other libraries."""

import numpy as np
import pytest
from scipy.stats import bootstrap, chi2
from statsmodels.stats.proportion import proportion_confint

from crmkit.metrics.engine import intervals


def sums(x: np.ndarray, n: np.ndarray) -> list[np.ndarray]:
    """Sums over customers that the database would make, of one group."""
    return [
        np.array([total], dtype=float)
        for total in (x.sum(), n.sum(), (x * x).sum(), (x * n).sum(), (n * n).sum(), (n > 0).sum())
    ]


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (1, 10), (5, 10), (10, 10), (294, 4742)])
def test_a_share_of_independent_answers_has_wilsons_interval(hits, n):
    x = np.repeat([1.0, 0.0], [hits, n - hits])
    value, low, high = intervals.share(*sums(x, np.ones(n)))
    assert value[0] == hits / n
    assert (low[0], high[0]) == pytest.approx(proportion_confint(hits, n, method="wilson"), abs=1e-12)


def test_no_hit_at_all_starts_at_exactly_zero_and_all_hits_end_at_exactly_one():
    _, low, _ = intervals.share(*sums(np.zeros(7), np.ones(7)))
    _, _, high = intervals.share(*sums(np.ones(7), np.ones(7)))
    assert (low[0], high[0]) == (0, 1)


def test_answering_twice_the_same_says_no_more_than_once():
    x, once = np.repeat([1.0, 0.0], [300, 200]), np.ones(500)
    one, two = intervals.share(*sums(x, once)), intervals.share(*sums(2 * x, 2 * once))
    for a, b in zip(one, two, strict=True):
        assert a[0] == pytest.approx(b[0], abs=2e-4)  # Student's t in place of the normal quantile


def test_a_net_share_without_the_other_side_has_the_shares_interval():
    x = np.repeat([1.0, 0.0], [30, 70])
    s = sums(x, np.ones(100))
    net = intervals.net_share(s[0], np.zeros(1), *s[1:])
    value, _, high = intervals.share(*s)
    assert net[0] == value
    assert net[2] == pytest.approx(high)


def test_a_net_share_agrees_with_the_textbook_error_when_answers_are_many():
    """NPS SE = 100 sqrt((p + d - (p - d)^2) / n)."""
    plus, minus, n = 4500, 2000, 10000
    x = np.repeat([1.0, -1.0, 0.0], [plus, minus, n - plus - minus])
    s = sums(x, np.ones(n))
    _, low, high = intervals.net_share(np.array([4500.0]), np.array([2000.0]), *s[1:])
    error = np.sqrt((0.45 + 0.2 - 0.25**2) / n)
    assert (high[0] - low[0]) / 2 == pytest.approx(1.96 * error, rel=1e-3)


def test_a_mean_over_customers_agrees_with_the_bootstrap():
    random = np.random.default_rng(0)
    n = 1.0 + random.poisson(1, 400)
    x = n * random.lognormal(3, 0.4, 400)
    _, low, high = intervals.mean(*sums(x, n))
    resampled = bootstrap(
        (x, n),
        lambda a, b: a.sum() / b.sum(),
        paired=True,
        vectorized=False,
        n_resamples=2000,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    assert low[0] == pytest.approx(resampled.low, rel=0.01)
    assert high[0] == pytest.approx(resampled.high, rel=0.01)


@pytest.mark.parametrize("events", [0, 1, 5, 40])
def test_a_count_has_garwoods_interval(events):
    _, low, high = intervals.total(np.array([float(events)]), np.array([float(events)]), np.ones(1))
    assert low[0] == pytest.approx(chi2.ppf(0.025, 2 * events) / 2 if events else 0)
    assert high[0] == pytest.approx(chi2.ppf(0.975, 2 * events + 2) / 2)


def test_a_difference_of_sums_lies_on_either_side_of_zero_and_is_skewed_as_its_parts_are():
    few, many = (
        intervals.total(np.array([n * size]), np.array([n * size**2]), np.ones(1)) for n, size in ((2, 50), (40, 2))
    )
    value, low, high = intervals.difference(many, few)
    assert value[0] == 40 * 2 - 2 * 50 and low[0] < -200 and high[0] > 0
    assert value[0] - low[0] > 2 * (high[0] - value[0])  # more of the few large losses may have come


def test_of_a_sum_of_none_the_upper_limit_is_as_many_events_as_may_go_unseen_times_their_size():
    _, low, high = intervals.total(np.zeros(1), np.zeros(1), np.ones(1), size=np.array([200.0]))
    assert low[0] == 0 and high[0] == pytest.approx(200 * 3.689, rel=1e-3)
    assert np.isnan(intervals.total(np.zeros(1), np.zeros(1), np.ones(1), size=np.array([np.nan]))[2][0])


def test_a_quotient_by_an_exact_number_only_scales():
    exact = (np.array([100.0]),) * 3
    value, low, high = intervals.quotient(exact, (np.array([10.0]), np.array([5.0]), np.array([20.0])))
    assert (value[0], low[0], high[0]) == pytest.approx((10, 5, 20))


def test_a_quotient_by_nothing_is_no_number():
    value, _, _ = intervals.quotient((np.array([100.0]),) * 3, (np.array([0.0]), np.array([0.0]), np.array([3.7])))
    assert np.isnan(value[0])


def test_nothing_is_ever_infinite():
    zeros = [np.zeros(1)] * 6
    results = [
        intervals.share(*zeros),
        intervals.net_share(*([np.zeros(1)] * 7)),
        intervals.mean(*zeros),
        intervals.total(np.zeros(1), np.zeros(1), np.ones(1)),
        intervals.mean(*sums(np.ones(1), np.ones(1))),
    ]
    assert not any(np.isinf(side).any() for result in results for side in result)


def test_a_loss_of_ten_cents_among_losses_of_twenty_euros_says_no_more_than_no_loss():
    steadied = np.array([1 * (0.1**2 + 20 * 400.0) / 21])  # squares of one event, leaning on those of 20 euros
    _, low, high = intervals.total(np.array([0.1]), steadied, np.ones(1), size=np.array([20.0]))
    none = intervals.total(np.zeros(1), np.zeros(1), np.ones(1), size=np.array([20.0]))[2]
    assert 0 <= low[0] <= 0.1 and none[0] < high[0] < 1.02 * none[0]  # and not 14,000
