"""Totals, names of groups and notes among the rows of a report: they are no rows, and rows that look like them are."""

from contextlib import closing

import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import load
from crmkit.cleaning.loading.reports import quarantined_rows
from crmkit.settings import FileMapping
from crmkit.sources.files.file_sets import FileSet
from crmkit.sources.files.raw_files import RawFiles
from crmkit.sources.sql import ROW, open_duckdb

HEADER = "order_id,ordered_at,revenue,customer_id\n"
ROWS = [f"{n},2026-09-{n:02d},{n + 10},c{n % 3}\n" for n in range(1, 6)]  # 11 + 12 + 13 + 14 + 15 = 65


@pytest.fixture
def rows_of(tmp_path):
    """Read one file, and return its rows as lists, the lines that are no rows by reason, and the bad lines."""

    def read(text, name="report.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        with closing(open_duckdb()) as con:
            raw = RawFiles(con).read(FileSet("report", (tmp_path / name,), FileMapping(path="")))
            cells = con.execute(f"SELECT * EXCLUDE (__part, {ROW}) FROM {raw.relation} ORDER BY {ROW}").fetchall()
        return [list(row) for row in cells], dict(raw.ignored), raw

    return read


def n_totals(ignored):
    return ignored.get("totals: their amounts are the sums of other rows", 0)


LABELS = [
    "Total",
    "TOTAL:",
    "Totals",
    "Grand total",
    "Grand Total (EUR)",
    "Sum",
    "Summe",
    "Gesamt",
    "Gesamtsumme",
    "Gesamtergebnis",
    "Insgesamt",
    "Totaal",
    "Totale",
    "Total général",
    "Total general",
    "Suma",
    "Razem",
    "Celkem",
    "Összesen",
    "Итого",
    "Всего",
    "Toplam",
    "Jumlah",
    "Yhteensä",
    "I alt",
    "合計",
    "总计",
    "합계",
    "รวม",
    "الإجمالي",
    "Total for September",
    "Total September 2026",
]


@pytest.mark.parametrize("label", LABELS)
def test_a_row_that_calls_itself_a_total_and_holds_the_sum_is_none(rows_of, label):
    rows, ignored, raw = rows_of(HEADER + "".join(ROWS) + f"{label},,65,\n")
    assert len(rows) == 5
    assert n_totals(ignored) == 1 and raw.n_ignored == (1,) and not raw.bad_lines


@pytest.mark.parametrize(
    "total",
    [
        "Total,2026-09-30,65,\n",  # with a date
        ",2026-09-30,65,Total\n",  # in another column
        "Total,,65\n",  # a cell short
        ",,65,\n",  # without a word
        'Total,,"€ 65.00",\n',
        "*** Total ***,,65,\n",
    ],
)
def test_a_total_is_known_in_each_form(rows_of, total):
    rows, ignored, _ = rows_of(HEADER + "".join(ROWS) + total)
    assert (len(rows), n_totals(ignored)) == (5, 1)


def test_totals_stand_in_any_place(rows_of):
    first = HEADER + "Total,,65,\n" + "".join(ROWS)
    between = HEADER + "".join(ROWS[:2]) + "Subtotal,,23,\n" + "".join(ROWS[2:]) + "Subtotal,,42,\nGrand total,,65,\n"
    assert [len(rows_of(text)[0]) for text in (first, between)] == [5, 5]
    assert [n_totals(rows_of(text)[1]) for text in (first, between)] == [1, 3]


@pytest.mark.parametrize("cents", ["1.234,50", "1,234.50", "1 234,50", "1234.5"])
def test_sums_are_compared_in_the_notation_of_the_file(rows_of, cents):
    total = {"1.234,50": "3.703,50", "1,234.50": "3,703.50", "1 234,50": "3 703,50", "1234.5": "3703.5"}[cents]
    rows = "".join(f"{n};{n:02d}.09.2026;{cents};c\n" for n in (1, 2, 3))
    kept, ignored, _ = rows_of(f"nr;datum;betrag;kunde\n{rows}Summe;;{total};\n")
    assert (len(kept), n_totals(ignored)) == (3, 1)


def test_averages_beside_a_sum_do_not_hide_a_total(rows_of):
    rows, ignored, _ = rows_of("day,campaign,cost,rate\n2026-09-01,a,10,0.5\n2026-09-02,b,20,0.7\nTotal,,30,0.6333\n")
    assert (len(rows), n_totals(ignored)) == (2, 1)


def test_subtotals_of_a_spreadsheet_are_known_by_the_word_behind_the_name(rows_of):
    rows, ignored, _ = rows_of("who,spent\nAnn,5\nAnn,6\nAnn Total,11\nBen,7\nBen,8\nBen Total,15\nGrand Total,26\n")
    assert (len(rows), n_totals(ignored)) == (4, 3)


@pytest.mark.parametrize(
    "text",
    [
        HEADER + "1,2026-09-01,11,Total Energies\n2,2026-09-02,11,Total\n3,2026-09-03,22,Total Energies\n",
        HEADER + "1,2026-09-01,11,\n2,2026-09-02,11,Total Energies\n",  # a guest, then as much again
        "order_id,product,quantity,revenue\n1,Mug,1,10\n1,Total,3,35\n2,Sum,1,9\n",
        "product,revenue\nMug,10\nTotal Wipes,12\nPot,22\n",
        "customer_id,channel\nTotal,web\nc1,\nc2,web\n",
        "id,name,note\n1,Ann,total loss\n2,Ben,\n",
    ],
)
def test_a_customer_or_a_product_with_such_a_name_is_a_row(rows_of, text):
    rows, ignored, raw = rows_of(text)
    assert len(rows) == text.count("\n") - 1
    assert not ignored and not raw.bad_lines


def test_a_total_that_is_not_the_sum_is_set_aside_with_that_reason(company):
    settings = company({"orders.csv": HEADER + "".join(ROWS) + "Total,2026-09-30,99,\n"})
    assert load(settings).counts["orders"].n_kept == 5
    aside = quarantined_rows(settings.path("store"), "orders")
    assert aside.line.tolist() == [7]
    assert aside.reason.tolist() == ["it is called a total, and its amounts are not the sum of other rows"]


def test_a_dated_total_counts_in_no_number_and_is_told(company):
    settings = company({"orders.csv": HEADER + "".join(ROWS) + "Total,2026-09-30,65,\n"})
    report = load(settings)
    counts = report.counts["orders"]
    assert (counts.n_in, counts.n_kept, counts.n_ignored) == (6, 5, 1)
    assert connect(settings=settings).frame("orders").revenue.sum() == 65
    assert "totals: their amounts are the sums of other rows: 1 row" in str(report)
    (by_file,) = report.details["by_file"]
    assert (by_file["n_in"], by_file["n_ignored"]) == (6, 1)


@pytest.mark.parametrize("again", [HEADER, "\ufeff" + HEADER, HEADER.replace(",", " , ")])
def test_exports_pasted_below_each_other_have_their_header_once(rows_of, again):
    rows, ignored, raw = rows_of(HEADER + "".join(ROWS[:3]) + again + "".join(ROWS[3:]))
    assert len(rows) == 5 and not raw.bad_lines
    assert ignored == {"lines that repeat the header": 1}


GROUPED = """Sales by Customer Detail

,Date,Num,Amount
Ann,,,
,09/01/2026,1,5.00
,09/02/2026,2,6.00
Total for Ann,,,11.00
Ben & Sons,,,
,09/03/2026,3,7.00
Total for Ben & Sons,,,7.00
TOTAL,,,18.00

"Thursday, October 1, 2026 09:00 AM - Accrual Basis"
"""


def test_the_name_of_a_group_stands_in_each_of_its_rows(rows_of):
    rows, ignored, raw = rows_of(GROUPED)
    assert rows == [
        ["Ann", "09/01/2026", "1", "5.00"],
        ["Ann", "09/02/2026", "2", "6.00"],
        ["Ben & Sons", "09/03/2026", "3", "7.00"],
    ]
    assert raw.columns == ("group", "Date", "Num", "Amount")
    assert sorted(ignored.values()) == [1, 2, 3] and not raw.bad_lines
    assert raw.notes[-1] == "report.csv: the names above its groups of rows are read as its column 'group'"


def test_a_named_column_of_groups_keeps_its_name(rows_of):
    assert rows_of(GROUPED.replace(",Date,", "Customer,Date,"))[2].columns[0] == "Customer"


def test_groups_are_read_where_the_first_column_holds_the_dates_of_the_rows(rows_of):
    text = "Receivables\n\nDate,Number,Gross\nAnn\n1 Sep 2026,I-1,5\n2 Sep 2026,I-2,6\nTotal Ann,,11\nBen\n3 Sep 2026,I-3,7\nTotal Ben,,7\nTotal,,18\n"
    rows, ignored, raw = rows_of(text)
    assert rows == [
        ["Ann", "1 Sep 2026", "I-1", "5"],
        ["Ann", "2 Sep 2026", "I-2", "6"],
        ["Ben", "3 Sep 2026", "I-3", "7"],
    ]
    assert n_totals(ignored) == 3 and not raw.bad_lines


def test_a_group_inside_of_another_has_both_names(rows_of):
    text = ",Date,Amount\nAnn,,\n,09/01/2026,5\nGarden,,\n,09/02/2026,6\nTotal for Garden,,6\n,09/03/2026,7\nTotal for Ann,,18\nBen,,\n,09/04/2026,8\nTotal for Ben,,8\n"
    assert [row[0] for row in rows_of(text)[0]] == ["Ann", "Ann:Garden", "Ann", "Ben"]


def test_rows_of_which_only_the_first_cell_is_filled_are_rows_where_no_groups_are(rows_of):
    rows, ignored, _ = rows_of("customer_id,channel,country\nc1,web,DE\nc2,,\nc3,shop,FR\nc4,,\n")
    assert len(rows) == 4 and not ignored


@pytest.mark.parametrize(
    "note",
    [
        "\nGenerated by Ann\n",
        "\nGenerated on Thursday\nAll amounts in EUR\n",
        "Total,,65,\nAs of October 1\n",
        "\n© Kaldi Coffee,,,\n",
    ],
)
def test_notes_below_the_rows_are_none(rows_of, note):
    rows, ignored, raw = rows_of(HEADER + "".join(ROWS) + note)
    assert len(rows) == 5 and not raw.bad_lines
    assert ignored["lines that are notes, titles or totals and no rows"] >= 1


def test_a_row_that_was_cut_off_is_set_aside_and_no_note(rows_of):
    rows, ignored, raw = rows_of(HEADER + "".join(ROWS) + "6,2026")
    assert len(rows) == 5 and not ignored
    assert [(line.line, line.reason) for line in raw.bad_lines] == [(7, "the line has 2 cells and the header 4")]
