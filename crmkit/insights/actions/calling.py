"""Whether to call those who may leave: one statement, from the trial book and the proposals, which all pages print."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd

from crmkit.insights.actions.draw import trials
from crmkit.insights.actions.measure import action_results
from crmkit.insights.actions.propose import propose
from crmkit.insights.actions.rules import rules
from crmkit.insights.actions.saving import SaveRate, save_rate
from crmkit.insights.findings import Finding
from crmkit.metrics.formatting import in_words
from crmkit.periods import DayLike, day_in_words, last_day
from crmkit.tables.arguments import checked
from crmkit.tables.catalog import Catalog
from crmkit.words import say


@dataclass(frozen=True)
class CallAdvice:
    """Whether to call those who may leave.

    Attributes
    ----------
    advice : {"draw", "roll out", "stop", "running", "none"}
        None: no call pays for itself, as far as is known.
    finding : Finding
        The same as a sentence.
    """

    advice: str
    finding: Finding


@checked
def call_advice(catalog: Catalog, as_of: DayLike | None = None) -> CallAdvice:
    """Return whether to call those who may leave: what the actions with ``saves = true`` propose or have shown.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "ordered_at": ["2026-09-01"], "revenue": [10.0]})
    >>> call_advice(ck.connect({"orders": orders}), "2026-09-30").finding.bold
    'No call pays for itself'
    """
    day = as_of or last_day(catalog.data_through, None)
    names = [name for name, rule in rules(catalog).items() if rule.saves and rule.propose]
    listed, results = trials(catalog, day), action_results(catalog, day)
    running = listed[(listed["state"] == "runs") & listed["action"].isin(names)]
    if len(running):
        return CallAdvice("running", _running(running.iloc[0]))
    stopped = results[results["action"].isin(names) & (results["verdict"] == "stop")]
    proposals = propose(catalog, day)
    own = proposals[proposals["action"].isin(names) & (proposals["advice"] != "stop")]
    if own.empty and len(stopped):
        return CallAdvice("stop", Finding(say("actions-call-stop"), f" {stopped['why'].iloc[0]}", tone="worse"))
    save = save_rate(catalog, day)
    if own.empty:
        kept = in_words(save.value, "share")
        return CallAdvice(
            "none", Finding(say("actions-call-none"), say("actions-call-none-why", kept=kept, origin=save.words))
        )
    row = {str(name): value for name, value in own.iloc[0].to_dict().items()}
    return CallAdvice(str(row["advice"]), _proposed(row, save, catalog.settings.company.currency))


def _running(trial: Any) -> Finding:
    until = day_in_words(pd.Timestamp(str(trial["ends_on"])).date() - timedelta(days=1))
    values: dict[str, str | int] = {
        "trial": str(trial["trial"]),
        "until": until,
        "treated": int(trial["n_treated"]),
        "held": int(trial["n_held"]),
    }
    return Finding(say("actions-call-running"), say("actions-call-running-until", **values))


def _proposed(row: dict[str, Any], save: SaveRate, currency: str) -> Finding:
    ends = {"low": row["gain_low"], "high": row["gain_high"], "currency": currency}
    values: dict[str, str | int] = {
        "treated": int(row["n_treated"]),
        "held": int(row["n_held"]),
        "gain": in_words(row["gain"], "money", **ends),
        "low": in_words(row["gain_low"], "money", **ends),
        "high": in_words(row["gain_high"], "money", **ends),
    }
    if row["verdict"] == "untried":
        origin = say("actions-call-assumed", kept=in_words(save.value, "share"), origin=save.words)
    else:
        origin = str(row["earlier"])
    gain = say("actions-call-gain", origin=origin, **values)
    if row["advice"] == "roll out":
        return Finding(say("actions-call-roll-out", **values), gain, tone="better")
    return Finding(say("actions-call-draw", **values), gain)
