"""An executed notebook becomes a page: prose and results, no code, no noise, nothing that runs or loads."""

import base64
from base64 import b64encode
from hashlib import sha256
from io import BytesIO
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell
from PIL import Image as Pillow

from crmkit.reporting.pages import opening, tiles
from tests.reporting.factories import scorecard_frame
from tests.reporting.rendered_pages import HOSTILE, SETTINGS, notebook_of, rendered, scorecard_cells, shown


def page(folder, *cells, **options):
    return BeautifulSoup(rendered(folder, *cells, **options).read_text(encoding="utf-8"), "html.parser")


def printed(data=None, *, kind="display_data", **options):
    return new_code_cell("secret_code()", outputs=[new_output(kind, data or {}, **options)])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return page(tmp_path_factory.mktemp("page"), *scorecard_cells())


def test_the_first_heading_is_the_name_of_the_page_and_the_question_stands_below(whole):
    assert whole.title.get_text() == "Scorecard, October 2026 · Kaldi Coffee"
    assert whole.select_one("main > .kicker").get_text() == "Scorecard"
    assert whole.select_one(".question").get_text() == "How are we doing, and is any change real?"
    assert [head.get_text() for head in whole.select("h1")] == [
        "October 2026: more customers left; winning a customer got cheaper"
    ]


def test_code_prompts_and_tags_of_notebooks_are_gone(whole):
    assert "secret_code" not in str(whole)
    assert "In&nbsp;[" not in str(whole) and "jp-" not in str(whole).replace("data-jp-theme-light", "")


def test_the_style_stands_once_in_the_head(whole):
    assert len(whole.select("style")) == 1 and whole.style.parent.name == "head"


