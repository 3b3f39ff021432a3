"""A report of tiny notebooks, run for real: what is written, what is kept, and what stops it before it begins."""

import re
import threading

import nbformat
import pytest

from crmkit.cleaning.loading.load import load
from crmkit.errors import CrmkitError, Problems, UnknownName
from crmkit.reporting.runner.page import read_summary
from crmkit.reporting.runner.run import run_report
from crmkit.settings import read_settings
from tests.reporting.tiny import write_notebook

ORDERS = "order_id,ordered_at,revenue,customer_id\n" + "".join(
    f"{number},2026-{9 + number % 2:02d}-{number:02d} 10:00:00,20,{number % 5}\n" for number in range(1, 29)
)


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """A loaded company with 28 orders in September and October 2026, in a folder with a space and braces."""
    folder = tmp_path_factory.mktemp("run") / "Kaldi {Coffee}"
    (folder / "exports").mkdir(parents=True)
    (folder / "exports/orders.csv").write_text(ORDERS)
    (folder / "crmkit.toml").write_text('[company]\nname = "Kaldi Coffee"\n[data]\nthrough = 2026-10-31\n')
    load(read_settings(folder))
    return folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_report_is_one_page_for_each_notebook_with_index_archive_and_executed_notebooks(company, tmp_path):
    write_notebook(tmp_path / "nb", "01_first", "period")
    write_notebook(tmp_path / "nb", "02_second", "import crmkit as ck\nck.connect(settings).frame('orders').head(3)")
    told = []
    run = run_report(
        company, None, output=tmp_path / "out", notebooks=tmp_path / "nb", progress=lambda *a: told.append(a)
    )
    assert str(run.period) == "2026-10"
    assert names(tmp_path / "out") == ["2026-10", "index.html"]
    assert names(run.folder) == ["first.html", "index.html", "notebooks", "second.html"]
    assert names(run.folder / "notebooks") == ["01_first.ipynb", "02_second.ipynb"]
    assert [page.name for page in run.pages] == ["first", "second"]
    assert run.failed == () and all(page.seconds > 0 for page in run.pages)
    states = ("waiting", "started", "done")
    of_pages = [each for each in told if each[0] != "predictions"]
    assert sorted(of_pages) == sorted((page, state) for page in ("first", "second") for state in states)
    assert [state for _, state in told[:3]] == ["waiting", "waiting", "started"]
    assert told[2:4] == [("predictions", "started"), ("predictions", "done")], "before any page"
    index = run.index.read_text()
    assert index.index("first.html") < index.index("second.html")


def test_the_notebooks_get_the_period_and_the_settings_as_text(company, tmp_path):
    check = "assert (type(period), type(settings)) == (str, str), settings\nprint(period, settings)"
    write_notebook(tmp_path / "nb", "01_page", check)
    run = run_report(company / "crmkit.toml", "2026-Q3", output=tmp_path / "out", notebooks=tmp_path / "nb")
    executed = nbformat.read(run.folder / "notebooks/01_page.ipynb", 4)
    assert executed.cells[-1].outputs[0].text == f"2026-Q3 {company / 'crmkit.toml'}\n"
    assert run.folder == tmp_path / "out/2026-Q3"


def test_no_file_of_the_report_shows_where_it_was_made(company, tmp_path):
    write_notebook(tmp_path / "nb", "01_good", "period")
    write_notebook(tmp_path / "nb", "02_bad", "open(settings + '.missing')")
    run = run_report(company, output=tmp_path / "out", notebooks=tmp_path / "nb")
    for page in run.folder.glob("*.html"):
        text = page.read_text()
        assert str(company) not in text and str(tmp_path) not in text
    assert "missing" in (run.folder / "bad.html").read_text()


def test_without_an_output_folder_the_report_goes_where_the_settings_say(company, tmp_path):
    write_notebook(tmp_path / "nb", "01_page", "period")
    run = run_report(company, notebooks=tmp_path / "nb")
    assert run.folder == company / "reports/2026-10"


def test_every_way_to_fail_becomes_a_stub_and_the_other_pages_are_made(company, tmp_path):
    write_notebook(tmp_path / "nb", "01_good", "period")
    write_notebook(tmp_path / "nb", "02_error", "1 / 0")
    write_notebook(tmp_path / "nb", "03_dead", "import os\nos._exit(9)")
    write_notebook(tmp_path / "nb", "04_slow", "import time\ntime.sleep(200)")
    run = run_report(company, output=tmp_path / "out", notebooks=tmp_path / "nb", deadline=20)
    assert [page.name for page in run.failed] == ["error", "dead", "slow"]
    status = {page.name: read_summary(run.folder / page.file).status for page in run.pages}
    assert status == {"good": "complete", "error": "failed", "dead": "failed", "slow": "failed"}
    for page, words in (
        ("error", "ZeroDivisionError: division by zero"),
        ("dead", "stopped without a message"),
        ("slow", "did not finish within 20 seconds"),
    ):
        stub = (run.folder / f"{page}.html").read_text()
        assert words in stub
        assert f"crmkit report --period 2026-10 --only {page}" in stub
    assert read_summary(run.index).status == "failed"


