"""Which numbers stand on which page: those of the scorecard's page, and those of a question."""

from __future__ import annotations

import pandas as pd

from crmkit.errors import UnknownName
from crmkit.tables.given import check_made_by


def headlines(scorecard: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that stand on the scorecard's page: headline metrics, and every metric that has a target.

    Parameters
    ----------
    scorecard : DataFrame
        From :func:`crmkit.scorecard`, of all metrics.

    Returns
    -------
    DataFrame
        Some of its rows, all of its columns.

    Raises
    ------
    CrmkitError
        If it is another frame, such as one of :func:`crmkit.evaluate`.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0]})
    >>> card = ck.headlines(ck.scorecard(ck.connect({"orders": orders}), "2026-10"))
    >>> bool(card["headline"].all())
    True
    """
    check_made_by("ck.scorecard(...)", scorecard, ["headline"], "headlines")
    return scorecard[scorecard["headline"]].reset_index(drop=True)


def about(scorecard: pd.DataFrame, *topics: str) -> pd.DataFrame:
    """Return the rows of a question, or of several, in the order of the topics.

    Parameters
    ----------
    scorecard : DataFrame
        From :func:`crmkit.scorecard`, of all metrics, or from :func:`crmkit.glossary`: anything with a topic.
    *topics : str
        Such as "acquisition".

    Returns
    -------
    DataFrame
        Some of its rows, all of its columns.

    Raises
    ------
    CrmkitError
        If it is another frame, such as one of :func:`crmkit.evaluate`, or has no such topic.

    Examples
    --------
    >>> import crmkit as ck
    >>> sorted(set(ck.about(ck.glossary(), "voice")["topic"]))
    ['voice']
    """
    check_made_by("ck.scorecard(...) or ck.glossary()", scorecard, ["topic"], "about")
    known = set(scorecard["topic"])
    for topic in topics:
        if topic not in known:
            raise UnknownName("topic", topic, sorted(known))
    parts = [scorecard[scorecard["topic"] == topic] for topic in topics]
    if "headline" in scorecard:  # the numbers that also stand on the scorecard come first
        parts = [part.sort_values("headline", ascending=False, kind="stable") for part in parts]
    chosen = pd.concat(parts, ignore_index=True) if parts else scorecard.iloc[:0].reset_index(drop=True)
    chosen.attrs = scorecard.attrs
    return chosen
