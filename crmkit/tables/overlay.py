"""Tables that were computed just now, laid over those of a catalog."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

import duckdb
import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError, Problems
from crmkit.tables.given import check_names, fault_of, plain_rows
from crmkit.tables.in_turn import backend_of
from crmkit.tables.schema import Kind, schema

if TYPE_CHECKING:
    from crmkit.tables.catalog import Catalog

_TYPES: dict[Kind, str] = {
    "id": "string",
    "text": "string",
    "timestamp": "timestamp(6)",
    "date": "date",
    "money": "float64",
    "number": "float64",
    "integer": "int64",
    "flag": "boolean",
}


def typed(frame: pd.DataFrame, table: str, time_zone: str = "UTC") -> pd.DataFrame:
    """Return the canonical columns of a frame, in the order and with the types of their table.

    Times that have a zone become those of ``time_zone``, the company's.

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
                columns[column.name] = _as(column.kind, frame[column.name], time_zone)
            except (TypeError, ValueError):
                met = "" if known.personal else _met(column.kind, frame[column.name], time_zone)
                problems.append(f"{column.name} holds something else than it must: {column.meaning}{met}.")
    if problems:
        raise Problems(f"Table '{table}'", problems)
    return pd.DataFrame(columns).reset_index(drop=True)


def laid_over(catalog: Catalog, frames: Mapping[str, pd.DataFrame]) -> dict[str, ir.Table]:
    """Return each frame as an Ibis table beside the catalog's own, where queries can join them.

    Raises
    ------
    CrmkitError
        If the tables are in a database, where a reader may make none.
    Problems, UnknownName
        See :func:`typed`.
    """
    backend = catalog.table(catalog.names[0]).get_backend() if catalog.names else backend_of(duckdb.connect())
    if backend.name != "duckdb":
        raise CrmkitError(
            "Tables cannot be laid over those of a database, of which crmkit is a reader only. Take the frames: "
            "ck.connect({name: catalog.frame(name) for name in catalog.names})."
        )
    tables = {}
    for name, rows in _all_typed(frames, catalog.settings.company.time_zone).items():
        kinds = {column: _TYPES[schema(name).column(column).kind] for column in map(str, rows)}
        own = f"{name}_{secrets.token_hex(4)}"  # the table of that name may be there already
        tables[name] = backend.create_table(own, rows, schema=ibis.schema(kinds), temp=True)
    return tables


def _all_typed(frames: Mapping[str, pd.DataFrame], time_zone: str) -> dict[str, pd.DataFrame]:
    """Return the canonical rows of each frame; what is wrong with any of them is told together."""
    check_names(frames)
    rows, faults = {}, []
    for name, frame in frames.items():
        if fault := fault_of(frame):
            faults.append(Problems(f"Table '{name}'", [f"{fault}."]))
            continue
        try:
            rows[name] = typed(plain_rows(frame), name, time_zone)
        except Problems as found:
            faults.append(found)
    if len(faults) > 1:
        every = [f"{found.subject}: {problem}" for found in faults for problem in found.problems]
        raise Problems("The dictionary of frames", every)
    if faults:
        raise faults[0]
    return rows


def _met(kind: Kind, values: pd.Series, time_zone: str) -> str:
    """Return the first value that cannot be read, in brackets; none if each can, but not all together."""
    while len(values) > 1:  # by halves: one bad value of a million is found in twenty steps
        half, rest = (values.iloc[places] for places in np.array_split(np.arange(len(values)), 2))
        values = rest if _is_readable(kind, half, time_zone) else half
    return "" if _is_readable(kind, values, time_zone) else f" (met: {values.iloc[0]!r:.60})"


def _is_readable(kind: Kind, values: pd.Series, time_zone: str) -> bool:
    try:
        _as(kind, values, time_zone)
    except (TypeError, ValueError):
        return False
    return True


def _as(kind: Kind, values: pd.Series, time_zone: str) -> pd.Series:
    if kind in ("id", "text"):
        return _whole(values).astype("string")
    if kind in ("timestamp", "date"):
        times = pd.to_datetime(values)
        local = times if times.dt.tz is None else times.dt.tz_convert(time_zone).dt.tz_localize(None)
        return local.dt.floor("us") if kind == "timestamp" else local.dt.date.astype(object)
    if kind == "flag":
        return values.astype("boolean")
    with np.errstate(invalid="ignore"):  # that a number is too large for an integer is told as an error
        return pd.to_numeric(values).astype("Int64" if kind == "integer" else float)


def _whole(values: pd.Series) -> pd.Series:
    """Return numbers that are all whole as such: an id that pandas has made 7.0, since others are missing, is "7"."""
    if pd.api.types.is_float_dtype(values) and (values.dropna() % 1 == 0).all():
        return values.astype("Int64")
    return values
