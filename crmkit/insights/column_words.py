"""Columns in words: what the schema says of them, with their name in brackets for whoever mends the data."""

from __future__ import annotations

import re

from crmkit.tables.schema import SCHEMAS

_LISTS = "columns of "  # of a file, which are named as the file names them
_WHOLE = re.compile(r"(?:the|its|her|who|what|whether) ")


def column_in_words(table: str, name: str) -> str:
    """Return a column of a canonical table in words; one whose name is a word already, or not known, as it is.

    Examples
    --------
    >>> column_in_words("survey_responses", "responded_at"), column_in_words("orders", "revenue")
    ('the time of the answer (responded_at)', 'revenue')
    >>> column_in_words("customers", "birth_year"), column_in_words("deals", "closed_at")
    ('the year of birth (birth_year)', 'the time when it was won or lost (closed_at)')
    """
    known = SCHEMAS.get(table)
    if "_" not in name or known is None or name not in known.names:
        return name
    meaning = re.split("[;,]", known.column(name).meaning)[0].strip()
    if meaning.startswith("when "):
        meaning = f"the time {meaning}"
    elif not _WHOLE.match(meaning):
        meaning = f"the {meaning}"
    return f"{meaning} ({name})"


def finding_in_words(table: str, finding: str) -> str:
    """Return a finding in which each column of its table is said in words.

    Examples
    --------
    >>> finding_in_words("survey_responses", "responded_at is missing")
    'the time of the answer (responded_at) is missing'
    >>> finding_in_words("deals", "columns of deals.csv that are not used: closed_at")
    'columns of deals.csv that are not used: closed_at'
    """
    if table not in SCHEMAS or finding.startswith(_LISTS):
        return finding
    names = sorted((name for name in SCHEMAS[table].names if "_" in name), key=len, reverse=True)
    if not names:
        return finding
    # What stands in quotation marks or in a file's name is no column.
    named = re.compile(rf"(?<![\w.'(-])(?:{'|'.join(names)})(?![\w'.)-])")
    return named.sub(lambda match: column_in_words(table, match[0]), finding)
