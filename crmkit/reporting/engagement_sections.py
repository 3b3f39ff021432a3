"""Sections on how customers take part: channels and the engagement score."""

from __future__ import annotations

from datetime import date

from crmkit.metrics.contact import PRIOR_CONTACTS, channel_responses, preferred_channels
from crmkit.metrics.engagement_score import WEIGHTS, engagement_check
from crmkit.metrics.nouns import counted, is_number
from crmkit.periods import Period, day_in_words
from crmkit.predictions.days import last_day
from crmkit.reporting.markup import Fragment
from crmkit.reporting.tables import table
from crmkit.tables.catalog import Catalog

_USEFUL = 0.65  # area under the curve: an interval that reaches it does not rule out that the score is of use
_KINDS = {"survey": "Surveys answered", "mailing": "Messages clicked"}


def channel_table(catalog: Catalog, period: Period) -> Fragment:
    """Return on which channel customers respond, and how many respond best on each; empty without contacts.

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
    >>> channel_table(book, ck.covered_period(book, "2026-10"))
    <crmkit no contacts>
    """
    as_of = last_day(catalog.data_through, period)
    people, rates = preferred_channels(catalog, as_of), channel_responses(catalog, as_of)
    if people.empty:
        return Fragment("", "no contacts")
    wide = rates.pivot(index="channel", columns="kind", values="rate").rename(columns=_KINDS)
    wide.columns.name = None
    choice = people[people["n_channels"] > 1]["channel"].value_counts()
    wide["Customers who respond best here"] = choice.reindex(wide.index).fillna(0).astype(int)
    several, n = int((people["n_channels"] > 1).sum()), len(people)
    best = f"{choice.index[0]} works best for {choice.iloc[0]:,}" if several else "nobody was tried on two"
    title = f"Of {counted(several, 'customers')} reached on more than one channel, {best}"
    return table(
        wide.sort_index(),
        title,
        subtitle=f"Shares of all contacts up to {day_in_words(as_of)}; {counted(n - several, 'customers')} "
        "were reached on one channel only, which says nothing about what they prefer.",
        caption=f"A customer's own rate is drawn towards that of all customers, which counts as {PRIOR_CONTACTS} contacts. Who "
        "was asked by telephone was not chosen by chance: a difference between channels is partly one between customers.",
        units={name: "share" for name in _KINDS.values() if name in wide} | {wide.columns[-1]: "count"},
    )


def engagement_table(catalog: Catalog, period: Period) -> Fragment:
    """Return whether the engagement score of 90 days ago has told who would stay; empty where it cannot be judged.

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
    >>> engagement_table(book, ck.covered_period(book, "2026-10"))
    <crmkit no engagement score>
    """
    as_of = last_day(catalog.data_through, period)
    bands = engagement_check(catalog, as_of)
    if len(bands) < 2:
        return Fragment("", "no engagement score")
    auc, low, high = bands.attrs["auc"]
    first, last = bands.iloc[0], bands.iloc[-1]
    stayed = f"{100 * last['value']:.0f} % of the customers at {last['band']} points stayed, "
    stayed += f"{100 * first['value']:.0f} % at {first['band']}"
    scored_on = day_in_words(date.fromisoformat(bands.attrs["scored_on"]))
    if not is_number(auc):
        title = "Nobody left, or nobody stayed: the engagement score cannot be judged"
    elif low <= 0.5 and high > _USEFUL:
        title = "Whether the engagement score tells who stays cannot be said yet: too few customers left"
    elif low > 0.5:
        title = f"The engagement score tells who stays: {stayed}"
    else:
        title = "The engagement score does not tell who stays: do not act on it"
    of = (
        f"{100 * auc:.0f} % of pairs ({100 * low:.0f} to {100 * high:.0f} %; 50 % is guessing)"
        if is_number(auc)
        else "no pair"
    )
    weights = ", ".join(f"{name} {points}" for name, points in WEIGHTS.items())
    return table(
        bands.rename(columns={"band": "score", "value": "still_active", "n": "n_customers"}),
        title,
        subtitle=f"Active customers on {scored_on} by their score then, and the share still active on "
        f"{day_in_words(as_of)}, with 95 % interval.",
        caption=f"Of 100 points: {weights}. Of a customer who stayed and one who left, the score puts the right "
        f"one first in {of}.",
        units={"n_customers": "count", "still_active": "share", "low": "share", "high": "share"},
    )
