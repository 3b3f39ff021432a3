"""What to say of actions of which some customers were held out by lot."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmkit.insights.phrases import sentence_case
from crmkit.metrics.nouns import is_number, joined
from crmkit.metrics.wording import scale_for


def experiments_message(brought: pd.DataFrame, currency: str | None = None) -> str:
    """Return which actions brought something beyond chance, and which cannot be told.

    Parameters
    ----------
    brought : DataFrame
        One row per action: action, value, low, high [currency per customer treated].
    currency : str or None
        ISO 4217 code.

    Examples
    --------
    >>> row = {"action": "voucher", "value": 4.6, "low": 1.2, "high": 8.0}
    >>> experiments_message(pd.DataFrame([row]), "EUR")
    'Voucher brought €5 per customer (€1 to €8) beyond what would have come anyway'
    >>> experiments_message(pd.DataFrame([row | {"low": -3.0}]), "EUR")
    'Whether voucher brought anything cannot be told yet: anything from −€3 to €8 per customer is possible'
    """
    real = brought[(brought["low"] > 0) | (brought["high"] < 0)]
    if len(real):
        return sentence_case(joined([_told(row, currency) for row in real.itertuples()]))
    known = brought[brought["value"].notna()]
    if known.empty:
        return "Nobody was held out, so what the actions brought is not known"
    if len(known) > 1:
        return f"Whether {joined(known['action'].tolist(), 'or')} brought anything cannot be told yet"
    row: Any = next(known.itertuples())
    interval = _interval(row, currency)
    by_chance = f": anything from {interval} per customer is possible" if interval else ""
    return f"Whether {row.action} brought anything cannot be told yet{by_chance}"


def _told(row: Any, currency: str | None) -> str:
    scale = scale_for("money", row.value, low=row.low, high=row.high, currency=currency)
    if row.value > 0:
        said = f"{row.action} brought {scale.words(row.value)} per customer"
        return f"{said} ({_interval(row, currency)}) beyond what would have come anyway"
    lost = f"{row.action} lost {scale.words(-row.value)} per customer"
    return f"{lost} ({_interval(row, currency)} brought): without it more would have come"


def _interval(row: Any, currency: str | None) -> str:
    if not is_number(row.low) or not is_number(row.high):
        return ""
    return str(scale_for("money", row.value, low=row.low, high=row.high, currency=currency).interval(row.low, row.high))
