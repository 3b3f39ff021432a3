"""Firms with one kind of data: load, numbers and pages work, and a page that does not apply says what it needs."""

import re

import pandas as pd
import pytest

import crmkit as ck
from crmkit.reporting.runner.page import read_summary

DAYS = pd.date_range("2026-07-01", "2026-09-30", freq="12h")
IDS = [f"x{n}" for n in range(len(DAYS))]
PEOPLE = [f"c{n % 60}" for n in range(len(DAYS))]
SOME = [n % 3 == 0 for n in range(len(DAYS))]
LATER = DAYS + pd.Timedelta(hours=30)
TABLES = {
    "orders": {"order_id": IDS, "ordered_at": DAYS, "revenue": 9.0},
    "subscription_terms": {
        "subscription_id": IDS,
        "customer_id": PEOPLE,
        "starts_at": DAYS,
        "ends_at": DAYS + pd.DateOffset(months=1),
        "mrr": 10.0,
    },
    "survey_responses": {"response_id": IDS, "responded_at": DAYS, "survey": "nps", "score": 9.0},
    "survey_invitations": {"invitation_id": IDS, "survey": "nps", "sent_at": DAYS},
    "costs": {"spent_at": DAYS, "amount": 10.0, "purpose": "acquisition", "category": "media", "channel": "ads"},
    "tickets": {"ticket_id": IDS, "customer_id": PEOPLE, "opened_at": DAYS, "resolved_at": LATER, "topic": "delivery"},
    "deals": {"deal_id": IDS, "created_at": DAYS, "closed_at": LATER, "won": SOME, "amount": 100.0, "owner": "o"},
    "deal_stages": {"deal_id": IDS, "stage": "offer", "entered_at": DAYS},
    "web_traffic": {"visited_on": DAYS.normalize(), "origin": [f"o{n % 2}" for n in range(len(DAYS))], "visitors": 10},
    "leads": {"lead_id": IDS, "created_at": DAYS, "channel": "ads", "converted_at": LATER},
    "interactions": {"interaction_id": IDS, "occurred_at": DAYS, "kind": "call", "customer_id": PEOPLE},
    "mailings": {"mailing_id": IDS, "customer_id": PEOPLE, "sent_at": DAYS, "delivered_at": DAYS, "clicked_at": DAYS},
    "mailing_totals": {"mailing_id": IDS, "sent_at": DAYS, "recipients": 100, "delivered": 99, "clicked": 9},
    "social_posts": {
        "post_id": IDS,
        "network": "x",
        "posted_at": DAYS,
        "author": "brand",
        "impressions": 9,
        "likes": 5,
    },
    "crm_events": {"event_id": IDS, "user_id": "u", "occurred_at": DAYS, "action": "login"},
    "treatments": {
        "customer_id": IDS,
        "action": "call",
        "assigned_at": DAYS,
        "treated": SOME,
        "outcome_at": LATER,
        "value": 1.0,
    },
}


def frame(table):
    return pd.DataFrame(TABLES[table])


def openings(catalog):
    """The opening of each page about the firm, as its notebook makes it."""
    card = ck.scorecard(catalog, "2026-09")
    about = {
        "acquisition": ck.about(card, "acquisition", "marketing", "traffic"),
        "pipeline": ck.about(card, "pipeline", "adoption"),
        "retention": ck.about(card, "retention", "revenue"),
        "voice": ck.about(card, "voice", "engagement"),
        "social": ck.about(card, "social"),
        "scorecard": ck.headlines(card),
    }
    shown = {name: ck.pages.opening(rows, catalog.settings) for name, rows in about.items()}
    shown["churn"] = ck.pages.churn_opening(catalog, "2026-09")
    shown["value"] = ck.pages.value_opening(catalog, "2026-09")
    return shown | {"segments": ck.pages.segment_opening(catalog, "2026-09")}


def needs(fragment):
    found = re.search(r'data-needs="([^"]+)"', fragment.html)
    return found[1] if found else ""


