"""This month's "last month" is what last month's page said, or the page says what was revised and why."""

import json

import pytest
from bs4 import BeautifulSoup

import crmkit as ck
from crmkit.periods import Period
from crmkit.reporting.runner.numbers import numbers_in, reported_numbers, save_numbers
from crmkit.reporting.runner.run import run_report
from crmkit.tables.caching import cache as cache_module
from tests.reporting.loaded import orders, write_company
from tests.reporting.tiny import write_notebook

SEPTEMBER = ["2026-08-02", *(f"2026-09-{day:02d}" for day in range(3, 13))]
EXPORTED = orders(*SEPTEMBER, "2026-10-05", "2026-10-09")
METRICS = ["revenue", "n_orders"]


@pytest.fixture
def company(tmp_path):
    return write_company(tmp_path / "kaldi", EXPORTED)


def report(company, period):
    """The fragment of a period's page, its numbers kept beside the page as the run does."""
    catalog = ck.connect(company)
    reported = Period.parse(period)
    history = ck.evaluate(catalog, METRICS, periods=reported.run_up(13), first_days=catalog.days_so_far(reported))
    card = ck.scorecard(catalog, period, metrics=METRICS, history=history)
    fragment = ck.pages.revisions(catalog, card, reports=str(company / "reports"))
    assert ck.pages.revisions(catalog, card, reports=str(company / "reports"), history=history).html == fragment.html
    folder = company / "reports" / period
    folder.mkdir(parents=True, exist_ok=True)
    save_numbers(folder, "scorecard", fragment.numbers)
    return " ".join(BeautifulSoup(fragment.html, "html.parser").get_text(" ").split())


def test_the_first_report_has_nothing_to_compare_with(company):
    assert report(company, "2026-09") == ""
    number, origin = reported_numbers(company / "reports/2026-09")["revenue"]
    assert (number["value"], number["n"], number["status"]) == (200.0, 10, "ok")
    assert len(origin["input"]) == 64 and origin["settings"]["churn_after_days"] == 90


def test_numbers_that_stayed_are_said_to_be_those_that_were_reported(company):
    report(company, "2026-09")
    assert report(company, "2026-10") == (
        "Reported before The numbers of September 2026 are those that its report gave (2 compared)."
    )


def test_orders_that_arrived_later_are_reported_with_both_values(company):
    report(company, "2026-09")
    write_company(company, EXPORTED + "98,2026-09-29,11,1\n99,2026-09-30,11,2\n")
    said = report(company, "2026-10")
    assert "2 numbers of September 2026 are not what its report gave." in said
    assert (
        "Shop revenue: reported as €200, now €222 (+\u2060€22). Since then 2 orders and refunds more are counted;"
        in said
    )
    assert (
        "Orders: reported as 10, now 12 (+2). Since then 2 orders more are counted; the export files have changed."
        in said
    )


def test_a_month_that_is_reported_again_is_compared_with_its_new_report(company):
    report(company, "2026-09")
    write_company(company, EXPORTED + "99,2026-09-30,11,2\n")
    report(company, "2026-09")
    assert "are those that its report gave (2 compared)" in report(company, "2026-10")


def test_a_month_that_was_reported_while_it_was_running_is_compared_whole(company):
    text = (company / "crmkit.toml").read_text()
    (company / "crmkit.toml").write_text(text.replace("2026-10-31", "2026-09-08"))
    report(company, "2026-09")
    (company / "crmkit.toml").write_text(text)
    said = report(company, "2026-10")
    assert "Orders: reported as 6, now 10 (+4). Since then the period has ended: it was reported after 8 days" in said
    assert "the setting through has changed from 2026-09-08 to 2026-10-31" in said


def test_while_a_month_is_running_the_one_before_is_still_compared_whole(company):
    report(company, "2026-09")
    text = (company / "crmkit.toml").read_text()
    (company / "crmkit.toml").write_text(text.replace("2026-10-31", "2026-10-07"))
    catalog = ck.connect(company)
    history = ck.evaluate(catalog, METRICS, periods="2026-09..2026-10", first_days=7)
    card = ck.scorecard(catalog, "2026-10", metrics=METRICS, history=history)
    said = ck.pages.revisions(catalog, card, reports=str(company / "reports"), history=history).html
    assert "The numbers of September 2026 are those that its report gave (2 compared)." in said


def test_a_damaged_file_is_as_none(company):
    report(company, "2026-09")
    for text in ("", "{", "[]", '{"scorecard": 3}', '{"scorecard": {"numbers": {}}}'):
        (company / "reports/2026-09/numbers.json").write_text(text)
        assert report(company, "2026-10") == ""


def test_the_numbers_hold_no_path_and_no_customer(company):
    report(company, "2026-09")
    text = (company / "reports/2026-09/numbers.json").read_text()
    assert str(company.parent) not in text and "customer_id" not in text


@pytest.mark.slow
def test_a_run_keeps_the_numbers_of_its_pages_and_says_what_was_revised(company, tmp_path, monkeypatch):
    cells = (
        "import crmkit as ck\ncatalog = ck.connect(settings)\ncard = ck.scorecard(catalog, period, metrics=['revenue'])"
    )
    lines = 'period = ""  # month\nsettings = ""  # file\nreports = ""  # folder of all reports'
    write_notebook(
        tmp_path / "nb", "01_card", cells, "ck.pages.revisions(catalog, card, reports=reports)", parameters=lines
    )
    place = {"output": tmp_path / "out", "notebooks": tmp_path / "nb"}
    september = run_report(company, "2026-09", **place)
    kept = json.loads((september.folder / "numbers.json").read_text())
    assert kept == {"card": numbers_in(september.folder / "notebooks/01_card.ipynb")}
    assert kept["card"]["numbers"]["revenue"]["value"] == 200.0
    write_company(company, EXPORTED + "99,2026-09-30,22,2\n")
    october = run_report(company, "2026-10", **place)
    page = BeautifulSoup((october.folder / "card.html").read_text(), "html.parser")
    assert "reported as €200, now €222 (+\u2060€22)" in page.select_one("#revisions").get_text()
    assert "vnd.crmkit" not in str(page)

    monkeypatch.setattr(cache_module, "code_digest", lambda: "this code")
    (september.folder / "numbers.json").unlink()
    run_report(company, "2026-09", **place)
    kept = json.loads((september.folder / "numbers.json").read_text())
    assert kept["card"]["numbers"]["revenue"]["value"] == 222.0
    (september.folder / "numbers.json").unlink()
    assert run_report(company, "2026-09", **place).pages[0].is_unchanged
    assert json.loads((september.folder / "numbers.json").read_text()) == kept, "taken from the notebook that was kept"

    write_notebook(tmp_path / "nb", "01_card", "1 / 0", parameters=lines)
    again = run_report(company, "2026-09", **place)
    assert again.failed and json.loads((again.folder / "numbers.json").read_text()) == kept, (
        "what was reported stays known"
    )
