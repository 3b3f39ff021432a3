"""The columns of a database as canonical ones: which types fit, and the expressions that convert them in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import ibis
import ibis.expr.datatypes as dt

from crmkit.sources.parsing.types import in_words
from crmkit.tables.schema import Column, Kind

Family = Literal["text", "as text", "whole", "decimal", "float", "time", "time with zone", "date", "flag", "other"]
_TIMES: set[Family] = {"time", "time with zone", "date"}
_ACCEPTED: dict[Kind, set[Family]] = {
    "id": {"text", "as text", "whole", "decimal"},
    "text": {"text", "as text", "whole"},
    "timestamp": _TIMES,
    "date": _TIMES,
    "money": {"whole", "decimal", "float"},
    "number": {"whole", "decimal", "float"},
    "integer": {"whole", "decimal"},
    "flag": {"flag"},
}


@dataclass(frozen=True)
class ColumnType:
    """The type of a column in a database.

    Attributes
    ----------
    words : str
        As the engine calls it.
    family : str
        What it is to crmkit; "as text" is a type whose values are only used after a cast to text.
    dtype : DataType
        Of Ibis.
    """

    words: str
    family: Family
    dtype: dt.DataType


def column_type(dtype: dt.DataType) -> ColumnType:
    """Return the type of a column that Ibis describes.

    Examples
    --------
    >>> column_type(dt.Decimal(38, 0)).family, column_type(dt.Decimal(12, 2)).family
    ('whole', 'decimal')
    """
    words = "text" if dtype.is_string() else str(dtype(nullable=True))
    return ColumnType(words, _family(dtype), dtype)


def _family(dtype: dt.DataType) -> Family:
    if dtype.is_string():
        return "text"
    if dtype.is_boolean():
        return "flag"
    if dtype.is_integer():
        return "whole"
    if isinstance(dtype, dt.Decimal):
        return "whole" if dtype.scale == 0 else "decimal"
    if dtype.is_floating():
        return "float"
    if isinstance(dtype, dt.Timestamp):
        return "time with zone" if dtype.timezone else "time"
    if dtype.is_date():
        return "date"
    return "as text" if dtype.is_uuid() else "other"


def wrong_type(column: Column, met: ColumnType) -> str | None:
    """Return the problem of a column's type, without full stop, or None.

    Examples
    --------
    >>> from crmkit.tables.schema import schema
    >>> wrong_type(schema("orders").column("revenue"), column_type(dt.string))
    'revenue is text, must be a number'
    """
    if met.family in _ACCEPTED[column.kind]:
        return None
    called = in_words(column.kind) if column.kind not in ("id", "text") else "text or a whole number"
    return f"{column.name} is {met.words}, must be {called}"


def canonical_column(value: Any, column: Column, met: ColumnType, zone: str, engine: str) -> Any:
    """Return a column in its canonical type; empty text is null, as when a file is read.

    A column of the right type is not cast, so that the database can use its indexes and statistics.

    Parameters
    ----------
    value : ibis column
    column : Column
        The canonical column.
    met : ColumnType
        One that :func:`wrong_type` accepts.
    zone : str
        The company's time zone; a time with a zone is converted to it.
    engine : str
        Ibis' name of the engine.
    """
    if column.kind in ("id", "text"):
        text = (value if met.family == "text" else value.cast("string")).nullif("")
        return text.lower() if column.choices else text
    if column.kind in ("timestamp", "date"):
        local = local_time(value, zone, engine) if met.family == "time with zone" else value
        return local.cast("date" if column.kind == "date" else "timestamp(6)")
    if column.kind == "flag":
        return value
    return value.cast("int64" if column.kind == "integer" else "float64")


def own_column(value: Any, met: ColumnType, zone: str, engine: str) -> Any | None:
    """Return a column beyond the canonical ones; None if its type is of no use in a split or a condition.

    Whole numbers, decimals, days, times and flags stay what the database says they are; all else that is kept is text.
    """
    if met.family in ("text", "as text"):
        return value.cast("string").nullif("")
    if met.family == "whole":
        return value.cast("int64")
    if met.family in ("decimal", "float"):
        return value.cast("float64")
    if met.family == "time with zone":
        return local_time(value, zone, engine).cast("timestamp(6)")
    if met.family == "time":
        return value.cast("timestamp(6)")
    return value if met.family in ("flag", "date") else None


def local_time(instant: Any, zone: str, engine: str) -> Any:
    """Return the wall clock time of an instant in a zone, to be cast to a timestamp; each engine has a word of its own."""
    if engine in ("pyspark", "databricks"):
        return _from_utc_timestamp(instant, zone)
    if engine == "bigquery":
        return _datetime(instant, zone)
    if engine == "snowflake":
        return _convert_timezone(zone, instant)
    if engine == "trino":
        return _at_timezone(instant, zone)
    if engine == "clickhouse":  # a time without a zone is that of the server there: text has none
        return _to_timezone(instant, zone).cast("string")
    return _timezone(zone, instant)


@ibis.udf.scalar.builtin(name="timezone")
def _timezone(zone: str, at: dt.Timestamp("UTC")) -> dt.Timestamp(scale=6):  # type: ignore[valid-type, empty-body]
    """Return the wall clock time on DuckDB and PostgreSQL."""


@ibis.udf.scalar.builtin(name="from_utc_timestamp")
def _from_utc_timestamp(at: dt.Timestamp("UTC"), zone: str) -> dt.Timestamp(scale=6):  # type: ignore[valid-type, empty-body]
    """Return the wall clock time on Spark, whose session is in UTC."""


@ibis.udf.scalar.builtin(name="DATETIME")
def _datetime(at: dt.Timestamp("UTC"), zone: str) -> dt.Timestamp(scale=6):  # type: ignore[valid-type, empty-body]
    """Return the wall clock time on BigQuery."""


@ibis.udf.scalar.builtin(name="CONVERT_TIMEZONE")
def _convert_timezone(zone: str, at: dt.Timestamp("UTC")) -> dt.Timestamp("UTC"):  # type: ignore[valid-type, empty-body]
    """Return the time with the offset of the zone on Snowflake; a cast takes the offset away."""


@ibis.udf.scalar.builtin(name="at_timezone")
def _at_timezone(at: dt.Timestamp("UTC"), zone: str) -> dt.Timestamp("UTC"):  # type: ignore[valid-type, empty-body]
    """Return the time with the zone on Trino; a cast takes the zone away."""


@ibis.udf.scalar.builtin(name="toTimeZone")
def _to_timezone(at: dt.Timestamp("UTC"), zone: str) -> dt.Timestamp("UTC"):  # type: ignore[valid-type, empty-body]
    """Return the time with the zone on ClickHouse."""
