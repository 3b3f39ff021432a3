"""Every metric in words, generated from its card."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from crmkit.metrics.cards import cards


def glossary(metrics: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Return what each metric means.

    Returns
    -------
    DataFrame
        One row per metric: metric, label, topic, definition, formula, unit, better, counted, smallest_change, source,
        tables (a comma between names), conventions (of a disputed definition, "name: formula", else "none disputed").

    Examples
    --------
    >>> glossary("nps")["formula"].item()
    'NPS = 100 (promoters - detractors) / answers'
    """
    columns = ["metric", "label", "topic", "definition", "formula", "unit", "better", "counted", "smallest_change"]
    records = [
        [c.name, c.label, c.topic, c.definition, c.formula, c.unit, c.better, c.counted, c.smallest_change, c.source,
         ", ".join(c.tables), "; ".join(f"{n}: {f}" for n, f in c.conventions.items()) or "none disputed"]
        for c in cards(metrics)
    ]  # fmt: skip
    return pd.DataFrame(records, columns=[*columns, "source", "tables", "conventions"])
