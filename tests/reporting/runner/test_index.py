"""The index of a period, the archive, the links between them, and the page that stands in for a failed one."""

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_markdown_cell

from crmkit.errors import CrmkitError
from crmkit.reporting import Link, read_summary, relink, stub_page, write_archive, write_index
from crmkit.reporting.pages import opening
from crmkit.reporting.runner.page import PageSummary
from tests.reporting.rendered_pages import HOSTILE, rendered, shown


def read(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def made(reports, period, *names):
    for name in names:
        rendered(
            reports / period,
            new_markdown_cell(f"# About {name}\n\nWhat of {name}?"),
            shown(opening(title=f"October 2026: {name} moved")),
            name=name,
            noted=period,
        )
    return write_index(reports / period, period, company="Kaldi Coffee")


@pytest.fixture
def reports(tmp_path):
    for period, names in (
        ("2026-08", ["scorecard"]),
        ("2026-09", ["churn", "scorecard"]),
        ("2026-10", ["churn", "scorecard"]),
    ):
        made(tmp_path, period, *names)
    write_archive(tmp_path, company="Kaldi Coffee")
    return tmp_path


def listed(page):
    return [entry.get_text(" ", strip=True) for entry in page.select("#pages li")]


def links(path):
    return {link.get_text(" ", strip=True): link["href"] for link in read(path).select("nav a")}


def test_the_index_lists_each_page_by_its_title_and_says_the_headline(reports):
    page = read(reports / "2026-10" / "index.html")
    assert listed(page) == ["About churn", "About scorecard"]
    assert page.select_one("#pages a")["href"] == "churn.html"
    assert page.h1.get_text() == "October 2026: churn moved"
    assert page.select_one(".status").get_text() == "2 of 2 pages complete"


def test_the_index_keeps_the_order_it_is_given(reports):
    folder = reports / "2026-10"
    order = [read_summary(folder / f"{name}.html") for name in ("scorecard", "churn")]
    assert write_index(folder, "2026-10", order, company="K").headline == "October 2026: scorecard moved"
    assert [link["href"] for link in read(folder / "index.html").select("#pages a")] == [
        "scorecard.html",
        "churn.html",
    ]


def test_the_archive_lists_the_latest_period_first(reports):
    entries = read(reports / "index.html").select("ul.pages a")
    assert [(entry.get_text(), entry["href"]) for entry in entries] == [
        ("October 2026", "2026-10/index.html"),
        ("September 2026", "2026-09/index.html"),
        ("August 2026", "2026-08/index.html"),
    ]


def test_pages_link_to_the_same_page_of_the_periods_beside_them(reports):
    assert links(reports / "2026-09" / "scorecard.html") == {
        "← August": "../2026-08/scorecard.html",
        "October →": "../2026-10/scorecard.html",
        "All pages": "index.html",
        "All periods": "../index.html",
    }


def test_where_the_other_period_lacks_the_page_its_index_is_linked(reports):
    assert links(reports / "2026-09" / "churn.html")["← August"] == "../2026-08/index.html"


def test_every_link_leads_to_a_file(reports):
    for page in reports.rglob("*.html"):
        for link in read(page).select("a[href]"):
            assert link["href"].startswith("#") or (page.parent / link["href"]).is_file(), (page.name, link["href"])


def test_a_new_month_gives_the_old_ones_their_link_forward(reports):
    assert "October →" not in links(reports / "2026-10" / "scorecard.html")
    made(reports, "2026-11", "scorecard")
    write_archive(reports, company="Kaldi Coffee")
    assert links(reports / "2026-10" / "scorecard.html")["November →"] == "../2026-11/scorecard.html"


def test_setting_the_links_again_changes_nothing(reports):
    assert relink(reports) == 0


def test_months_and_quarters_do_not_follow_each_other(reports):
    made(reports, "2026-Q3", "scorecard")
    write_archive(reports, company="Kaldi Coffee")
    assert set(links(reports / "2026-Q3" / "scorecard.html")) == {"All pages", "All periods"}


def test_folders_of_others_are_left_alone(reports):
    (reports / "notes").mkdir()
    (reports / "notes" / "index.html").write_text("mine")
    (reports / "2026-7").mkdir()
    write_archive(reports, company="Kaldi Coffee")
    assert (reports / "notes" / "index.html").read_text() == "mine"
    assert len(read(reports / "index.html").select("ul.pages li")) == 3


def test_an_archive_of_nothing_says_so(tmp_path):
    write_archive(tmp_path, company="Kaldi Coffee")
    assert read(tmp_path / "index.html").select_one(".status").get_text() == "no periods reported"


def test_a_failed_page_says_cause_next_step_and_where_the_last_good_one_is(tmp_path):
    stub_page(
        tmp_path / "voice.html",
        "What customers say",
        "The table survey_responses has no column score in /srv/x/answers.csv.",
        "Name it in crmkit.toml.",
        Link("September 2026", "../2026-09/voice.html"),
        company="K",
        period="2026-10",
    )
    page = read(tmp_path / "voice.html")
    text = page.select_one("main").get_text(" ", strip=True)
    assert "has no column score in answers.csv." in text and "Name it in crmkit.toml." in text
    assert page.select_one("main a")["href"] == "../2026-09/voice.html"
    assert read_summary(tmp_path / "voice.html").status == "failed"


def test_a_failed_page_shows_in_the_index_and_in_the_archive(reports):
    stub_page(reports / "2026-10" / "voice.html", "Voice", "It stopped.", "Look.", company="K", period="2026-10")
    write_index(reports / "2026-10", "2026-10", company="K")
    write_archive(reports, company="K")
    index = read(reports / "2026-10" / "index.html")
    assert index.select_one(".status").get_text() == "2 of 3 pages complete"
    assert listed(index) == ["About churn", "About scorecard", "Voice failed"]
    assert "Not complete" in read(reports / "index.html").select_one("ul.pages li").get_text()


def test_a_summary_survives_quotes_tags_and_other_scripts(tmp_path):
    title = f"{HOSTILE} السلام 顧客"
    stub_page(tmp_path / "a.html", title, "x", "y", company=title, period="2026-10")
    stored = read_summary(tmp_path / "a.html")
    assert (stored.title, stored.company, stored.period) == (title, title, "2026-10")
    assert stored.n_bytes == (tmp_path / "a.html").stat().st_size


def test_another_file_is_no_page(tmp_path):
    (tmp_path / "a.html").write_text("<p>hello</p>")
    with pytest.raises(CrmkitError, match="not a report page"):
        read_summary(tmp_path / "a.html")


def test_the_index_takes_its_headline_from_a_page_about_the_period_and_not_from_one_about_the_data(tmp_path):
    rendered(
        tmp_path, new_markdown_cell("# Data"), shown(opening(title="63 of 256,864 rows cannot be used")), name="a_data"
    )
    rendered(
        tmp_path,
        new_markdown_cell("# Scorecard"),
        shown(opening(title="October 2026: orders rose")),
        name="b_scorecard",
    )
    assert write_index(tmp_path, "2026-10", company="K").headline == "October 2026: orders rose"
    assert listed(read(tmp_path / "index.html")) == ["Scorecard", "Data"]
    assert write_index(tmp_path / "empty", "2026-10", [], company="K").headline == "October 2026: all pages"


def test_a_page_that_was_not_made_yet_is_listed_without_a_link(reports):
    folder = reports / "2026-10"
    pages = [read_summary(folder / "scorecard.html"), PageSummary("Who leaves", "", status="not made")]
    assert write_index(folder, "2026-10", pages, company="K").status == "not made"
    write_archive(reports, company="K")
    entries = read(folder / "index.html").select("#pages li")
    assert [(entry.get_text(" ", strip=True), bool(entry.a)) for entry in entries] == [
        ("About scorecard", True),
        ("Who leaves not made", False),
    ]
    assert read(folder / "index.html").select_one(".status").get_text() == "1 of 2 pages complete"
    october, september = read(reports / "index.html").select("ul.pages li")[:2]
    assert ("Not complete" in october.get_text(), "Complete" in september.get_text()) == (True, True)


def test_forecasts_stand_before_the_page_on_the_data_and_the_glossary(tmp_path):
    heads = {
        "data_quality": "All rows can be used",
        "churn": "About 5 will leave",
        "scorecard": "October 2026: more orders",
        "glossary": "What 91 numbers mean",
    }
    for name, title in heads.items():
        rendered(
            tmp_path,
            new_markdown_cell(f"# About {name}\n\nWhat?"),
            shown(opening(title=title)),
            name=name,
            noted="2026-10",
        )
    order = [read_summary(tmp_path / f"{name}.html") for name in heads]
    write_index(tmp_path, "2026-10", order, company="K")
    hrefs = [link["href"] for link in read(tmp_path / "index.html").select("#pages a")]
    assert hrefs == ["scorecard.html", "churn.html", "data_quality.html", "glossary.html"]
