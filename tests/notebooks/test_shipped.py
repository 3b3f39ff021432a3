"""The notebooks that ship, run for real: by the report, by papermill alone, and as JupyterLab runs them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient

from crmkit.reporting.run import RunReport, run_report

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
PAGES = ["data_quality", "scorecard", "value"]


def text_of(run: RunReport, page: str) -> str:
    html = (run.folder / f"{page}.html").read_text(encoding="utf-8")
    return " ".join(BeautifulSoup(html, "html.parser").get_text(" ").replace("\N{NO-BREAK SPACE}", " ").split())


@pytest.fixture(scope="module")
def october(kaldi: Path) -> RunReport:
    return run_report(kaldi, "2026-10")


@pytest.fixture(scope="module")
def november(retailer: Path) -> RunReport:
    return run_report(retailer, "2011-11")


def test_every_page_is_made(october):
    assert not october.failed
    assert {page.name for page in october.pages} >= set(PAGES)
    assert october.index.is_file() and (october.folder.parent / "index.html").is_file()


def test_the_bad_month_and_the_good_news_are_the_headline(october):
    text = text_of(october, "scorecard")
    assert "October 2026: customers recommend you less; more customers left; more new customers joined" in text
    assert re.search(r"10\.\d % of customers left ?, up from \d\.\d % in September", text)
    assert "Real, worse" in text and "Real, better" in text and "Missed" in text


def test_the_dirt_is_told_with_its_reasons(october):
    text = text_of(october, "data_quality")
    assert re.search(r"All but \d+ of [\d,]+ rows can be used", text)
    assert "responded_at is missing" in text and "rows equal an earlier row" in text


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_one_small_file_that_asks_for_nothing(october, page):
    html = (october.folder / f"{page}.html").read_text(encoding="utf-8")
    assert len(html.encode()) < 500_000
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//|url\(\s*["']?https?:|<script""", html)


@pytest.mark.parametrize("page", PAGES)
def test_no_personal_data_no_path_and_nothing_empty_is_printed(october, kaldi, page):
    text = text_of(october, page)
    assert "@example" not in text and str(kaldi) not in text and str(Path.home()) + "/" not in text
    assert not re.search(r"\b(nan|NaN|None|inf|NaT)\b", text)


def test_the_real_company_has_its_numbers_and_names_what_is_missing(november):
    assert not november.failed
    text = text_of(november, "scorecard")
    for needed in ("survey_responses", "costs", "leads", "deals"):
        assert f"needs {needed}" in text
    for shown in ("Revenue £1.46 million", "Orders 2,769", "New customers 323", "9.3 % of customers left"):
        assert shown in text
    assert "Online Retail" in text


def test_papermill_alone_runs_a_page(kaldi, tmp_path):
    out = tmp_path / "out.ipynb"
    command = [
        sys.executable,
        "-m",
        "papermill",
        str(NOTEBOOKS / "01_scorecard.ipynb"),
        str(out),
        "-p",
        "period",
        "2026-09",
    ]
    environment = os.environ | {"CRMKIT_SETTINGS": str(kaldi / "crmkit.toml")}
    subprocess.run(command, check=True, capture_output=True, env=environment, timeout=300)
    assert "September 2026: " in out.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["00_data_quality", "01_scorecard"])
def test_a_page_runs_in_jupyterlab_as_it_stands(kaldi, monkeypatch, name):
    monkeypatch.setenv("CRMKIT_SETTINGS", str(kaldi / "crmkit.toml"))
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("text/html" in output.get("data", {}) for output in shown)
