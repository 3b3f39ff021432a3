"""Actions in words: what there is to do, which trials run, what earlier ones showed, what was drawn."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pandas as pd

from crmkit.insights.actions.calling import call_advice
from crmkit.insights.actions.draw import Draw, trials
from crmkit.insights.actions.measure import action_results
from crmkit.insights.actions.propose import proposal_sentence
from crmkit.insights.actions.responders import who_responds
from crmkit.metrics.formatting import counted
from crmkit.periods import DayLike, day_in_words

if TYPE_CHECKING:
    from crmkit.tables.catalog import Catalog

NOTHING_PAYS = "Nothing that crmkit could propose is expected to pay."


def actions_in_words(catalog: Catalog, proposals: pd.DataFrame, as_of: DayLike | None = None) -> str:
    """Return what there is to do, what runs and until when, and what earlier trials showed, as lines of text."""
    currency = catalog.settings.company.currency
    lines = ["To do"]
    for row in proposals.to_dict("records"):
        if row["advice"] != "stop":
            lines += [
                f"  {row['action']}: {proposal_sentence({str(key): value for key, value in row.items()}, currency)}.",
                f"    {row['earlier']} Draw it: crmkit actions draw {_quoted(row['action'])}",
            ]
    if len(lines) == 1:
        lines.append(f"  {NOTHING_PAYS}")
    idle = proposals.loc[proposals["advice"] == "stop", "action"].tolist()
    if idle:
        lines += ["", f"Not expected to pay: {', '.join(idle)}."]
    lines += ["", call_advice(catalog, as_of).finding.text]
    listed = trials(catalog, as_of)
    running = listed[listed["state"] == "runs"]
    lines += ["", "Running" if len(running) else "No trial runs."]
    for trial in running.itertuples(index=False):
        last = day_in_words(pd.Timestamp(str(trial.ends_on)).date() - timedelta(days=1))
        lines.append(f"  {trial.trial}: {trial.n_treated} treated, {trial.n_held} held out, until {last}.")
    results = action_results(catalog, as_of)
    done = results[results["verdict"] != "running"]
    if len(done):
        lines += ["", "What earlier trials showed"]
        lines += [f"  {row['action']}: {row['verdict']}. {row['why']}" for row in done.to_dict("records")]
    responding = who_responds(catalog, as_of)
    if len(responding):
        lines += ["", "Who responds"]
        lines += [f"  {row['action']}: {row['why']}" for row in responding.to_dict("records")]
    return "\n".join(lines)


def draw_in_words(drawn: Draw) -> str:
    """Return what was drawn, where the list is, and when its effect is known."""
    first = "Drawn" if drawn.is_new else "Drawn before, and the same again"
    lines = [
        f"{first}: {drawn.trial}. {counted(len(drawn.treated), 'people')} to treat, {drawn.n_held} held out.",
        f"Treat those on the list and nobody else until {day_in_words(drawn.ends_on - timedelta(days=1))}:",
        *(f"  {file}" for file in drawn.files),
        f"Load newer data after that day: `crmkit actions` then says what it brought. Take it back before anything is sent: "
        f"crmkit actions undo {_quoted(drawn.action)}",
    ]
    return "\n".join(lines)


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name
