"""What made a sum grow or shrink, drawn: shared by what orders bring and what subscribers pay."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from crmkit.metrics.nouns import joined
from crmkit.metrics.wording import scale_of
from crmkit.reporting.figures import figure
from crmkit.reporting.markup import Fragment
from crmkit.settings import Settings

_ENDS = ["value", "low", "high"]


def parts_of(rows: pd.DataFrame, labels: Mapping[str, str], losses: Collection[str]) -> pd.DataFrame:
    """Return the parts in order with their names, what was lost below zero.

    Parameters
    ----------
    rows : DataFrame
        As :func:`crmkit.metrics.evaluate` returns them, of one period.
    labels : mapping of str to str
        Card to name, in the order of the picture; the last one is the net.
    losses : collection of str
        Cards whose numbers are amounts lost.

    Returns
    -------
    DataFrame
        Indexed by metric: the columns of ``rows``, and label.
    """
    parts = rows.set_index("metric").loc[list(labels)].assign(label=list(labels.values()))
    lost = [name for name in labels if name in losses]
    parts.loc[lost, _ENDS] = -parts.loc[lost, ["value", "high", "low"]].to_numpy() + 0.0
    return parts


def waterfall(parts: pd.DataFrame, title: str, subtitle: str, settings: Settings, caption: str = "") -> Fragment:
    """Return the parts of :func:`parts_of` as a figure whose bars begin where the last one ended."""
    from crmkit.plots import plot_waterfall

    currency = settings.company.currency
    scale = scale_of(parts.iloc[-1], currency)
    told = joined([f"{row['label'].lower()} {scale.words(row['value'])}" for _, row in parts.iterrows()])
    return figure(
        plot_waterfall(parts.reset_index(drop=True), currency=currency),
        title,
        subtitle,
        alt=f"{title}. By kind of customer: {told}.",
        caption=caption,
        data=parts.rename(columns={"label": "part"})[["part", *_ENDS, "n"]].reset_index(drop=True),
        units=dict.fromkeys(_ENDS, "money") | {"n": "count"},
        settings=settings,
    )
