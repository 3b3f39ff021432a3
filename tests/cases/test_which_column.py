"""Files in which it is open where a table's columns are: two of one name, several sheets, other headers."""

import io
import json
import re

import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.errors import Problems

ROWS = [[n, f"2026-09-{n:02d}", n + 10, f"c{n % 3}"] for n in range(1, 29)]  # 11 to 38: 686
NAMES = ["order_id", "ordered_at", "revenue", "customer_id"]


def text_of(header, rows):
    return "\n".join(",".join(map(str, row)) for row in [header, *rows]) + "\n"


def book_of(**sheets):
    book = io.BytesIO()
    with pd.ExcelWriter(book) as writer:
        for name, (header, rows) in sheets.items():
            pd.DataFrame(rows, columns=header).to_excel(writer, sheet_name=name, index=False)
    return book.getvalue()


@pytest.mark.parametrize(("choice", "revenue"), [(0, 3206), (1, 686)])
def test_two_columns_of_one_name_are_asked_for_and_each_answer_works(case, choice, revenue):
    asked = case("dup")
    assert "'revenue (3)' (101, 102, 103) and 'revenue (4)' (11, 12, 13)" in asked.message
    file, *answers = re.findall(r'(file = "\w+"|columns\.\w+ = "[^"]+")', asked.message)
    assert asked.follow(f"[tables.orders]\n{file}\n{answers[choice]}").number("revenue") == revenue


@pytest.mark.parametrize("other", ["Revenue", " revenue", "REVENUE"])
def test_names_that_differ_in_case_or_spaces_are_one_name(company, other):
    rows = [[*row, 5] for row in ROWS]
    assert "2 columns are called 'revenue'" in company({"orders.csv": text_of([*NAMES, other], rows)}).message


def test_a_mapped_column_of_which_there_are_two_is_asked_for_in_the_mapping(company):
    text = text_of(["order_id", "ordered_at", "Total", "Total", "customer_id"], [[*row[:3], 1, row[3]] for row in ROWS])
    asked = company({"till.csv": text}, '[tables.orders]\nfile = "till"\ncolumns.revenue = "Total"\n')
    assert 'Write columns.revenue = "total (3)" or columns.revenue = "total (4)" under [tables.orders]' in asked.message
    settings = asked.folder / "crmkit.toml"
    settings.write_text(settings.read_text().replace('"Total"', '"total (3)"'))
    assert asked.load().number("revenue") == 686


@pytest.mark.parametrize("second", [lambda row: row[2], lambda row: ""])
def test_two_columns_with_the_same_cells_or_one_without_any_need_no_question(company, second):
    rows = [[*row, second(row)] for row in ROWS]
    assert company({"orders.csv": text_of([*NAMES, "revenue"], rows)}).number("revenue") == 686


def test_a_frame_with_two_columns_of_one_name_is_refused_where_they_differ():
    frame = pd.DataFrame([[1, "2026-09-01", 5, 6]], columns=["order_id", "ordered_at", "revenue", "Revenue"])
    with pytest.raises(Problems, match="2 columns are called 'revenue', and their cells differ: keep one of them"):
        connect({"orders": frame})
    assert connect({"orders": frame.assign(Revenue=5)}).frame("orders").revenue.tolist() == [5]


def test_a_known_export_with_two_amounts_is_refused_and_names_of_ones_own_mend_it(company):
    header = ["Reporting starts", "Reporting ends", "Campaign name", "Amount spent (EUR)", "Amount spent (EUR)"]
    rows = [["2026-09-01", "2026-09-01", "Autumn", 10, 20], ["2026-09-02", "2026-09-02", "Autumn", 11, 21]]
    asked = company({"meta.csv": text_of(header, rows)})
    assert "2 columns are called 'amount spent (eur)', and their cells differ" in asked.message
    names = json.dumps([*header[:4], "other"])
    answer = f'[files.meta]\npath = "meta.csv"\nskip_lines = 1\nheader = {names}'
    assert asked.follow(answer).number("acquisition_spend") == 21


def test_cells_of_people_are_not_shown_in_the_question(company):
    text = "customer_id,email,email\nc1,ann@kaldi.example,x@kaldi.example\n"
    message = company({"customer_identities.csv": text}).message
    assert "2 columns are called 'email'" in message and "kaldi.example" not in message


def test_the_sheet_that_fits_is_read_and_named(case):
    book = case("xlsx_sheets")
    assert book.number("revenue") == 686
    assert "orders.xlsx: its sheet 'Orders' is read, and not 'Summary'" in book.run("load", "--fresh").stdout


def test_a_sheet_is_found_by_the_columns_of_the_mapping(company):
    book = book_of(Notes=(["what", "when"], [["a", "b"]]), Till=(["Nr", "Day", "Net", "Who"], ROWS))
    columns = 'order_id = "Nr"\nordered_at = "Day"\nrevenue = "Net"\n'
    mapped = company({"till.xlsx": book}, f'[tables.orders]\nfile = "till"\n[tables.orders.columns]\n{columns}')
    assert mapped.number("revenue") == 686


def test_of_two_sheets_that_fit_one_is_asked_for_and_the_answer_works(company):
    asked = company({"orders.xlsx": book_of(August=(NAMES, [ROWS[0]]), September=(NAMES, ROWS))})
    assert """sheet = "August" or sheet = "September" under [files.orders]""" in asked.message
    assert asked.follow('[files.orders]\npath = "orders.xlsx"\nsheet = "September"').number("revenue") == 686


def test_where_no_sheet_fits_the_message_says_what_each_has(company):
    book = book_of(Summary=(["what", "value"], [["orders", 28]]), Data=(["order_id", "day", "net"], [[1, 2, 3]]))
    message = company({"orders.xlsx": book}).message
    assert "of 3 columns that are needed its sheet 'Summary' has 0, 'Data' has 1" in message
    assert "revenue is missing (its columns: order_id, day, net)" in message
    assert "`crmkit map` proposes which of its columns to read as which" in message


def test_a_file_of_a_tables_name_with_other_headers_says_what_is_missing_and_map_proposes_it(company):
    text = text_of(["Bestellnummer", "Bestelldatum", "Betrag", "Kundennummer"], ROWS)
    refused = company({"orders.csv": text})
    assert "order_id, ordered_at and revenue are missing" in refused.message
    assert "Betrag" in refused.message and "syntax error" not in refused.message
    run = refused.run("map", refused.folder / "exports")
    assert run.exit_code == 0 and "own layout" not in run.stdout
    proposed = (refused.folder / "exports" / "mapping.toml").read_text()
    (refused.folder / "exports" / "mapping.toml").unlink()
    assert refused.follow(proposed).number("revenue") == 686
