"""The titles of the sections on targets, budgets and what precedes a win, from none to many."""

import pandas as pd
import pytest

from crmkit.insights.goals import budget_message, goals_message, precedents_message


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        ([], "No target is set"),
        (["met"], "The one target was met"),
        (["too close to call"], "The one target was too close to call"),
        ([""], "The one target had no number"),
        (["open"], "The one target had no interval to judge by"),
        (["few"], "The one target had too few cases to judge"),
        (["met", "met"], "Of two targets two were met"),
        (
            ["missed", "too close to call", "met", "met", ""],
            "Of five targets two were met, one was missed, one was too close to call and one had no number",
        ),
        (
            ["missed", "few", "few", ""],
            "Of four targets one was missed, two had too few cases to judge and one had no number",
        ),
    ],
)
def test_targets_are_counted_in_words(verdicts, said):
    rows_by_verdict = {"few": ("", 19.0, "too few"), "open": ("", 19.0, "ok"), "": ("", None, "no data")}
    rows = [rows_by_verdict.get(verdict, (verdict, 0.5, "ok")) for verdict in verdicts]
    assert goals_message(pd.DataFrame(rows, columns=["target_verdict", "value", "status"])) == said


def line(channel: str, budget: float, spent: float) -> dict:
    used = spent / budget if budget else float("nan")
    return {
        "purpose": "acquisition",
        "channel": channel,
        "budget": budget,
        "spent": spent,
        "left": budget - spent,
        "used": used,
    }


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "No budget is set for these days"),
        ([line("all", 5500, 5082)], "€5,082 of €5,500 for acquisition was spent, 92 %"),
        ([line("search", 100, 150)], "€150 of €100 for search was spent, 150 %"),
        ([line("all", 0, 20)], "€20 of €0 for acquisition was spent"),
        ([line("all", 900, 0)], "€0 of €900 for acquisition was spent, 0 %"),
        (
            [line("all", 900, 800), line("radio", 10, 20), line("social", 5, 9)],
            "€800 of €900 for acquisition was spent, 89 %; overspent: radio and social",
        ),
    ],
)
def test_a_budget_is_reported_with_what_was_overspent(lines, said):
    columns = ["purpose", "channel", "budget", "spent", "left", "used"]
    assert budget_message(pd.DataFrame(lines, columns=columns), "EUR") == said


def kind(name: str, with_: float, without: float, verdict: str = "real") -> dict:
    return {
        "kind": name,
        "win_rate_with": with_,
        "win_rate_without": without,
        "difference": with_ - without,
        "verdict": verdict,
    }


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ([], "No deal that was decided saw an interaction before"),
        (
            [kind("visit", 0.5, 0.4, "too few to tell")],
            "Too few deals to tell which kinds of event go together with wins",
        ),
        (
            [kind("visit", 0.5, 0.5, "within noise")],
            "No kind of event goes together with more or fewer wins than chance would give",
        ),
        ([kind("email", 0.2, 0.4)], "Deals with an email (20 % against 40 %) before the decision were won less often"),
        (
            [kind("visit", 0.7, 0.4), kind("meeting", 0.6, 0.4), kind("email", 0.2, 0.4)],
            "Deals with a visit (70 % against 40 %) or a meeting (60 % against 40 %) before the decision were won more often; "
            "those with an email (20 % against 40 %) before the decision were won less often",
        ),
    ],
)
def test_kinds_of_event_go_together_with_wins(kinds, said):
    columns = ["kind", "win_rate_with", "win_rate_without", "difference", "verdict"]
    assert precedents_message(pd.DataFrame(kinds, columns=columns)) == said
