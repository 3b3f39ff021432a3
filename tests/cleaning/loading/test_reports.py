"""The quality report, the reach of each table, and what a load prints."""

from datetime import date, timedelta

import pandas as pd
import pytest

from crmkit.cleaning.checks.findings import Counts, Finding
from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import load
from crmkit.cleaning.loading.load_report import LoadReport
from crmkit.cleaning.loading.reports import quality_report, quarantined_rows, table_report
from crmkit.errors import CrmkitError
from crmkit.tables.catalog import Catalog

ROWS = "order_id,ordered_at,revenue,margin,Coupon\n1,2026-10-01,5,x,A\n1,2026-10-01,5,x,A\n2,2026-10-02,,1,A\n3,2026-10-03,7,2,A\n"


def daily(first, n_days, without=()):
    days = [date.fromisoformat(first) + timedelta(days=n) for n in range(n_days)]
    kept = [day for day in days if str(day) not in without]
    return pd.DataFrame({"order_id": range(len(kept)), "ordered_at": kept, "revenue": 1.0})


def test_each_finding_has_a_share_of_the_rows_that_came_in_and_a_consequence(company):
    settings = company({"orders.csv": ROWS})
    load(settings)
    report = quality_report(connect(settings=settings))
    assert report.drop(columns=["consequence", "advice"]).values.tolist() == [
        ["orders", "revenue is missing", 1, 0.25, "rejected"],
        ["orders", "rows equal an earlier row", 1, 0.25, "note"],
        ["orders", "margin cannot be read as a number", 1, 0.25, "note"],
        ["orders", "columns of orders.csv that are its own: Coupon (text, as coupon)", 0, 0.0, "note"],
    ]
    assert report.consequence.str.endswith(".").all()


def test_a_table_that_equals_its_input_has_no_finding():
    report = quality_report(connect({"orders": daily("2026-10-01", 3)}))
    assert report.empty
    assert report.columns.tolist() == ["table", "finding", "n_rows", "share", "severity", "consequence", "advice"]


def test_the_reach_of_a_table_is_its_first_and_last_day_and_how_far_it_lags_behind():
    leads = pd.DataFrame({"lead_id": ["a", "b"], "created_at": ["2026-09-01", "2026-09-20"]})
    catalog = connect(
        {"orders": daily("2026-10-01", 10), "leads": leads, "customers": pd.DataFrame({"customer_id": ["c"]})}
    )
    report = table_report(catalog).set_index("table")
    assert report.loc["orders", ["n_in", "n_kept", "n_merged", "n_aside"]].tolist() == [10, 10, 0, 0]
    assert (report.first_day["leads"], report.last_day["leads"]) == (date(2026, 9, 1), date(2026, 9, 20))
    assert report.days_behind["leads"] == 20
    assert report.days_behind["orders"] == 0
    assert pd.isna(report.days_behind["customers"])
    assert report.first_day["customers"] is None


def test_a_missing_week_is_a_gap_of_its_table():
    missing = [str(date(2026, 10, 11) + timedelta(days=n)) for n in range(7)]
    assert (
        table_report(connect({"orders": daily("2026-09-01", 90, missing)})).gaps[0] == "11 to 17 October 2026 (7 days)"
    )


def test_a_catalog_that_no_load_made_is_reported_with_its_own_counts():
    given = connect({"orders": daily("2026-10-01", 3)})
    bare = Catalog({"orders": given.table("orders")})
    assert quality_report(bare).empty
    assert table_report(bare).loc[0, ["n_in", "n_kept", "n_aside"]].tolist() == [3, 3, 0]


def test_a_load_prints_what_became_of_the_rows(company):
    settings = company({"orders.csv": ROWS, "x.csv": "a\n"})
    report = load(settings)
    assert str(report).splitlines() == [
        "orders: 4 rows in, 2 kept, 1 merged into another row, 1 kept aside",
        "  - revenue is missing: 1 row (25.0 %), kept aside",
        "  - rows equal an earlier row: 1 row (25.0 %)",
        "  - margin cannot be read as a number: 1 row (25.0 %)",
        "Columns of orders.csv that are its own: Coupon (text, as coupon).",
        f"1 row kept aside in all, with file, line and reason: {settings.path('store') / 'aside'} (a Parquet file for each table).",
        "Note: no table uses x.csv.",
        "Data through 2026-10-03.",
    ]
    assert report.to_frame().values.tolist() == [["orders", 4, 2, 1, 1]]


def test_rows_set_aside_are_none_where_nothing_was_rejected_and_need_a_store(company):
    settings = company({"orders.csv": "order_id,ordered_at,revenue\n1,2026-10-01,5\n"})
    with pytest.raises(CrmkitError, match="Run `crmkit load` first"):
        quarantined_rows(settings.path("store"), "orders")
    load(settings)
    assert quarantined_rows(settings.path("store"), "orders").empty


def test_of_many_tables_the_heaviest_findings_come_first_and_columns_once_for_each_file():
    counts = {name: Counts(100, 90, 0, 10) for name in ("orders", "leads", "deals", "costs")}
    unused = "columns of till.csv that are not used: "
    findings = (
        Finding("orders", "rows equal an earlier row", 1, 0.01, "note", ""),
        Finding("orders", unused + "a, b, c", 0, 0.0, "note", ""),
        Finding("leads", "created_at is missing", 3, 0.03, "rejected", ""),
        Finding("leads", "lead_id is missing", 7, 0.07, "rejected", ""),
        Finding("deals", unused + ", ".join(["b", "c", *(f"c{n}" for n in range(20))]), 0, 0.0, "note", ""),
        Finding("costs", "no row from 1 to 9 October 2026", 0, 0.0, "warning", ""),
    )
    lines = str(LoadReport(counts, findings)).splitlines()
    assert lines[:4] == [
        "What to look at first:",
        "  ! costs: no row from 1 to 9 October 2026",
        "  - leads: lead_id is missing: 7 rows (7.0 %), kept aside",
        "  - leads: created_at is missing: 3 rows (3.0 %), kept aside",
    ]
    assert sum("lead_id is missing" in line for line in lines) == 1
    assert [line for line in lines if "till.csv" in line] == ["Columns of till.csv that are not used: b, c."]
    assert "40 rows kept aside in all; `crmkit load` writes them with file, line and reason." in lines


def test_a_long_list_of_columns_is_cut():
    names = ", ".join(f"column {n} (number, as column_{n})" for n in range(20))
    found = Finding("orders", f"columns of wide.csv that are its own: {names}", 0, 0.0, "note", "")
    (line,) = [line for line in str(LoadReport({}, (found,))).splitlines() if line.startswith("Columns")]
    assert line.endswith("column 7 (number, as column_7) and 12 more.")
