"""What a table shows as a whole: found in frames and files, told with what follows and what to do."""

import pandas as pd
import pytest
from ibis import _

from crmkit.cleaning.checks.timeline import contradictions
from crmkit.cleaning.checks.whole_tables import join_counts
from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import check
from crmkit.cleaning.loading.reports import quality_report
from crmkit.tables.catalog import Catalog
from tests.sources.kaldi import kaldi


def connected(**frames):
    return connect({name: pd.DataFrame(rows) for name, rows in frames.items()})


def tables_of(catalog):
    return {name: catalog.table(name) for name in catalog.names}


def odd(**frames):
    return {(each.table, each.finding): each.n_rows for each in contradictions(tables_of(connected(**frames)))}


def test_of_three_deals_one_is_won_without_a_day_and_one_closed_without_a_result():
    deals = {
        "deal_id": ["a", "b", "c"],
        "created_at": "2026-10-01",
        "closed_at": [None, "2026-10-05", "2026-10-06"],
        "won": [True, None, False],
    }
    assert odd(deals=deals) == {
        ("deals", "won is told and closed_at is not"): 1,
        ("deals", "closed_at is told and won is not"): 1,
    }


def test_a_deal_older_than_its_lead_and_a_stage_older_than_its_deal_are_counted():
    leads = {"lead_id": ["l"], "created_at": ["2026-10-05"]}
    deals = {"deal_id": ["a", "b"], "created_at": ["2026-10-01", "2026-10-05 00:00"], "lead_id": ["l", "l"]}
    stages = {"deal_id": ["a", "a"], "stage": ["new", "won"], "entered_at": ["2026-09-01", "2026-10-02"]}
    assert odd(leads=leads, deals=deals, deal_stages=stages) == {
        ("deals", "created_at lies before created_at of its lead"): 1,
        ("deal_stages", "entered_at lies before created_at of its deal"): 1,
    }


def test_two_terms_of_one_subscription_overlap_and_two_of_two_do_not():
    terms = {
        "subscription_id": ["s", "s", "t"],
        "customer_id": "c",
        "starts_at": ["2026-01-01", "2026-01-20", "2026-01-01"],
        "ends_at": ["2026-02-01", "2026-03-01", "2026-02-01"],
        "mrr": 10.0,
    }
    assert odd(subscription_terms=terms) == {
        ("subscription_terms", "the term begins before the one before it of its subscription ends"): 1
    }


def test_a_click_before_the_message_arrived_is_odd():
    mailings = {
        "mailing_id": "m",
        "customer_id": ["a", "b"],
        "sent_at": "2026-10-01",
        "delivered_at": ["2026-10-03", "2026-10-01"],
        "clicked_at": ["2026-10-02", "2026-10-02"],
    }
    assert odd(mailings=mailings) == {("mailings", "clicked_at lies before delivered_at"): 1}


def test_rows_before_and_after_a_join_are_counted():
    orders = {
        "order_id": list("abcd"),
        "ordered_at": "2026-10-01",
        "revenue": 1.0,
        "customer_id": ["x", "x", "z", None],
    }
    (join,) = join_counts(connected(orders=orders, customers={"customer_id": ["x", "y"]}))
    assert (join.n_before, join.n_after, join.n_without_id, join.n_not_found) == (4, 4, 1, 1)


def test_a_join_that_repeats_rows_is_reported():
    catalog = connected(
        orders={"order_id": list("ab"), "ordered_at": "2026-10-01", "revenue": 1.0, "customer_id": ["x", "y"]},
        customers={"customer_id": ["x", "y"]},
    )
    customers = catalog.table("customers")
    (join,) = join_counts(
        Catalog(tables_of(catalog) | {"customers": customers.union(customers.filter(_.customer_id == "x"))})
    )
    assert (join.n_before, join.n_after) == (2, 3)


def test_a_load_reports_a_missing_week_and_of_an_order_typed_in_cents(company):
    days = pd.date_range("2026-06-01", "2026-10-31").delete(range(60, 67))
    rows = [f"{n},{on:%Y-%m-%d},{20 + n % 7}" for n, on in enumerate(days)]
    rows[100] = rows[100].rsplit(",", 1)[0] + ",2300"
    settings = company(
        {"orders.csv": "\n".join(["order_id,ordered_at,revenue", *rows, ""])}, data={"through": "2026-10-31"}
    )
    found = [finding for finding in check(settings).findings if finding.severity == "warning"]
    assert [finding.finding for finding in found] == [
        "no row from 31 July to 6 August 2026 (7 days), where about 7 were to be expected",
        "revenue is 100 times the usual 23.00: it is 2,300.00 on 16 September 2026",
    ]
    assert all(finding.consequence and finding.advice for finding in found)
    assert "  ! no row from 31 July" in str(check(settings))


@pytest.mark.parametrize("name", ["orders", "leads", "survey_responses"])
def test_the_clean_sample_company_raises_no_alarm_and_a_week_taken_out_is_found(name):
    clock = {"orders": "ordered_at", "leads": "created_at", "survey_responses": "responded_at"}[name]
    rows = kaldi().tables[name]
    assert quality_report(connect({name: rows})).query("severity == 'warning'").empty
    week = rows[clock].between("2026-03-09", "2026-03-16", inclusive="left")
    (told,) = quality_report(connect({name: rows[~week]})).query("severity == 'warning'")["finding"]
    assert "9 to 15 March 2026" in told
