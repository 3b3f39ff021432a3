"""The SQL that reads a time, from text or from a database type, into the company's local time.

A value with an offset, and one of a table that declares its ``time_zone``, is converted to the company's zone. A value
without a time of day keeps its day: converting midnight would move sales to the day before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from crmkit.sources.parsing.date_shapes import Form, Order
from crmkit.sources.sql import literal

_ISO = (
    r"^(\d{4})-?(\d{2})-?(\d{2})(?:[T ]+(\d{1,2}:\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?"
    r" *(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$"
)
_TIME_OF_DAY = re.compile(r"%[HIMSfpXcT]")
_SERIAL = r"[2-6]\d{4}([.,]\d+)?"
_MOST_FORMATS = 3  # to fail at a format takes ten times as long as to read by it


@dataclass(frozen=True)
class TimeNotation:
    """How the times of one column are written, as its cells have proven or the settings declare.

    Attributes
    ----------
    order : str
        Of day, month and year where all three are numbers.
    forms : mapping of str to Form
        What each shape met in the column says, where any of its cells is not ISO 8601.
    formats : tuple of str
        The same in strptime's letters, the most frequent first; empty where these cannot say all of it.
    serial : bool
        Whether numbers count the days since 1899-12-30, as spreadsheets do.
    epoch : int
        Parts of a second that numbers count since 1970 in UTC: 1, 1,000, ...; 0 where they do not.
    plain : bool
        Whether every cell is an ISO 8601 day or time as programs write it, without offset.
    iso : bool
        Whether other cells are ISO 8601 in a shape that the forms do not hold, such as 20260901.
    written : str or None
        Format of its most frequent cells that are not ISO 8601, in strptime's letters, where these can say it.
    """

    order: Order = "dmy"
    forms: Mapping[str, Form] = field(default_factory=dict)
    formats: tuple[str, ...] = ()
    serial: bool = False
    epoch: int = 0
    plain: bool = False
    iso: bool = False
    written: str | None = None


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
    notation : TimeNotation
        What the cells of the column have proven.
    """

    to_zone: str
    from_zone: str | None = None
    date_format: str | None = None
    notation: TimeNotation = field(default_factory=TimeNotation)


def time_parts(text: str, clock: Clock) -> str:
    """Return the SQL that splits a trimmed text into the parts from which :func:`time_from_parts` reads it."""
    notation = clock.notation
    if notation.plain or _by_formats(clock):
        return text
    if notation.forms or notation.serial or notation.epoch:
        shape = f"translate({text}, '012345678', '999999999')"
        known = (
            f"MAP {{{', '.join(f'{literal(each)}: {_places(form, notation.order)}' for each, form in _forms(clock))}}}"
        )
        cut = f", 'iso': {_cut(text)}" if notation.iso else ""
        return f"{{'whole': {text}, 'n': regexp_extract_all({text}, '\\d+'), 'places': {known}[{shape}]{cut}}}"
    cut = _cut(text)
    return cut if clock.date_format is None else f"struct_insert({cut}, whole := {text})"


def time_from_parts(parts: str, clock: Clock) -> str:
    """Return the SQL that reads a local timestamp from its parts, null where they are not a time.

    Parameters
    ----------
    parts : str
        SQL of the parts that :func:`time_parts` returns.
    clock : Clock
    """
    notation = clock.notation
    if notation.plain:
        return _moved_unless_day(parts, f"try_cast({parts} AS TIMESTAMP)", clock)
    if _by_formats(clock):
        return f"coalesce({', '.join(_by_format(parts, each, clock) for each in notation.formats)})"
    if notation.forms or notation.serial or notation.epoch:
        return _by_shape(parts, clock)
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


def is_iso(cell: str) -> bool:
    """Return whether a cell is a time as ISO 8601 writes it.

    Examples
    --------
    >>> is_iso("2026-09-01 10:00 +0200"), is_iso("20260901"), is_iso("2026/09/01")
    (True, True, False)
    """
    return re.match(_ISO, cell) is not None


def _cut(text: str) -> str:
    return f"regexp_extract({text}, '{_ISO}', ['y', 'm', 'd', 'time', 's', 'fraction', 'zone'])"


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
    return _minutes_of(f"replace({cut}.zone, ':', '')")


def _minutes_of(digits: str) -> str:
    """Return the SQL of the minutes of an offset such as +0530 or -03; 0 for any other text."""
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


def _by_formats(clock: Clock) -> bool:
    notation = clock.notation
    few = 0 < len(notation.formats) <= _MOST_FORMATS
    return few and clock.date_format is None and not notation.serial and not notation.epoch


def _by_format(text: str, form: str, clock: Clock) -> str:
    moment = f"try_strptime({text}, {literal(form)})"
    return _moved(moment, clock) if _TIME_OF_DAY.search(form) else moment


