"""The line of the header and the delimiter, found by evidence in files with titles, report heads and notes above."""

import io

import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.load import load
from crmkit.cleaning.loading.reports import quarantined_rows
from crmkit.errors import Problems
from crmkit.settings import FileMapping
from crmkit.sources.files.head import text_head
from crmkit.sources.files.layout import Layout
from crmkit.sources.files.read import read_csv

HEADER = "order_id,ordered_at,revenue,customer_id"
ROWS = [f"{n},2026-09-{n:02d},{n + 10},c{n % 3}" for n in range(1, 6)]
TABLE = "\n".join([HEADER, *ROWS]) + "\n"
ABOVE = {
    "a title": "Orders report\n\n",
    "a title with the delimiter": "Orders, September 2026\n",
    "a report head": 'Kaldi Coffee\n"Orders, all shops"\nFor the period 1 September 2026 to 30 September 2026\n\n',
    "a title as wide as the table": "Orders report,,,\nGenerated,2026-10-01,,\n,,,\n",
    "names and values": "Report:,Orders\nFrom:,2026-09-01\nTo:,2026-09-30\n\n",
    "notes with commas": "Generated on Thursday, October 1, 2026, by Ann\n\n",
    "marked notes": "# ----\n# Orders\n# Start date: 20260901\n# ----\n#\n",
    "a separator": "sep=,\n",
    "a separator in quotes": '"sep=,"\n',
    "a separator as wide as the table": "sep=,,,,\n",
    "blank lines": "\n\n,,,\n",
    "a small table": "Shop,Orders\nWeb,3\nStreet,2\n\n",
    "names of groups of columns": ",Order,,Who\n",
}


@pytest.mark.parametrize("above", ABOVE)
def test_the_header_is_found_below(above):
    head = text_head(ABOVE[above] + TABLE, Layout())
    assert (head.delimiter, head.names, head.rows_above) == (",", tuple(HEADER.split(",")), ())
    line = ABOVE[above].count("\n") + 1
    assert (head.header_line, head.rows_from) == (line, line + 1)


@pytest.mark.parametrize("mark", [";", "\t", "|"])
@pytest.mark.parametrize("above", ["Orders, September 2026\n\n", "Kaldi; Orders\n\n", ""])
def test_the_delimiter_is_that_of_the_table_and_not_of_its_title(above, mark):
    rows = "".join(f"{n}{mark}{n:02d}.09.2026{mark}1.234,5{n}\n" for n in range(1, 5))
    head = text_head(f"{above}nr{mark}datum{mark}betrag\n{rows}", Layout())
    assert (head.delimiter, head.names) == (mark, ("nr", "datum", "betrag"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_separator_line_is_no_header_in_any_encoding(tmp_path, encoding, end):
    text = end.join(["sep=;", *TABLE.replace(",", ";").splitlines()])
    (tmp_path / "orders.csv").write_bytes(text.encode(encoding))
    read = read_csv(tmp_path / "orders.csv", FileMapping(path=""))
    assert read.cells.column("revenue").to_pylist() == ["11", "12", "13", "14", "15"]
    assert not read.bad_lines


@pytest.mark.parametrize(
    "text",
    [
        "name,town\nAnn,Köln\nBen,Bonn\n",  # nothing but text: the first line is the header
        "id,note\n1,a;b;c\n2,d;e;f\n3,g;h;i\n",  # another delimiter inside of cells, but not in the header
        "customer,2026-07,2026-08,place\nc1,5,6,Bonn\n",  # months as names
        "id,score,why\n1,n/a,late\n2,9,\n3,8,\n4,7,\n",  # a word among numbers
        "id\n1\n2\n",  # a single column
        "id,name\n",  # no row
    ],
)
def test_a_header_in_the_first_line_stays_the_header(text):
    assert text_head(text, Layout()).header_line == 1
    assert text_head(text, Layout()).names == tuple(text.splitlines()[0].split(","))


def test_rows_above_the_header_are_set_aside_and_not_lost(company):
    settings = company({"orders.csv": "\n".join([*ROWS[:2], HEADER, *ROWS[2:]])})
    assert load(settings).counts["orders"].n_kept == 3
    aside = quarantined_rows(settings.path("store"), "orders")
    assert (aside.line.tolist(), set(aside.reason)) == ([1, 2], {"it stands above the header"})


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        ("x,y,z,w\n1,2,3,4\n" + TABLE, {"header": 3}),
        ("x,y,z,w\n1,2,3,4\n" + TABLE, {"skip_lines": 2}),
        ("x,y,z,w\n\n\n" + TABLE, {"skip_lines": 1}),
        ("\n".join(ROWS), {"header": HEADER.split(",")}),
        ("A,B,C,D\n" + "\n".join(ROWS), {"header": HEADER.split(","), "skip_lines": 1}),
        ("A;B;C;D\n" + "\n".join(ROWS).replace(",", ";"), {"header": HEADER.split(","), "skip_lines": 1}),
    ],
)
def test_the_settings_say_where_the_header_is_or_that_there_is_none(company, content, declared):
    settings = company({"orders.csv": content}, files={"orders": {"path": "orders.csv", **declared}})
    load(settings)
    orders = connect(settings=settings).frame("orders")
    assert orders.revenue.tolist() == [11, 12, 13, 14, 15]
    assert orders.customer_id.tolist() == ["c1", "c2", "c0", "c1", "c2"]


def test_a_header_without_rows_below_it_in_the_line_of_the_settings_is_named(company):
    settings = company({"orders.csv": TABLE}, files={"orders": {"path": "orders.csv", "header": 70}})
    with pytest.raises(Problems, match="no line of it begins in line 70, where its header should stand"):
        load(settings)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"header": 0}, "must be the number of a line from 1 on"),
        ({"header": 3, "skip_lines": 2}, "not both"),
        ({"header": ["a", "A "]}, "must name every column of the file once"),
        ({"header": []}, "must name every column of the file once"),
        ({"skip_lines": -1}, "greater than or equal to 0"),
    ],
)
def test_a_header_that_cannot_be_is_refused(company, declared, said):
    with pytest.raises(Problems, match=said):
        company({"orders.csv": TABLE}, files={"orders": {"path": "orders.csv", **declared}})


def test_the_header_of_a_sheet_is_found_below_its_title(company):
    above = [["Orders"], [], ["order_id", "ordered_at", "revenue"]]
    rows = [[n, pd.Timestamp(2026, 9, n), n + 10.5] for n in range(1, 4)]
    book = io.BytesIO()
    pd.DataFrame([*above, *rows]).to_excel(book, index=False, header=False)
    settings = company({"orders.xlsx": book.getvalue()})
    load(settings)
    assert connect(settings=settings).frame("orders").revenue.tolist() == [11.5, 12.5, 13.5]
