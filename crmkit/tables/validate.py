"""Frames as analysts pass them: checked, and brought to the names and types of the canonical tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError, Problems, UnknownName, did_you_mean
from crmkit.tables.schema import SCHEMAS, Kind, schema


def check_made_by(maker: str, frame: object, needed: Sequence[str], function: str) -> None:
    """Raise CrmkitError unless an argument is a frame as another function returns it.

    Parameters
    ----------
    maker : str
        The function that returns such frames.
    frame : object
        The argument.
    needed : sequence of str
        Columns that distinguish its frames from others.
    function : str
        The function that was called with it.

    Examples
    --------
    >>> check_made_by("ck.scorecard(...)", pd.DataFrame({"metric": ["nps"]}), ["headline"], "headlines")
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: headlines needs the frame that ck.scorecard(...) returns: this one lacks headline (it has metric).
    """
    if not isinstance(frame, pd.DataFrame):
        raise CrmkitError(f"{function} needs the frame that {maker} returns, not a {type(frame).__name__}.")
    if absent := [name for name in needed if name not in frame]:
        present = ", ".join(map(str, frame.columns[:12])) or "no columns"
        raise CrmkitError(
            f"{function} needs the frame that {maker} returns: this one lacks {', '.join(absent)} "
            f"(it has {present}{', ...' if len(frame.columns) > 12 else ''})."
        )


def typed_frames(frames: Mapping[str, pd.DataFrame], time_zone: str) -> dict[str, pd.DataFrame]:
    """Return the canonical rows of each frame, by table; see :func:`typed`.

    Raises
    ------
    UnknownName, Problems
        With all that is wrong with any of the frames.
    """
    check_table_names(frames)
    rows, errors = {}, []
    for name, frame in frames.items():
        if problem := frame_problem(frame):
            errors.append(Problems(f"Table '{name}'", [f"{problem}."]))
            continue
        try:
            rows[name] = typed(plain_rows(frame), name, time_zone)
        except Problems as error:
            errors.append(error)
    if len(errors) > 1:
        every = [f"{error.subject}: {problem}" for error in errors for problem in error.problems]
        raise Problems("The dictionary of frames", every)
    if errors:
        raise errors[0]
    return rows


def check_table_names(frames: Mapping[str, object]) -> None:
    """Raise UnknownName if a frame is given for a table that does not exist; Problems if there are several."""
    unknown = [name for name in frames if name not in SCHEMAS]
    if len(unknown) == 1:
        raise UnknownName("table", unknown[0], SCHEMAS)
    if unknown:
        problems = [f"There is no table '{name}'. {did_you_mean(name, SCHEMAS)}" for name in unknown]
        raise Problems("The dictionary of frames", problems)


def frame_problem(frame: object) -> str:
    """Return why an object cannot be read as the rows of a table, without full stop; empty if it can.

    Examples
    --------
    >>> frame_problem([1, 2])
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


def plain_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame whose named index is a column and whose intervals and spans of time are text.

    Of several columns with the same name the first one is kept.

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
    texts = {str(name): rows[name].astype("string") for name in rows if _must_become_text(rows[name].dtype)}
    return rows.assign(**texts).reset_index(drop=True) if texts else rows.reset_index(drop=True)


def _must_become_text(dtype: object) -> bool:
    """Return whether no table can hold a type: the intervals that ``pd.cut`` makes, and months as spans of time."""
    values = dtype.categories.dtype if isinstance(dtype, pd.CategoricalDtype) else dtype
    return isinstance(values, pd.IntervalDtype | pd.PeriodDtype)


def typed(frame: pd.DataFrame, table: str, time_zone: str = "UTC") -> pd.DataFrame:
    """Return the canonical columns of a frame, in the order and with the types of their table.

    Times with a zone are converted to ``time_zone``, the company's.

    Raises
    ------
    Problems
        With every required column that is missing and every one whose values are of another kind.

    Examples
    --------
    >>> typed(pd.DataFrame({"value": [3], "customer_id": [7]}), "customer_scores")
    Traceback (most recent call last):
    crmkit.errors.Problems: Table 'customer_scores' has 3 problems:
      - as_of is missing.
      - model is missing.
      - model_version is missing.
    """
    known = schema(table)
    problems = [f"{name} is missing." for name in known.required if name not in frame]
    columns = {}
    for column in known.columns:
        if column.name in frame:
            try:
                columns[column.name] = _converted(column.kind, frame[column.name], time_zone)
            except (TypeError, ValueError):
                met = "" if known.personal else _unreadable_value(column.kind, frame[column.name], time_zone)
                problems.append(f"{column.name} holds something else than it must: {column.meaning}{met}.")
    if problems:
        raise Problems(f"Table '{table}'", problems)
    return pd.DataFrame(columns).reset_index(drop=True)


def _converted(kind: Kind, values: pd.Series, time_zone: str) -> pd.Series:
    if kind in ("id", "text"):
        return _whole(values).astype("string")
    if kind in ("timestamp", "date"):
        times = pd.to_datetime(values)
        local = times if times.dt.tz is None else times.dt.tz_convert(time_zone).dt.tz_localize(None)
        return local.dt.floor("us") if kind == "timestamp" else local.dt.date.astype(object)
    if kind == "flag":
        return values.astype("boolean")
    with np.errstate(invalid="ignore"):  # a number too large for an integer raises an error of its own
        return pd.to_numeric(values).astype("Int64" if kind == "integer" else float)


def _whole(values: pd.Series) -> pd.Series:
    """Return whole numbers as integers: pandas makes an id 7.0 where others are missing, and it is "7"."""
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        return values.astype("Int64")
    return values


def _unreadable_value(kind: Kind, values: pd.Series, time_zone: str) -> str:
    """Return the first value that cannot be read, in brackets; none if each can, but not all together."""
    while len(values) > 1:  # by bisection: one bad value of a million is found in twenty steps
        half, rest = (values.iloc[positions] for positions in np.array_split(np.arange(len(values)), 2))
        values = rest if _is_readable(kind, half, time_zone) else half
    return "" if _is_readable(kind, values, time_zone) else f" (met: {values.iloc[0]!r:.60})"


def _is_readable(kind: Kind, values: pd.Series, time_zone: str) -> bool:
    try:
        _converted(kind, values, time_zone)
    except (TypeError, ValueError):
        return False
    return True
