"""A section on what the words of customers say, and how far that can be trusted."""

from __future__ import annotations

from crmkit.insights.sentiment import METHODS, Remark, language_name, sentiment_message, sentiment_remarks
from crmkit.metrics.nouns import is_number
from crmkit.metrics.wording import scale_for
from crmkit.periods import Period, day_in_words
from crmkit.predictions.days import last_day
from crmkit.predictions.sentiment import sentiment_check
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog


def sentiment_table(catalog: Catalog, period: Period) -> Fragment:
    """Return how texts are read in each language, and how often rightly; empty where nobody wrote any.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    period : Period
        From :func:`crmkit.covered_period`.

    Returns
    -------
    Fragment

    Examples
    --------
    >>> import pandas as pd
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> book = ck.connect({"orders": orders})
    >>> sentiment_table(book, ck.covered_period(book, "2026-10"))
    <crmkit no texts>
    """
    as_of = last_day(catalog.data_through, period)
    check = sentiment_check(catalog, as_of)
    if check.empty:
        return Fragment("", "no texts")
    frame = check[["language", "n_texts"]].assign(
        language=check["language"].map(language_name),
        read=check["method"].map(METHODS),
        right=[_right(row) for row in check.to_dict("records")],
        kinder=[_kinder(row) for row in check.to_dict("records")],
    )
    return table(
        frame,
        sentiment_message(check),
        subtitle=f"Comments and customers' posts up to {day_in_words(as_of)} by language; right: the mood told is that of the "
        "stars, judged at the latest quarter of the comments, whose words were not learned from, with 95 % interval.",
        caption="Moods are for a tendency over many texts: of a single comment read the words. Posts have no stars, so how "
        "well they are read is not known.",
        labels={"n_texts": "Texts", "read": "How they are read", "right": "Right", "kinder": "Net sentiment reads"},
        units={"n_texts": "count"},
    )


def mood_remarks(catalog: Catalog, period: Period) -> dict[str, Remark]:
    """Return, by metric, how far the moods on the tiles can be trusted: what :func:`sentiment_table` says of them.

    Parameters
    ----------
    catalog : Catalog
    period : Period

    Examples
    --------
    >>> import pandas as pd
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> book = ck.connect({"orders": orders})
    >>> mood_remarks(book, ck.covered_period(book, "2026-10"))
    {}
    """
    check = sentiment_check(catalog, last_day(catalog.data_through, period))
    return {} if check.empty else sentiment_remarks(check)


def _right(row: dict) -> str:  # type: ignore[type-arg]
    if not is_number(row["accuracy"]):
        return "" if row["method"] == "none" else f"not known: {row['n_judged'] or 'none'} to judge by"
    scale = scale_for("share", row["accuracy"], low=row["low"], high=row["high"])
    return f"{scale.words(row['accuracy'])} ({scale.interval(row['low'], row['high'])})"


def _kinder(row: dict) -> str:  # type: ignore[type-arg]
    if not is_number(row["net_error"]):
        return ""
    points = round(100 * row["net_error"])
    return "as it is" if points == 0 else f"{abs(points)} points {'kinder' if points > 0 else 'less kind'} than it is"
