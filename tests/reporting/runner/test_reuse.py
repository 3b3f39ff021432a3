"""A page is kept if nothing that it is made from has changed, and made again if anything has."""

import pytest

import crmkit as ck
from crmkit.reporting.runner.notebooks import Notebook
from crmkit.reporting.runner.page import PageSummary, write_page
from crmkit.reporting.runner.reuse import PageKeys, reuse_page
from crmkit.reporting.runner.run import run_report
from crmkit.tables.caching import cache as cache_module
from crmkit.tables.caching.fingerprint import code_digest
from tests.reporting.loaded import orders, write_company
from tests.reporting.tiny import write_notebook

EXPORTED = orders("2026-09-03", "2026-10-05", "2026-10-09")
GIVEN = {"period": "2026-10", "settings": "crmkit.toml"}


@pytest.fixture(autouse=True)
def same_code(monkeypatch):
    """The code stays what it is, whoever edits it while the tests run."""
    monkeypatch.setattr(cache_module, "code_digest", lambda: "this code")


@pytest.fixture
def company(tmp_path):
    return write_company(tmp_path / "kaldi", EXPORTED)


@pytest.fixture
def notebook(tmp_path):
    return Notebook(write_notebook(tmp_path / "nb", "01_page", "period"))


def key_of(company, notebook, given=GIVEN):
    return PageKeys(ck.connect(company), company / "reports/2026-09/numbers.json").key(notebook, given)


# --- the key


def test_the_same_has_the_same_key_even_if_it_is_loaded_again(company, notebook):
    before = key_of(company, notebook)
    write_company(company, EXPORTED)
    assert key_of(company, notebook) == before != ""


def _other_notebook(company, notebook, patch):
    write_notebook(notebook.path.parent, "01_page", "period", "period")


def _numbers(company, notebook, patch):
    (company / "reports/2026-09").mkdir(parents=True)
    (company / "reports/2026-09/numbers.json").write_text('{"scorecard": {}}')


