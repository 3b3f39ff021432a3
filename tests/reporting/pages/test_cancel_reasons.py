"""The reasons for cancelling of a period against earlier ones, with cancellations made by hand."""

import pandas as pd
import pytest

from crmkit import Settings, connect
from crmkit.reporting.pages.churn import cancel_reason_change
from tests.reading import cells, sentences

MONTHS = pd.period_range("2025-10", "2026-10", freq="M")


def cancelled(quality_in_october):
    """Return a catalog in which six cancel a month because they move and six for quality, of October so many."""
    rows = [
        (reason, month.to_timestamp() + pd.Timedelta(days=9))
        for month in MONTHS
        for reason, n in (("moved", 6), ("quality", quality_in_october if str(month) == "2026-10" else 6))
        for _ in range(n)
    ]
    terms = pd.DataFrame(rows, columns=["cancel_reason", "cancelled_at"])
    ids = [f"c{n}" for n in range(len(terms))]
    spans = {"starts_at": terms["cancelled_at"] - pd.Timedelta(days=40), "ends_at": pd.Timestamp("2026-12-31")}
    terms = terms.assign(customer_id=ids, subscription_id=ids, mrr=20.0, **spans)
    return connect({"subscription_terms": terms}, Settings(data={"through": "2026-10-31"}))


@pytest.mark.parametrize(
    ("n", "title"),
    [
        (40, "Cancelled because of “quality”: 40 in October 2026, after 6"),
        (7, "No reason for cancelling was given more often than before by more than chance"),
    ],
)
def test_reasons_of_october_stand_beside_those_of_september_and_a_month_before(n, title):
    html = cancel_reason_change(cancelled(n), "2026-10").html
    said = cells(html)
    assert title in " ".join([*sentences(html), *said])
    assert ["quality", str(n), "6", "6", "moved", "6", "6", "6"] == said[-8:]


def test_a_firm_whose_reasons_are_of_one_month_alone_has_no_such_table():
    terms = cancelled(7).frame("subscription_terms")
    young = connect({"subscription_terms": terms[terms["cancelled_at"] >= "2026-10-01"]})
    assert cancel_reason_change(young, "2026-10").html == ""
