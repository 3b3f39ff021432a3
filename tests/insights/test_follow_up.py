"""Whom to call back: worked by hand."""

import numpy as np
import pandas as pd

from crmkit.cleaning.loading.connect import connect
from crmkit.insights.follow_up import follow_up_list
from crmkit.reporting.display.exports import export
from crmkit.reporting.display.front import FRONT_KIND
from crmkit.reporting.pages.voice import follow_up
from crmkit.settings import parse_settings


def catalog(**more):
    answers = pd.DataFrame(
        {
            "response_id": list("123456"),
            "survey": ["nps", "nps", "csat", "ces", "csat", "nps"],
            "score": [3.0, 7.0, 2.0, 2.0, 3.0, 0.0],
            "scale_max": [10.0, 10.0, 5.0, 7.0, 5.0, 10.0],
            "customer_id": ["a", "b", "a", "c", "d", None],
            "comment": ["=cmd()", None, None, "Slow", None, None],
            "responded_at": pd.to_datetime(["2026-10-02"] * 5 + ["2026-10-03"]),
        }
    )
    tickets = pd.DataFrame(
        {
            "ticket_id": list("123"),
            "customer_id": ["e", "f", "g"],
            "opened_at": pd.to_datetime(["2026-10-01", "2026-10-28", "2026-10-01"]),
            "resolved_at": pd.to_datetime([pd.NaT, pd.NaT, "2026-11-05"]),
        }
    )
    orders = pd.DataFrame(
        {
            "order_id": list("12"),
            "customer_id": ["c", "a"],
            "revenue": [500.0, 20.0],
            "ordered_at": pd.to_datetime(["2026-03-01", "2026-04-01"]),
        }
    )
    tables = {"survey_responses": answers, "tickets": tickets, "orders": orders} | more
    return connect(tables, parse_settings({"data": {"through": "2026-11-30"}}))


def test_detractors_the_dissatisfied_and_open_tickets_are_listed_the_most_valuable_first():
    people = follow_up_list(catalog(), "2026-10").iloc[:4]
    assert people["customer_id"].tolist() == ["c", "a", "e", "g"]
    assert people["reasons"].tolist() == [
        "Found it hard (CES 2 of 7)",
        "Dissatisfied (CSAT 2 of 5); Would not recommend you (NPS 3 of 10)",
        "Ticket open for 30 days",
        "Ticket open for 30 days",  # solved in November, which October does not know
    ]
    assert people["turnover_12_months"].tolist() == [500, 20, 0, 0]
    assert "comment" not in people


def test_comments_come_only_where_they_are_asked_for_and_are_defused_in_the_csv():
    people = follow_up_list(catalog(), "2026-10", comments=True).set_index("customer_id")
    assert people.loc["a", "comment"] == "=cmd()"
    text = export(people.reset_index(), "follow_up").files["follow_up.csv"].decode("utf-8-sig")
    assert "'=cmd()" in text and ",=cmd()" not in text


def test_a_month_without_complaints_has_an_empty_list():
    assert follow_up_list(
        catalog(
            tickets=pd.DataFrame(
                {
                    "ticket_id": ["1"],
                    "customer_id": ["e"],
                    "opened_at": pd.to_datetime(["2026-11-29"]),
                }
            )
        ),
        "2026-09",
    ).empty


def test_who_is_worth_most_comes_first_and_what_subscribers_pay_counts():
    terms = pd.DataFrame(
        {
            "subscription_id": ["s"],
            "customer_id": ["e"],
            "mrr": [50.0],
            "starts_at": pd.to_datetime(["2026-01-01"]),
            "ends_at": pd.to_datetime(["2027-01-01"]),
        }
    )
    paid = follow_up_list(catalog(subscription_terms=terms), "2026-10").iloc[:4]
    assert paid["customer_id"].tolist() == ["c", "e", "a", "g"]  # 500; ten months of 50 come after it by their id
    assert paid["turnover_12_months"].tolist() == [500, 500, 20, 0]
    scores = pd.DataFrame(
        {
            "customer_id": ["g", "a"],
            "as_of": pd.to_datetime("2026-10-31"),
            "model": "value",
            "model_version": "1",
            "value": [1244.0, 90.0],
        }
    )
    known = follow_up_list(catalog(customer_scores=scores), "2026-10")
    people = known[known["customer_id"].notna()]
    assert people["customer_id"].tolist() == ["g", "a", "c", "e"] and people["worth"].tolist() == [1244, 90, 0, 0]


def test_a_low_answer_of_somebody_unknown_follows_those_of_known_customers():
    listed = follow_up_list(catalog(), "2026-10", comments=True)
    assert listed["response_id"].tolist() == [None, None, None, None, "6"] and listed["customer_id"].isna().iloc[4]
    assert listed["reasons"].iloc[4] == "Would not recommend you (NPS 0 of 10)" and np.isnan(
        listed["turnover_12_months"].iloc[4]
    )
    shown = follow_up(catalog(), "2026-10").html
    assert "4 customers are waiting to be called back" in shown
    assert "The list has 1 more, of somebody" in shown and "nan" not in shown.lower().replace("<span", "")


def test_low_answers_of_a_firm_that_does_not_record_who_gave_them_are_listed_by_their_number():
    answers = catalog().frame("survey_responses").drop(columns="customer_id")
    asked = connect({"survey_responses": answers}, parse_settings({"data": {"through": "2026-11-30"}}))
    people = follow_up_list(asked, "2026-10")
    assert people["response_id"].tolist() == ["6", "4", "3", "1"]
    assert people["reasons"].iloc[0] == "Would not recommend you (NPS 0 of 10)" and people["customer_id"].isna().all()
    shown = follow_up(asked, "2026-10")
    assert "4 low answers of October 2026 wait for a reply" in shown.html and "nan" not in shown.html
    assert shown.carried[FRONT_KIND][0]["bold"] == "Reply to 4 low answers"
    assert follow_up(asked, "2026-09").html == ""