def _forms(clock: Clock) -> list[tuple[str, Form]]:
    # DuckDB has no empty map of a known type: a shape that no cell can have stands for it.
    return list(clock.notation.forms.items()) or [("", Form("word", (0, 0)))]


def _places(form: Form, order: Order) -> str:
    """Return the SQL of where the parts of a shape stand."""
    year, month, day = form.parts(order)
    numbers = {
        "y": year,
        "m": month,
        "d": day,
        "h": form.hour,
        "mi": form.minute,
        "s": form.second,
        "f": form.fraction,
        "zh": form.zone_hour,
        "zm": form.zone_minute,
    }
    texts = {"month": str(form.month), "half": form.half, "sign": form.sign}
    fields = [f"'{name}': {at}::UTINYINT" for name, at in numbers.items()]
    fields += [f"'{name}': {literal(text)}" for name, text in texts.items()]
    fields.append(f"'utc': {str(form.utc).lower()}")
    return f"{{{', '.join(fields)}}}"


def _by_shape(parts: str, clock: Clock) -> str:
    """Return the SQL that reads a time from the numbers of its text and the places of them in its shape."""
    n, at, notation = f"{parts}.n", f"{parts}.places", clock.notation
    year = f"{n}[{at}.y]"
    full = f"CASE WHEN length({year}) > 2 THEN {year} WHEN {year} < '69' THEN '20' || {year} ELSE '19' || {year} END"
    hour = f"CAST({n}[{at}.h] AS UTINYINT)"
    hour = (
        f"CASE WHEN {at}.half = 'p' AND {hour} < 12 THEN {hour} + 12 "
        f"WHEN {at}.half = 'a' AND {hour} = 12 THEN 0 ELSE {hour} END"
    )
    day = f"{full} || '-' || coalesce({n}[{at}.m], {at}.month) || '-' || {n}[{at}.d]"
    second = f"coalesce({n}[{at}.s], '00') || '.' || coalesce(left({n}[{at}.f], 6), '0')"
    written = f"try_cast({day} || ' ' || {hour} || ':' || {n}[{at}.mi] || ':' || {second} AS TIMESTAMP)"
    hours = f"CASE WHEN length({n}[{at}.zh]) = 1 THEN '0' || {n}[{at}.zh] ELSE {n}[{at}.zh] END"
    zone = f"{at}.sign || {hours} || coalesce({n}[{at}.zm], '')"
    at_utc = f"{written} - to_minutes({_minutes_of(zone)})"
    read = [
        f"CASE WHEN {at}.h = 0 THEN try_cast({day} AS TIMESTAMP) WHEN {at}.sign <> '' OR {at}.utc "
        f"THEN timezone({literal(clock.to_zone)}, timezone('UTC', {at_utc})) ELSE {_moved(written, clock)} END"
    ]
    if clock.date_format is not None:
        read.append(_formatted(f"{parts}.whole", clock))
    if notation.iso and notation.order != "ydm":
        read.append(_iso(f"{parts}.iso", clock))
    if notation.serial:
        read.append(_serial_time(f"{parts}.whole"))
    if notation.epoch:
        seconds = (
            f"to_microseconds(CAST(round(try_cast({parts}.whole AS DOUBLE) * {1e6 / notation.epoch!r}) AS BIGINT))"
        )
        moment = f"timezone({literal(clock.to_zone)}, timezone('UTC', TIMESTAMP '1970-01-01' + {seconds}))"
        read.append(f"CASE WHEN {is_epoch(f'{parts}.whole', notation.epoch)} THEN {moment} END")
    return f"coalesce({', '.join(read)})"


def is_serial(text: str) -> str:
    """Return the SQL condition under which a text may be a spreadsheet's day: 1954 to 2091."""
    return f"regexp_full_match({text}, '{_SERIAL}')"


def is_epoch(text: str, parts: int) -> str:
    """Return the SQL condition under which a text may count seconds, or parts of one, since 1970: 2001 to 2033."""
    return f"regexp_full_match({text}, '1\\d{{{len(str(parts)) + 8}}}([.]\\d+)?')"


def _serial_time(text: str) -> str:
    """Return the SQL that reads days since 1899-12-30 from a text, to the second."""
    days = f"CAST(replace({text}, ',', '.') AS DOUBLE)"
    seconds = f"to_seconds(CAST(round({days} * 86400) AS BIGINT))"
    return f"CASE WHEN {is_serial(text)} THEN TIMESTAMP '1899-12-30' + {seconds} END"


def _moved_unless_day(text: str, moment: str, clock: Clock) -> str:
    moved = _moved(moment, clock)
    return moment if moved == moment else f"CASE WHEN length({text}) > 10 THEN {moved} ELSE {moment} END"


def _moved(moment: str, clock: Clock) -> str:
    if clock.from_zone is None or clock.from_zone == clock.to_zone:
        return moment
    return f"timezone({literal(clock.to_zone)}, timezone({literal(clock.from_zone)}, {moment}))"
