"""One metric by group: a dot and its 95 % interval per group, the value beside it."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from crmkit.errors import CrmkitError
from crmkit.metrics.formatting import NO_DATA, Scale, common_scale, currency_of, is_number
from crmkit.plots.frames import draws
from crmkit.plots.marks import dots, intervals
from crmkit.plots.palette import LIGHT
from crmkit.plots.theme import annotate, styled_axes, theme_context
from crmkit.plots.ticks import number_ticks

_MEASURED = ["metric", "period", "value", "low", "high", "n", "unit", "status", "reason"]
_LONGEST = 36  # characters of a name that fit on a phone


@draws("value", "low", "high", "unit")
def plot_groups(
    groups: pd.DataFrame,
    ax: Axes | None = None,
    *,
    overall: float | None = None,
    sort: bool = True,
    currency: str | None = None,
) -> Axes:
    """Draw one metric of one period for each group.

    Parameters
    ----------
    groups : DataFrame
        One row per group: the grouping columns and value, low, high, n, unit, status, as ``evaluate(by=...)`` returns.
    ax : Axes or None
        Axes to draw on; a new figure, as tall as the groups need, without.
    overall : float or None
        The value over all groups, drawn as a thin line.
    sort : bool
        Largest value on top; otherwise in the order of the rows.
    currency : str or None
        ISO 4217 code for money.

    Returns
    -------
    Axes

    Raises
    ------
    CrmkitError
        If the frame has no grouping column.

    Examples
    --------
    >>> groups = pd.DataFrame({
    ...     "channel": ["search", "social"], "value": [0.051, 0.094], "low": [0.042, 0.078], "high": [0.062, 0.113],
    ...     "n": [2210, 1102], "unit": "share", "status": "ok",
    ... })
    >>> len(plot_groups(groups).texts)  # a name and a value each
    4
    """
    by = [name for name in groups.columns if name not in _MEASURED]
    if not by:
        raise CrmkitError(
            "plot_groups needs a column to group by. Evaluate the metric with by=..., such as by='channel'."
        )
    ordered = groups.sort_values("value", ascending=False, kind="stable") if sort else groups
    ax = styled_axes(ax, (10.6, 0.6 + 0.62 * max(len(ordered), 1)), grid="x")
    currency = currency_of(groups, currency)
    # One scale for all, as numbers with the same digits are easier to compare.
    scale = common_scale(groups.itertuples(index=False), currency)
    with theme_context():
        _draw_dots(ax, ordered, [_name(row[by]) for _, row in ordered.iterrows()], scale)
        for place, (_, row) in enumerate(ordered.iterrows()):
            _write_value(ax, place, row, scale)
            # The name stands above its line, so that a long one takes no room from the numbers.
            at = {"xycoords": ("axes fraction", "data"), "annotation_clip": None}
            annotate(ax, _name(row[by]), (0, place), (2, 9), color=LIGHT["ink"], **at)
            if place:
                ax.axhline(place - 0.66, color=LIGHT["rule"], linewidth=0.8, zorder=0.5)
        _draw_overall(ax, overall, groups, currency)
        ax.set_yticks([])
        ax.set_ylim(len(ordered) - 0.6, -1.0 if is_number(overall) else -0.66)
        ax.grid(False)
        number_ticks(ax.xaxis, _unit(groups), groups["value"].max(), currency)
    return ax


def _draw_dots(ax: Axes, ordered: pd.DataFrame, names: list[str], scale: Scale) -> None:
    rows = ordered.assign(place=range(len(ordered)), words=names)
    rows = rows[rows["value"].map(is_number).to_numpy(bool)]
    intervals(ax, rows, "place", color=LIGHT["band"], width=7, along="x")
    status = rows["status"] if "status" in rows else pd.Series("ok", rows.index)
    for is_rough, size, colour in ((False, 7, LIGHT["accent"]), (True, 5, LIGHT["soft"])):
        own = rows[(status != "ok") == is_rough]
        if len(own):
            said = [f"{row.words}: {_value_words(row, scale)}" for row in own.itertuples(index=False)]
            dots(ax, own, "value", "place", color=colour, size=size, values=said)


def _value_words(row: Any, scale: Scale) -> str:
    interval = scale.interval(row.low, row.high)
    counts = f", of {row.n:,.0f}" if is_number(getattr(row, "n", None)) else ""
    return scale.words(row.value) + (f" ({interval})" if interval else "") + counts


def _write_value(ax: Axes, place: int, row: pd.Series, scale: Scale) -> None:
    beside: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "va": "center", "annotation_clip": False}
    if not is_number(row["value"]):
        ax.annotate(str(row.get("status") or NO_DATA), (1.02, place), color=LIGHT["soft"], **beside)
        return
    is_rough = row.get("status", "ok") != "ok"
    words = scale.words(row["value"]) + (f", {row['status']}" if is_rough else "")
    ax.annotate(
        words,
        (1.02, place),
        color=LIGHT["soft"] if is_rough else LIGHT["ink"],
        fontweight="normal" if is_rough else "bold",
        **beside,
    )


def _draw_overall(ax: Axes, overall: float | None, groups: pd.DataFrame, currency: str | None) -> None:
    if not is_number(overall):
        return
    ax.axvline(float(overall), color=LIGHT["soft"], linewidth=1.2, dashes=(2, 3), zorder=1)
    words = common_scale(groups.itertuples(index=False), currency).words(overall)  # as in the title above
    at = {"xycoords": ("data", "axes fraction"), "annotation_clip": None}
    annotate(ax, f"all: {words}", (float(overall), 1), (4, -2), va="top", color=LIGHT["soft"], fontsize=10, **at)


def _unit(groups: pd.DataFrame) -> str:
    return str(groups["unit"].iloc[0]) if len(groups) else "count"


def _name(values: pd.Series) -> str:
    text = " · ".join("(not known)" if pd.isna(value) else str(value) for value in values)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1].rstrip() + "…"
