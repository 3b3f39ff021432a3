"""One formula for the value of a customer, against textbooks and the closed form of Fader and Hardie (2010)."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import hyp2f1

from crmkit.errors import UnknownName
from crmkit.models.subscriptions.present_value import present_value, rate_per_period
from crmkit.models.subscriptions.sbg import ShiftedBetaGeometric
from crmkit.models.subscriptions.spells import spells_of_survivors
from tests.models.subscribers import HIGH_END, REGULAR


@pytest.mark.parametrize(
    ("pays", "formula", "printed"),
    [
        ("start", lambda m, r, d: m * (1 + d) / (1 + d - r), 367),
        ("end", lambda m, r, d: m / (1 + d - r), 333),
        ("renewal", lambda m, r, d: m * r / (1 + d - r), 267),
        ("due", lambda m, r, d: m * r * (1 + d) / (1 + d - r), 293),
    ],
)
def test_margin_100_retention_80_percent_discount_10_percent_by_who_pays_when(pays, formula, printed):
    value = present_value(0.8 ** np.arange(400), 100, 0.1, pays=pays)
    assert value == pytest.approx(formula(100, 0.8, 0.1), rel=1e-12)
    assert round(float(value)) == printed


def test_two_payments_worked_by_hand():
    """One of two customers renews: 100 now and 50 in a period; at 25 % a period that is 100 + 40."""
    curve = np.array([1.0, 0.5])
    assert present_value(curve, 100, 0.25, pays="start") == pytest.approx(100 + 50 / 1.25)
    assert present_value(curve, 100, 0.25, pays="end") == pytest.approx(100 / 1.25 + 50 / 1.25**2)
    assert present_value(curve, 100, 0.25, pays="renewal") == pytest.approx(50 / 1.25)
    assert present_value(curve, 100, 0.25, pays="due") == pytest.approx(50)


@given(r=st.floats(0, 0.99), d=st.floats(0.01, 1), m=st.floats(-1e6, 1e6))
def test_conventions_differ_only_by_the_payment_today_and_by_the_wait(r, d, m):
    curve = r ** np.arange(2000)
    start, end, renewal, due = (
        float(present_value(curve, m, d, pays=pays)) for pays in ("start", "end", "renewal", "due")
    )
    assert start == pytest.approx(m + renewal, rel=1e-9, abs=1e-6)
    assert end == pytest.approx(start / (1 + d), rel=1e-9, abs=1e-6)
    assert due == pytest.approx(renewal * (1 + d), rel=1e-9, abs=1e-6)


def test_ten_percent_a_year_is_less_than_a_twelfth_of_it_a_month_and_compounds_back():
    assert rate_per_period(0.10, 12) == pytest.approx(0.00797414, abs=1e-8)
    assert (1 + rate_per_period(0.10, 52)) ** 52 == pytest.approx(1.10)
    assert rate_per_period(0.10, 1) == pytest.approx(0.10)


@pytest.mark.parametrize("survivors", [HIGH_END, REGULAR])
@pytest.mark.parametrize("renewal", [1, 2, 5, 10])
def test_residual_lifetime_of_sbg_is_the_closed_form_of_fader_and_hardie(survivors, renewal):
    """DERL of a customer about to make her n-th renewal, in terms of Gauss's hypergeometric function (2010, section 3)."""
    model = ShiftedBetaGeometric().fit(spells_of_survivors(survivors))
    a, b = model.params_
    last = b + renewal - 1
    closed = last / (a + last) * hyp2f1(1, last + 1, a + last + 1, 1 / 1.1)
    curve = model.curves(pd.DataFrame({"tenure": [renewal - 1]}), 400)[0]
    assert present_value(curve, 1, 0.1, pays="due") == pytest.approx(closed, rel=1e-9)


@pytest.mark.parametrize(("survivors", "lifetime", "short"), [(HIGH_END, 5.41, 31), (REGULAR, 2.96, 51)])
def test_constant_retention_understates_the_residual_lifetime_by_31_and_51_percent(survivors, lifetime, short):
    """The retention of the first renewal, gone on with for ever, against customers who differ; 10 % a year."""
    model = ShiftedBetaGeometric().fit(spells_of_survivors(survivors))
    curve = model.curves(pd.DataFrame({"tenure": [0]}), 400)[0]
    differing = float(present_value(curve, 1, 0.1, pays="due"))
    alike = float(present_value(curve[1] ** np.arange(401), 1, 0.1, pays="due"))
    assert differing == pytest.approx(lifetime, abs=0.01)
    assert round(100 * (1 - alike / differing)) == short


def test_an_unknown_convention_is_refused_with_the_name_that_was_meant():
    with pytest.raises(UnknownName, match="Did you mean 'start'"):
        present_value(np.ones(3), 1, 0.1, pays="starts")
