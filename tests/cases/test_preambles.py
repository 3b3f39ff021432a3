"""Files with titles, report heads and ``sep=`` above their header, totals and notes below: the rows between them count."""

import io

import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect

HEADER = "order_id,ordered_at,revenue,customer_id\n"
ROWS = "".join(f"{n},2026-09-{n:02d} 10:00,{n + 10},c{n % 3}\n" for n in range(1, 29))  # 11 to 38: 686

QUICKBOOKS = """
[files.sales]
path = "sales.csv"
date_format = "%m/%d/%Y"
[tables.orders]
file = "sales"
[tables.orders.columns]
order_id = "Num"
ordered_at = "Date"
revenue = "Amount"
customer_id = "group"
"""
XERO = """
[files.xero]
path = "xero.csv"
date_format = "%d %b %Y"
[tables.orders]
file = "xero"
[tables.orders.columns]
order_id = "Invoice Number"
ordered_at = "Invoice Date"
revenue = "Net"
customer_id = "Contact"
"""


def test_28_orders_below_a_title_and_above_a_total_give_686(case):
    titled = case("title")
    assert titled.number("revenue") == 686
    printed = titled.run("load", "--fresh").stdout
    assert "totals: their amounts are the sums of other rows: 1 row" in printed
    assert "orders.csv: its header stands in line 4" in printed


def test_the_rows_of_a_report_by_customer_count_once_and_keep_their_customers(case):
    report = case("quickbooks").follow(QUICKBOOKS)
    assert report.number("revenue") == 2100  # 42 sales of 50
    assert set(connect(report.folder / "store").frame("orders").customer_id) == {"Cust 1", "Cust 2", "Cust 3"}
    assert (
        "lines that name a group: its name stands in each of its rows: 3 rows" in report.run("load", "--fresh").stdout
    )


def test_the_rows_of_an_invoice_report_count_without_its_total(case):
    assert case("xero").follow(XERO).number("revenue") == 28_000  # 28 invoices of 1,000


def test_a_file_that_begins_with_the_separator_is_read(company):
    text = "\ufeffsep=;\r\n" + (HEADER + ROWS).replace(",", ";").replace("\n", "\r\n")
    assert company({"orders.csv": text}).number("revenue") == 686


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_a_head_and_a_total_in_another_language_and_encoding(company, encoding):
    text = (
        "Umsätze\nZeitraum: 1. September 2026, bis 30. September 2026\n\n"
        + HEADER
        + ROWS
        + "Gesamtsumme,,686,\n\nErstellt für Müller\n"
    )
    assert company({"orders.csv": text.encode(encoding)}).number("revenue") == 686


def test_a_sheet_with_title_total_and_note_gives_686(company):
    rows = [[n, pd.Timestamp(2026, 9, n), n + 10, f"c{n % 3}"] for n in range(1, 29)]
    above = [["Orders of September"], [], HEADER.strip().split(",")]
    below = [["Total", None, 686], [], ["Made by Ann on 1 October"]]
    book = io.BytesIO()
    pd.DataFrame([*above, *rows, *below]).to_excel(book, index=False, header=False)
    assert company({"orders.xlsx": book.getvalue()}).number("revenue") == 686


def test_a_mapped_file_is_read_from_its_header_on_without_a_setting(company):
    text = "Till report\n\nReceipt,Day,Net,Client\n" + ROWS + "Total,,686,\n"
    columns = 'order_id = "Receipt"\nordered_at = "Day"\nrevenue = "Net"\ncustomer_id = "Client"\n'
    settings = f'[tables.orders]\nfile = "till"\n[tables.orders.columns]\n{columns}'
    assert company({"till.csv": text}, settings).number("revenue") == 686


def test_totals_do_not_count_in_sql_either(company):
    sql = 'sql = "SELECT nr AS order_id, day AS ordered_at, CAST(net AS INT) AS revenue FROM till"'
    text = "Till report\n\nnr,day,net,who\n" + ROWS + "Total,2026-09-30,686,\n"
    assert company({"till.csv": text}, f"[tables.orders]\n{sql}\n").number("revenue") == 686


@pytest.mark.parametrize(
    "declared",
    ["skip_lines = 3", "header = 4", 'skip_lines = 4\nheader = ["order_id", "ordered_at", "revenue", "customer_id"]'],
)
def test_what_the_settings_say_about_the_header_is_done(company, declared):
    settings = f'[files.orders]\npath = "orders.csv"\n{declared}\n'
    text = "order_id,ordered_at,revenue,customer_id\n0,2026-09-01,1,c9\n0,2026-09-02,2,c9\n"
    assert company({"orders.csv": text + HEADER + ROWS}, settings).number("revenue") == 686
