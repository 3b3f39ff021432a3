"""What a later run knows of an earlier one, and where the last page that worked is."""

from crmkit.periods import Period
from crmkit.reporting.record import Page, last_good, read_pages, write_pages

GOOD = Page("scorecard", "Scorecard", "01_scorecard.ipynb", 4.2)
BAD = Page("scorecard", "Scorecard", "01_scorecard.ipynb", cause="It broke.")


def write_month(reports, period, page):
    folder = reports / period
    folder.mkdir(parents=True)
    (folder / page.file).write_text(period)
    write_pages(folder, Period.parse(period), [page])
    return folder


def test_a_record_reads_back_as_it_was_written(tmp_path):
    folder = write_month(tmp_path, "2026-10", BAD)
    assert read_pages(folder) == {"scorecard": BAD}


def test_a_record_that_cannot_be_read_is_no_record(tmp_path):
    assert read_pages(tmp_path) == {}
    for text in ("", "{", "[]", '{"pages": [{"nome": 1}]}'):
        (tmp_path / "report.json").write_text(text)
        assert read_pages(tmp_path) == {}


def test_the_last_good_page_is_the_one_of_the_latest_earlier_month_that_worked(tmp_path):
    for period, page in (("2026-07", GOOD), ("2026-08", GOOD), ("2026-09", BAD), ("2026-Q3", GOOD), ("2026-11", GOOD)):
        write_month(tmp_path, period, page)
    aside = tmp_path / "2026-10.tmp-1"
    aside.mkdir()
    assert last_good("scorecard", aside, tmp_path / "2026-10") == "../2026-08/scorecard.html"


def test_a_good_page_of_the_same_month_is_kept_beside_the_stub_and_survives_a_second_failure(tmp_path):
    month = write_month(tmp_path, "2026-10", GOOD)
    for run in (1, 2):
        aside = tmp_path / f"2026-10.tmp-{run}"
        aside.mkdir()
        assert last_good("scorecard", aside, month) == "scorecard.last-good.html"
        assert (aside / "scorecard.last-good.html").read_text() == "2026-10"
        (month / "scorecard.last-good.html").write_text("2026-10")
        write_pages(month, Period.parse("2026-10"), [BAD])


def test_without_any_good_page_there_is_none(tmp_path):
    aside = tmp_path / "2026-10.tmp-1"
    aside.mkdir()
    assert last_good("scorecard", aside, tmp_path / "2026-10") is None
