"""The page that says what every number and every column means."""

from __future__ import annotations

import pandas as pd

from crmkit.metrics.card import cards
from crmkit.metrics.formatting import counted
from crmkit.metrics.glossary import glossary
from crmkit.metrics.glossary import glossary_markdown as glossary_markdown
from crmkit.metrics.scorecard import about
from crmkit.reporting.display.html import Fragment
from crmkit.reporting.display.notes import glossary_section
from crmkit.reporting.display.tables import table
from crmkit.reporting.display.tiles import topic_title, topics_in_order
from crmkit.tables.catalog import Catalog
from crmkit.tables.schema import SCHEMAS
from crmkit.words import say


def glossary_terms(topics: list[str] | None = None) -> Fragment:
    """Return definition, formula, conventions and source of every metric, by topic.

    Parameters
    ----------
    topics : list of str or None
        Which; all without.

    Returns
    -------
    Fragment

    Raises
    ------
    UnknownName
        If there is no such topic.

    Examples
    --------
    >>> glossary_terms(["voice"])
    <crmkit what the numbers count: 1 topic>
    """
    words = about(glossary(), *topics) if topics else glossary()
    parts = [
        glossary_section(
            words[words["topic"] == topic], is_open=True, title=topic_title(topic), id=f"about-{topic}"
        ).html
        for topic in topics_in_order(set(words["topic"]))
    ]
    return Fragment("\n".join(parts), say("glossary-name", topics=counted(len(parts), "topics")))


def nomenclature(catalog: Catalog | None = None) -> Fragment:
    """Return every table and column with kind, unit and meaning.

    Parameters
    ----------
    catalog : Catalog or None
        Whose tables, to say which columns these data have; otherwise that column is left out.

    Examples
    --------
    >>> nomenclature()
    <crmkit table: Every column of every table, with its unit>
    """
    rows = []
    for schema in SCHEMAS.values():
        there = set(catalog.table(schema.name).columns) if catalog and schema.name in catalog.names else set()
        for column in schema.columns:
            kind = column.kind + (f" [{column.unit}]" if column.unit else "")
            needed = "needed" if column.required else "optional"
            rows.append(
                [schema.name, column.name, kind, needed, column.meaning, "yes" if column.name in there else "no"]
            )
    frame = pd.DataFrame(rows, columns=["table", "column", "kind", "use", "meaning", "here"])
    frame = frame if catalog else frame.drop(columns="here")
    return table(
        frame,
        say("glossary-columns"),
        subtitle=say("glossary-columns-subtitle"),
        labels={"here": say("glossary-here")} if catalog else None,
        max_rows=1000,
    )


def glossary_headline() -> str:
    """Return how many numbers the page explains.

    Examples
    --------
    >>> glossary_headline().endswith("numbers mean, and how each is made")
    True
    """
    return say("glossary-headline", numbers=counted(len(cards()), "numbers"))
