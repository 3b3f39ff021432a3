"""The SQL that reads a time, from text or from a database type, into the company's local time.

A value with an offset, and one of a table that declares its ``time_zone``, is converted to the company's zone. A value
without a time of day keeps its day: converting midnight would move sales to the day before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from crmkit.sources.sql import literal

_ISO = (
    r"^(\d{4})-?(\d{2})-?(\d{2})(?:[T ]+(\d{1,2}:\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?"
    r" *(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$"
)
_TIME_OF_DAY = re.compile(r"%[HIMSfpXcT]")


@dataclass(frozen=True)
class Clock:
    """The notation and the zones of the times of a table.

    Attributes
    ----------
    to_zone : str
        The company's zone.
    from_zone : str or None
        Zone of times without an offset; None for the company's.
    date_format : str or None
        Declared format in strptime's letters, besides ISO 8601.
    formats : tuple of str
        Formats proven by the cells, besides ISO 8601; the first that fits is used.
    """

    to_zone: str
    from_zone: str | None = None
    date_format: str | None = None
    formats: tuple[str, ...] = ()


def time_parts(text: str, clock: Clock) -> str:
    """Return the SQL that splits a trimmed text into the parts of ISO 8601; with a format, the whole text is a part too."""
    cut = f"regexp_extract({text}, '{_ISO}', ['y', 'm', 'd', 'time', 's', 'fraction', 'zone'])"
    return cut if clock.date_format is None and not clock.formats else f"struct_insert({cut}, whole := {text})"


def time_from_parts(parts: str, clock: Clock) -> str:
    """Return the SQL that reads a local timestamp from its parts, null where they are not a time.

    Parameters
    ----------
    parts : str
        SQL of the parts that :func:`time_parts` returns.
    clock : Clock
    """
    if clock.formats:
        return f"coalesce({_first_that_fits(f'{parts}.whole', clock)}, {_iso(parts, clock)})"
    if clock.date_format is None:
        return _iso(parts, clock)
    formatted = _formatted(f"{parts}.whole", clock)
    # A day below 13 in %Y-%d-%m would also be valid ISO: with such a format only the format counts.
    return formatted if clock.date_format.startswith("%Y") else f"coalesce({formatted}, {_iso(parts, clock)})"


def time_from_native(raw: str, kind_met: str, clock: Clock) -> str:
    """Return the SQL that turns a DuckDB date or timestamp into a local timestamp, floored to microseconds."""
    if kind_met == "DATE":
        return f"CASE WHEN isfinite({raw}) THEN CAST({raw} AS TIMESTAMP) END"
    if kind_met == "TIMESTAMP WITH TIME ZONE":
        return f"CASE WHEN isfinite({raw}) THEN timezone({literal(clock.to_zone)}, {raw}) END"
    nanoseconds = f"epoch_ns({raw})"  # a cast would round towards 1970 and not down
    floored = f"make_timestamp(({nanoseconds} - (({nanoseconds} % 1000) + 1000) % 1000) // 1000)"
    moment = floored if kind_met == "TIMESTAMP_NS" else f"CAST({raw} AS TIMESTAMP)"
    return f"CASE WHEN isfinite(CAST({raw} AS TIMESTAMP)) THEN {_moved(moment, clock)} END"


def _iso(cut: str, clock: Clock) -> str:
    seconds = f"coalesce(nullif({cut}.s, ''), '00') || '.' || coalesce(nullif({cut}.fraction, ''), '0')"
    day = f"{cut}.y || '-' || {cut}.m || '-' || {cut}.d"
    written = f"try_cast({day} || ' ' || coalesce(nullif({cut}.time, ''), '00:00') || ':' || {seconds} AS TIMESTAMP)"
    at_utc = f"{written} - to_minutes({_offset_minutes(cut)})"
    return (
        f"CASE WHEN {cut}.zone <> '' THEN timezone({literal(clock.to_zone)}, timezone('UTC', {at_utc})) "
        f"WHEN {cut}.time <> '' THEN {_moved(written, clock)} ELSE {written} END"
    )


def _offset_minutes(cut: str) -> str:
    digits = f"replace({cut}.zone, ':', '')"
    hours, minutes = f"substr({digits}, 1, 3)", f"substr({digits}, 1, 1) || substr({digits}, 4, 2)"
    signed = f"{hours}::INT * 60 + CASE WHEN length({digits}) > 3 THEN ({minutes})::INT ELSE 0 END"
    return f"CASE WHEN {digits} LIKE '+%' OR {digits} LIKE '-%' THEN {signed} ELSE 0 END"


def _formatted(text: str, clock: Clock) -> str:
    """Return the SQL for the declared format, with and without a time of day."""
    declared = clock.date_format or ""
    if "%z" in declared or "%Z" in declared:
        return f"timezone({literal(clock.to_zone)}, try_strptime({text}, {literal(declared)}))"
    time_of_day = _TIME_OF_DAY.search(declared)
    day = declared[: time_of_day.start()].rstrip(" T") if time_of_day else declared
    with_time = [declared] if time_of_day else [f"{day} %H:%M:%S", f"{day} %H:%M"]
    formats = "[" + ", ".join(literal(form) for form in with_time) + "]"
    return f"coalesce({_moved(f'try_strptime({text}, {formats})', clock)}, try_strptime({text}, {literal(day)}))"


def _first_that_fits(text: str, clock: Clock) -> str:
    with_time = [form for form in clock.formats if _TIME_OF_DAY.search(form)]
    days = [form for form in clock.formats if form not in with_time]
    timed, day = (f"[{', '.join(map(literal, forms))}]" for forms in (with_time, days))
    moments = [_moved(f"try_strptime({text}, {timed})", clock)] if with_time else []
    return f"coalesce({', '.join([*moments, *([f'try_strptime({text}, {day})'] if days else [])])})"


def _moved(moment: str, clock: Clock) -> str:
    if clock.from_zone is None or clock.from_zone == clock.to_zone:
        return moment
    return f"timezone({literal(clock.to_zone)}, timezone({literal(clock.from_zone)}, {moment}))"
