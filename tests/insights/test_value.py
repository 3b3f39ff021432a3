"""What is said of the value of customers, at every size."""

import re

import numpy as np
import pandas as pd
import pytest

from crmkit.insights.value import (
    backtest_message,
    group_value_message,
    survival_message,
    value_findings,
    value_headline,
    value_method,
)
from crmkit.predictions.value.backtest import BOOSTED, OURS
from crmkit.predictions.value.forecast import few_notes, with_few_explained
from crmkit.predictions.value.summary import ValueSummary

NONE = pd.DataFrame({"method": []})


def summary(values, few=(), notes=(), reason="", total=None):
    customers = pd.DataFrame({"customer_id": [str(n) for n in range(len(values))], "value": values})
    whole = float(sum(values)) if total is None else total
    top = max(values, default=0.0)
    return ValueSummary(
        as_of=None,
        customers=customers,
        total=pd.Series({"value": whole, "low": whole * 0.9, "high": whole * 1.1}),
        horizons=pd.DataFrame(),
        beyond=whole / 10,
        by_channel=pd.DataFrame({"channel": []}),
        concentration=pd.DataFrame({"top": [0.1], "n": [1], "value": [top], "share": [top / whole if whole else 0.0]}),
        models=pd.DataFrame(),
        few=list(few),
        notes=list(notes),
        basis="margin",
        horizon=36,
        discount_rate=0.1,
        reason=reason,
    )


def backtest(**changes):
    ours = {
        "method": OURS,
        "day": "2025-10-31",
        "months": 12,
        "predicted": 90.0,
        "low": 80.0,
        "high": 110.0,
        "actual": 100.0,
        "of_new_subscriptions": 0.0,
        "mae": 4.0,
    }
    return pd.DataFrame([ours | changes, ours | {"method": BOOSTED, "mae": 5.0}])


def test_the_headline_is_the_total_and_the_first_sentence_its_interval():
    told = summary([600.0, 300.0, 100.0])
    assert value_headline(told, "EUR") == "Your customers are worth €1,000 over the next 36 months"
    first = value_findings(told, backtest(), "EUR")[0].text
    assert first.startswith("3 customers will bring €1,000 within 36 months, in margin, discounted at 10 % a year")
    assert "€900 to €1,100" in first


def test_a_forecast_that_missed_says_so():
    missed = value_findings(summary([600.0, 300.0]), backtest(actual=150.0), "EUR")
    assert any("outside its 95 % interval" in finding.text for finding in missed)
    kept = value_findings(summary([600.0, 300.0]), backtest(), "EUR")
    assert any("inside its 95 % interval" in finding.text for finding in kept)


def test_few_customers_are_reported():
    few = with_few_explained([*few_notes(44, "customers with orders"), *few_notes(19, "subscriptions")])
    told = value_findings(summary([5.0], few=few, notes=["There are other things to know."]), NONE)[-1].text
    assert told == (
        "Few customers. There is little to learn from: 44 customers with orders and 19 subscriptions, each fewer than 300. "
        "With so few, estimates are kept near usual values, so that a handful cannot swing them, and intervals are wide."
    )


def test_several_kinds_of_few_are_one_sentence_that_names_each():
    few = [*few_notes(265, "monthly subscriptions of Basic"), *few_notes(18, "yearly subscriptions of all plans")] * 2
    assert with_few_explained(few)[0] == (
        "There is little to learn from: 265 monthly subscriptions of Basic and 18 yearly subscriptions of all plans, each "
        "fewer than 300."
    )


def test_that_nobody_is_as_good_as_gone_is_not_said():
    assert "as good as gone" not in " ".join(each.text for each in value_findings(summary([600.0, 300.0]), NONE))
    told = " ".join(each.text for each in value_findings(summary([600.0, 0.5]), NONE, "EUR"))
    assert "1 customer is as good as gone: less than €1 is expected of her." in told
    told = " ".join(each.text for each in value_findings(summary([600.0, 0.5, 0.2]), NONE, "EUR"))
    assert "2 customers are as good as gone: less than €1 is expected of each." in told


def test_of_enough_customers_nothing_is_said_however_a_note_begins():
    assert few_notes(300, "customers with orders") == [] and with_few_explained([]) == []
    told = value_findings(summary([5.0], notes=["There are other things to know."]), NONE)
    assert not any("There are" in finding.text for finding in told)


@pytest.mark.parametrize(
    "told",
    [
        summary([]),
        summary([0.0]),
        summary([0.0] * 40),
        summary([3.0]),
        summary([], reason="not measured: needs orders"),
    ],
)
def test_there_is_a_sentence_at_every_size(told):
    text = " ".join(
        [value_headline(told), *(finding.text for finding in value_findings(told, NONE)), *value_method(told)]
    )
    assert not re.search(r"\b(nan|NaN|None|inf|NaT)\b|\b1 customers\b", text) and text


def test_groups_are_distinguished_only_if_their_intervals_are_apart():
    groups = pd.DataFrame(
        {"channel": ["fair", "mail"], "value": [50.0, 20.0], "low": [40.0, 15.0], "high": [60.0, 25.0]}
    )
    assert (
        group_value_message(groups, "channel", "EUR") == "Customers from fair are worth €50 each, those from mail €20"
    )
    assert group_value_message(groups.assign(low=10.0), "channel", "EUR").startswith("No channel is clearly worth more")


def test_a_year_that_is_a_forecast_is_called_one():
    curves = pd.DataFrame(
        {
            "group": ["a", "b"],
            "month": 12,
            "value": [0.8, 0.5],
            "low": [0.7, 0.4],
            "high": [0.9, 0.6],
            "extrapolated": [False, True],
        }
    )
    assert survival_message(curves, "plan") == "A keeps 80 % for a year, b 50 % (a forecast)"


def test_the_nearest_method_is_named_even_if_it_is_not_ours():
    assert "gradient boosting was nearer" in backtest_message(backtest(mae=9.0))
    assert "no other way was nearer" in backtest_message(backtest())
    assert "too young" in backtest_message(NONE)
    assert np.isfinite(backtest()["mae"]).all()
