"""Hostile texts in every column: nothing obeys them, on the terminal, in CSV, JSON, on pages and in JupyterLab."""

import csv
import io

import pandas as pd
import pytest

import crmkit as ck
from tests.hostile_strings import MARK, faults_of_csv, faults_of_html, faults_of_json, faults_of_text, hostile
from tests.notebooks.in_process import sections

TEXTS = hostile(40)  # benchmarks/hostile.py has 200
OF_EACH = 24
DAYS = [f"2026-{month:02d}-{day:02d}" for month in range(1, 11) for day in (3, 9, 15, 21)]
PAGES = ("00_data_quality", "01_scorecard", "02_acquisition", "05_voice")


def table(**columns):
    written = io.StringIO(newline="")
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(columns)
    rows.writerows(zip(*columns.values(), strict=True))
    return written.getvalue()


def exports(texts):
    """Return the exports of a company whose texts are all hostile."""
    n = len(texts)
    ids = [f"c{number}" for number in range(n)]
    days = [DAYS[number % len(DAYS)] for number in range(n)]
    many = OF_EACH * n  # orders, each of a customer of its own: smaller groups are not shown by name
    return {
        "orders.csv": table(
            order_id=range(many),
            ordered_at=[DAYS[-5 - number % 8] for number in range(many)],
            revenue=range(10, 10 + many),
            customer_id=[f"b{number}" for number in range(many)],
            channel=texts * OF_EACH,
            campaign=texts[::-1] * OF_EACH,
            **{texts[1]: texts * OF_EACH, texts[8]: texts * OF_EACH},
        ),
        "customers.csv": table(customer_id=ids, acquired_at=days, channel=texts, country=texts, region=texts[::-1]),
        "customer_identities.csv": table(customer_id=ids, name=texts, email=[f"{text}@example.org" for text in texts]),
        "survey_responses.csv": table(
            response_id=ids,
            responded_at=days,
            survey=["nps"] * n,
            score=[number % 11 for number in range(n)],
            comment=texts,
            customer_id=ids,
            touchpoint=texts,
        ),
        "web_traffic.csv": table(
            visited_on=days, landing_page=texts, origin=texts, visitors=range(n), sign_ups=range(n)
        ),
        "costs.csv": table(spent_at=days, amount=range(n), purpose=["acquisition"] * n, channel=texts, campaign=texts),
    }


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    from tests.cases.conftest import SETTINGS, Company

    folder = tmp_path_factory.mktemp("hostile")
    (folder / "exports").mkdir()
    for name, text in exports(TEXTS).items():
        (folder / "exports" / name).write_text(text, newline="")
    (folder / "crmkit.toml").write_text(SETTINGS)
    company = Company(folder).load()
    assert company.exit_code == 0, company.message
    return company


@pytest.mark.parametrize(
    "command",
    [
        ("load", "--fresh"),
        ("check",),
        ("history", "--by", "file"),
        ("metrics", "revenue", "--period", "2026-09", "--by", "channel"),
        ("metrics", "--period", "2026-09"),
        ("duplicates", "--questions"),
    ],
    ids=" ".join,
)
def test_the_terminal_obeys_nothing(loaded, command):
    run = loaded.run(*command)
    assert run.exit_code == 0 and "Traceback" not in run.stderr, (run.stderr, run.exception)
    assert faults_of_text(run.stdout) == faults_of_text(run.stderr) == []


def test_a_proposal_for_hostile_files_obeys_nothing(loaded, tmp_path):
    hostile_names = table(**{text: TEXTS for text in TEXTS[:20]})
    (tmp_path / "unknown.csv").write_text(hostile_names, newline="")
    from typer.testing import CliRunner

    from crmkit.cli.commands import app

    run = CliRunner().invoke(app, ["map", str(tmp_path)])
    assert run.exit_code == 0, (run.stderr, run.exception)
    assert faults_of_text(run.stdout) == []


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize(
    "command",
    [("metrics", "revenue", "--period", "2026-09", "--by", "channel"), ("check",), ("duplicates",)],
    ids=" ".join,
)
def test_no_spreadsheet_runs_a_cell_and_every_file_can_be_parsed(loaded, command, form):
    run = loaded.run(*command, "--format", form)
    assert run.exit_code == 0, (run.stderr, run.exception)
    assert (faults_of_csv if form == "csv" else faults_of_json)(run.stdout) == []
    assert MARK in run.stdout or command[0] != "metrics"


@pytest.mark.parametrize("page", PAGES)
def test_no_page_runs_or_loses_its_form(loaded, page):
    catalog = ck.connect(loaded.folder)
    shown = [html for _, html in sections(page, catalog)]
    assert [fault for html in shown for fault in faults_of_html(html)] == []


def test_sums_are_what_was_written_whatever_the_channels_are_called(loaded):
    many = OF_EACH * len(TEXTS)
    orders = ck.connect(loaded.folder).frame("orders")
    assert orders["revenue"].sum() == sum(range(10, 10 + many))
    assert pd.Series(orders["channel"]).nunique() >= len(TEXTS) - 1
