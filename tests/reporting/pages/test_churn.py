"""The page on who is about to leave, from figures made by hand: plain words, and the definitions in the small print."""

from datetime import date

import pandas as pd
import pytest
from bs4 import BeautifulSoup

import crmkit as ck
from crmkit.insights.actions.calling import CallAdvice
from crmkit.insights.actions.saving import SaveRate
from crmkit.insights.churn import ChurnSummary, churn_findings, churn_method, methods_message
from crmkit.insights.findings import Finding
from crmkit.predictions.churn.outlook import ChurnOutlook
from crmkit.reporting.pages import churn as churn_judgement
from crmkit.reporting.pages import churn as churn_learned
from crmkit.reporting.pages import churn as churn_sections
from tests.reading import cells, faults, sentences

DAY = date(2026, 9, 30)
JARGON = (
    "regression",
    "percentile",
    "hazard",
    "odds ratio",
    "horizon",
    "log-loss",
    "survival",
    "stability index",
    "feature",
)


def past_days():
    """Four days of 100 customers: 20 were expected to leave, 18, 22, 20 and 40 did."""
    one = {
        "method": "blend",
        "n": 100,
        "expected": 20.0,
        "variance": 16.0,
        "log_loss": 0.4,
        "auc": 0.8,
        "lift": 3.0,
        "slope": 1.0,
    }
    return pd.DataFrame(
        [one | {"day": f"2026-0{5 - i}-01", "lost": lost} for i, lost in enumerate([18.0, 22.0, 20.0, 40.0])]
    )


def by_tenth():
    rows = [
        {
            "day": "2026-05-01",
            "method": "blend",
            "tenth": tenth,
            "tenth_n": 50,
            "tenth_expected": 5.0 * tenth,
            "tenth_variance": 4.0,
            "tenth_lost": 5.0 * tenth,
        }
        for tenth in (1, 2)
    ]
    return pd.DataFrame(rows).assign(**{name: 1.0 for name in ("expected", "variance", "lost", "n")})


def outlook(warning=""):
    scores = pd.DataFrame(
        {"value": [0.5, 0.25, 0.25], "low": 0.1, "high": 0.9}, index=pd.Index(["a1", "b2", "c3"], name="customer_id")
    )
    known = pd.DataFrame({"days_since_order": [40.0, 10.0, 5.0], "kind": "at risk"}, index=scores.index)
    shares = pd.DataFrame({"days_since_order": [1.0, 0.0, 0.0]}, index=scores.index)
    drivers = pd.DataFrame(
        {
            "feature": ["days_since_order", "n_orders"],
            "least": [4.0, 1.0],
            "most": [87.0, 9.0],
            "odds_ratio": [22.61, 0.542],
            "low": [3.742, 0.295],
            "high": [31.0, 1.004],
        }
    )
    shifts = pd.DataFrame(
        {
            "feature": ["days_as_customer", "n_orders"],
            "then": [100.0, 2.0],
            "now": [300.0, 2.0],
            "index": [0.4, 0.01],
            "weight": [0.1, 0.2],
            "shifted": [True, False],
        }
    )
    pairs = pd.DataFrame(
        {
            "first": ["plan"],
            "is_first": ["<b>Office"],
            "second": ["n_tickets_90_days"],
            "is_second": ["above 2"],
            "n": [120],
            "lost": [0.48],
            "expected": [0.35],
        }
    )
    tested, tenths = past_days(), by_tenth()
    return ChurnOutlook(
        DAY, 90, "blend", scores, shares, known, tested, tenths, drivers, shifts, pairs, 0.0, 400, 100, warning
    )


