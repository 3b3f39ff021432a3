"""Frames as an analyst hands them over, made plain: one name a column, a named index beside them, categories as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from crmkit.errors import CrmkitError, Problems, UnknownName, did_you_mean
from crmkit.tables.schema import SCHEMAS


def check_names(frames: Mapping[str, object]) -> None:
    """Raise UnknownName if a frame is given for a table that there is not; Problems if several are."""
    unknown = [name for name in frames if name not in SCHEMAS]
    if len(unknown) == 1:
        raise UnknownName("table", unknown[0], SCHEMAS)
    if unknown:
        told = [f"There is no table '{name}'. {did_you_mean(name, SCHEMAS)}" for name in unknown]
        raise Problems("The dictionary of frames", told)


def fault_of(frame: object) -> str:
    """Return why something cannot be taken for the rows of a table, without full stop; empty if it can.

    Examples
    --------
    >>> fault_of([1, 2])
    'is a list, must be a pandas DataFrame'
    """
    if not isinstance(frame, pd.DataFrame):
        return f"is a {type(frame).__name__}, must be a pandas DataFrame"
    if frame.columns.nlevels > 1:
        met = next(iter(frame.columns), ())
        return (
            f"its columns have {frame.columns.nlevels} levels, must have one name each (met: {met}). Write, for "
            "instance, frame.columns = frame.columns.droplevel(0)"
        )
    return ""


def check_made_by(maker: str, frame: object, needed: Sequence[str], function: str) -> None:
    """Raise CrmkitError if a function is given something else than the frame that another one makes.

    Parameters
    ----------
    maker : str
        The function that makes such frames.
    frame : object
        What was given.
    needed : sequence of str
        Columns that tell its frames from others.
    function : str
        The function that was called.

    Examples
    --------
    >>> check_made_by("ck.scorecard(...)", pd.DataFrame({"metric": ["nps"]}), ["headline"], "headlines")
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: headlines needs the frame that ck.scorecard(...) returns: this one lacks headline (it has metric).
    """
    if not isinstance(frame, pd.DataFrame):
        raise CrmkitError(f"{function} needs the frame that {maker} returns, not a {type(frame).__name__}.")
    if absent := [name for name in needed if name not in frame]:
        there = ", ".join(map(str, frame.columns[:12])) or "no columns"
        raise CrmkitError(
            f"{function} needs the frame that {maker} returns: this one lacks {', '.join(absent)} "
            f"(it has {there}{', ...' if len(frame.columns) > 12 else ''})."
        )


def plain_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose named index is a column and whose intervals and spans of time are their text.

    Of columns of the same name the first one counts.

    Examples
    --------
    >>> ages = pd.Series([25, 41], index=pd.Index(["a", "b"], name="customer_id"))
    >>> plain_rows(pd.cut(ages, [18, 30, 50]).to_frame("age_group")).to_dict("list")
    {'customer_id': ['a', 'b'], 'age_group': ['(18, 30]', '(30, 50]']}
    """
    rows = frame.set_axis(frame.columns.map(str), axis="columns")
    rows = rows.loc[:, ~rows.columns.duplicated()]
    names = {at: str(name) for at, name in enumerate(rows.index.names) if name is not None and str(name) not in rows}
    if names:
        rows = rows.reset_index(level=list(names), names=list(names.values()))
    texts = {str(name): rows[name].astype("string") for name in rows if _is_told_as_text(rows[name].dtype)}
    return rows.assign(**texts).reset_index(drop=True) if texts else rows.reset_index(drop=True)


def _is_told_as_text(kind: object) -> bool:
    """Return whether no table can hold a type: the intervals that ``pd.cut`` makes, and months as spans of time."""
    held = kind.categories.dtype if isinstance(kind, pd.CategoricalDtype) else kind
    return isinstance(held, pd.IntervalDtype | pd.PeriodDtype)
