"""Lists that leave the page: written by the run, safe for a spreadsheet, gone when their page fails."""

import io
import re
from base64 import b64decode

import pandas as pd
import pytest

import crmkit as ck
from crmkit.cleaning.loading.load import load
from crmkit.errors import CrmkitError, Problems
from crmkit.reporting.display.exports import export, exports_in, save_exports, with_links_to_files
from crmkit.reporting.runner.run import run_report
from crmkit.settings import read_settings
from tests.reporting.tiny import write_notebook

ROWS = pd.DataFrame({"customer_id": ["=cmd|' /C calc'!A1", "Ä-2"], "chance": [-0.5, 0.25]})
LISTED = """import pandas as pd
import crmkit as ck
ck.pages.export(pd.DataFrame({{"customer_id": {ids}}}), "{name}")"""


def test_the_csv_is_text_where_a_spreadsheet_would_run_it_and_numbers_stay_numbers():
    csv = ck.pages.export(ROWS, "to_call").files["to_call.csv"]
    assert csv.startswith(b"\xef\xbb\xbf")
    assert csv.decode("utf-8-sig").splitlines() == ["customer_id,chance", "'=cmd|' /C calc'!A1,-0.5", "Ä-2,0.25"]


def test_parquet_holds_the_rows_as_they_are_with_their_types():
    parquet = ck.pages.export(ROWS, "to_call").files["to_call.parquet"]
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(parquet)), ROWS)


def test_a_named_index_is_the_first_column():
    files = ck.pages.export(ROWS.set_index("customer_id"), "to_call").files
    assert files["to_call.csv"].decode("utf-8-sig").startswith("customer_id,chance\n")


def test_a_heading_that_is_a_formula_is_text_and_an_empty_list_has_its_headings():
    files = ck.pages.export(pd.DataFrame({"=1+1": []}), "none").files
    assert files["none.csv"].decode("utf-8-sig") == "'=1+1\n"


def test_the_line_on_the_page_links_both_files_and_escapes_its_title():
    html = ck.pages.export(ROWS, "to_call", "Call <them>").html
    assert 'href="exports/to_call.csv"' in html and 'href="exports/to_call.parquet"' in html
    assert "Call &lt;them&gt; (2 rows)" in html


def test_personal_data_and_names_that_leave_the_folder_are_all_refused_at_once():
    with pytest.raises(Problems) as refused:
        ck.pages.export(pd.DataFrame({"customer_id": ["a"], "Email": ["a@b.c"], "phone": ["1"]}), "../list")
    assert len(refused.value.problems) == 3


def test_the_run_writes_both_files_keeps_those_of_an_unchanged_page_and_takes_away_those_of_one_that_fails(tmp_path):
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports/orders.csv").write_text("order_id,ordered_at,revenue\n1,2026-10-02 10:00:00,20\n")
    (tmp_path / "crmkit.toml").write_text("[data]\nthrough = 2026-10-31\n")
    load(read_settings(tmp_path))
    where = {"output": tmp_path / "out", "notebooks": tmp_path / "nb"}
    write_notebook(tmp_path / "nb", "01_list", LISTED.format(ids='["a", "b"]', name="to_call"))
    folder = run_report(tmp_path, "2026-10", **where).folder / "exports"
    assert pd.read_csv(folder / "to_call.csv")["customer_id"].tolist() == ["a", "b"]
    assert pd.read_parquet(folder / "to_call.parquet")["customer_id"].tolist() == ["a", "b"]
    again = run_report(tmp_path, "2026-10", **where)
    assert [page.is_unchanged for page in again.pages] == [True]
    assert sorted(path.name for path in folder.iterdir()) == ["to_call.csv", "to_call.parquet"]
    write_notebook(tmp_path / "nb", "01_list", "1 / 0")
    run_report(tmp_path, "2026-10", only=["list"], **where)
    assert not (folder / "to_call.csv").exists()


def test_two_pages_cannot_export_different_lists_under_one_name(tmp_path):
    save_exports(tmp_path, {"to_call.csv": b"one"})
    save_exports(tmp_path, {"to_call.csv": b"one"})
    with pytest.raises(CrmkitError, match=r"Another page of this period exports to_call.csv"):
        save_exports(tmp_path, {"to_call.csv": b"other"})


def test_a_notebook_that_carries_nothing_or_is_damaged_exports_nothing(tmp_path):
    damaged = tmp_path / "damaged.ipynb"
    damaged.write_text("{")
    assert exports_in(damaged) == exports_in(tmp_path / "absent.ipynb") == {}


def test_in_jupyterlab_where_no_file_is_written_a_link_gives_the_file_itself(monkeypatch):
    listed = pd.DataFrame({"customer_id": ["a", "b"], "chance": [0.5, 0.25]})
    in_a_run = export(listed, "to_call").html
    assert 'href="exports/to_call.csv"' in in_a_run and "in the folder exports beside this page" in in_a_run
    monkeypatch.setenv("JPY_SESSION_NAME", "/home/ada/voice.ipynb")
    shown = export(listed, "to_call")
    (link,) = re.findall(r'href="data:text/csv;base64,([^"]+)" download="to_call.csv"', shown.html)
    assert b64decode(link) == shown.files["to_call.csv"]
    assert "beside this page" not in shown.html
    # A report that is made from a notebook's terminal inherits the variable, and its page names the files all the same.
    links = re.findall(r'href="([^"]*)"', with_links_to_files(shown.html))
    assert links == ["exports/to_call.csv", "exports/to_call.parquet"]
