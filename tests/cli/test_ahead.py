"""The command `ahead`."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from crmkit.cli.commands import app

SETTINGS = '[files.orders]\npath = "orders.csv"\n[tables.orders]\nfile = "orders"\n[[targets]]\nmetric = "revenue"\nvalue = 310\n'


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ahead")
    days = pd.date_range("2024-01-01", "2025-10-31")
    orders = pd.DataFrame({"order_id": [f"o{n}" for n in range(len(days))], "ordered_at": days, "revenue": 10.0})
    (folder / "exports").mkdir()
    orders.to_csv(folder / "exports" / "orders.csv", index=False)
    (folder / "crmkit.toml").write_text(SETTINGS, encoding="utf-8")
    assert CliRunner().invoke(app, ["load", "--settings", str(folder)]).exit_code == 0
    return folder


def said(folder, *arguments) -> str:
    result = CliRunner().invoke(app, ["ahead", *arguments, "--settings", str(folder)])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_months_are_printed_with_both_intervals_and_the_goal_of_the_year(loaded):
    printed = said(loaded, "revenue", "--months", "2")
    assert "2025-11" in printed and "2025-12" in printed and "2026-01" not in printed
    assert "Shop revenue of 2025: the goal of €3,720 is reached in " in printed


def test_programs_get_every_column(loaded):
    rows = json.loads(said(loaded, "revenue", "--months", "1", "--format", "json"))
    assert [(row["period"], row["kind"]) for row in rows] == [("2025-11", "month"), ("2025", "year")]


def test_what_would_have_been_said_at_the_end_of_june(loaded):
    rows = json.loads(said(loaded, "revenue", "--months", "1", "--period", "2025-06", "--format", "json"))
    assert rows[0]["period"] == "2025-07" and rows[0]["n_months"] == 18
