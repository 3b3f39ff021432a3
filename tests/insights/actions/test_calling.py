"""Whether to call those who may leave: the churn page, the page on what to do and the command line say the same."""

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.insights.actions.calling import call_advice
from crmkit.insights.actions.report import actions_in_words
from crmkit.insights.actions.saving import save_rate
from crmkit.insights.churn import ChurnSummary, churn_findings
from tests.reporting.pages.test_churn import GUESSED, summary

DAY, N = date(2026, 10, 31), 200


def shop(treatments=None, cost=2.0, scores=0.5, saves=0.10):
    """Return a shop of 200 who paid 100 each, with a chance to leave and a worth that are known."""
    ids = [f"c{n:03}" for n in range(N)]
    orders = pd.DataFrame(
        {"order_id": ids, "customer_id": ids, "ordered_at": "2026-07-15", "revenue": 100.0 + np.arange(N) % 9}
    )
    predicted = [
        pd.DataFrame({"customer_id": ids, "as_of": "2026-10-31", "model": model, "model_version": "1", "value": value})
        for model, value in (("churn", scores), ("value", 100.0))
    ]
    tables = {"orders": orders, "customer_scores": pd.concat(predicted)}
    if treatments is not None:
        tables["treatments"] = treatments
    settings = ck.Settings(
        data={"through": "2026-10-31"},
        company={"currency": "EUR"},
        retention={"contact_cost": cost, "save_rate": saves},
    )
    return ck.connect(tables, settings)


def drawn(value, day="2026-06-01", ends="2026-08-01", action="keep"):
    """Return a trial of the action on all, in which each of the treated brought so much more."""
    random = np.random.default_rng(3)
    treated = np.arange(N) % 2 == 0
    return pd.DataFrame(
        {
            "customer_id": [f"c{n:03}" for n in range(N)],
            "action": action,
            "assigned_at": day,
            "treated": treated,
            "ends_at": ends,
            "outcome_at": "2026-07-20",
            "value": random.normal(20, 5, N) + treated * value,
            "cost": 2.0,
        }
    )


def words(html):
    from bs4 import BeautifulSoup

    text = (
        BeautifulSoup(html, "html.parser").get_text(" ").replace("\u2060", "")
    )  # which keeps signs and numbers together
    return re.sub(r"\s+", " ", text)


CASES = {
    "untried": (shop, "draw", "Call ", "Assumed: a call keeps 10 % of those who would leave"),
    "it pays": (lambda: shop(drawn(20.0)), "roll out", "Call ", "It pays: give it to everybody"),
    "it costs": (lambda: shop(drawn(-20.0)), "stop", "Do not call those who may leave:", "It does not pay: stop it."),
    "it runs": (
        lambda: shop(drawn(0.0, day="2026-10-01", ends="2026-12-01")),
        "running",
        "Call only those on the list of the trial that runs",
        "until 30 November 2026",
    ),
    "too dear": (lambda: shop(cost=50.0), "none", "No call pays for itself", "if it keeps 10 %"),
}


@pytest.mark.parametrize("case", CASES)
def test_all_pages_say_the_same(case):
    made, advice, begins, holds = CASES[case]
    catalog = made()
    found = call_advice(catalog, DAY)
    said = found.finding.text
    assert found.advice == advice
    assert said.startswith(begins) and holds in said
    actions_page = words(ck.pages.action_opening(catalog, "2026-10")._repr_html_())
    assert said.replace(" ", "") in actions_page.replace(" ", "")
    assert said in actions_in_words(catalog, ck.propose(catalog))
    proposals = ck.propose(catalog)
    keep = proposals[(proposals["action"] == "keep") & (proposals["advice"] != "stop")]
    assert (len(keep) == 1) == (advice in ("draw", "roll out"))
    if len(keep):
        assert f"Call {keep['n_treated'].iloc[0]} who may leave and leave {keep['n_held'].iloc[0]} out" in said


def test_the_churn_page_prints_that_statement():
    page = summary(GUESSED)
    said = call_advice(shop(), DAY).finding
    told = churn_findings(ChurnSummary(**{**vars(page), "call": call_advice(shop(), DAY)}), "EUR")
    assert told[2].text == said.text


def test_a_trial_of_something_else_says_nothing_of_calls():
    assert "no action of yours has been measured" in save_rate(shop(drawn(0.0, action="reorder")), DAY).words
    assert "reorder" not in call_advice(shop(drawn(0.0, action="reorder")), DAY).finding.text
