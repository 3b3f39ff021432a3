"""A figure on a page: the message above, the picture with its text alternative, the numbers behind a fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.reporting.markup import Fragment, drawn
from crmkit.reporting.worded_tables import worded_table
from crmkit.settings import Settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHORTEST_ALT = 20  # characters: "chart" or "churn by month" states no finding


def figure(
    plot: Axes | Figure | Any,
    title: str,
    subtitle: str = "",
    *,
    alt: str,
    caption: str = "",
    data: pd.DataFrame | None = None,
    settings: Settings | None = None,
    units: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
) -> Fragment:
    """Return a figure with its message, and close it.

    Parameters
    ----------
    plot : Axes, Figure, or anything with ``.figure``
        What to show; seaborn's grids too.
    title : str
        The message: "Customers left faster in October than in any month for a year".
    subtitle : str
        Measure, population and period.
    alt : str
        Text alternative that states the finding, for those who do not see the picture.
    caption : str
        The caveat, below the picture.
    data : DataFrame or None
        The numbers shown, put behind a fold.
    settings : Settings or None
        For the currency in the numbers.
    units, labels : mapping of column to unit and to heading, or None
        Of the numbers, see :func:`crmkit.reporting.table`.

    Returns
    -------
    Fragment

    Raises
    ------
    CrmkitError
        If the text alternative is missing or too short to state a finding.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> drawing = Figure(figsize=(4, 2))
    >>> points = drawing.subplots().plot([1, 2, 4])
    >>> figure(drawing, "Orders double every month", alt="Orders by month: one in May, two in June, four in July.")
    <crmkit figure: Orders double every month>
    """
    from matplotlib import pyplot

    from crmkit.reporting.images import encoded

    if len(alt.strip()) < _SHORTEST_ALT:
        raise CrmkitError(f"alt is {alt!r}. Write what the figure shows, as you would say it on the telephone.")
    drawing = _figure_of(plot)
    image = encoded(drawing)
    pyplot.close(drawing)  # otherwise the notebook shows it a second time
    return drawn(
        "figure",
        f"figure: {title}",
        title=title,
        subtitle=subtitle,
        image=image,
        alt=alt.strip(),
        caption=caption,
        data=None
        if data is None
        else worded_table(data, subtitle or title, settings=settings, units=units, labels=labels),
    )


def _figure_of(plot: Any) -> Any:
    whole = getattr(plot, "figure", plot)  # axes and seaborn's grids know their figure; a figure is its own
    return getattr(whole, "figure", whole)  # and a part of a figure knows the whole
