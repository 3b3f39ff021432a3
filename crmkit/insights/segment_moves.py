"""Sentences on who changed segment, and what it brought and cost."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from crmkit.insights.sentences import Finding
from crmkit.metrics.nouns import counted
from crmkit.metrics.wording import scale_for


def more_than_usual(row: dict[Hashable, Any]) -> Finding:
    """Return a move that was more frequent than it usually is."""
    share, usual = (f"{row[name]:.0%}".replace("%", " %") for name in ("share", "usual_share"))
    n = counted(float(row["n"]), "customers")
    whence = "New customers" if row["from"] == "(new)" else f"“{row['from']}”"
    return Finding(
        f"{n} moved from {whence} to “{row['to']}”", f": {share} of them, usually {usual}. Real.", tone="changed"
    )


def moved_finding(n_moved: int, n_both: int, rest: str) -> Finding:
    """Return how many changed segment; ``rest`` ends the sentence.

    Examples
    --------
    >>> moved_finding(3, 12, ".").text, moved_finding(0, 0, ".").text
    ('3 of 12 customers changed segment (25 %).', 'Nobody changed segment.')
    """
    if not n_moved:
        return Finding("Nobody changed segment", rest)
    bold = f"{n_moved:,} of {counted(n_both, 'customers')} changed segment"
    return Finding(bold, f" ({100 * n_moved / n_both:.0f} %){rest}")


def move_finding(totals: pd.DataFrame, currency: str | None) -> Finding | None:
    """Return who moved up and who slid, and what it brought and cost; None where nobody did.

    Examples
    --------
    >>> rows = [("up", 3, 90.0, 40.0, 140.0), ("down", 1, -20.0, -60.0, 20.0)]
    >>> move_finding(pd.DataFrame(rows, columns=["direction", "n", "gained", "low", "high"]), "EUR").text
    '3 customers upgraded and 1 slid: those who upgraded bring €90 more (€40 to €140), those who slid €20 less (−€20 to €60).'
    """
    rows = {row["direction"]: row for row in totals.to_dict("records")}
    up, down = rows.get("up"), rows.get("down")
    if up is None and down is None:
        return None
    n_up, n_down = (int(row["n"]) if row else 0 for row in (up, down))
    of = [(did, _changed(row, currency)) for row, did in ((up, "upgraded"), (down, "slid")) if row]
    told = [f"those who {did} {'' if place else 'bring '}{changed}" for place, (did, changed) in enumerate(of)]
    return Finding(f"{counted(n_up, 'customers')} upgraded and {n_down:,} slid", f": {', '.join(told)}.")


def _changed(row: dict[Hashable, Any], currency: str | None) -> str:
    value, low, high = (float(row[name]) for name in ("gained", "low", "high"))
    low, high = (low, high) if value >= 0 else (-high, -low)
    scale = scale_for("money", abs(value), low=low, high=high, currency=currency)
    return f"{scale.words(abs(value))} {'more' if value >= 0 else 'less'} ({scale.interval(low, high)})"
