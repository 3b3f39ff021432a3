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

from crmkit.reporting.runner.run import RunReport, run_report
from tests.notebooks.one_number import disagreements
from tests.owner_part import MOST_WORDS, visible_words

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
PAGES = [
    "data_quality",
    "scorecard",
    "acquisition",
    "pipeline",
    "retention",
    "voice",
    "social",
    "churn",
    "value",
    "segments",
    "ahead",
    "track_record",
    "glossary",
]


def text_of(run: RunReport, page: str) -> str:
    html = (run.folder / f"{page}.html").read_text(encoding="utf-8")
    return " ".join(BeautifulSoup(html, "html.parser").get_text(" ").replace("\N{NO-BREAK SPACE}", " ").split())


@pytest.fixture(scope="module")
def october(kaldi: Path) -> RunReport:
    return run_report(kaldi, "2026-10")


@pytest.fixture(scope="module")
def november(retailer: Path) -> RunReport:
    return run_report(retailer, "2011-11", only=["scorecard", "acquisition", "pipeline"])


def test_every_page_is_made(october):
    assert not october.failed
    assert {page.name for page in october.pages} >= set(PAGES)
    assert october.index.is_file() and (october.folder.parent / "index.html").is_file()


def test_every_page_prints_the_same_of_one_number(october):
    assert disagreements(october.folder) == []


@pytest.mark.slow
def test_every_page_of_the_real_company_prints_the_same_of_one_number(november):
    assert disagreements(november.folder) == []


def test_the_bad_month_and_the_good_news_are_the_headline(october):
    text = text_of(october, "scorecard")
    assert (
        "October 2026: customers recommend you less; fewer customers are satisfied; more new customers joined" in text
    )
    assert re.search(r"customers lost \(churn\) missed the target \(10\.\d % against 6 %\)", text)
    assert "Perhaps the season: customers lost (churn)." in text  # they leave in October, though not as many
    assert "Real, worse" in text and "Real, better" in text and "Missed" in text


def test_acquisition_says_what_was_spent_and_what_came_of_it(october):
    text = text_of(october, "acquisition")
    assert re.search(r"€5,\d{3} of €5,500 for acquisition was spent, 9\d %", text)
    assert re.search(
        r"Of all new customers, the largest part by channel is paid social 4\d\.\d %, then organic search", text
    )
    assert "Attributed, not caused" in text and "paid social acquisition €1,800" in text
    assert "Cost of a new customer (CAC) is counted in several ways" in text


def test_the_pipeline_says_how_far_the_conventions_of_the_sales_cycle_are_apart(october):
    text = text_of(october, "pipeline")
    assert re.search(r"Sales cycle is counted in several ways.*lost ones staying lost: \d\d days \(−\d+ days\)", text)
    assert re.search(r"Deals with a visit \(\d\d % against \d\d %\) before the decision were won more often", text)
    assert "An association, not an effect" in text
    assert "qualification 34" in text


def test_the_scorecard_shows_the_headline_numbers_and_the_targets_but_not_all(october):
    html = (october.folder / "scorecard.html").read_text(encoding="utf-8")
    tiles = set(re.findall(r'id="tile-(\w+)"', html))
    assert {"turnover", "churn_rate", "nps", "customer_acquisition_cost", "win_rate"} <= tiles
    assert not tiles & {"clicks_lost", "days_to_win_half", "login_frequency", "acquisition_spend"}
    assert "Of eight targets" in text_of(october, "scorecard")


