"""Posts with what they brought and when they went out."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from crmkit.tables.derived import derived
from crmkit.tables.expressions import number

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_REACTIONS = ("likes", "comments", "shares")


@derived
def posts(social_posts: ir.Table) -> ir.Table:
    """One row per post, with its interactions and its time of day.

    Returns
    -------
    table
        The columns of social_posts, and: interactions (likes, comments and shares, as far as known [count]), weekday,
        hours ("09 to 12": three hours of local time).
    """
    p = social_posts
    known = [name for name in _REACTIONS if name in p.columns]
    added: dict[str, ir.Value] = {}
    if known:
        interactions = number(0)
        for name in known:
            interactions = interactions + ibis.coalesce(p[name].cast("float64"), number(0))
        added["interactions"] = interactions
    block = (p.posted_at.hour() // 3).cast("int64")
    labels = [(place, f"{place * 3:02d} to {place * 3 + 3:02d}") for place in range(8)]
    weekday = p.posted_at.day_of_week.index().cast("int64").cases(*enumerate(_WEEKDAYS))
    return p.mutate(**added, weekday=weekday, hours=block.cases(*labels))
