"""A section on when it is best to post."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.insights.messages import unlike_the_whole
from crmkit.metrics.evaluate import evaluate
from crmkit.metrics.nouns import counted, joined
from crmkit.metrics.wording import common_scale
from crmkit.periods import Period
from crmkit.reporting.figures import figure
from crmkit.reporting.markup import Fragment
from crmkit.tables.catalog import Catalog

_FEWEST = 5  # posts of an hour, below which it is not shown: one lucky post would make it the best
_NAMES = {"hours": ("time of day", "from {} o'clock"), "weekday": ("weekday", "on {}s")}


def posting_hours(catalog: Catalog, period: Period, by: str = "hours") -> Fragment:
    """Return the engagement rate by time of day or weekday over the year that ends with the period.

    Parameters
    ----------
    catalog : Catalog
    period : Period
        A month has too few posts; the year up to its end is looked at.
    by : {"hours", "weekday"}

    Returns
    -------
    Fragment
        Names a time only if it differs from all posts by more than chance, all times tested together. Empty without
        posts of the firm.
    """
    from crmkit.plots import plot_groups

    year = Period.parse(f"{period.year_before.end}..{period.end - timedelta(days=1)}")
    year = period if period.n_days >= year.n_days else year
    try:
        groups = evaluate(catalog, "engagement_rate", periods=year, by=by)
        whole = evaluate(catalog, "engagement_rate", periods=year).iloc[0]
    except CrmkitError:
        return Fragment("", "no posts")
    groups = groups[groups["value"].notna() & (groups["n"] >= _FEWEST)]
    if len(groups) < 2 or pd.isna(whole["value"]):
        return Fragment("", "no posts")
    name, at = _NAMES[by]
    scale = common_scale(groups.itertuples(index=False))
    # What the interval of a few posts allows is told by the test, so all shown are tested, rough ones too.
    unlike = unlike_the_whole(groups.assign(status="ok"), whole["value"])
    told = [f"{at.format(row[by])} ({scale.words(row['value'])})" for _, row in unlike.iterrows()]
    title = f"Posts {joined(told)} differ from the {scale.words(whole['value'])} of all" if told else (
        f"No {name} brings more or less than the {scale.words(whole['value'])} of all posts by more than chance"
    )  # fmt: skip
    shown = [f"{row[by]} {scale.words(row['value'])}" for _, row in groups.iterrows()]
    return figure(
        plot_groups(groups.drop(columns=["metric", "period"]), overall=whole["value"], sort=False),
        title,
        f"Engagement rate of {counted(whole['n'], 'own posts')} by {name}, {year.label}, with 95 % intervals.",
        alt=f"Engagement rate by {name}: {joined(shown)}. {title}.",
        caption=f"Times with fewer than {_FEWEST} posts are not shown. What was posted when was not drawn by chance.",
        data=groups[[by, "value", "low", "high", "n", "unit", "status", "reason"]],
        settings=catalog.settings,
    )