def test_the_page_asks_browsers_to_load_nothing_and_to_run_its_own_script_alone(whole):
    policy = whole.select_one('meta[http-equiv="Content-Security-Policy"]')["content"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert whole.select("link, iframe, object, embed") == []
    (script,) = whole.select("script")
    digest = b64encode(sha256(script.string.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy and not script.attrs
    assert len(script.string) < 8_000 and "http" not in script.string and "eval" not in script.string
    sources = [tag[name] for tag in whole.select("[src], [srcset]") for name in ("src", "srcset") if tag.has_attr(name)]
    assert all(source.startswith("data:image/") for source in sources)


def test_the_page_has_a_language_a_skip_link_and_landmarks(whole):
    assert whole.html["lang"] == "en"
    assert whole.select_one("a.skip")["href"] == "#main" and whole.select_one("main#main") is not None
    assert whole.select_one("header nav")["aria-label"] == "Report periods"


def test_headings_go_down_one_level_at_a_time(whole):
    levels = [int(head.name[1]) for head in whole.select("h1, h2, h3, h4")]
    assert levels[0] == 1 and all(after - before <= 1 for before, after in pairwise(levels))


def test_every_picture_has_an_alternative_and_none_is_a_filler(whole):
    alternatives = [picture["alt"] for picture in whole.select("img")] + [
        chart["aria-label"] for chart in whole.select("svg.chart")
    ]
    assert len(alternatives) == 4 and min(map(len, alternatives)) > 50
    assert "No description" not in str(whole)


def test_a_link_to_a_section_that_is_there_works_and_one_to_nowhere_is_text(whole, tmp_path):
    ids = {tag["id"] for tag in whole.select("[id]")}
    links = {link["href"] for link in whole.select('a[href^="#"]')}
    assert {"#method", "#quality", "#term-nps"} <= links and {link[1:] for link in links} <= ids
    without_method = page(tmp_path, shown(tiles(scorecard_frame(), None, SETTINGS)))
    assert without_method.select('main a[href^="#"]') == []


def test_no_id_is_given_twice(whole):
    ids = [tag["id"] for tag in whole.select("[id]")]
    assert len(ids) == len(set(ids))


def test_a_notebook_without_an_opening_has_its_name_as_heading(tmp_path):
    assert page(tmp_path, new_markdown_cell("# Who leaves"), name="02_who").h1.get_text() == "Who leaves"
    assert page(tmp_path, new_markdown_cell("Just text."), name="02_who_leaves").h1.get_text() == "Who leaves"
    assert page(tmp_path, new_markdown_cell("# Who leaves"), title="Another name").h1.get_text() == "Another name"


def test_a_second_heading_of_the_notebook_does_not_compete_with_the_headline(tmp_path):
    made = page(
        tmp_path, new_markdown_cell("# One"), shown(opening(title="The headline")), new_markdown_cell("# Two\n\nText")
    )
    assert [head.get_text() for head in made.select("h1")] == ["The headline"]
    assert [head.get_text() for head in made.select("h2")] == ["Two"]


def test_the_text_after_the_question_stays(tmp_path):
    made = page(tmp_path, new_markdown_cell("# Name\n\nThe *question*?\n\nMore text."))
    assert made.select_one(".question").get_text() == "The question?"
    assert made.select_one(".prose").get_text(strip=True) == "More text."


def test_the_period_comes_from_the_parameters_of_the_run_unless_it_is_given(tmp_path):
    assert "September 2026" in page(tmp_path, new_markdown_cell("# A"), noted="2026-09").title.get_text()
    assert "August 2026" in page(tmp_path, new_markdown_cell("# A"), period="2026-08").title.get_text()
    assert page(tmp_path, new_markdown_cell("# A"), noted="").title.get_text() == "A · Kaldi Coffee"


def test_errors_warnings_and_what_calls_return_are_not_shown(tmp_path):
    cell = new_code_cell(
        "",
        outputs=[
            new_output("stream", name="stderr", text="FutureWarning: old"),
            new_output("stream", name="stdout", text="said <b>aloud</b>"),
            new_output(
                "error",
                ename="KeyError",
                evalue="orders",
                traceback=["Traceback (most recent call last)", "KeyError: orders"],
            ),
            new_output("execute_result", {"text/plain": "<Axes: >"}),
            new_output("execute_result", {"text/plain": "42"}),
        ],
    )
    made = page(tmp_path, cell)
    assert [block.get_text() for block in made.select("pre")] == ["said <b>aloud</b>", "42"]
    assert not any(word in str(made) for word in ("FutureWarning", "Traceback", "KeyError", "Axes"))


@pytest.mark.parametrize("tag", ["notebook-only", "remove_cell", "remove_output", "parameters"])
def test_cells_for_the_notebook_alone_are_left_out(tmp_path, tag):
    assert "The headline" not in str(page(tmp_path, shown(opening(title="The headline"), tags=(tag,))))


def test_raw_cells_are_left_out(tmp_path):
    assert "raw text" not in str(page(tmp_path, new_raw_cell("raw text")))


def test_a_plain_frame_scrolls_and_has_scopes(tmp_path):
    frame = pd.DataFrame({"name": [HOSTILE]})
    made = page(
        tmp_path,
        printed({"text/html": frame._repr_html_(), "text/plain": "a"}),
        printed({"text/html": frame._repr_html_()}),
    )
    assert [box["aria-label"] for box in made.select(".scroll")] == ["Table 1", "Table 2"]
    assert made.select_one("thead th")["scope"] == "col" and made.select_one("tbody th")["scope"] == "row"
    assert made.select("main script") == []


def test_a_plain_picture_becomes_smaller_and_gets_an_honest_alternative(tmp_path):
    raw = BytesIO()
    Pillow.fromarray(np.zeros((200, 200, 3), dtype=np.uint8)).save(raw, format="PNG")
    made = page(
        tmp_path,
        new_markdown_cell("# A\n\n## Orders by month"),
        printed({"image/png": base64.b64encode(raw.getvalue()).decode()}),
    )
    assert made.img["src"].startswith("data:image/webp;base64,")
    assert made.img["alt"] == "A figure in the section “Orders by month”; its author gave no description."


def test_the_alternative_that_an_output_brings_is_used(tmp_path):
    svg = printed(
        {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'/>"}, metadata={"alt": "Orders rose from 3 to 9."}
    )
    made = page(tmp_path, svg)
    assert made.img["alt"] == "Orders rose from 3 to 9." and made.img["src"].startswith("data:image/svg+xml;base64,")


def test_nothing_runs_or_loads_whatever_a_cell_shows(tmp_path):
    evil = (
        '<script src="https://example.com/a.js"></script><iframe src="https://example.com"></iframe>'
        '<img src="https://example.com/p.png" alt="a picture"><a href="javascript:alert(1)">x</a><p onclick="alert(1)">y</p>'
        '<link rel="stylesheet" href="https://example.com/s.css"><meta http-equiv="refresh" content="0;url=https://example.com">'
        '<svg><image xlink:href="https://example.com/i.png"/></svg><form action="https://example.com"><b>z</b></form>'
    )
    made = page(
        tmp_path,
        printed({"text/html": evil}),
        new_markdown_cell(f"Text {evil}\n\n![remote](https://example.com/r.png)"),
        printed({"text/markdown": evil}),
        printed({"application/javascript": "alert(1)"}),
    )
    body = str(made.body)
    assert "example.com" not in body and "alert(1)" not in body and "javascript:" not in body
    assert "a picture" in body and "remote" in body


def test_a_link_to_another_page_stays(tmp_path):
    assert page(tmp_path, new_markdown_cell("See [churn](churn.html).")).select_one(".prose a")["href"] == "churn.html"


def test_a_title_of_the_notebook_is_text(tmp_path):
    made = page(tmp_path, new_markdown_cell("# Plain"), title=HOSTILE, company=HOSTILE)
    assert made.h1.get_text() == HOSTILE and made.select_one(".brand").get_text() == HOSTILE
    assert made.select("main script") == []


def test_the_renderer_reports_what_it_left_out_and_what_grew_too_large(tmp_path):
    import nbformat

    from crmkit.reporting import render_page

    cells = [printed({"text/html": "<script>1</script>"}), new_markdown_cell("x" * 600_000)]
    nbformat.write(notebook_of(*cells), tmp_path / "a.ipynb")
    warnings = render_page(tmp_path / "a.ipynb", tmp_path / "a.html", company="K").warnings
    assert warnings[0].startswith("a <script> was left out")
    assert "more than 500" in warnings[-1]


def test_the_same_notebook_gives_the_same_page_to_the_byte(tmp_path):
    first, second = (rendered(tmp_path / name, *scorecard_cells()).read_bytes() for name in ("a", "b"))
    assert first == second


def test_the_notebook_file_is_not_changed(tmp_path):
    import nbformat

    from crmkit.reporting import render_page

    nbformat.write(notebook_of(new_markdown_cell("# A\n\nB?"), shown(opening(title="T"))), tmp_path / "a.ipynb")
    before = (tmp_path / "a.ipynb").read_bytes()
    render_page(tmp_path / "a.ipynb", tmp_path / "a.html", company="K")
    assert (tmp_path / "a.ipynb").read_bytes() == before


def test_an_address_in_any_output_of_a_cell_is_masked(tmp_path):
    whole = page(
        tmp_path,
        printed({"text/html": '<table><tr><td title="ada@firm.example">ada.l@firm.example</td></tr></table>'}),
        new_code_cell(
            "", outputs=[new_output("stream", name="stdout", text="asked bob@firm.example \x1b[31mtwice\x1b[0m")]
        ),
    )
    assert "firm.example" not in str(whole) and "\x1b" not in str(whole)
    assert "asked *** twice" in whole.get_text()


def test_ten_megabytes_of_output_make_no_page_of_ten_megabytes(tmp_path):
    file = rendered(
        tmp_path,
        new_code_cell("", outputs=[new_output("stream", name="stdout", text="x" * 10_000_000)]),
        printed({"text/html": "<p>y</p>" * 1_000_000}),
    )
    assert file.stat().st_size < 500_000
    assert "the executed notebook has all 10,000,000 characters" in file.read_text()
