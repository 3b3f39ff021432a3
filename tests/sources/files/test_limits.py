"""Files that ask for more memory than there is are refused in words, before they are read; those beside them say so too."""

import gzip
import re
import time
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crmkit.cleaning.loading.load import check
from crmkit.errors import Problems
from crmkit.sources.files import limits

ORDERS = "order_id,ordered_at,revenue\n1,2026-10-01,5\n2,2026-10-02,6\n"
CELL = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'
WORKBOOK = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml'
    '.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.spreadsheetml.worksheet+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://'
    'schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Orders" sheetId="1" r:id="r1"/>'
    "</sheets></workbook>",
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}
ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Orders">{}</table:table></office:spreadsheet></office:body></office:document-content>'
)
ODS_CELL = '<table:table-cell{} office:value-type="string"><text:p>{}</text:p></table:table-cell>'


def xlsx(folder: Path, far: str = "", more: dict | None = None) -> Path:
    """Write a workbook with three lines of orders, some XML of further rows, and other members."""
    lines = [line.split(",") for line in ORDERS.splitlines()]
    rows = "".join(
        f'<row r="{n}">{"".join(CELL.format(f"{letter}{n}", cell) for letter, cell in zip("ABC", line, strict=True))}</row>'
        for n, line in enumerate(lines, start=1)
    )
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}{far}</sheetData></worksheet>'
    return packed(folder / "orders.xlsx", WORKBOOK | {"xl/worksheets/sheet1.xml": sheet} | (more or {}))


def ods(folder: Path, rows: str) -> Path:
    """Write an OpenDocument file with three lines of orders and some XML of further rows."""
    lines = ["".join(ODS_CELL.format("", cell) for cell in line.split(",")) for line in ORDERS.splitlines()]
    own = "".join(f"<table:table-row>{line}</table:table-row>" for line in lines)
    mime = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return packed(
        folder / "orders.ods",
        {"mimetype": mime, "META-INF/manifest.xml": manifest, "content.xml": ODS.format(own + rows)},
    )


def packed(path: Path, members: dict) -> Path:
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def refused(company, match: str) -> str:
    """Check the exports, which are refused within ten seconds; return the message."""
    begun = time.monotonic()
    with pytest.raises(Problems, match=match) as problems:
        check(company({"leads.csv": "lead_id,created_at\n1,2026-10-01\n"}))
    assert time.monotonic() - begun < 30
    return str(problems.value)


@pytest.mark.parametrize("row_of_tag", ["1048576", "4"])
def test_a_cell_in_the_last_corner_of_a_sheet_is_refused(company, tmp_path, row_of_tag):
    xlsx(tmp_path / "exports", f'<row r="{row_of_tag}">{CELL.format("XFD1048576", "x")}</row>')
    text = refused(company, r"orders\.xlsx: .*reaches to row 1,048,576 of column XFD, 17,179,869,184 cells")
    assert "Delete what stands far from the table" in text


def test_far_cells_without_content_and_a_far_column_of_a_short_table_are_no_reason(company, tmp_path):
    far = f'<row r="4">{CELL.format("A4", 3)}{CELL.format("B4", "2026-10-03")}{CELL.format("C4", 7)}</row>'
    far += '<row r="1048576"><c r="XFD1048576" s="1"/></row>'
    xlsx(tmp_path / "exports", far)
    assert check(company({})).counts["orders"].n_kept == 3


@pytest.mark.parametrize("repeated", ["rows", "columns and rows"])
def test_a_repeated_cell_of_an_opendocument_file_is_refused(company, tmp_path, repeated):
    cell = ODS_CELL.format(' table:number-columns-repeated="16384"', "x")
    ods(tmp_path / "exports", f'<table:table-row table:number-rows-repeated="1048573">{cell}</table:table-row>')
    refused(company, r"orders\.ods: its sheet reaches to row 1,048,576 of column XFD")


def test_the_empty_rows_that_end_each_opendocument_sheet_are_no_reason(company, tmp_path):
    empty = '<table:table-cell table:number-columns-repeated="16384"/>'
    ods(tmp_path / "exports", f'<table:table-row table:number-rows-repeated="1048573">{empty}</table:table-row>')
    assert check(company({})).counts["orders"].n_kept == 2


def test_a_workbook_that_unpacks_to_more_than_its_size_can_hold_is_refused(company, tmp_path):
    xlsx(tmp_path / "exports", more={"xl/sharedStrings.xml": b" " * (300 * 2**20)})
    refused(company, r"orders\.xlsx: it unpacks from 0\.3 MB to 300\.0 MB\. Export the table as CSV")


