"""Many periods in one run: each of them, in order; one that cannot be made does not keep the others from it."""

import re

import pytest

from crmkit.errors import CrmkitError, Problems
from crmkit.reporting.runner import execute as execute_module
from crmkit.reporting.runner.page import read_summary
from crmkit.reporting.runner.run import run_reports
from tests.reporting.loaded import orders, write_company
from tests.reporting.tiny import write_notebook

MONTHS = ["2026-06", "2026-07", "2026-08", "2026-09"]


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    days = [f"{month}-{day:02d}" for month in MONTHS for day in (5, 15, 25)]
    return write_company(tmp_path_factory.mktemp("backfill") / "kaldi", orders(*days))


@pytest.fixture
def place(tmp_path):
    write_notebook(tmp_path / "nb", "01_page", "period")
    return {"output": tmp_path / "out", "notebooks": tmp_path / "nb"}


@pytest.fixture
def quick(monkeypatch):
    """Write the notebook as it is in place of running it; return the periods in which it is to be run."""
    run = []

    def execute(notebook, output, parameters, **options):
        run.append(parameters["period"])
        output.write_bytes(notebook.read_bytes())

    monkeypatch.setattr(execute_module, "execute", execute)
    return run


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_three_months_are_made_in_order_with_one_archive_over_them(company, place):
    told = []
    done = run_reports(company, "2026-07..2026-09", jobs=1, progress=lambda *each: told.append(each), **place)
    assert [str(report.period) for report in done.made] == ["2026-07", "2026-08", "2026-09"]
    assert (done.index, done.troubles) == (place["output"] / "index.html", [])
    assert names(place["output"]) == ["2026-07", "2026-08", "2026-09", "index.html"]
    assert told[:3] == [(f"{month} page", "waiting") for month in MONTHS[1:]]
    assert told[3:5] == [("predictions", "started"), ("predictions", "done")], "those of all months, before any page"
    assert told[5:] == [(f"{month} page", state) for month in MONTHS[1:] for state in ("started", "done")]
    august = (place["output"] / "2026-08/page.html").read_text()
    assert 'href="../2026-07/page.html"' in august and 'href="../2026-09/page.html"' in august


def test_a_month_without_data_is_reported_and_the_others_are_made(company, place, quick):
    done = run_reports(company, "2026-04..2026-07", **place)
    assert [str(report.period) for report in done.made] == ["2026-06", "2026-07"]
    assert [text[:43] for text in done.troubles] == [
        "2026-04 was not made: There is no data for ",
        "2026-05 was not made: There is no data for ",
    ]
    assert names(place["output"]) == ["2026-06", "2026-07", "index.html"]


def test_a_month_that_cannot_be_written_is_reported_and_the_others_are_made(company, place, quick, monkeypatch):
    from crmkit.reporting.runner import index

    written = index.write_index

    def full_in_july(folder, period, *arguments, **options):
        if str(period) == "2026-07":
            raise OSError(28, "No space left on device", str(folder))
        return written(folder, period, *arguments, **options)

    monkeypatch.setattr(index, "write_index", full_in_july)
    done = run_reports(company, "2026-06..2026-08", **place)
    assert done.troubles == ["2026-07 was not made: The disk is full. Free some space and run it again."]
    assert names(place["output"]) == ["2026-06", "2026-08", "index.html"]


def test_a_page_that_fails_in_one_month_is_reported_with_its_month(company, place, quick, monkeypatch):
    from crmkit.reporting.runner.failures import PageFailed

    made = execute_module.execute

    def fails_in_july(notebook, output, parameters, **options):
        if parameters["period"] == "2026-07":
            raise PageFailed("It stopped.", "Look.")
        made(notebook, output, parameters, **options)

    monkeypatch.setattr(execute_module, "execute", fails_in_july)
    done = run_reports(company, "2026-06..2026-08", **place)
    assert done.troubles == ["2026-07 page failed: It stopped."]
    statuses = [read_summary(place["output"] / month / "index.html").status for month in MONTHS[:3]]
    assert statuses == ["complete", "failed", "complete"]


def test_months_that_are_unchanged_are_not_run_again(company, place, quick, monkeypatch):
    from crmkit.tables.caching import cache

    monkeypatch.setattr(cache, "code_digest", lambda: "this code")
    run_reports(company, "2026-06..2026-08", **place)
    run_reports(company, "2026-06..2026-09", **place)
    assert quick == MONTHS


@pytest.mark.parametrize(
    ("periods", "options", "error", "message"),
    [
        ("2026-09..2026-06", {}, CrmkitError, "runs backwards"),
        ("2026-6..2026-09", {}, CrmkitError, "'2026-6' is not a period"),
        ("2026-06..2026-Q3", {}, CrmkitError, "mixes kinds of periods"),
        ("2031-01..2031-02", {}, Problems, "2031-02: There is no data for February 2031"),
        ("2026-06..2026-07", {"parameters": {"perod": "x"}}, Problems, "no page has a parameter 'perod'"),
        ("2026-06..2026-07", {"only": ["pgae"]}, CrmkitError, "Did you mean 'page'?"),
    ],
)
def test_bad_input_stops_the_run_before_any_notebook(company, place, quick, periods, options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        run_reports(company, periods, **options, **place)
    assert quick == [] and not place["output"].exists()


def test_months_made_before_the_run_is_stopped_stay_and_are_in_the_archive(company, place, quick, monkeypatch):
    made = execute_module.execute

    def stopped_in_august(notebook, output, parameters, **options):
        if parameters["period"] == "2026-08":
            raise KeyboardInterrupt
        made(notebook, output, parameters, **options)

    monkeypatch.setattr(execute_module, "execute", stopped_in_august)
    with pytest.raises(KeyboardInterrupt):
        run_reports(company, "2026-06..2026-09", **place)
    assert names(place["output"]) == ["2026-06", "2026-07", "index.html"]
    assert "2026-07/index.html" in (place["output"] / "index.html").read_text()