@pytest.mark.parametrize("page", ["scorecard", "acquisition", "pipeline"])
def test_every_number_links_to_what_it_counts(october, page):
    soup = BeautifulSoup((october.folder / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    tiles = soup.select("article.tile h3")
    assert len(tiles) > 10
    for tile in tiles:
        (link,) = tile.select("a[href^='#term-']")
        assert soup.find(id=link["href"][1:]).select("dd.formula")


def test_the_glossary_explains_every_metric_and_every_column(october):
    from crmkit.metrics import CARDS
    from crmkit.tables.schema import SCHEMAS

    html = (october.folder / "glossary.html").read_text(encoding="utf-8")
    own = {name for name, card in CARDS.items() if card.function.__module__.startswith("crmkit.metrics.")}
    assert own <= set(re.findall(r'id="term-(\w+)"', html))
    text = text_of(october, "glossary")
    for schema in SCHEMAS.values():
        assert schema.name in text and schema.columns[-1].meaning in text


def test_the_analysts_tour_runs_and_is_no_page(kaldi, october):
    tour = nbformat.read(NOTEBOOKS / "explore.ipynb", 4)
    resources = {"metadata": {"path": str(kaldi)}}
    done = NotebookClient(tour, kernel_name="python3", resources=resources, timeout=300).execute()
    shown = [cell for cell in done.cells if cell.cell_type == "code" and cell.outputs]
    assert len(shown) >= 14
    assert "Large orders" in str(shown) and "image/png" in str(shown)
    assert "explore" not in {page.name for page in october.pages}


def test_the_dirt_is_reported_with_its_reasons(october):
    text = text_of(october, "data_quality")
    assert re.search(r"All but \d+ of [\d,]+ rows can be used", text)
    assert "the time of the answer (responded_at) is missing" in text and "rows equal an earlier row" in text


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_one_small_file_that_asks_for_nothing(october, page):
    html = (october.folder / f"{page}.html").read_text(encoding="utf-8")
    assert len(html.encode()) < 500_000
    assert not re.search(
        r"""(?:src|href)\s*=\s*["']?(?:https?:)?//|url\(\s*["']?https?:|<script(?!>"use strict";)""", html
    )


@pytest.mark.parametrize("page", ["index", *PAGES])
def test_an_owner_reads_at_most_350_words_of_a_page(october, page):
    assert 25 < visible_words((october.folder / f"{page}.html").read_text(encoding="utf-8")) <= MOST_WORDS


@pytest.mark.parametrize(("width", "height", "most"), [(1280, 800, 2), (390, 844, 4)])
def test_an_owner_scrolls_little(october, browser, width, height, most):
    page = browser.new_page(viewport={"width": width, "height": height})
    screens = {}
    for name in ["index", *PAGES]:
        page.goto((october.folder / f"{name}.html").as_uri())
        screens[name] = page.evaluate("document.documentElement.scrollHeight") / height
    page.close()
    assert {name: round(n, 2) for name, n in screens.items() if n > most} == {}


def test_on_paper_an_owner_reads_two_sides_and_the_folds_begin_a_new_one(october, browser):
    page = browser.new_page()
    sides = {}
    for name in ["index", *PAGES]:
        page.goto((october.folder / f"{name}.html").as_uri())
        page.add_style_tag(content="details.fold { display: none !important }")
        sides[name] = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
    page.close()
    assert {name: n for name, n in sides.items() if n > 2} == {}


@pytest.mark.parametrize("page", ["index", *PAGES])
def test_every_link_within_the_report_leads_to_a_place(october, page):
    soup = BeautifulSoup((october.folder / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    for link in soup.select("a[href]"):
        file, _, anchor = link["href"].partition("#")
        place = october.folder / (file or f"{page}.html")
        assert place.is_file(), link["href"]
        assert not anchor or f'id="{anchor}"' in place.read_text(encoding="utf-8"), link["href"]


@pytest.mark.parametrize("page", PAGES)
def test_no_personal_data_no_path_and_nothing_empty_is_printed(october, kaldi, page):
    text = text_of(october, page)
    assert "@example" not in text and str(kaldi) not in text and str(Path.home()) + "/" not in text
    assert not re.search(r"\b(nan|NaN|None|inf|NaT)\b", text)


@pytest.mark.slow
def test_the_real_company_has_its_numbers_and_names_what_is_missing(november):
    assert not november.failed
    text = text_of(november, "scorecard")
    for needed in ("survey_responses", "costs", "leads", "deals"):
        assert f"needs {needed}" in text
    for shown in ("Turnover £1.46 million", "Orders 2,769", "New customers 323", "9.3 % of customers left"):
        assert shown in text
    assert "Online Retail" in text


@pytest.mark.slow  # of a company of orders alone, tests/notebooks/test_small_firms.py runs the same pages quickly
@pytest.mark.parametrize("page", ["acquisition", "pipeline"])
def test_a_company_without_deals_costs_or_leads_has_the_pages_and_reads_what_they_need(november, page):
    text = text_of(november, page)
    assert not re.search(r"\b(nan|NaN|None|inf|NaT)\b", text)
    assert "needs " in text


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


@pytest.mark.parametrize("name", [pytest.param("00_data_quality", marks=pytest.mark.slow), "01_scorecard"])
def test_a_page_runs_in_jupyterlab_as_it_stands(kaldi, monkeypatch, name):
    monkeypatch.setenv("CRMKIT_SETTINGS", str(kaldi / "crmkit.toml"))
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOKS)}}).execute()
    shown = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("text/html" in output.get("data", {}) for output in shown)
