"""Tables that a phone can scroll and a screen reader can read: every cell escaped, numbers worded by their unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.reporting.markup import Fragment, drawn
from crmkit.reporting.worded_tables import worded_table
from crmkit.settings import Settings


def table(
    frame: pd.DataFrame,
    title: str,
    *,
    subtitle: str = "",
    caption: str = "",
    units: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    settings: Settings | None = None,
    max_rows: int = 200,
) -> Fragment:
    """Return a frame as a table with a title that says what it shows.

    Parameters
    ----------
    frame : DataFrame
        Its first column names the rows; an index with a name becomes the first column. Rows of
        :func:`crmkit.metrics.evaluate` are worded with their units.
    title, subtitle, caption : str
        The message; measure, population and period; a caveat below.
    units : mapping of column to unit, or None
        ``share``, ``money``, ``count``, ``days``, ``points``, ``per customer``, ``ratio``, or any word.
    labels : mapping of column to heading, or None
    settings : Settings or None
    max_rows : int
        Rows shown; the page says how many are left out.

    Returns
    -------
    Fragment

    Examples
    --------
    >>> table(pd.DataFrame({"channel": ["search"], "lost": [0.051]}), "Lost by channel", units={"lost": "share"})
    <crmkit table: Lost by channel>
    """
    _check_names(frame, [*(units or {}), *(labels or {})])
    worded = worded_table(frame, title, units=units, labels=labels, settings=settings, max_rows=max_rows)
    return drawn(
        "table", f"table: {title}", table=worded, title=title, subtitle=subtitle, caption=caption, empty="No rows."
    )


def _check_names(frame: pd.DataFrame, names: Sequence[str]) -> None:
    known = {str(name) for name in (*frame.columns, *frame.index.names) if name is not None}
    if unknown := [name for name in names if name not in known]:
        raise CrmkitError(f"The table has no column '{unknown[0]}'. Known: {', '.join(sorted(known))}.")
