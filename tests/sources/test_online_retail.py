"""The example for Online Retail, against the figures that are known of the file."""

import csv
import io
import shutil
from pathlib import Path

import duckdb
import ibis
import pandas as pd
import pytest
from typer.testing import CliRunner

from crmkit.cleaning.checks.whole_tables import outliers
from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import load
from crmkit.cleaning.loading.reports import table_report
from crmkit.cli.commands import app
from crmkit.settings import read_settings

EXAMPLE = Path(__file__).parents[2] / "examples" / "online_retail"
N_LINES, TOTAL = 541_909, 9_747_747.934


def settings_of(folder):
    shutil.copy(EXAMPLE / "crmkit.toml", folder)
    (folder / "exports").mkdir()
    return read_settings(folder)


@pytest.fixture(scope="module")
def loaded(shared_data, tmp_path_factory):
    settings = settings_of(tmp_path_factory.mktemp("retail"))
    shutil.copy(shared_data / "online_retail_2010_2011.parquet", settings.path("exports"))
    return settings, load(settings)


def test_what_is_printed_of_all_months_is_the_total_of_the_file(loaded):
    settings, _ = loaded
    asked = ["metrics", "revenue", "--period", "2010-12-01..2011-12-09", "--format", "csv"]
    shown = CliRunner().invoke(app, [*asked, "--settings", str(settings.folder)])
    (row,) = csv.DictReader(io.StringIO(shown.stdout))
    assert float(row["value"]) == pytest.approx(TOTAL, abs=0.005)


def test_no_row_is_rejected_or_merged(loaded):
    _, report = loaded
    kept = {table: (counts.n_in, counts.n_kept) for table, counts in report.counts.items()}
    assert kept == {"customers": (4372, 4372), "orders": (25900, 25900), "order_lines": (N_LINES, N_LINES)}
    assert [finding.severity for finding in report.findings] == ["note", "note", "warning"]
    assert report.findings[1].n_rows == 5374  # lines that equal another one of their invoice stay


def test_revenue_is_exact_in_orders_and_in_lines(loaded):
    catalog = connect(settings=loaded[0])
    orders, lines = catalog.frame("orders"), catalog.frame("order_lines")
    assert orders.revenue.sum() == pytest.approx(TOTAL, abs=1e-6)
    assert lines.revenue.sum() == pytest.approx(TOTAL, abs=1e-6)
    by_order = lines.groupby("order_id").revenue.sum().sub(orders.set_index("order_id").revenue)
    assert by_order.abs().max() < 1e-6
    assert orders[orders.customer_id.notna()].revenue.sum() == pytest.approx(8_300_065.814, abs=1e-6)
    sold = orders[~orders.order_id.str.startswith("C")].revenue.sum()
    assert sold == pytest.approx(10_644_560.424, abs=1e-6)


def test_invoices_guests_refunds_and_zeros_are_those_of_the_file(loaded):
    orders = connect(settings=loaded[0]).frame("orders")
    assert len(orders) == orders.order_id.nunique() == 25_900
    assert orders.customer_id.nunique() == 4372
    assert orders.customer_id.isna().sum() == 3710
    cancelled = orders.order_id.str.startswith("C")
    assert cancelled.sum() == 3836
    assert (orders[cancelled].revenue < 0).all()
    assert (orders.revenue == 0).sum() == 2102
    assert orders[orders.order_id.str.startswith("A")].revenue.tolist() == [11062.06, -11062.06, -11062.06]


def test_an_invoice_is_dated_by_its_first_line(loaded, shared_data):
    orders = connect(settings=loaded[0]).frame("orders").set_index("order_id").ordered_at
    lines = pd.read_parquet(shared_data / "online_retail_2010_2011.parquet", columns=["InvoiceNo", "InvoiceDate"])
    first = lines.groupby("InvoiceNo").InvoiceDate.min()
    pd.testing.assert_series_equal(orders.astype("datetime64[us]"), first.astype("datetime64[us]"), check_names=False)


def test_the_christmas_break_is_the_only_gap(loaded):
    report = table_report(connect(settings=loaded[0])).set_index("table")
    assert report.gaps["orders"] == "24 December 2010 to 3 January 2011 (11 days)"
    assert (str(report.first_day["orders"]), str(report.last_day["orders"])) == ("2010-12-01", "2011-12-09")
    assert report.days_behind["orders"] == 0


def test_an_order_a_thousand_times_the_usual_is_pointed_out_and_a_wholesalers_largest_are_not(loaded):
    orders = connect(settings=loaded[0]).frame("orders")
    honest = outliers(ibis.memtable(orders), "revenue", "ordered_at")
    assert honest is None  # 168,469.60 is 672 times the usual: so do the largest orders of this firm go
    orders.loc[777, "revenue"] = 1_000_000.0
    assert outliers(ibis.memtable(orders), "revenue", "ordered_at").largest == 1_000_000


def test_the_file_as_csv_with_american_dates_gives_the_same_store(loaded, shared_data, tmp_path):
    settings = settings_of(tmp_path)
    source = shared_data / "online_retail_2010_2011.parquet"
    duckdb.execute(
        f"COPY (SELECT * REPLACE (strftime(InvoiceDate, '%-m/%-d/%Y %-H:%M') AS InvoiceDate, CustomerID::DOUBLE AS CustomerID) "
        f"FROM '{source}') TO '{settings.path('exports') / 'online_retail.csv'}' (HEADER)"
    )
    load(settings)
    csv, parquet = connect(settings=settings), connect(settings=loaded[0])
    for table in ("customers", "orders", "order_lines"):
        pd.testing.assert_frame_equal(csv.frame(table), parquet.frame(table))
