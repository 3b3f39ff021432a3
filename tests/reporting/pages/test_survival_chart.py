"""The survival chart says whether groups differ, by lifelines' log-rank test, and which losses may be none."""

from datetime import date

import pandas as pd
import pytest

import crmkit as ck
from crmkit.periods import Period
from crmkit.reporting.pages.retention import _group_title, survival_chart


def club(through, seasons=(2023, 2024, 2025)):
    """60 members a season from September to July, of whom every fourth leaves and is replaced; basic ones after one."""
    rows = []
    for member in range(60):
        plan = "basic" if member % 4 == 0 else "full"
        for year in seasons:
            who = f"m{member}-{year if plan == 'basic' else seasons[0]}"
            rows.append((who, plan, date(year, 9, 1), date(year + 1, 7, 31)))
    terms = pd.DataFrame(rows, columns=["customer_id", "plan", "starts_at", "ends_at"])
    settings = ck.Settings(company={"renewal_grace_days": 32}, data={"through": through})
    return ck.connect({"subscription_terms": terms.assign(subscription_id=terms["customer_id"], mrr=9.0)}, settings)


def words(fragment):
    return " ".join(str(fragment).split()) if fragment is not None else ""


def test_the_log_rank_test_of_all_plans_stands_below_the_chart_and_decides_its_title():
    catalog = club("2026-06-30")
    (test,) = ck.logrank(catalog, "2026-06-30", by="plan").itertuples()
    text = words(survival_chart(catalog, Period.parse("2026-06"), by="plan").html)
    assert (
        f"log-rank test of every plan: chi squared {test.statistic:.1f} with 1 degree of freedom, p &lt; 0.001" in text
    )
    assert "<h2>How long customers stay differs by plan</h2>" in text  # nobody leaves within the first eleven months


@pytest.mark.parametrize(
    ("p_value", "title"),
    [
        (0.001, "After 12 months shop keeps 80 % of its customers, web 60 %"),
        (0.2, "No channel keeps its customers longer than another by more than chance"),
    ],
)
def test_the_title_names_best_and_worst_where_the_test_is_sure(p_value, title):
    known = pd.DataFrame({"group": ["shop", "web"] * 2, "months": [0, 0, 12, 12], "survival": [1, 1, 0.8, 0.6]})
    test = pd.DataFrame({"group": ["shop"], "against": ["web"], "p_value": [p_value], "p_adjusted": [float("nan")]})
    assert _group_title(known, "channel", test) == title


def test_the_title_names_no_pair_that_does_not_differ_itself():
    known = pd.DataFrame({"group": ["shop", "web", "fair"], "months": 12, "survival": [0.8, 0.7, 0.6]})
    pairs = [("all groups", "", 0.01, float("nan")), ("shop", "web", 0.001, 0.003), ("shop", "fair", 0.1, 0.2)]
    test = pd.DataFrame(pairs, columns=["group", "against", "p_value", "p_adjusted"])
    assert _group_title(known, "channel", test) == "How long customers stay differs by channel"


def test_losses_whose_renewals_are_not_in_the_files_are_told_below_the_chart():
    unseen = words(survival_chart(club("2026-10-15"), Period.parse("2026-09")).html)
    assert (
        "Some losses may be none: of 60 terms that ended on 31 July 2026, 0 are followed by another (75% before)"
        in unseen
    )
    whole = club("2026-10-15", (2023, 2024, 2025, 2026))
    assert "Some losses may be none" not in words(survival_chart(whole, Period.parse("2026-09")).html)
