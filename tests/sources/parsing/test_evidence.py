"""How a file is written is settled from its cells, or asked for with line and column; it is never guessed."""

import datetime

import openpyxl
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import load
from crmkit.cleaning.loading.reports import quarantined_rows
from crmkit.errors import Problems
from crmkit.sources.files.encoding import encoding_of
from crmkit.sources.files.file_sets import FileMapping
from crmkit.sources.files.workbook import sheet_records
from tests.sources.layouts import META_ADS, export

HEADER = "Bestellnummer;Bestellstatus;Bestelldatum;Gesamtsumme\n"
ADS = ["Day", "Campaign name", "Amount spent (EUR)", "Impressions"]


def orders_of(settings):
    load(settings)
    return connect(settings=settings).frame("orders")


def problem_of(settings):
    with pytest.raises(Problems) as caught:
        load(settings)
    (problem,) = caught.value.problems
    return problem


def shop(company, *rows, encoding="utf-8", **sections):
    return company({"shop.csv": (HEADER + "".join(f"{row}\n" for row in rows)).encode(encoding)}, **sections)


def test_03_04_2026_is_the_third_of_april_where_another_row_has_a_13th(company):
    orders = orders_of(shop(company, "1;completed;03/04/2026;5,50", "2;completed;13/04/2026 14:30;5,50"))
    assert orders.ordered_at.astype(str).tolist() == ["2026-04-03 00:00:00", "2026-04-13 14:30:00"]
    orders = orders_of(shop(company, "1;completed;03/04/2026;5.50", "2;completed;04/13/2026 02:30 PM;5.50"))
    assert orders.ordered_at.astype(str).tolist() == ["2026-03-04 00:00:00", "2026-04-13 14:30:00"]


def test_03_04_2026_alone_is_asked_for_with_line_column_and_what_to_write(company):
    problem = problem_of(shop(company, "1;completed;03/04/2026;5.50"))
    assert "'03/04/2026' (line 2, column 'Bestelldatum') is 3 April 2026 or 4 March 2026" in problem
    answers = 'date_format = "%d/%m/%Y" (3 April 2026) or date_format = "%m/%d/%Y" (4 March 2026)'
    assert f'Write path = "shop.csv" and {answers} under [files.shop]' in problem


def test_03_03_2026_is_the_same_either_way_and_what_is_declared_is_not_asked(company):
    assert str(orders_of(shop(company, "1;completed;03/03/2026;5.50")).ordered_at[0]) == "2026-03-03 00:00:00"
    declared = {"shop": {"path": "shop.csv", "date_format": "%m/%d/%Y"}}
    assert (
        str(orders_of(shop(company, "1;completed;03/04/2026;5.50", files=declared)).ordered_at[0])
        == "2026-03-04 00:00:00"
    )


def test_days_and_months_in_both_orders_are_reported_with_both_lines(company):
    problem = problem_of(shop(company, "1;completed;13/02/2026;5.50", "2;completed;02/13/2026;5.50"))
    assert "'13/02/2026' (line 2, column 'Bestelldatum') and '02/13/2026' (line 3, column 'Bestelldatum')" in problem


@pytest.mark.parametrize(
    ("amount", "value"),
    [
        ("1.234,50", 1234.5),
        ("1 234,50", 1234.5),
        ("1\u00a0234,50 €", 1234.5),
        ("1\u202f234,50", 1234.5),
        ("1'234.50", 1234.5),
        ("1,234.50", 1234.5),
        ("EUR 12,50", 12.5),
        ("12.50 EUR", 12.5),
        ("(12,50)", -12.5),
        ("−12,50", -12.5),
        ("0,125", 0.125),
        ("1.234.567", 1234567.0),
    ],
)
def test_an_amount_is_read_as_it_is_written(company, amount, value):
    assert orders_of(shop(company, f"1;completed;2026-03-04;{amount}")).revenue.tolist() == [value]


