"""What every plot has in common: the columns that its frame must have."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import ParamSpec

import pandas as pd
from matplotlib.axes import Axes

from crmkit.errors import CrmkitError

P = ParamSpec("P")
_LISTED = 12  # columns of a frame that a message names


def draws(*columns: str) -> Callable[[Callable[P, Axes]], Callable[P, Axes]]:
    """Make a function a plot, which refuses a frame without the columns that it draws.

    Parameters
    ----------
    *columns : str
        Columns that the frame, its first parameter, must have.

    Examples
    --------
    >>> @draws("month", "value")
    ... def plot_value(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    ...     '''Draw a value by month.'''
    >>> plot_value(pd.DataFrame({"months": [1], "value": [2.0]}))
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: plot_value draws a frame with month, value: this one lacks month (it has months, value).
    """

    def marked(plot: Callable[P, Axes]) -> Callable[P, Axes]:
        first = next(iter(signature(plot).parameters))

        @wraps(plot)
        def drawn(*args: P.args, **kwargs: P.kwargs) -> Axes:
            if args or first in kwargs:
                _check(plot.__name__, args[0] if args else kwargs[first], columns)
            return plot(*args, **kwargs)

        return drawn

    return marked


def _check(plot: str, frame: object, columns: tuple[str, ...]) -> None:
    needed = f"{plot} draws a frame with {', '.join(columns)}"
    if not isinstance(frame, pd.DataFrame):
        raise CrmkitError(f"{needed}, not a {type(frame).__name__}.")
    if absent := [name for name in columns if name not in frame]:
        present = ", ".join(map(str, frame.columns[:_LISTED])) or "no columns"
        more = ", ..." if len(frame.columns) > _LISTED else ""
        raise CrmkitError(f"{needed}: this one lacks {', '.join(absent)} (it has {present}{more}).")
