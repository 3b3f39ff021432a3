"""Stretches without rows: which the firm's own rhythm explains, and which it does not."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from crmkit.cleaning.checks.timeline import unexpected_gaps

START = date(2025, 1, 6)  # a Monday


def rows_on(n_days, n=3, open_on=range(7), without=()):
    """Rows of a firm that is open on some weekdays; ``without`` are pairs of first day and number of days."""
    closed = {start + k for start, length in without for k in range(length)}
    days = [START + timedelta(days=k) for k in range(n_days) if k % 7 in open_on and k not in closed]
    return pd.Series(n, index=days)


def told(rows, through=None):
    return [((gap.first - START).days, gap.n_days, gap.at_end) for gap in unexpected_gaps(rows, through)]


@pytest.mark.parametrize("open_on", [range(7), range(6), range(5)])
def test_a_missing_week_of_a_firm_open_five_to_seven_days_is_found_with_its_days(open_on):
    ((start, n_days, at_end),) = told(rows_on(365, open_on=open_on, without=[(140, 7)]))
    assert start <= 140 <= 146 < start + n_days <= 149 and not at_end


def test_the_rows_to_be_expected_are_those_of_the_same_weekdays():
    (gap,) = unexpected_gaps(rows_on(365, n=4, open_on=range(5), without=[(140, 7)]))
    assert gap.expected == 20


@pytest.mark.parametrize("n_days", [1, 2, 3])
def test_a_long_weekend_is_no_gap(n_days):
    assert told(rows_on(730, without=[(140, n_days)])) == []


def test_closed_sundays_are_no_gaps_and_neither_is_a_small_firm_that_sells_once_a_week():
    assert told(rows_on(365, open_on=range(6))) == []
    chance = np.random.default_rng(1)
    days = [START + timedelta(days=k) for k in range(730) if chance.random() < 1 / 7]
    assert told(pd.Series(1, index=days)) == []


def test_a_shop_open_on_saturdays_misses_two_of_them_but_not_one():
    assert told(rows_on(140, open_on=[5], without=[(61, 1)])) == []
    assert len(told(rows_on(140, open_on=[5], without=[(60, 14)]))) == 1


def test_a_break_that_comes_every_year_is_how_the_firm_works():
    every_year = rows_on(900, without=[(200, 14), (565, 14)])
    assert told(every_year) == []
    assert len(told(rows_on(900, without=[(200, 14)]))) == 1


def test_bills_that_come_each_month_lack_one():
    months = [date(2025, month, 1) for month in range(1, 13) if month != 6]
    (gap,) = unexpected_gaps(pd.Series(5, index=months))
    assert (gap.first, gap.last) == (date(2025, 5, 2), date(2025, 6, 30))


def test_a_table_that_ends_two_weeks_before_the_others_ends_early_and_one_that_ends_three_days_before_does_not():
    rows = rows_on(365)
    end = START + timedelta(days=364)
    assert told(rows, end + timedelta(days=14)) == [(365, 14, True)]
    assert told(rows, end + timedelta(days=3)) == []


def test_a_firm_that_began_slowly_is_not_held_to_its_later_rhythm():
    quiet = [START + timedelta(days=k) for k in (0, 3, 9, 20)]
    busy = [START + timedelta(days=k) for k in range(30, 365)]
    assert told(pd.Series(2, index=quiet + busy)) == []


@pytest.mark.parametrize("per_week", [0.5, 1, 2, 4, 7, 20])
def test_of_twenty_years_of_chance_hardly_one_has_a_false_alarm(per_week):
    """At odds of one in a thousand a table, 20 tables of each rhythm have none in 98 of 100 runs; the seed is fixed."""
    chance = np.random.default_rng(7)
    n_found = 0
    for _ in range(20):
        counts = chance.poisson(per_week / 7, 365)
        rows = pd.Series(counts, index=[START + timedelta(days=k) for k in range(365)])
        n_found += len(unexpected_gaps(rows[rows > 0], START + timedelta(days=364)))
    assert n_found == 0
