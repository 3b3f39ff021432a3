"""How frames are printed: safe for a spreadsheet, valid JSON, and a customer's text stays what it is."""

import json

import pandas as pd
import pytest

from crmkit.cli.show import print_frame, print_metrics
from crmkit.sources.spreadsheet import formula_safe

ROWS = pd.DataFrame(
    {
        "metric": ["revenue", "revenue"],
        "period": ["2026-10", "2026-10"],
        "channel": ["=HYPERLINK(1)", "[bold]web[/bold]"],
        "value": [-1200.0, float("nan")],
        "low": [-1500.0, float("nan")],
        "high": [-900.0, float("nan")],
        "n": [31, 0],
        "unit": ["money", "money"],
        "status": ["ok", "no data"],
        "reason": ["", "no orders in the period"],
    }
)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text):
    shown = "'" + text.replace("\r", "\N{REPLACEMENT CHARACTER}")  # which would steer a terminal
    assert formula_safe(pd.DataFrame({"channel": [text]}))["channel"].item() == shown


def test_numbers_below_zero_stay_numbers_in_csv(capsys):
    print_frame(ROWS, "csv")
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == "metric,period,channel,value,low,high,n,unit,status,reason"
    assert second == "revenue,2026-10,'=HYPERLINK(1),-1200.0,-1500.0,-900.0,31,money,ok,"
    assert third == "revenue,2026-10,[bold]web[/bold],,,,0,money,no data,no orders in the period"


def test_missing_numbers_are_null_in_json(capsys):
    print_frame(ROWS, "json")
    records = json.loads(capsys.readouterr().out)
    assert (records[0]["value"], records[1]["value"], records[1]["low"]) == (-1200.0, None, None)
    assert records[0]["channel"] == "=HYPERLINK(1)"


def test_a_table_shows_groups_with_rounded_numbers_and_reasons(capsys):
    print_metrics(ROWS, "table", currency="EUR")
    shown = capsys.readouterr().out
    assert "−€1,200" in shown and "−€1,500 to −€900" in shown
    assert "no orders in the period" in shown
    assert "[bold]web[/bold]" in shown, "text from data is no markup"
