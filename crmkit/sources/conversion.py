"""How a column of a database becomes a canonical one, as an expression that the database computes itself."""

from __future__ import annotations

from typing import Any

import ibis
import ibis.expr.datatypes as dt

from crmkit.sources.kinds import in_words
from crmkit.tables.schema import Column, Kind

_TEXT = {"text", "character varying"}
_AS_TEXT = {"character", "citext", "name", "enum", "uuid"}
_WHOLE = {"smallint": "int16", "integer": "int32", "bigint": "int64"}
_NUMBER = {"numeric": "decimal", "real": "float32", "double precision": "float64"}
_LOCAL, _ZONED = "timestamp without time zone", "timestamp with time zone"
_TIMES = {_LOCAL, _ZONED, "date"}
_ACCEPTED: dict[Kind, set[str]] = {
    "id": {*_TEXT, *_AS_TEXT, *_WHOLE, "numeric"},
    "text": {*_TEXT, *_AS_TEXT, *_WHOLE},
    "timestamp": _TIMES,
    "date": _TIMES,
    "money": {*_WHOLE, *_NUMBER},
    "number": {*_WHOLE, *_NUMBER},
    "integer": {*_WHOLE, "numeric"},
    "flag": {"boolean"},
}


@ibis.udf.scalar.builtin(name="timezone")
def _local_time(zone: str, at: dt.Timestamp("UTC")) -> dt.Timestamp(scale=6):  # type: ignore[valid-type, empty-body]
    """Return the wall clock time of an instant in a zone."""


def ibis_type(met: str) -> dt.DataType:
    """Return the Ibis type of a PostgreSQL type; unknown where the value is of use only after a cast."""
    names = {**_WHOLE, **_NUMBER, **dict.fromkeys(_TEXT, "string"), "date": "date", "boolean": "boolean",
             _LOCAL: "timestamp(6)", _ZONED: "timestamp('UTC', 6)"}  # fmt: skip
    return dt.dtype(names[met]) if met in names else dt.unknown


def wrong_type(column: Column, met: str) -> str | None:
    """Return what is wrong with the type of a column, without full stop, or None.

    Examples
    --------
    >>> from crmkit.tables.schema import schema
    >>> wrong_type(schema("orders").column("revenue"), "text")
    'revenue is text, must be a number'
    """
    if met in _ACCEPTED[column.kind]:
        return None
    called = in_words(column.kind) if column.kind not in ("id", "text") else "text or a whole number"
    return f"{column.name} is {met}, must be {called}"


def canonical(value: Any, column: Column, met: str, zone: str) -> Any:
    """Return a column in its canonical type; text without a letter is null, as it is when a file is read.

    A column of the right type is left as it is, so that the database can use what it knows of its values.

    Parameters
    ----------
    value : ibis column
    column : Column
        What it is to become.
    met : str
        PostgreSQL type, one that :func:`wrong_type` does not complain of.
    zone : str
        The company's time zone; a time with a zone is moved to it.
    """
    if column.kind in ("id", "text"):
        text = (value if met in _TEXT else value.cast("string")).nullif("")
        return text.lower() if column.choices else text
    if column.kind in ("timestamp", "date"):
        return _time(value, column, met, zone)
    if column.kind == "flag":
        return value
    if column.kind == "integer":
        return value.cast("int64")
    return value.cast("float64")


def extra(value: Any, met: str) -> Any | None:
    """Return a column beyond the canonical ones, to split by; None if its type is of no use for that."""
    if met in _TEXT or met in _AS_TEXT:
        return value.cast("string").nullif("")
    return value if met in _WHOLE or met == "boolean" else None


def _time(value: Any, column: Column, met: str, zone: str) -> Any:
    local = _local_time(zone, value) if met == _ZONED else value
    return local.cast("date" if column.kind == "date" else "timestamp(6)")
