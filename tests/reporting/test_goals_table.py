"""The table of targets: what was reached stands in it also where it is not judged."""

import pandas as pd
from bs4 import BeautifulSoup

import crmkit as ck
from tests.reporting.factories import scorecard_frame


def test_what_was_reached_is_shown_and_why_it_is_not_judged_stands_in_the_verdict():
    catalog = ck.connect({"orders": pd.DataFrame({"order_id": ["a"], "ordered_at": ["2026-10-02"], "revenue": [30.0]})})
    card = scorecard_frame(["customer_acquisition_cost", "churn_rate", "ces"], days_so_far=float("nan"))
    rough = {"status": "too few", "reason": "the interval is rough below 10 new customers", "target_verdict": ""}
    card.loc[card["metric"] == "customer_acquisition_cost", list(rough)] = list(rough.values())
    card.loc[card["metric"] == "ces", "target"] = 0.8
    html = BeautifulSoup(ck.pages.goals_table(catalog, card).html.replace("\N{NO-BREAK SPACE}", " "), "html.parser")
    rows = {
        cells[0]: cells[1:]
        for row in html.select("tbody tr")
        if (cells := [c.get_text() for c in row.select("th, td")])
    }
    assert rows["Cost of a new customer"][0] == "€38"
    assert rows["Cost of a new customer"][-1] == "Too few to judge: the interval is rough below 10 new customers"
    assert (rows["Easy to deal with"][0], rows["Easy to deal with"][-1]) == (
        "–",
        "No verdict: no answers in October 2026",
    )
    assert "Of three targets one was missed, one had too few cases to judge and one had no number" in html.get_text()
