"""Each rule, one row that breaks it, and what becomes of the row."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import check, load
from crmkit.cleaning.loading.reports import quarantined_rows

THROUGH = {"data": {"through": "2026-10-31"}}
ORDERS = "order_id,ordered_at,revenue\n1,2026-10-01,5\n2,2026-10-02,6\n"
TERMS = "subscription_id,customer_id,starts_at,ends_at,mrr,cancelled_at\ns1,c1,2026-01-01,2026-02-01,10,\n"
ANSWERS = "response_id,responded_at,survey,score,scale_min,scale_max\na,2026-10-01,nps,9,0,10\nb,2026-10-01,ces,5,1,7\n"


def found(report):
    return {finding.finding: (finding.n_rows, finding.severity) for finding in report.findings}


@pytest.mark.parametrize(
    ("name", "rows", "reason"),
    [
        ("orders.csv", ORDERS + ",2026-10-03,7\n", "order_id is missing"),
        ("orders.csv", ORDERS + "3,,7\n", "ordered_at is missing"),
        ("orders.csv", ORDERS + "3,2026-10-03,NULL\n", "revenue is missing"),
        ("orders.csv", ORDERS + "3,2026-10-03,free\n", "revenue cannot be read as a number"),
        ("orders.csv", ORDERS + "3,2026-10-32,7\n", "ordered_at cannot be read as a time"),
        ("orders.csv", ORDERS + "3,2026-11-01,7\n", "ordered_at lies after 2026-10-31, the end of the data"),
        ("orders.csv", ORDERS + "3,1026-10-03,7\n", "ordered_at lies before 1900-01-01"),
        ("orders.csv", ORDERS + ",,\n", "the row is empty"),
        ("orders.csv", ORDERS + "2,2026-10-02,8\n", "order_id came before with other content"),
        ("subscription_terms.csv", TERMS + "s2,c2,2026-01-01,2026-02-01,-1,\n", "mrr is below 0"),
        ("subscription_terms.csv", TERMS + "s2,c2,2026-02-01,2026-01-01,9,\n", "ends_at lies before starts_at"),
        ("survey_responses.csv", ANSWERS + "c,2026-10-01,npss,9,0,10\n", "survey is none of nps, csat, ces"),
        ("survey_responses.csv", ANSWERS + "c,2026-10-01,nps,11,0,10\n", "score lies outside its own scale"),
        ("survey_responses.csv", ANSWERS + "c,2026-10-01,ces,0,1,7\n", "score lies outside its own scale"),
        ("survey_responses.csv", ANSWERS + "c,2026-10-01,nps,11,,\n", "score lies outside its own scale"),
    ],
)
def test_a_row_that_breaks_a_rule_is_set_aside_with_its_line_and_the_reason(company, name, rows, reason):
    settings = company({name: rows}, **THROUGH)
    report = load(settings)
    assert found(report) == {reason: (1, "rejected")}
    table = name.removesuffix(".csv")
    assert quarantined_rows(settings.path("store"), table)[["file", "line", "reason"]].values.tolist() == [
        [name, len(rows.splitlines()), reason]
    ]
    assert report.counts[table].n_kept == len(rows.splitlines()) - 2


@pytest.mark.parametrize(
    ("name", "rows", "column", "finding"),
    [
        (
            "orders.csv",
            "order_id,ordered_at,revenue,margin\n1,2026-10-01,5,2\n2,2026-10-01,5,much\n",
            "margin",
            "margin cannot be read as a number",
        ),
        ("customers.csv", "customer_id,birth_year\nc1,1980\nc2,1880\n", "birth_year", "birth_year is below 1900"),
        ("customers.csv", "customer_id,birth_year\nc1,1980\nc2,2980\n", "birth_year", "birth_year is above 2100"),
        (
            "customers.csv",
            "customer_id,birth_year\nc1,1980\nc2,1980.5\n",
            "birth_year",
            "birth_year cannot be read as a whole number",
        ),
        (
            "customers.csv",
            "customer_id,marketing_consent\nc1,yes\nc2,perhaps\n",
            "marketing_consent",
            "marketing_consent cannot be read as yes or no",
        ),
        (
            "deals.csv",
            "deal_id,created_at,closed_at\n1,2026-10-01,2026-10-05\n2,2026-10-01,2026-12-24\n",
            "closed_at",
            "closed_at lies after 2026-10-31, the end of the data",
        ),
        (
            "interactions.csv",
            "interaction_id,occurred_at,kind,direction\n1,2026-10-01,call,INBOUND \n2,2026-10-01,call,up\n",
            "direction",
            "direction is none of inbound, outbound",
        ),
    ],
)
def test_an_optional_cell_that_breaks_a_rule_is_emptied_and_its_row_stays(company, name, rows, column, finding):
    settings = company({name: rows}, **THROUGH)
    assert found(load(settings)) == {finding: (1, "note")}
    assert connect(settings=settings).frame(name.removesuffix(".csv"))[column].isna().tolist() == [False, True]


def test_choices_are_lower_case_however_they_were_written(company):
    settings = company({"survey_responses.csv": ANSWERS.replace("nps", " NPS ")})
    load(settings)
    assert connect(settings=settings).frame("survey_responses").survey.tolist() == ["nps", "ces"]


def test_a_subscription_that_is_booked_for_next_month_is_no_mistake(company):
    settings = company({"subscription_terms.csv": TERMS + "s1,c1,2026-11-01,2026-12-01,10,\n"}, **THROUGH)
    report = load(settings)
    assert found(report) == {}
    assert report.counts["subscription_terms"].n_kept == 2


def test_without_a_declared_end_nothing_can_have_happened_after_today(company):
    today = datetime.now(UTC)
    rows = f"3,{today + timedelta(days=2):%Y-%m-%d},7\n4,{today:%Y-%m-%d},7\n"
    report = check(company({"orders.csv": ORDERS + rows}))
    assert report.counts["orders"].n_aside == 1


def test_times_in_the_wrong_order_are_noted_and_stay(company):
    leads = "lead_id,created_at,converted_at\n1,2026-10-05 12:00,2026-10-03\n2,2026-10-05 12:00,2026-10-05\n"
    report = check(company({"leads.csv": leads}))
    assert found(report) == {"converted_at lies before created_at": (1, "note")}
    assert report.counts["leads"].n_kept == 2


def test_ids_that_point_nowhere_are_noted_and_stay(company):
    orders = "order_id,ordered_at,revenue,customer_id\n1,2026-10-01,5,c1\n2,2026-10-01,5,c9\n3,2026-10-01,5,\n"
    lines = "order_id,product\n1,cup\n7,cup\n8,cup\n"
    customers = "customer_id,referred_by\nc1,c2\nc2,c8\n"
    report = check(company({"orders.csv": orders, "order_lines.csv": lines, "customers.csv": customers}))
    assert {(f.table, f.finding): f.n_rows for f in report.findings} == {
        ("orders", "customer_id is not found in customers"): 1,
        ("order_lines", "order_id is not found in orders"): 2,
        ("customers", "referred_by is not found in customers"): 1,
    }


def test_without_customers_no_customer_is_unknown(company):
    orders = "order_id,ordered_at,revenue,customer_id\n1,2026-10-01,5,c1\n"
    assert check(company({"orders.csv": orders})).findings == ()


def test_customers_who_share_an_address_or_a_number_are_counted_not_merged(company):
    people = (
        "customer_id,email,phone\nc1,Ada@Example.org,+44 20 7946-0001\nc2,ada@example.org ,\nc3,bob@example.org,0044 (20) 79460001\n"
        "c4,eve@example.org,110\nc5,zoe@example.org,110\n"
    )
    report = check(company({"customer_identities.csv": people}))
    assert found(report) == {
        "customers share their e-mail address with another customer": (2, "note"),
        "customers share their telephone number with another customer": (2, "note"),
    }
    assert report.counts["customer_identities"].n_kept == 5


def test_a_frame_and_a_file_are_held_to_the_same_rules(company):
    rows = ANSWERS + "c,2026-10-01,nps,11,0,10\nd,,nps,9,0,10\n"
    report = check(company({"survey_responses.csv": rows}))
    table = pd.read_csv(StringIO(rows))
    catalog = connect({"survey_responses": table})
    assert [f["finding"] for f in catalog.provenance["findings"]] == [f.finding for f in report.findings]