def summary(save, profits=(7.0, 3.0), **more):
    told = outlook(**more)
    at_risk = pd.DataFrame({"chance": told.scores["value"], "worth": 100.0, "at_risk": 100 * told.scores["value"]})
    at_risk.attrs["basis"] = "what they brought in the last 12 months"
    plan = pd.DataFrame({"n": range(1, len(profits) + 1), "gain": profits, "profit": pd.Series(profits).cumsum()})
    groups = pd.DataFrame(
        {
            "what": "plan",
            "group": ["Office", "Small"],
            "n": 90,
            "lost": [0.1, 0.4],
            "low": [0.05, 0.3],
            "high": [0.2, 0.5],
            "others": [0.4, 0.1],
        }
    )
    reviewed = past_days().drop(columns="method")
    return ChurnSummary(
        DAY,
        told,
        at_risk,
        (100.0, 80.0, 120.0),
        save,
        plan,
        reviewed,
        groups,
        pd.DataFrame({"reason": ["quality"], "n": [4], "share": [1.0]}),
        call=CallAdvice("draw", Finding("No call pays for itself", " if it keeps 10 %.")),
    )


GUESSED = SaveRate(0.1, False, "from your settings; no action of yours has been measured against customers held out")
MEASURED = SaveRate(0.2, True, "measured against customers held out: 20 % (10 to 30 %)")


@pytest.fixture
def catalog():
    orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a1"], "ordered_at": ["2026-09-01"], "revenue": [10.0]})
    return ck.connect({"orders": orders}, ck.Settings(company={"currency": "EUR"}, retention={"contact_cost": 5}))


@pytest.fixture
def risks(monkeypatch):
    rows = pd.DataFrame(
        {
            "what": "plan",
            "group": ["Office", "Small"],
            "against": "no subscription",
            "n": [500, 800],
            "hazard_ratio": [0.16, 0.5],
            "low": [0.13, 0.4],
            "high": [0.19, 0.6],
            "p_value": 0.0,
            "p_constant": [0.5, 0.001],
        }
    )
    monkeypatch.setattr(churn_learned, "relative_risks", lambda *_: rows)
    months = pd.DataFrame({"month": [0, 3], "value": [80.0, 30.0], "low": 28.0, "high": 82.0, "longest": 35})
    monkeypatch.setattr(churn_learned, "remaining", lambda *_: months)


def page(catalog, summary):
    sections = (
        churn_sections.churn_opening,
        churn_sections.leaving_customers,
        churn_sections.leaving_export,
        churn_sections.call_chart,
        churn_learned.remaining_chart,
        churn_learned.churn_drivers,
        churn_learned.relative_risk_table,
        churn_judgement.churn_groups,
        churn_judgement.cancel_reason_table,
        churn_judgement.expected_losses_chart,
        churn_judgement.reliability_chart,
        churn_judgement.churn_methods,
        churn_judgement.earlier_scores,
        churn_learned.churn_shifts,
    )
    return [section(catalog, summary)._repr_html_() for section in sections]


def test_one_of_three_who_may_leave_is_expected_to_and_100_euros_would_go_with_her():
    told = [finding.text for finding in churn_findings(summary(GUESSED), "EUR")]
    assert told[0] == "Of 3 customers who may leave 1 is expected to within 90 days (95 % interval 0 to 3)."
    assert told[1] == "€100 would go with them (€80 to €120): what they brought in the last 12 months."
    assert told[3].startswith("Tried on 4 past days: 80 customers were expected to leave, 100 left.")


def test_the_statement_on_calls_stands_as_it_is_between_the_money_and_the_trust():
    told = [finding.text for finding in churn_findings(summary(GUESSED), "EUR")]
    assert told[2] == "No call pays for itself if it keeps 10 %."


def test_every_sentence_can_be_read_and_jargon_stands_in_captions_for_the_analyst_alone(catalog, risks):
    for html in page(catalog, summary(GUESSED)):
        assert not [fault for text in (*sentences(html), *cells(html)) for fault in faults(text, allow=("no end",))]
        soup = BeautifulSoup(html, "html.parser")
        plain = " ".join(part.get_text() for part in soup.select("h1, h2, h3, li, thead th, summary, .subtitle"))
        assert not [word for word in JARGON if word in plain.lower().replace("log-loss", "")], plain