CHANGES = {
    "data": lambda company, notebook, patch: write_company(company, EXPORTED + "9,2026-10-10,5,1\n"),
    "a setting": lambda company, notebook, patch: write_company(company, EXPORTED, churn=60),
    "the notebook": _other_notebook,
    "code": lambda company, notebook, patch: patch.setattr(cache_module, "code_digest", lambda: "other code"),
    "a version": lambda company, notebook, patch: patch.setattr(
        cache_module, "package_versions", lambda: {"duckdb": "9"}
    ),
    "an own file": lambda company, notebook, patch: (company / "helper.py").write_text("x = 1"),
    "what was reported": _numbers,
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_gives_another_key(company, notebook, monkeypatch, change):
    given = GIVEN | {"reports": "reports"}
    before = key_of(company, notebook, given)
    CHANGES[change](company, notebook, monkeypatch)
    assert key_of(company, notebook, given) not in ("", before)


def test_another_parameter_gives_another_key(company, notebook):
    keys = {key_of(company, notebook, GIVEN | more) for more in ({}, {"period": "2026-09"}, {"history": 6})}
    assert len(keys) == 3


def test_what_was_reported_matters_only_to_a_page_that_reads_it(company, notebook, monkeypatch):
    before = key_of(company, notebook)
    _numbers(company, notebook, monkeypatch)
    assert key_of(company, notebook) == before


def test_an_own_card_in_another_folder_matters_too(company, notebook, tmp_path):
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards/own.py").write_text("x = 1")
    write_company(company, EXPORTED, own='metric_modules = ["../cards/own.py"]\n')
    before = key_of(company, notebook)
    (tmp_path / "cards/own.py").write_text("x = 2")
    assert key_of(company, notebook) not in ("", before)


def test_data_without_a_hash_have_no_key(company, notebook):
    keys = PageKeys(ck.connect({"orders": ck.connect(company).frame("orders")}), company)
    assert keys.key(notebook, GIVEN) == ""


def test_a_store_that_is_loaded_anew_while_it_is_open_has_no_key(company, notebook):
    keys = PageKeys(ck.connect(company), company)
    write_company(company, EXPORTED)
    assert keys.key(notebook, GIVEN) == ""


# --- what is taken over


@pytest.fixture
def month(tmp_path, notebook):
    folder = tmp_path / "2026-10"
    (folder / "notebooks").mkdir(parents=True)
    (folder / "notebooks/01_page.ipynb").write_text("executed")
    write_page(folder / "page.html", PageSummary("Page", "All is well", period="2026-10", key="k1"), "<p>body</p>")
    (tmp_path / "aside/notebooks").mkdir(parents=True)
    return folder


def test_a_whole_page_of_the_same_key_is_taken_over_with_its_executed_notebook(notebook, month, tmp_path):
    assert reuse_page(notebook, "k1", month, tmp_path / "aside")
    for file in ("page.html", "notebooks/01_page.ipynb"):
        assert (tmp_path / "aside" / file).read_bytes() == (month / file).read_bytes()


@pytest.mark.parametrize(
    "fault", ["other key", "no key", "failed", "cut short", "no executed notebook", "no page", "not ours"]
)
def test_any_other_page_is_made(notebook, month, tmp_path, fault):
    page = month / "page.html"
    if fault == "failed":
        write_page(page, PageSummary("Page", "It stopped", period="2026-10", status="failed", key="k1"), "")
    elif fault == "cut short":
        page.write_bytes(page.read_bytes()[:-9])
    elif fault == "no executed notebook":
        (month / "notebooks/01_page.ipynb").unlink()
    elif fault == "no page":
        page.unlink()
    elif fault == "not ours":
        page.write_text("<html>hello</html>")
    key = {"other key": "k2", "no key": ""}.get(fault, "k1")
    assert not reuse_page(notebook, key, month, tmp_path / "aside")
    assert [path for path in (tmp_path / "aside").rglob("*") if path.is_file()] == []


# --- a run


def test_a_second_run_starts_no_kernel_and_says_so_and_a_changed_or_fresh_one_does(company, tmp_path, monkeypatch):
    # Predictions may be made in another process, which knows only the real code: with a code of the test's own in this one
    # they would be out of date at each run, and a last digit of theirs that differs would make the page again.
    monkeypatch.setattr(cache_module, "code_digest", code_digest)
    write_notebook(tmp_path / "nb", "01_first", "import crmkit as ck\nprint(len(ck.connect(settings).frame('orders')))")
    write_notebook(tmp_path / "nb", "02_second", "1 / 0")
    place = {"output": tmp_path / "out", "notebooks": tmp_path / "nb"}
    run_report(company, **place)
    told = []
    again = run_report(company, **place, progress=lambda *each: told.append(each))
    assert [(page.name, page.is_unchanged, bool(page.cause)) for page in again.pages] == [
        ("first", True, False),
        ("second", False, True),
    ]
    assert ("first", "unchanged") in told and ("first", "started") not in told
    assert ("second", "failed") in told, "a page that failed is tried again"

    from crmkit.reporting.runner import execute as execute_module

    def no_kernel(*arguments, **options):
        raise AssertionError("a notebook is run")

    with monkeypatch.context() as patch:
        patch.setattr(execute_module, "execute", no_kernel)
        unchanged = run_report(company, only=["first"], **place)
        assert [(page.is_unchanged, page.cause) for page in unchanged.pages] == [(True, "")]
    write_company(company, EXPORTED + "9,2026-10-10,5,1\n")
    changed = run_report(company, only=["first"], **place)
    assert not changed.pages[0].is_unchanged and ">4\n<" in (changed.folder / "first.html").read_text()
    assert not run_report(company, only=["first"], fresh=True, **place).pages[0].is_unchanged
    assert run_report(company, only=["first"], **place).pages[0].is_unchanged


def test_a_page_whose_data_changed_while_it_was_made_is_made_again_next_time(company, tmp_path):
    loading = "from crmkit.cleaning.loading.load import load\nfrom crmkit.settings import read_settings\nload(read_settings(settings), fresh=True)"
    write_notebook(tmp_path / "nb", "01_page", loading)
    place = {"output": tmp_path / "out", "notebooks": tmp_path / "nb"}
    assert not run_report(company, **place).pages[0].is_unchanged
    assert not run_report(company, **place).pages[0].is_unchanged, "nobody knows which data it has seen"
