"""`crmkit actions` as an analyst types it: the whole loop over three rounds, from proposal to roll-out."""

from io import StringIO
from itertools import pairwise

import pandas as pd
from typer.testing import CliRunner

from crmkit.cli.commands import app
from tests.insights.actions.conftest import write


def crmkit(folder, *arguments, code=0):
    done = CliRunner().invoke(app, [*arguments, "--settings", str(folder)])
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else done.stderr


def brought_by(folder, extra):
    """Return the orders that calls bring: each of three in four people called orders once more for 60."""
    from crmkit.settings import read_settings
    from crmkit.sources.store.trial_book import read_drawn

    drawn = read_drawn(read_settings(folder))
    latest = drawn[(drawn["assigned_at"] == drawn["assigned_at"].max()) & drawn["treated"]]
    called = (
        latest["customer_id"].tolist()[::4]
        + latest["customer_id"].tolist()[1::4]
        + latest["customer_id"].tolist()[2::4]
    )
    number = latest["trial"].iloc[0]
    rows = pd.DataFrame(
        {
            "order_id": [f"{number}-{who}" for who in called],
            "customer_id": called,
            "ordered_at": latest["assigned_at"].iloc[0] + pd.Timedelta(days=5),
            "revenue": 60.0,
        }
    )
    return rows if extra is None else pd.concat([extra, rows], ignore_index=True)


def test_three_rounds_are_proposed_drawn_measured_and_rolled_out(tmp_path):
    extra, months = None, ["2026-08-31", "2026-09-30", "2026-10-31", "2026-11-30"]
    for this, following in pairwise(months):
        folder = write(tmp_path, this, extra)
        assert "call: Call everybody: call" in crmkit(folder, "actions")
        drawn = crmkit(folder, "actions", "draw", "call", "--treat", "120", "--hold", "120")
        assert "120 people to treat, 120 held out." in drawn
        assert "Running\n  call 2026-" in crmkit(folder, "actions")
        extra = brought_by(folder, extra)
        folder = write(tmp_path, following, extra)
    said = crmkit(folder, "actions")
    assert "call: roll out. €2" in said
    assert "over 3 rounds, at a cost of €1. It pays: give it to everybody it is meant for." in said
    assert "No trial runs." in said
    results = pd.read_json(StringIO(crmkit(folder, "actions", "--results", "--format", "json")))
    margin = results[results["outcome"] == "margin"]
    assert margin["status"].tolist() == ["measured"] * 3
    assert ((margin["low"] < 22.5) & (margin["high"] > 22.5)).all()  # .75 x 60 x .5


def test_mistakes_are_told_in_a_sentence(tmp_path):
    shop_folder = write(tmp_path, "2026-08-31")
    assert "Did you mean 'call'" in crmkit(shop_folder, "actions", "draw", "cal", code=2)
    assert "there is nothing to undo" in crmkit(shop_folder, "actions", "undo", "call", code=2)
    assert "days_since_order" in crmkit(shop_folder, "actions", "--columns")
