"""The pages as a reader meets them: in a real browser, on a telephone, in the dark, on paper, without a network."""

import re
from itertools import combinations

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

from crmkit.reporting import Link, stub_page, write_archive, write_index
from crmkit.reporting.display.tables import table
from tests.reporting.rendered_pages import HOSTILE, SETTINGS, rendered, scorecard_cells, shown

KINDS = ["scorecard", "hostile", "index", "stub", "archive", "frames", "list", "words", "intervals"]
TELEPHONE = 390


@pytest.fixture(scope="session")
def pages(tmp_path_factory, scorecard, hostile):
    import pandas as pd

    reports = tmp_path_factory.mktemp("reports")
    rendered(reports / "2026-10", new_markdown_cell("# Scorecard\n\nHow are we doing?"), name="scorecard")
    stub = reports / "2026-10" / "voice.html"
    stub_page(
        stub,
        "What customers say",
        "The table survey_responses has no column score.",
        "Name it in crmkit.toml.",
        Link("September 2026", "voice.html"),
        company="Kaldi Coffee",
        period="2026-10",
    )
    write_index(reports / "2026-10", "2026-10", company="Kaldi Coffee")
    write_archive(reports, company="Kaldi Coffee")
    wide = pd.DataFrame({f"column number {n}": ["some text"] * 3 for n in range(20)})
    plain = type("Plain", (), {"_repr_html_": lambda self: wide._repr_html_()})()
    prose = new_markdown_cell(
        "# Frames\n\nQ?\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n`code` and\n\n```\n" + "long line " * 30 + "\n```"
    )
    frames = rendered(reports / "2026-10", prose, shown(plain), shown(plain), name="frames")
    why = ["no order for 70 days; 1 order in the last 90 days; has unsubscribed"] * 3
    rows = pd.DataFrame({f"number {n}": [1_000.0] * 3 for n in range(7)} | {"why": why})
    listed = rendered(reports / "2026-10", new_markdown_cell("# List\n\nWho?"), shown(table(rows, "Who")), name="list")
    found = pd.DataFrame(
        {
            "table": ["customer_identities", "orders"],
            "finding": ["rows of people who were in there twice"] * 2,
            "rows": [25, 2],
            "share": [0.004, 0.1],
            "severity": ["note", "rejected"],
            "consequence": why[:2],
        }
    )
    found["finding"] += ", or more often"
    words = rendered(
        reports / "2026-10",
        new_markdown_cell("# Words\n\nWhat?"),
        shown(table(found, "Found", units={"share": "share"})),
        name="words",
    )
    odds = pd.DataFrame(
        {
            "what differs": ["days since the last order", "orders so far"],
            "compared": ["education against health"] * 2,
            "odds of leaving": [9.2, 0.54],
            "low": [3.74, 0.3],
            "high": [22.62, 1.0],
        }
    )
    calls = pd.DataFrame(
        {
            "place": [1, 2],
            "customer": ["•••06", "•••49"],
            "chance": [0.253, 0.151],
            "worth": [1610.0, 1570.0],
            "at risk": [408.0, 237.0],
            "low": [0.058, 0.469],
            "high": [0.652, 0.986],
            "why": why[:2],
        }
    )
    units = {"chance": "share", "worth": "money", "at risk": "money", "low": "share", "high": "share"}
    tables = shown(table(odds, "Odds")), shown(table(calls, "Calls", units=units, settings=SETTINGS))
    ratios = rendered(reports / "2026-10", new_markdown_cell("# Odds\n\nWhat?"), *tables, name="odds")
    return {
        "words": words,
        "intervals": ratios,
        "list": listed,
        "scorecard": scorecard,
        "hostile": hostile,
        "index": reports / "2026-10" / "index.html",
        "stub": stub,
        "archive": reports / "index.html",
        "frames": frames,
    }


