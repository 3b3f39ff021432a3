"""The page on value where hardly anything is known: every section is a picture, a table or nothing, never "nan"."""

import re
from datetime import date

import pandas as pd
import pytest

import crmkit as ck
from crmkit.insights.value import backtest_message
from crmkit.predictions.value.backtest import OURS
from crmkit.reporting.pages import value as value_judgement
from crmkit.reporting.pages import value as value_sections
from crmkit.settings import parse_settings

END = date(2026, 10, 31)


def subscribers(n):
    """They came one after the other, month by month, and nobody has left."""
    starts = [
        pd.date_range(f"2026-{1 + k % 9:02d}-05", periods=10 - k % 9, freq=pd.DateOffset(months=1)) for k in range(n)
    ]
    rows = [
        pd.DataFrame(
            {
                "subscription_id": f"S{k}",
                "customer_id": f"{k}",
                "starts_at": each,
                "mrr": 10.0,
                "ends_at": each + pd.DateOffset(months=1),
            }
        )
        for k, each in enumerate(starts)
    ]
    return {"subscription_terms": pd.concat(rows)}


def single_orders(n):
    at = [pd.Timestamp(2026, 1 + k % 9, 11) for k in range(n)]
    return {
        "orders": pd.DataFrame(
            {"order_id": range(n), "customer_id": range(n), "ordered_at": at, "revenue": 10.0}
        ).astype({"order_id": str, "customer_id": str})
    }


CASES = [
    (subscribers, 1),
    (single_orders, 2),
    *(pytest.param(t, 40, marks=pytest.mark.slow) for t in (subscribers, single_orders)),
]


@pytest.mark.parametrize(("tables", "n"), CASES)
def test_every_section_says_something_or_is_not_there(tables, n):
    catalog = ck.connect(tables(n), parse_settings({"data": {"through": END}}))
    summary = ck.value_summary(catalog, END)
    of_book = [
        value_sections.value_opening,
        value_sections.value_concentration,
        value_sections.valuable_customers,
        value_sections.value_horizons,
        value_sections.value_life,
        value_judgement.renewal_odds_table,
        value_judgement.value_judged,
        value_judgement.calibration_chart,
    ]
    parts = [section(catalog, summary) for section in of_book]
    parts += [value_sections.value_by(catalog, by, summary) for by in ("channel", "cohort")]
    parts += [value_judgement.tenure_chart(catalog, "plan", summary), value_judgement.value_models(catalog, summary)]
    page = re.sub(r"<(style|svg|img)\b.*?>", "", " ".join(part._repr_html_() for part in parts))
    words = re.sub(r"<[^>]+>", " ", page)
    assert not re.search(r"\b(nan|NaN|None|inf|NaT)\b", words)
    assert "Your customers are worth" in words or "not measured" in words


def test_the_alternatives_of_the_formula_are_367_and_333_and_267():
    catalog = ck.connect(single_orders(3), parse_settings({"data": {"through": END}}))
    words = value_judgement.value_conventions(catalog)._repr_html_()
    assert "worth €367, €333 or €267, by convention" in words
    assert (
        "renews each time with a chance of 80" in words and "€110 that come a period later count as €100 now" in words
    )


def test_misses_that_are_alike_are_said_once():
    rows = pd.DataFrame({"method": OURS, "predicted": [99.0, 198.0], "actual": [100.0, 200.0], "mae": 1.0})
    assert backtest_message(rows).startswith("On past days the total was missed by −1\N{NO-BREAK SPACE}% each time; ")
    assert "by −1\N{NO-BREAK SPACE}% and 0 %; " in backtest_message(rows.assign(predicted=[99.0, 200.0]))
    assert backtest_message(rows.head(1)).startswith(
        "On the one past day the total was missed by −1\N{NO-BREAK SPACE}%; "
    )


def test_a_model_taken_unseen_is_not_said_to_have_done_best():
    catalog = ck.connect(single_orders(3), parse_settings({"data": {"through": END}}))
    words = value_judgement.value_models(catalog, ck.value_summary(catalog, END))._repr_html_()
    assert "Too few customers to try models on" in words and "did best" not in words
