"""Spells of subscribers: what is counted, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

from crmkit.errors import Problems
from crmkit.models.subscriptions.spells import read_spells, risk_table, spells_of_survivors
from tests.models.subscribers import lifetimes, watched


def test_one_lost_at_the_second_renewal_and_one_with_three_are_two_two_and_one_at_risk():
    table = risk_table(read_spells(pd.DataFrame({"entry": [0, 0], "exit": [2, 3], "lost": [True, False]})))
    assert table.period.tolist() == [1, 2, 3]
    assert table.at_risk.tolist() == [2, 2, 1]
    assert table.lost.tolist() == [0, 1, 0]


def test_a_customer_first_seen_after_three_renewals_is_not_at_risk_at_the_first_three():
    table = risk_table(read_spells(pd.DataFrame({"entry": [3], "exit": [5], "lost": [True]})))
    assert (table.period.tolist(), table.at_risk.tolist(), table.lost.tolist()) == ([4, 5], [1, 1], [0, 1])


def test_counts_say_the_same_as_individuals():
    random = np.random.default_rng(3)
    people = watched(random, lifetimes(random, 500, 1.0, 5.0))
    counted = people.groupby(["entry", "exit", "lost"]).size().rename("n").reset_index()
    one, other = risk_table(read_spells(people)), risk_table(read_spells(counted))
    for name in ("period", "at_risk", "lost"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()


def test_the_table_gives_the_survival_curve_of_lifelines_with_delayed_entry():
    random = np.random.default_rng(4)
    people = watched(random, lifetimes(random, 800, 1.0, 5.0), since=-6)
    table = risk_table(read_spells(people))
    oracle = KaplanMeierFitter().fit(people["exit"], people["lost"], entry=people["entry"])
    ours = np.cumprod(table.kept / table.at_risk)
    assert ours == pytest.approx(oracle.survival_function_at_times(table.period).to_numpy(), abs=1e-12)


def test_survivors_of_a_cohort_become_spells_that_add_up_to_it():
    assert risk_table(spells_of_survivors([1000, 869, 743])).at_risk.tolist() == [1000, 869]


def test_all_faults_are_reported_at_once():
    broken = pd.DataFrame(
        {"entry": [0, 2, -1, 3, 0], "exit": [1.5, 1, 2, 3, np.nan], "lost": [True, False, True, True, False]}
    )
    with pytest.raises(Problems) as caught:
        read_spells(broken)
    told = "\n".join(caught.value.problems)
    for part in ("not a finite number", "whole periods", "entry below 0", "exit below entry", "entry + 1"):
        assert part in told


def test_a_tenure_in_seconds_and_a_missing_column_are_refused():
    with pytest.raises(Problems, match="10,000 periods"):
        read_spells(pd.DataFrame({"entry": [0], "exit": [86_400], "lost": [True]}))
    with pytest.raises(Problems, match="column 'lost' is missing"):
        read_spells(pd.DataFrame({"entry": [0], "exit": [1]}))
