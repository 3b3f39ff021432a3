"""The section on what actions brought, measured against customers held out at random."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.insights.messages import experiments_message
from crmkit.metrics.cards.margins import assumed_margin
from crmkit.metrics.engine.evaluate import evaluate
from crmkit.periods import Period, PeriodLike
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.display.tables import table, with_interval
from crmkit.reporting.pages.section import section
from crmkit.tables.catalog import Catalog
from crmkit.words import say

_COLUMNS = (
    "incremental_value_per_customer",
    "incremental_value",
    "incremental_margin",
    "incremental_roi",
)


@section("no actions with a holdout")
def action_table(catalog: Catalog, period: PeriodLike) -> Fragment | None:
    """Return the effect of each action with a holdout; empty where no customer was drawn for one.

    Parameters
    ----------
    period : str, Period or pair of days
        Such as "2026-10"; outcomes of the year that ends with it are counted, as a month has few draws.
    """
    year = Period.parse(f"{period.year_before.end}..{period.end - timedelta(days=1)}")
    seen = period if period.n_days >= year.n_days else year
    try:
        rows = evaluate(catalog, list(_COLUMNS), periods=seen, by="action")
    except CrmkitError:  # no table has actions
        return None
    each = rows[(rows["metric"] == "incremental_value_per_customer") & (rows["n"] > 0)]
    if each.empty:
        return None
    currency = catalog.settings.company.currency
    frame = pd.DataFrame({"action": each["action"], "Customers drawn": each["n"]})
    for metric in _COLUMNS:
        own = rows[rows["metric"] == metric].set_index("action")
        frame[say(f"experiment-{metric}")] = [_words(own, action, currency) for action in frame["action"]]
    return table(
        frame,
        experiments_message(each, currency, _returns(rows)),
        subtitle=say("experiment-subtitle", period=seen.label) + assumed_margin(rows),
        caption=say("experiment-caption"),
        units={"Customers drawn": "count"},
    )


def _returns(rows: pd.DataFrame) -> dict[str, float]:
    """Return the return on the cost of each action of which it is known."""
    known = rows[(rows["metric"] == "incremental_roi") & rows["value"].notna()]
    return dict(zip(known["action"].astype(str), known["value"].astype(float).tolist(), strict=True))


def _words(rows: pd.DataFrame, action: str, currency: str) -> str:
    if action not in rows.index or pd.isna(rows.loc[action, "value"]):
        return ""
    row: Any = rows.loc[action]
    return with_interval(row, currency)
