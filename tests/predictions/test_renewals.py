"""Renewals of the next months: by hand, and with intervals that hold on firms whose truth is known."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.predictions.renewals import outlook_of

AS_OF = date(2026, 8, 31)


def terms(rows):
    frame = pd.DataFrame(rows, columns=["who", "starts_at", "ends_at", "cancelled_at"])
    return frame.assign(subscription_id=frame["who"], customer_id=frame["who"], mrr=10.0).drop(columns="who")


def test_september_is_compared_with_september_and_who_gave_notice_is_not_due():
    """Of 20 terms that ended in September 2025 15 were renewed; in March nobody does, which is another season."""
    rows = [
        (f"s{i}", f"{year}-09-10", f"{year + 1}-09-10", None)
        for i in range(20)
        for year in (2024, 2025)
        if i < 15 or year == 2024
    ]
    rows += [(f"m{i}", "2025-03-01", "2026-03-01", None) for i in range(30)]
    rows += [(f"n{i}", "2025-09-10", "2026-09-10", "2026-07-01") for i in range(5)]
    catalog = ck.connect({"subscription_terms": terms(rows)}, ck.Settings(data={"through": str(AS_OF)}))
    found = ck.renewal_outlook(catalog, AS_OF).set_index("month")
    row = found.loc["2026-09"]
    assert (row["due"], row["compared_with"], row["n_before"]) == (15, "the year before", 20)
    assert row["expected"] == pytest.approx(15 * 15.5 / 21)
    assert row["low"] < row["expected"] < row["high"] <= 15
    assert found.loc["total", "due"] == 15 and found.index.tolist() == ["2026-09", "total"]


def firm(random):
    """Four years of terms that end by season, and the twelve months that come, whose shares move from year to year."""
    base = random.normal(1.0, 0.7, 12)
    n = random.integers(5, 80, 12)
    move = random.normal(0, 0.25, 5)
    rows, came = [], {}
    first = 12 * 2022 + 9
    for month in range(first, first + 60):
        year, place = divmod(month - first, 12)
        share = 1 / (1 + np.exp(-base[place] - move[year] - random.normal(0, 0.15)))
        due = int(random.poisson(n[place]))
        renewed = int(random.binomial(due, share))
        known = year < 4
        rows += [(month, True, renewed if known else 0, known), (month, False, due - renewed if known else due, known)]
        came[month] = renewed
    frame = pd.DataFrame(rows, columns=["month", "renewed", "n", "is_known"])
    return frame[frame["n"] > 0].assign(notice_month=np.nan), came


def test_intervals_of_months_and_of_the_year_hold_on_150_firms_and_are_not_too_wide():
    random, rows = np.random.default_rng(1), []
    for _ in range(150):
        frame, came = firm(random)
        found = outlook_of(frame, AS_OF, 12)
        truth = [came[12 * int(m[:4]) + int(m[5:])] for m in found["month"].iloc[:-1]]
        found["came"] = [*truth, sum(truth)]
        rows.append(found)
    every = pd.concat(rows)
    held = every["came"].between(every["low"], every["high"])
    total = every["month"] == "total"
    off = (every["came"] - every["expected"]) / every["due"]
    width = (every["high"] - every["low"]) / every["due"]
    print(
        held[total].mean(),
        held[~total].mean(),
        off[total].mean(),
        width[total].median(),
        np.quantile(off[total], [0.025, 0.975]),
    )
    assert held[total].mean() >= 0.92 and held[~total].mean() >= 0.93
    assert abs(off[total].mean()) < 0.02
    least, most = np.quantile(off[total], [0.025, 0.975])
    assert width[total].median() < 2 * (most - least)
