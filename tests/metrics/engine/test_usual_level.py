"""The level before a period: twelve periods are surer than one, and only where nothing moved."""

import numpy as np
import pandas as pd
import pytest

from crmkit.metrics.engine.usual_level import usual_level
from crmkit.metrics.engine.verdict import judge_changes

ERROR = 4.0


def period(value, error=ERROR, status="ok") -> pd.DataFrame:
    value = np.atleast_1d(np.asarray(value, dtype=float))
    sides = {"value": value, "low": value - 1.96 * error, "high": value + 1.96 * error}
    return pd.DataFrame(sides | {"status": status, "unit": "points", "better": "higher"})


def level(values, **changed):
    earlier = [period(value, **changed) for value in values]
    return usual_level(earlier[0], earlier)


def test_twelve_periods_of_100_with_an_error_of_4_make_a_level_with_an_error_of_4_by_the_root_of_12():
    found = level([100.0] * 12)
    assert found.n_periods.item() == 12 and found.scatter.item() == 1.0
    assert found.rows.iloc[0].tolist() == pytest.approx([100, 100 - 1.96 * 4 / 12**0.5, 100 + 1.96 * 4 / 12**0.5])


@pytest.mark.parametrize(
    ("values", "n_periods"),
    [
        ([100.0] * 5, 1),  # too few of them
        ([100.0] * 6, 6),
        ([100.0] * 7 + [np.nan] + [100.0] * 4, 7),  # those before a gap are not looked at
        ([130.0] * 6 + [100.0] * 6, 1),  # a step
        ([115.0] * 3 + [100.0] * 9, 1),  # of late
        ([100.0, 130.0] * 6, 1),  # up and down
    ],
)
def test_periods_count_together_only_if_nothing_moved_in_them(values, n_periods):
    assert level(values).n_periods.item() == n_periods


def test_a_period_with_too_few_behind_it_ends_the_look_back():
    earlier = [period(100.0)] * 7 + [period(100.0, status="too few")] + [period(100.0)] * 4
    assert usual_level(earlier[0], earlier).n_periods.item() == 7


def test_periods_that_scatter_more_than_their_intervals_say_make_the_error_larger_by_as_much():
    """Deviations of 4.8 around 100 with errors of 4: a mean square of 23.04 x 12 / 11 over 16."""
    found = level([104.8, 95.2] * 6)
    assert found.n_periods.item() == 12
    assert found.scatter.item() == pytest.approx((4.8**2 * 12 / 11 / 16) ** 0.5, rel=1e-4)


def test_numbers_known_exactly_are_compared_with_the_period_before():
    assert level([100.0] * 12, error=0.0).n_periods.item() == 1


@pytest.fixture(scope="module")
def firms() -> list[pd.DataFrame]:
    """Thirteen months of 4,000 firms in which nothing changes, the latest first."""
    random = np.random.default_rng(6)
    return [period(random.normal(100, ERROR, 4000)) for _ in range(13)]


def judged(now, earlier, matters=10.0):
    each = np.arange(len(now)).astype(str)  # every firm a family of its own
    return judge_changes(now, earlier[0], np.full(len(now), matters), each, earlier=earlier)


def test_of_unchanged_firms_at_most_5_percent_are_called_real(firms):
    assert (judged(firms[0], firms[1:])["verdict"] == "real").mean() <= 0.055
    assert (judged(firms[0], firms[1:2])["verdict"] == "real").mean() == pytest.approx(0.05, abs=0.01)


def test_a_change_of_three_standard_errors_is_found_in_77_instead_of_56_percent(firms):
    risen = period(firms[0]["value"] + 3 * ERROR)
    assert (judged(risen, firms[1:2])["verdict"] == "real").mean() == pytest.approx(0.56, abs=0.03)
    assert (judged(risen, firms[1:])["verdict"] == "real").mean() >= 0.76


@pytest.mark.parametrize("change", [10.0, -10.0])
def test_a_change_that_matters_is_called_within_noise_in_at_most_5_percent_and_a_large_one_not_large(firms, change):
    words = [
        judged(period(firms[0]["value"] + times * change), firms[1:])["verdict"].value_counts(normalize=True)
        for times in (1, 2)
    ]
    assert words[0].get("within noise", 0) <= 0.055
    assert words[1].get("within noise", 0) + words[1].get("no large change", 0) <= 0.055


def test_a_real_change_has_the_sign_that_is_printed(firms):
    """Against the usual level the month fell, and against the month before, which was low by chance, it rose."""
    earlier = [period(88.0), *[period(100.0)] * 11]
    row = judged(period(89.0), earlier).iloc[0]
    assert row["change"] == pytest.approx(1.0) and row["verdict"] != "real" and row["direction"] == ""
    assert judged(period(87.0), earlier)["verdict"].item() == "real"


def test_what_may_have_changed_at_most_is_no_less_than_the_change_beside_it(firms):
    rows = judged(firms[0], firms[1:])
    assert (rows["at_most"] >= rows["change"].abs()).all()


def test_a_part_that_doubles_matters_by_its_size_in_the_whole():
    """Contraction of 30 and 60 a month among 10,000 of recurring revenue: .3 % of it more, where 1 % matters."""
    row = {"status": "ok", "unit": "money", "better": "lower"}
    now = pd.DataFrame([{"value": 60.0, "low": 20.0, "high": 110.0, **row}])
    then = pd.DataFrame([{"value": 30.0, "low": 10.0, "high": 70.0, **row}])
    of_whole = judge_changes(now, then, np.array([0.01]), whole=np.array([10_000.0]))
    of_itself = judge_changes(now, then, np.array([0.01]), whole=np.array([np.nan]))
    assert (of_whole["verdict"].item(), of_itself["verdict"].item()) == ("within noise", "too few to tell")