def test_titles_of_the_sections(catalog, risks):
    words = " ".join(text for html in page(catalog, summary(GUESSED)) for text in sentences(html))
    for title in (
        "Half of the 80 customers of today will have left in 3 months",
        "Leavers differ from stayers most in days since the last order",
        "Where 100 customers of “no subscription” leave, 16 of as many of the plan “Office” do",
        "Of the customers of the plan “Office” 10 % left, of all others 40 %",
        "On 3 of 4 past days about as many left as expected",
        "In 2 of 2 groups about as many left as their chances said",
        "The report of 1 May 2026 expected 20 to leave, 18 left",
        "In 1 of 2 things today's customers are unlike those that the chances were learned from",
    ):
        assert title in words.replace("\N{NO-BREAK SPACE}", " ")


def test_the_curve_says_how_it_differs_from_the_headline(catalog, risks):
    told = summary(GUESSED)
    told.outlook.customers["kind"] = ["at risk", "notice given", ""]
    text = BeautifulSoup(churn_learned.remaining_chart(catalog, told)._repr_html_(), "html.parser").get_text()
    assert (
        "The curve counts every active customer and goes by how long each has stayed; the headline counts those who may leave "
        "within 90 days, not the 1 who gave notice and the 1 whose term runs on beyond that, and goes by each one's own chance"
    ) in text.replace("\N{NO-BREAK SPACE}", " ")


def test_a_group_of_two_things_is_told_with_its_counts_and_escaped(catalog):
    html = churn_learned.churn_pairs(catalog, summary(GUESSED))._repr_html_()
    assert "48\N{NO-BREAK SPACE}% left; each alone lets 35\N{NO-BREAK SPACE}% be expected" in html
    assert "&lt;b&gt;Office" in html and "<b>Office" not in html and "customers 120;" in html


def test_ratios_have_two_digits_so_that_an_end_beside_1_is_seen(catalog):
    html = churn_learned.churn_drivers(catalog, summary(GUESSED))._repr_html_()
    assert cells(html)[-4:] == ["Orders so far", "9 against 1", "0.54", "0.29 to 1.00"]


def test_the_small_print_says_who_may_leave_and_how_it_was_learned():
    who, how, how_many = churn_method(summary(GUESSED))
    assert "a subscriber only if the paid term ends within 90 days" in who
    assert "400 rows" in how and "100 ended in leaving" in how
    assert "in the possible futures that the pages on value and segments read too" in how_many


def test_where_all_have_the_same_chance_no_groups_are_made_by_it(catalog):
    same = summary(GUESSED)
    same.outlook.method = "rate"
    assert churn_judgement.reliability_chart(catalog, same).html == ""


def test_whom_to_call_begins_with_who_and_chance_and_value_and_ends_with_why(catalog):
    section = BeautifulSoup(churn_sections.leaving_customers(catalog, summary(GUESSED)).html, "html.parser")
    heads, first = (
        [cell.get_text().replace("\N{NO-BREAK SPACE}", " ") for cell in section.select(cells)]
        for cells in ("thead th", "tbody tr:first-child > *")
    )
    assert heads == ["Customer", "Chance", "95 % interval", "Worth", "At risk", "Why"]
    assert first[:2] + first[3:5] == ["a1", "50 %", "€100", "€50"]


def test_the_method_used_is_called_the_closest_only_where_it_is():
    each = pd.DataFrame({"method": ["rhythm", "rate"], "n": [5, 5]})
    assert methods_message(each, "rhythm").endswith("the one used came closest on past days")
    assert methods_message(each, "rate").endswith("so few customers have left that it cannot be learned safely")
    assert methods_message(each.assign(n=[2, 5]), "rate").endswith("on 2 of 5 past days only")