@pytest.mark.parametrize("table", ["survey_responses", "costs", "tickets", "deals", "web_traffic"])
def test_each_page_is_shown_or_says_which_tables_it_needs(table):
    catalog = ck.connect({table: frame(table)})
    needed = {name: needs(fragment) for name, fragment in openings(catalog).items()}
    own = {
        "survey_responses": {"scorecard", "voice"},
        "costs": {"acquisition"},
        "tickets": set(),
        "deals": {"scorecard", "pipeline"},
        "web_traffic": {"acquisition"},
    }[table]
    assert {name for name, lacking in needed.items() if not lacking} == own
    assert {needed[name] for name in ("churn", "value")} == {"orders or subscription_terms"}
    assert needed["segments"] == "orders or subscription_terms"
    for lacking in set(needed.values()) - {""}:
        assert table not in re.split(r", | or ", lacking)


@pytest.mark.parametrize("table", [name for name in TABLES if name not in ("orders", "subscription_terms")])
def test_all_numbers_of_a_firm_with_one_table_have_a_value_or_a_true_reason(table):
    rows = ck.evaluate(ck.connect({table: frame(table)}), None, "2026-09")
    lacking = rows[rows["status"] == "not measured"]
    assert lacking["reason"].str.startswith("needs ").all()
    assert not lacking["reason"].eq(f"needs {table}").any()
    assert (rows.loc[rows["value"].isna(), "reason"] != "").all()


CUSTOMERS = {"customer_id": [f"c{n}" for n in range(60)], "country": "AT"}
WITHOUT_CLOCK = {
    "customers": CUSTOMERS | {"acquired_at": DAYS[:60]},
    "customers without a day": CUSTOMERS,
    "order_lines": {"order_id": IDS, "product": "Mug", "revenue": 9.0},
    "customer_identities": {"customer_id": IDS, "email": [f"{each}@shop.example" for each in IDS]},
}


@pytest.mark.parametrize("name", WITHOUT_CLOCK)
def test_a_firm_whose_rows_have_no_moment_loads_and_every_number_says_what_it_needs(company, name):
    table = name.split()[0]
    firm = company({f"{table}.csv": pd.DataFrame(WITHOUT_CLOCK[name]).to_csv(index=False)})
    assert firm.exit_code == 0, firm.message
    assert ("Data through 2026-07-30" in firm.report) == (name == "customers")
    for period in ((), ("--period", "2026-07")):
        run = firm.run("metrics", *period)
        assert run.exit_code == 0 and "needs orders" in run.stdout, run.stderr
    predicted = firm.run("predict")
    assert predicted.exit_code == 0, predicted.stderr


@pytest.mark.parametrize("name", ["customers", "order_lines"])
def test_the_report_of_such_a_firm_exits_with_0_and_no_page_is_a_failure(company, name):
    firm = company({f"{name}.csv": pd.DataFrame(WITHOUT_CLOCK[name]).to_csv(index=False)})
    run = firm.run("report", "--period", "2026-07", "--only", "scorecard", "--only", "churn")
    assert run.exit_code == 0, run.stderr
    assert "churn: not made: needs orders or subscription_terms" in run.stderr
    index = (firm.folder / "reports" / "2026-07" / "index.html").read_text(encoding="utf-8")
    assert "not made: needs orders or subscription_terms" in index and "could not be made" not in index


@pytest.mark.parametrize("table", ["survey_responses", "deals"])
def test_load_and_metrics_work_with_one_file(company, table):
    firm = company({f"{table}.csv": frame(table).to_csv(index=False)})
    assert firm.exit_code == 0, firm.message
    run = firm.run("metrics", "--period", "2026-09")
    assert run.exit_code == 0 and "needs orders" in run.stdout


def test_a_report_of_surveys_alone_exits_with_0_and_names_what_other_pages_need(company):
    firm = company({"survey_responses.csv": frame("survey_responses").to_csv(index=False)})
    only = ("pipeline", "churn", "voice")
    run = firm.run("report", "--period", "2026-09", *(part for page in only for part in ("--only", page)))
    assert run.exit_code == 0, run.stderr
    assert "pipeline: not made: needs deals" in run.stderr and "voice: done" in run.stderr
    folder = firm.folder / "reports" / "2026-09"
    churn, voice = (read_summary(folder / f"{page}.html") for page in ("churn", "voice"))
    assert (churn.status, voice.status) == ("not made", "complete")
    assert churn.headline == "September 2026: not made: needs orders or subscription_terms"
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert "not made: needs orders or subscription_terms" in index and "could not be made" not in index