def test_1234_with_one_mark_is_asked_for_unless_a_count_or_another_row_shows_the_other_mark(company):
    problem = problem_of(shop(company, "1;completed;2026-03-04;1.234"))
    assert "'1.234' (line 2, column 'Gesamtsumme') is 1.234 or 1,234" in problem
    assert 'decimal = "." (1.234) or decimal = "," (1,234) under [files.shop]' in problem
    assert orders_of(shop(company, "1;completed;2026-03-04;1.234", "2;completed;2026-03-04;5,5")).revenue.tolist() == [
        1234.0,
        5.5,
    ]
    spend = [
        {"Day": "2026-09-01", "Campaign name": "A", "Amount spent (EUR)": "1.234", "Impressions": impressions}
        for impressions in ("12,000", "900")
    ]
    settings = company({"shop.csv": "order_id,ordered_at,revenue\n1,2026-09-01,5\n", "meta.csv": export(ADS, *spend)})
    with pytest.raises(Problems):  # shop.csv is no table's name
        load(company({}, tables={"orders": {"file": "nothing"}}))
    (settings.path("exports") / "shop.csv").unlink()
    load(settings)
    assert connect(settings=settings).frame("costs").amount.tolist() == [1.234, 1.234]


def test_two_decimal_marks_in_one_file_are_reported_with_both_cells(company):
    problem = problem_of(shop(company, "1;completed;2026-03-04;12.50", "2;completed;2026-03-04;12,50"))
    assert "'12.50' (line 2, column 'Gesamtsumme') and '12,50' (line 3, column 'Gesamtsumme')" in problem


def test_pounds_in_a_company_that_counts_in_euros_are_reported(company):
    problem = problem_of(shop(company, "1;completed;2026-03-04;£12.50"))
    assert "such as '£12.50' (line 2, column 'Gesamtsumme'), and the company's currency is EUR" in problem


def test_without_a_currency_in_the_file_it_is_said_which_one_is_taken(company):
    assert (
        "amounts are taken as EUR: the file names no currency"
        in load(shop(company, "1;completed;2026-03-04;5.50")).hints[0]
    )


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
    ],
)
def test_the_encoding_is_proven_by_the_bytes(tmp_path, encoding, name):
    file = tmp_path / "a.csv"
    file.write_bytes("Größe;Preis\nKlein – „fein“;5 €\nJosé’s;6\n".encode(encoding))
    assert encoding_of(file, FileMapping(path="")).name == name


def test_polish_in_its_own_code_page_is_asked_for_with_line_and_column(company):
    with pytest.raises(Problems) as caught:
        load(shop(company, "1;completed;2026-03-04;5.50;", "2;completed;2026-03-04;Łódź", encoding="cp1250"))
    problem = caught.value.problems[-1]
    assert "it is not written in utf-8 in line 3, column 'Gesamtsumme'" in problem
    assert 'write encoding = "cp1252"' in problem


def workbook(path, *sheets):
    catalog = openpyxl.Workbook()
    catalog.remove(catalog.active)
    for name, rows in sheets:
        sheet = catalog.create_sheet(name)
        for row in rows:
            sheet.append(row)
    catalog.save(path)


LINKEDIN = [
    "Post title",
    "Post link",
    "Post type",
    "Posted by",
    "Created date",
    "Impressions",
    "Clicks",
    "Click through rate (CTR)",
    "Likes",
    "Comments",
    "Reposts",
    "Content Type",
]


def test_linkedins_workbook_has_its_posts_on_the_second_sheet_below_a_description(company):
    settings = company({})
    posts = [
        ["Content of the last year; reach is organic"],
        LINKEDIN,
        ["Fresh beans", "https://l.example/1", "Organic", "Kim", "03/04/2026", 1200, 30, 0.025, 12, 1, 2, "Image"],
    ]
    workbook(
        settings.path("exports") / "content.xlsx",
        ("Metrics", [["Daily"], ["Date", "Impressions (organic)"]]),
        ("All posts", posts),
    )
    load(settings)
    (post,) = connect(settings=settings).frame("social_posts").to_dict("records")
    assert (post["impressions"], post["likes"], post["shares"], post["kind"]) == (1200, 12, 2, "Image")
    assert str(post["posted_at"])[:10] == "2026-03-04"  # LinkedIn writes the month first


