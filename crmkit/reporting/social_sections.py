"""A section on when it is best to post."""

from __future__ import annotations

from datetime import timedelta

from crmkit.metrics.nouns import counted, joined
from crmkit.metrics.posting import posting_times
from crmkit.metrics.wording import scale_for
from crmkit.periods import Period
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog

_NAMES = {"hours": ("time of day", "from {} o'clock"), "weekday": ("weekday", "on {}s")}


def posting_hours(catalog: Catalog, period: Period, by: str = "hours") -> Fragment:
    """Return the engagement rate by time of day or weekday, over the year that ends with the period.

    Parameters
    ----------
    catalog : Catalog
    period : Period
        A month has too few posts; the year up to its end is looked at.
    by : {"hours", "weekday"}

    Returns
    -------
    Fragment
        Names a time only if chance would rarely deal it such a rate; see :func:`crmkit.posting_times`. Empty without
        posts of the firm.

    Examples
    --------
    >>> import pandas as pd
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> book = ck.connect({"orders": orders})
    >>> posting_hours(book, ck.covered_period(book, "2026-10"))
    <crmkit no posts>
    """
    year = Period.parse(f"{period.year_before.end}..{period.end - timedelta(days=1)}")
    year = period if period.n_days >= year.n_days else year
    times = posting_times(catalog, year, by)
    if times.empty:
        return Fragment("", "no posts")
    name, at = _NAMES[by]
    overall = scale_for("share", times.attrs["overall"]).words(times.attrs["overall"])
    real = times[times["verdict"] == "real"]
    told = [
        f"{at.format(row[by])} ({scale_for('share', row['value']).words(row['value'])})" for _, row in real.iterrows()
    ]
    title = f"No {name} brings more or less than the {overall} of all posts by more than chance"
    if told:
        title = f"Posts {joined(told)} differ from the {overall} of all by more than chance"
    return table(
        times.rename(columns={"n": "n_posts", "value": "engagement_rate", "expected": "by_chance"}).drop(
            columns="p_value"
        ),
        title,
        subtitle=f"Interactions for each time a post was shown, {counted(times['n'].sum(), 'own posts')}, {year.label}. By "
        "chance: what the same times would bring if they did not matter, on the networks they were used for.",
        caption="Times with fewer than five posts are not shown. What was posted when was not drawn by chance.",
        units={"n_posts": "count", "engagement_rate": "share", "by_chance": "share"},
    )
