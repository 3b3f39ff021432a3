"""A page that failed leads to the last one that worked."""

from crmkit.periods import Period
from crmkit.reporting.runner.fallback import find_fallback, remove_fallback
from crmkit.reporting.runner.page import Link, PageSummary, write_page


def write(folder, status="complete", file="scorecard.html"):
    summary = PageSummary("Scorecard", "Headline", period=folder.name[:7], status=status)
    write_page(folder / file, summary, "<p>body</p>")
    return folder


def aside_of(month):
    folder = month.with_name(f"{month.name}.tmp-1")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_it_is_the_complete_page_of_the_latest_earlier_month(tmp_path):
    for period, status in (
        ("2026-07", "complete"),
        ("2026-08", "complete"),
        ("2026-09", "failed"),
        ("2026-11", "complete"),
    ):
        write(tmp_path / period, status)
    write_page(tmp_path / "2026-Q3/scorecard.html", PageSummary("Scorecard", "Headline", period="2026-Q3"), "")
    found = find_fallback("scorecard.html", aside_of(tmp_path / "2026-10"), tmp_path / "2026-10")
    assert found == Link("August 2026", "../2026-08/scorecard.html")


def test_a_complete_page_of_the_same_month_is_kept_beside_the_stub_and_survives_a_second_failure(tmp_path):
    month = write(tmp_path / "2026-10")
    aside = aside_of(month)
    assert find_fallback("scorecard.html", aside, month) == Link(
        "October 2026, as made before", "scorecard.last-good.html"
    )
    assert (aside / "scorecard.last-good.html").read_bytes() == (month / "scorecard.html").read_bytes()
    write(month, "failed")
    (aside / "scorecard.last-good.html").rename(month / "scorecard.last-good.html")
    assert find_fallback("scorecard.html", aside, month) == Link(
        "October 2026, as made before", "scorecard.last-good.html"
    )


def test_the_kept_page_goes_when_the_page_works_again(tmp_path):
    month = write(tmp_path / "2026-10")
    aside = aside_of(month)
    find_fallback("scorecard.html", aside, month)
    remove_fallback("scorecard.html", aside)
    remove_fallback("scorecard.html", aside)
    assert list(aside.iterdir()) == []


def test_without_any_complete_page_there_is_none(tmp_path):
    (tmp_path / "2026-09").mkdir()
    (tmp_path / "2026-09/scorecard.html").write_text("somebody else's page")
    (tmp_path / "notes").mkdir()
    assert (
        find_fallback("scorecard.html", aside_of(tmp_path / "2026-10"), tmp_path / str(Period.parse("2026-10"))) is None
    )