def test_a_sheet_of_dates_numbers_and_formulas_is_read_and_a_formula_without_value_is_set_aside(company):
    settings = company({}, data={"through": "2026-12-31"})
    rows = [
        ["order_id", "ordered_at", "revenue"],
        [1, datetime.datetime(2026, 10, 1, 8, 30), 12.5],
        [2, datetime.date(2026, 10, 2), 40],
        [3, "2026-10-03", "=A2*2"],
        [4, "2026-10-04", "#REF!"],
    ]
    workbook(settings.path("exports") / "orders.xlsx", ("Orders", rows))
    orders = orders_of(settings)
    assert orders.order_id.tolist() == ["1", "2"]
    assert orders.revenue.tolist() == [12.5, 40.0]
    assert str(orders.ordered_at[0]) == "2026-10-01 08:30:00"
    aside = quarantined_rows(settings.path("store"), "orders")
    assert aside[["file", "line", "reason"]].values.tolist() == [
        ["orders.xlsx", n, "revenue cannot be read as a number"] for n in (4, 5)
    ]


def test_a_named_sheet_is_read_and_one_that_is_not_there_is_reported(company):
    settings = company({}, files={"orders": {"path": "orders.xlsx", "sheet": "2026"}})
    workbook(
        settings.path("exports") / "orders.xlsx",
        ("Notes", [["a"]]),
        ("2026", [["order_id", "ordered_at", "revenue"], ["1", "2026-10-01", 5]]),
    )
    assert len(orders_of(settings)) == 1
    other = company({}, files={"orders": {"path": "orders.xlsx", "sheet": "2027"}})
    assert "it has no sheet '2027'. Did you mean '2026'?" in problem_of(other)
    (settings.path("exports") / "orders.xlsx").write_bytes(b"PK no workbook")
    assert "it cannot be read as a workbook" in problem_of(settings)


def test_a_formula_and_an_error_keep_their_place_among_empty_cells(tmp_path):
    workbook(tmp_path / "a.xlsx", ("S", [["x", "y", "z"], [None, "=1+1", None], [True, None, "#DIV/0!"]]))
    assert list(sheet_records(tmp_path / "a.xlsx")) == [
        (1, ["x", "y", "z"]),
        (2, ["", "=1+1", ""]),
        (3, ["true", "", "#DIV/0!"]),
    ]


def test_an_offset_a_zone_and_a_plain_time_of_a_utc_export_all_arrive_in_jakarta(company):
    header = ["id", "Seller Message", "Created (UTC)", "Amount", "Amount Refunded", "Captured", "Status"]
    times = ["2026-01-31 18:00", "2026-01-31T18:00:00Z", "2026-01-31 19:00 +0100", "2026-02-01"]
    rows = [
        dict(zip(header, [f"ch_{n}", "ok", at, "5.50", "0", "true", "Paid"], strict=True)) for n, at in enumerate(times)
    ]
    orders = orders_of(company({"payments.csv": export(header, *rows)}, company={"time_zone": "Asia/Jakarta"}))
    assert orders.ordered_at.astype(str).tolist() == ["2026-02-01 01:00:00"] * 3 + ["2026-02-01 00:00:00"]


def test_an_empty_export_and_one_with_a_header_only_are_reported_or_noted(company):
    settings = company({"meta.csv": export(META_ADS), "orders.csv": "order_id,ordered_at,revenue\n1,2026-10-01,5\n"})
    report = load(settings)
    assert list(report.counts) == ["orders"]
    assert "meta.csv" in report.hints[0]