def test_a_page_that_cannot_be_drawn_harms_no_other(company, tmp_path, monkeypatch):
    import crmkit.reporting.runner.render as render

    drawn = render.render_page

    def draws_only_the_first(notebook, *arguments, **options):
        if "02" in notebook.name:
            raise ValueError("a figure without a size")
        return drawn(notebook, *arguments, **options)

    monkeypatch.setattr(render, "render_page", draws_only_the_first)
    write_notebook(tmp_path / "nb", "01_good", "period")
    write_notebook(tmp_path / "nb", "02_odd", "period")
    run = run_report(company, output=tmp_path / "out", notebooks=tmp_path / "nb")
    (failed,) = run.failed
    assert failed.name == "odd"
    assert failed.cause == "The page could not be drawn: ValueError: a figure without a size."


def test_only_renews_one_page_and_keeps_the_others_and_their_order(company, tmp_path):
    for name in ("01_first", "02_second", "03_third"):
        write_notebook(tmp_path / "nb", name, f"'{name} before'")
    before = run_report(company, output=tmp_path / "out", notebooks=tmp_path / "nb")
    kept = (before.folder / "first.html").read_text()
    write_notebook(tmp_path / "nb", "02_second", "'02_second now'")
    after = run_report(company, only=["second"], output=tmp_path / "out", notebooks=tmp_path / "nb")
    assert [page.name for page in after.pages] == ["second"]
    assert (after.folder / "first.html").read_text() == kept
    assert "02_second now" in (after.folder / "second.html").read_text()
    places = [after.index.read_text().index(f"{name}.html") for name in ("first", "second", "third")]
    assert places == sorted(places)


def test_a_page_that_fails_on_a_later_run_leads_to_its_last_good_version(company, tmp_path):
    write_notebook(tmp_path / "nb", "01_page", "'all is well'")
    run_report(company, "2026-09", output=tmp_path / "out", notebooks=tmp_path / "nb")
    write_notebook(tmp_path / "nb", "01_page", "1 / 0")
    october = run_report(company, "2026-10", output=tmp_path / "out", notebooks=tmp_path / "nb")
    assert 'href="../2026-09/page.html"' in (october.folder / "page.html").read_text()
    september = run_report(company, "2026-09", output=tmp_path / "out", notebooks=tmp_path / "nb")
    assert 'href="page.last-good.html"' in (september.folder / "page.html").read_text()
    assert "all is well" in (september.folder / "page.last-good.html").read_text()
    write_notebook(tmp_path / "nb", "01_page", "'well again'")
    mended = run_report(company, "2026-09", output=tmp_path / "out", notebooks=tmp_path / "nb")
    assert names(mended.folder) == ["index.html", "notebooks", "page.html"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"period": "2026-11"}, CrmkitError, "There is no data for November 2026"),
        ({"period": "2026-13"}, CrmkitError, "'2026-13' is not a period"),
        ({"only": ["pgae"]}, UnknownName, "There is no page 'pgae'. Did you mean 'page'?"),
        ({"parameters": {"perod": "2026-10"}}, Problems, "no page has a parameter 'perod'. Did you mean 'period'?"),
        ({"parameters": {"history": "many"}}, Problems, "history must be a whole number, not 'many'"),
    ],
    ids=["period without data", "no period", "unknown page", "unknown parameter", "wrong type"],
)
def test_bad_input_stops_the_run_before_any_notebook_and_writes_nothing(company, tmp_path, arguments, error, message):
    lines = 'period = "2026-01"  # month\nsettings = None  # file\nhistory = 13  # months'
    write_notebook(tmp_path / "nb", "01_page", f"open({str(tmp_path / 'ran')!r}, 'w').close()", parameters=lines)
    with pytest.raises(error, match=re.escape(message)):
        run_report(company, output=tmp_path / "out", notebooks=tmp_path / "nb", **arguments)
    assert names(tmp_path) == ["nb"]


def test_no_more_notebooks_run_at_the_same_time_than_jobs_allows(company, tmp_path):
    for number in range(3):
        write_notebook(tmp_path / "nb", f"0{number}_page{number}", "import time\ntime.sleep(0.2)")
    running, most, lock = set(), [0], threading.Lock()

    def watch(page, state):
        with lock:
            running.add(page) if state == "started" else running.discard(page)
            most[0] = max(most[0], len(running))

    run_report(company, output=tmp_path / "out", notebooks=tmp_path / "nb", jobs=1, progress=watch)
    assert most[0] <= 2  # one runs while the one before is being drawn
    assert running == set()
