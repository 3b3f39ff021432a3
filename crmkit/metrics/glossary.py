"""The glossary, generated from the cards and the schema: a table of metrics, and a Markdown text of metrics and tables."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from crmkit.metrics.card import Card, cards
from crmkit.tables.schema import SCHEMAS, Column, TableSchema

_HEAD = """\
# What the numbers and the tables mean

Written by `crmkit glossary --markdown` from the metrics and tables themselves; do not edit it by hand.

## Metrics
"""
_TABLES = """\
## Tables

Columns in **bold** are needed; the others are optional, and a metric that needs one says so. Names that end in `_at` hold
the local time of the business, `_on` a day; money is net of tax in the one currency of the settings; shares are 0 to 1.
"""


def glossary(metrics: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Return what each metric means.

    Parameters
    ----------
    metrics : str or list of str, optional
        Names of metrics; all by default.

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
        [
            c.name,
            c.label,
            c.topic,
            c.definition,
            c.formula,
            c.unit,
            c.better,
            c.counted,
            c.smallest_change,
            c.source,
            ", ".join(c.tables),
            "; ".join(f"{n}: {f}" for n, f in c.conventions.items()) or "none disputed",
        ]
        for c in cards(metrics)
    ]
    return pd.DataFrame(records, columns=[*columns, "source", "tables", "conventions"])


def glossary_markdown() -> str:
    """Return every metric and every table in Markdown.

    Returns
    -------
    str

    Examples
    --------
    >>> glossary_markdown().splitlines()[0]
    '# What the numbers and the tables mean'
    """
    by_topic: dict[str, list[Card]] = {}
    for card in cards():
        by_topic.setdefault(card.topic, []).append(card)
    parts = [_HEAD]
    for topic, listed in sorted(by_topic.items()):
        parts += [f"### {topic.capitalize()}\n", *map(_metric, listed)]
    return "\n".join([*parts, _TABLES, *map(_table, SCHEMAS.values())])


def _metric(card: Card) -> str:
    good = "" if card.better == "neither" else f", {card.better} is better"
    lines = [
        f'<a id="{card.name}"></a>**{card.label}** (`{card.name}`; {card.unit}{good})\n',
        f"{card.definition}\n",
        f"- Formula: {card.formula}",
    ]
    lines += [f"- Convention `{name}`: {formula}" for name, formula in card.conventions.items()]
    return "\n".join([*lines, f"- Reads: {', '.join(card.tables)}", f"- Source: {card.source}\n"])


def _table(table: TableSchema) -> str:
    personal = " Personal data: never leaves the machine unmasked." if table.personal else ""
    head = f"### {table.name}\n\nOne row is {table.row}.{personal}\n\n| column | kind | meaning |\n|---|---|---|\n"
    return head + "\n".join(map(_column, table.columns)) + "\n"


def _column(column: Column) -> str:
    name = f"**{column.name}**" if column.required else column.name
    unit = f" [{column.unit}]" if column.unit else ""
    choices = f"; one of {', '.join(column.choices)}" if column.choices else ""
    return f"| {name} | {column.kind}{unit} | {column.meaning}{choices} |"