@pytest.mark.parametrize("width", [1280, TELEPHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_axe_finds_no_fault(visit, pages, kind, scheme, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = visit(pages[kind], width=width, scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    results = axe.run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("width", [320, TELEPHONE, 768])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_scrolls_sideways_on_a_small_screen(visit, pages, kind, width):
    page = visit(pages[kind], width=width)
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_telephone_the_explanation_stands_beneath_the_numbers_and_can_be_read_without_scrolling(visit, pages):
    places = """row => { const part = row.closest('.scroll').getBoundingClientRect(), [number, why] =
        [row.children[1], row.lastElementChild].map(cell => cell.getBoundingClientRect());
        return {beneath: why.top >= number.bottom, inside: why.left >= part.left && why.right <= part.right + 1} }"""
    for width, is_phone in ((TELEPHONE, True), (1280, False)):
        page = visit(pages["list"], width=width)
        row = page.get_by_role("table").get_by_role("row").nth(1)  # a table, for whoever has it read out
        assert row.get_by_role("cell").count() == 7
        assert row.evaluate(places) == {"beneath": is_phone, "inside": True}


def test_on_a_telephone_no_two_cells_of_a_list_overlap_and_heads_stand_above_their_columns(visit, pages):
    page = visit(pages["words"], width=TELEPHONE)
    boxes = """row => [...row.children].map(cell => { const range = document.createRange(); range.selectNodeContents(cell);
        const {left, right, top, bottom} = range.getBoundingClientRect(); return {left, right, top, bottom} })"""
    head, *rows = (row.evaluate(boxes) for row in page.get_by_role("table").get_by_role("row").all())
    for row in (head, *rows):
        for one, other in combinations(row, 2):
            beside = one["right"] <= other["left"] or other["right"] <= one["left"]
            assert beside or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]
    for row in rows:
        assert row[0]["top"] == pytest.approx(row[2]["top"], abs=2)  # the name on the line of its numbers
        assert row[0]["left"] == pytest.approx(head[0]["left"], abs=1)
        assert row[2]["right"] == pytest.approx(head[2]["right"], abs=1)


@pytest.mark.parametrize("kind", ["words", "intervals"])
def test_on_a_telephone_a_usual_table_is_seen_without_scrolling(visit, pages, kind):
    page = visit(pages[kind], width=TELEPHONE)
    too_wide = "all => all.filter(part => part.scrollWidth > part.clientWidth).map(part => part.ariaLabel)"
    assert page.locator(".scroll").evaluate_all(too_wide) == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_request_leaves_the_file(visit, pages, kind):
    page = visit(pages[kind])
    page.wait_for_timeout(200)
    outside = [url for url in page.requests if not url.startswith(("data:", pages[kind].as_uri()))]
    assert outside == []


def test_a_hostile_name_is_shown_and_never_run(visit, pages):
    page = visit(pages["hostile"])
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.wait_for_timeout(200)
    assert dialogs == []
    assert page.title().startswith(HOSTILE) and page.title() != "taken"
    assert HOSTILE in page.inner_text("main")
    assert page.locator("script").count() == 1 and page.locator("img[src=x]").count() == 0


def test_the_page_is_readable_without_javascript(visit, pages):
    page = visit(pages["scorecard"], scripts=False)
    assert "6.2 % of customers left" in page.inner_text("main").replace("\xa0", " ")
    page.locator("summary").first.click()
    assert page.locator("details table").first.is_visible()


def test_every_picture_is_drawn_and_says_what_it_shows(visit, pages):
    page = visit(pages["scorecard"])
    shown = page.locator("svg.chart.for-screens")
    pictures = shown.evaluate_all("all => all.map(one => [one.getBoundingClientRect().width, one.ariaLabel])")
    assert len(pictures) == 2
    for width, alternative in pictures:
        assert width > 500 and len(alternative) > 50
    sparklines = page.locator(".spark svg").evaluate_all(
        "all => all.map(one => [one.getBoundingClientRect().width, one.ariaLabel])"
    )
    assert len(sparklines) == 9
    assert all(width > 150 and re.search(r"\d", label) for width, label in sparklines)


def test_a_telephone_gets_the_picture_that_was_drawn_for_it(visit, pages):
    for width, kind in ((1280, "for-screens"), (TELEPHONE, "for-phones")):
        charts = visit(pages["scorecard"], width=width).locator("svg.chart")
        seen = "all => all.filter(one => one.checkVisibility()).map(one => one.classList[1])"
        assert charts.evaluate_all(seen) == [kind] * 2


def test_text_in_a_chart_of_a_telephone_is_as_large_as_small_text_of_the_page(visit, pages):
    texts = visit(pages["scorecard"], width=TELEPHONE).locator("svg.for-phones text")
    heights = texts.evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert min(heights) >= 12


def brightness(page, selector):
    """Mean brightness of an element as it is seen, 0 (black) to 255."""
    from io import BytesIO

    import numpy as np
    from PIL import Image

    return float(np.asarray(Image.open(BytesIO(page.locator(selector).first.screenshot())).convert("L")).mean())


def test_page_and_figure_turn_dark_together(visit, pages):
    light, dark = visit(pages["scorecard"]), visit(pages["scorecard"], scheme="dark")
    assert brightness(light, "figure") > 230 and brightness(dark, "figure") < 60
    assert brightness(light, ".tile") > 200 and brightness(dark, ".tile") < 80


def test_text_in_a_dark_figure_stands_out(visit, pages):
    from io import BytesIO

    import numpy as np
    from PIL import Image

    picture = Image.open(
        BytesIO(visit(pages["scorecard"], scheme="dark").locator("figure svg").first.screenshot())
    ).convert("L")
    assert np.quantile(np.asarray(picture), 0.995) > 120  # labels are light on the dark paper


def test_it_prints_on_a_few_sheets_with_the_folds_open_and_light_even_from_a_dark_screen(visit, pages):
    page = visit(pages["scorecard"], scheme="dark")
    paper = page.pdf(format="A4", print_background=True)
    assert paper.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 8
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('.crmkit h1')).color") == "rgb(24, 33, 45)"
    assert page.locator("details table").first.evaluate("one => one.getBoundingClientRect().height") > 100


def test_the_first_tab_stop_skips_to_the_findings(visit, pages):
    page = visit(pages["scorecard"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the findings"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_chips_and_values_stay_on_one_line(visit, pages):
    for width in (1280, TELEPHONE):
        page = visit(pages["scorecard"], width=width)
        heights = page.locator(".chip").evaluate_all("all => all.map(one => one.getClientRects().length)")
        assert set(heights) == {1}


def test_tiles_of_one_row_have_one_height(visit, pages):
    page = visit(pages["scorecard"])
    boxes = page.locator(".topic:first-child .tile").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().height)"
    )
    assert len(boxes) == 3 and max(boxes) - min(boxes) < 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_smaller_than_500_kilobytes(pages, kind):
    assert pages[kind].stat().st_size < 500_000


def test_a_page_with_many_figures_is_smaller_than_500_kilobytes(folder):
    cells = scorecard_cells()
    figures = [cell.outputs for cell in cells if "<figure" in str(cell.get("outputs"))]
    more = [new_code_cell("", outputs=outputs) for outputs in figures * 4]
    assert len(more) == 8 and rendered(folder, *cells, *more, name="long").stat().st_size < 500_000


def test_a_fragment_in_a_notebook_looks_like_the_report(visit, folder):
    from crmkit.reporting.pages import tiles
    from tests.reporting.factories import history_frame, scorecard_frame

    alone = folder / "notebook.html"
    shown_alone = tiles(scorecard_frame(), history_frame())._repr_html_()
    alone.write_text(
        f"<!doctype html><title>x</title><body data-jp-theme-light=false style='font:13px serif'>{shown_alone}",
        encoding="utf-8",
    )
    page = visit(alone)
    assert page.evaluate("getComputedStyle(document.querySelector('.tile')).backgroundColor") == "rgb(23, 30, 39)"
    assert page.evaluate("getComputedStyle(document.body).fontFamily") == "serif"
    assert "system-ui" in page.evaluate("getComputedStyle(document.querySelector('.tile')).fontFamily")