def test_a_workbook_whose_directory_says_less_than_there_is_is_refused(company, tmp_path):
    path = xlsx(tmp_path / "exports", more={"xl/sharedStrings.xml": b" " * (300 * 2**20)})
    content = bytearray(path.read_bytes())
    said = (300 * 2**20).to_bytes(4, "little")
    for place in [found.start() for found in re.finditer(re.escape(said), content)]:
        content[place : place + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(content)
    refused(company, r"orders\.xlsx: it cannot be read as a workbook: .*Save it again, or export it as CSV")


@pytest.mark.parametrize("line_end", ["", "\n"])
def test_a_quotation_mark_that_is_never_closed_in_a_large_file_is_refused(company, tmp_path, line_end):
    text = ORDERS + '3,2026-10-03,"7' + ("8" * 99 + line_end) * 200_000
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "orders.csv").write_text(text)
    refused(company, r"orders\.csv: .*more than 10,000,000 letters: a quotation mark")


@pytest.mark.parametrize("kind", ["cells", "one cell"])
def test_a_line_of_40_megabytes_is_refused(company, tmp_path, kind):
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "orders.csv").write_text(ORDERS + ("3,4," if kind == "cells" else "3333") * 10_000_000)
    refused(company, r"orders\.csv: line 4 is longer than 32 MB")


def test_a_long_file_of_short_lines_with_any_line_ends_is_none(tmp_path):
    for end in ("\n", "\r\n", "\r"):
        (tmp_path / "long.csv").write_text(f"1,2,3{end}" * 6_000_000, newline="")
        limits.refuse_long_lines(tmp_path / "long.csv")


def test_a_hundred_thousand_columns_are_refused(company, tmp_path):
    (tmp_path / "exports").mkdir()
    names = ",".join(f"column {n}" for n in range(100_000))
    (tmp_path / "exports" / "orders.csv").write_text(
        f"order_id,ordered_at,revenue,{names}\n1,2026-10-01,5{',1' * 100_000}\n"
    )
    refused(company, r"orders\.csv: it has 100,003 columns, more than the 5,000")


def test_a_parquet_file_of_too_many_rows_or_bytes_is_refused(company, tmp_path, monkeypatch):
    (tmp_path / "exports").mkdir()
    orders = pd.DataFrame({"order_id": ["1"] * 30, "ordered_at": pd.Timestamp("2026-10-01"), "revenue": [5.0] * 30})
    orders.to_parquet(tmp_path / "exports" / "orders.parquet")
    monkeypatch.setattr(limits, "MOST_ROWS", 20)
    refused(company, r"orders\.parquet: it has 30 rows, more than the 20 that are read")
    monkeypatch.setattr(limits, "MOST_ROWS", 100)
    monkeypatch.setattr(limits, "MOST_CHUNK", 10)
    refused(company, r"orders\.parquet: it unpacks to .* MB\. Export the table as CSV, in several files")


def test_a_parquet_file_of_three_megabytes_that_unpacks_to_two_gigabytes_is_refused(company, tmp_path):
    (tmp_path / "exports").mkdir()
    large = pa.array([" " * 2**20] * 100)
    orders = pa.table({"order_id": pa.array(map(str, range(100))), "revenue": pa.array([5.0] * 100), "comment": large})
    orders = orders.append_column("ordered_at", pa.array([pd.Timestamp("2026-10-01")] * 100))
    with pq.ParquetWriter(
        tmp_path / "exports" / "orders.parquet", orders.schema, compression="zstd", use_dictionary=False
    ) as written:
        for _ in range(21):
            written.write_table(orders)
    assert (tmp_path / "exports" / "orders.parquet").stat().st_size < 3 * 2**20
    refused(company, r"orders\.parquet: it unpacks to 2\.\d GB")


@pytest.mark.parametrize("kind", ["zip", "gz"])
def test_a_zip_bomb_is_refused_before_it_is_written(company, tmp_path, monkeypatch, kind):
    monkeypatch.setattr("crmkit.sources.files.packed.MOST_BYTES", 10 * 2**20)
    (tmp_path / "exports").mkdir()
    content = ORDERS.encode() + b" " * (20 * 2**20)
    if kind == "gz":
        (tmp_path / "exports" / "orders.csv.gz").write_bytes(gzip.compress(content))
    else:
        packed(tmp_path / "exports" / "orders.zip", {"orders.csv": content})
    refused(company, r"its files are larger than .* GB in all")


def test_a_zip_that_needs_more_room_than_there_is_says_how_much(company, tmp_path, monkeypatch):
    packed(tmp_path / "exports" / "orders.zip", {"orders.csv": ORDERS + " " * (3 * 2**20)})
    monkeypatch.setattr("crmkit.sources.files.packed.shutil.disk_usage", lambda _: type("", (), {"free": 2**20}))
    refused(company, r"orders\.zip: its files take 3 MB, and .* has 1 MB left\. Make room, or set TMPDIR")
