"""What the times of a file prove: the order of day and month, words for months, days of a spreadsheet, seconds since 1970."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache

import duckdb

from crmkit.sources.parsing.cldr import DateWords, date_words, folded
from crmkit.sources.parsing.date_shapes import Form, Order, form_of, strptime_format, words_in
from crmkit.sources.parsing.dates import TimeNotation, is_epoch, is_iso, is_serial
from crmkit.sources.parsing.question import Question, where
from crmkit.sources.parsing.types import cell_text, filled, is_text
from crmkit.sources.sql import PART, ROW, identifier, literal

_PLAIN = r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}([.]\d{1,6})?)?)?"
_MOST_SHAPES = 3000
_EPOCHS = (1, 10**3, 10**6, 10**9)
_STRAY = 0.01  # cells of a column that may be a slip, as a share; one cell always may
_FEWEST = 5  # dates of either kind that show that a spreadsheet has exchanged day and month
_FEWEST_SORTED = 8  # days: so many are in order by chance once in twenty thousand files
_ORDER_WORDS = {"dmy": "the day first", "mdy": "the month first", "ymd": "the year first"}
_EITHER: tuple[Order, Order] = ("dmy", "mdy")
_NEAR = timedelta(days=31)  # how far from the dates beside it a text may be of the same time
_LETTERS: dict[str, Order] = {"dmy": "dmy", "mdy": "mdy", "ymd": "ymd", "ydm": "ydm"}


@dataclass
class SettledTimes:
    """How each column of times is written, what was found out, and what is open.

    Attributes
    ----------
    notations : dict of str to TimeNotation
    order : str or None
        Of day and month in all columns; None where the cells show none.
    date_format : str or None
        Of the first times that are not ISO 8601, in strptime's letters.
    notes : list of str
    questions : list of Question
    """

    notations: dict[str, TimeNotation] = field(default_factory=dict)
    order: Order | None = None
    date_format: str | None = None
    notes: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


def settled_times(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Mapping[str, tuple[str, str]],
    declared: str | None,
    day_first: bool | None,
) -> SettledTimes:
    """Settle how the times of a file are written; all its columns write day and month in one order.

    Parameters
    ----------
    con : duckdb connection
    relation : str
    columns : mapping of str to (str, str)
        Column of the relation and its DuckDB type, by given name.
    declared : str or None
        The ``date_format`` of the settings: a statement on the order.
    day_first : bool or None
        Of a system that always writes one order.
    """
    settled = SettledTimes()
    if declared is not None:
        con.execute(f"SELECT try_strptime('', {literal(declared)})")  # an impossible format is an error here
    met = {name: _looked_at(con, relation, name, column, kind) for name, (column, kind) in columns.items()}
    beside = {_order_beside_dates(con, relation, each) for each in met.values() if each.n_plain and each.n_doubtful}
    beside_dates = beside.pop() if len(beside) == 1 else None
    _find_order(con, met, order_of(declared), day_first, beside_dates, settled)
    if declared is None:
        settled.questions += filter(None, (_exchanged(con, relation, each, settled.order) for each in met.values()))
    for name, each in met.items():
        settled.notations[name] = _notation(each, settled)
    return settled


def order_of(declared: str | None) -> Order | None:
    """Return the order of day, month and year in a format in strptime's letters; None if it states none.

    Examples
    --------
    >>> order_of("%m/%d/%Y %I:%M %p"), order_of("%d. %B %Y"), order_of("%j")
    ('mdy', 'dmy', None)
    """
    kinds = {"d": "d", "e": "d", "-d": "d", "m": "m", "-m": "m", "b": "m", "B": "m", "Y": "y", "y": "y"}
    letters = re.findall(r"%(-?[a-zA-Z])", declared or "")
    return _LETTERS.get("".join(kinds[letter] for letter in letters if letter in kinds))


@dataclass
class _Shape:
    """Cells of one shape: how many, the first with its line, and what their numbers show."""

    shape: str
    n: int
    cell: str
    line: int
    form: Form | None = None


@dataclass
class _Times:
    """A column of times: its cells that are not plain ISO 8601 by their shapes, and what they show."""

    name: str
    column: str
    relation: str
    cell: str
    n_filled: int
    n_plain: int
    shapes: list[_Shape] = field(default_factory=list)
    open_months: dict[str, tuple[int, int]] = field(default_factory=dict)
    only: dict[str, tuple[str, int]] = field(default_factory=dict)  # by order, the first cell that only it can read
    n_only: dict[str, int] = field(default_factory=dict)
    doubtful: tuple[str, int] | None = None
    n_doubtful: int = 0
    n_numeric: int = 0
    n_short: int = 0
    years: tuple[int, int] | None = None  # distinct first and last numbers of cells without a year of four digits
    serial: bool = False
    epoch: int = 0

    @property
    def asks(self) -> bool:
        """Whether its doubtful cells are more than a slip."""
        return self.n_doubtful > max(1, _STRAY * self.n_filled) or self.n_doubtful * 5 > self.n_filled


def _looked_at(con: duckdb.DuckDBPyConnection, relation: str, name: str, column: str, kind: str) -> _Times:
    raw = identifier(column)
    plain = f"regexp_full_match({raw}, '{_PLAIN}')" if is_text(kind) else "false"
    cell = filled(raw) if is_text(kind) else cell_text(raw, kind)
    empty = f"{raw} <> ''" if is_text(kind) else "true"
    n, n_plain = con.execute(
        f"SELECT count({raw}) FILTER ({empty}), count(*) FILTER ({plain}) FROM {relation}"
    ).fetchone() or (0, 0)
    cells = f"(SELECT {cell} AS cell, {ROW} AS line FROM {relation} WHERE {raw} IS NOT NULL AND NOT {plain})"
    times = _Times(name, column, relation, cells, n, n_plain)
    if n == n_plain:
        return times
    rows = con.execute(
        f"SELECT translate(cell, '012345678', '999999999') AS shape, count(*) AS n, arg_min(cell, line), min(line) "
        f"FROM {cells} WHERE cell IS NOT NULL GROUP BY ALL ORDER BY n DESC, shape LIMIT {_MOST_SHAPES}"
    ).fetchall()
    times.shapes = [_Shape(*row) for row in rows if len(row[0]) < 100]
    words, times.open_months = date_words(words_in(each.shape for each in times.shapes if "9" in each.shape))
    _find_forms(times, words)
    _look_at_numbers(con, times)
    _look_at_counts(con, times)
    return times


def _find_forms(times: _Times, words: DateWords) -> None:
    for each in times.shapes:
        each.form = form_of(each.shape, words)


def _look_at_numbers(con: duckdb.DuckDBPyConnection, times: _Times) -> None:
    """Find out what the numbers of dates without words and with the year last, or without a full year, can be."""
    forms = {each.shape: each.form for each in times.shapes if each.form and each.form.kind in ("last", "short")}
    if not forms:
        return
    times.n_numeric = sum(each.n for each in times.shapes if each.shape in forms)
    times.n_short = sum(each.n for each in times.shapes if each.form and each.form.kind == "short")
    late = {
        shape: form.places[0] for shape, form in forms.items() if form.places[0] > 1
    }  # the time of day stands first
    cases = " ".join(f"WHEN {literal(shape)} THEN {place}" for shape, place in late.items())
    first = f"CASE shape {cases} ELSE 1 END" if late else "1"
    shaped = f"SELECT cell, line, translate(cell, '012345678', '999999999') AS shape FROM {times.cell} WHERE cell IS NOT NULL"
    known = ", ".join(map(literal, forms))
    numbers = f"SELECT cell, line, regexp_extract_all(cell, '\\d+') AS n, {first} AS place FROM ({shaped}) "
    numbers += f"WHERE shape IN ({known})"
    parts = ", ".join(f"try_cast(n[place + {k}] AS INTEGER) AS {name}" for k, name in enumerate("abc"))
    day, month = "a BETWEEN 13 AND 31 AND b BETWEEN 1 AND 12", "b BETWEEN 13 AND 31 AND a BETWEEN 1 AND 12"
    year = "a > 31 AND b BETWEEN 1 AND 12"
    asked = [day, month, year, "a <> b AND a BETWEEN 1 AND 12 AND b BETWEEN 1 AND 12"]
    selected = ", ".join(
        f"coalesce(count_if({each}), 0), arg_min(cell, line) FILTER ({each}), min(line) FILTER ({each})"
        for each in asked
    )
    answers = (
        con.execute(
            f"SELECT {selected}, approx_count_distinct(a), approx_count_distinct(c) "
            f"FROM (SELECT cell, line, {parts} FROM ({numbers}))"
        ).fetchone()
        or (0,) * 14
    )
    for at, order in enumerate(("dmy", "mdy", "ymd")):
        if answers[3 * at]:
            times.n_only[order] = answers[3 * at]
            times.only[order] = (answers[3 * at + 1], answers[3 * at + 2])
    times.n_doubtful = answers[9]
    times.doubtful = (answers[10], answers[11]) if answers[9] else None
    times.years = (answers[12], answers[13])
    if not times.doubtful and times.n_short and "dmy" in times.only:  # 13/02/26 may begin with the year
        times.n_doubtful, times.doubtful = times.n_only["dmy"], times.only["dmy"]


def _look_at_counts(con: duckdb.DuckDBPyConnection, times: _Times) -> None:
    """Find out whether numbers without marks are days of a spreadsheet, or count since 1970."""
    pure = [
        each
        for each in times.shapes
        if re.fullmatch(r"9+([.,]9+)?", each.shape) and not re.fullmatch("9{8}", each.shape)
    ]
    if not pure:
        return
    n_pure = sum(each.n for each in pure)
    conditions = {0: is_serial("cell")} | {parts: is_epoch("cell", parts) for parts in _EPOCHS}
    counted = (
        con.execute(
            f"SELECT {', '.join(f'coalesce(count_if({each}), 0)' for each in conditions.values())} FROM {times.cell}"
        ).fetchone()
        or (0,) * 5
    )
    best, n = max(zip(conditions, counted, strict=True), key=lambda each: each[1])
    n_read = times.n_plain + sum(each.n for each in times.shapes if each.form)
    if n * 2 > n_pure and (n_read == 0 or (best == 0 and n > 1 and _within(con, times))):
        times.serial, times.epoch = best == 0, best


def _within(con: duckdb.DuckDBPyConnection, times: _Times) -> bool:
    """Return whether the spreadsheet's days among other dates lie in the years of these."""
    years = "regexp_extract(cell, '(?:^|[^\\d])((?:19|20)\\d{2})(?:[^\\d]|$)', 1)"
    of_serial = "year(DATE '1899-12-30' + CAST(floor(CAST(replace(cell, ',', '.') AS DOUBLE)) AS INTEGER))"
    raw = identifier(times.column)
    low, high, first, last = (
        con.execute(
            f"SELECT min(try_cast({years} AS INTEGER)), max(try_cast({years} AS INTEGER)), "
            f"min(CASE WHEN {is_serial('cell')} THEN {of_serial} END), max(CASE WHEN {is_serial('cell')} THEN {of_serial} END) "
            f"FROM (SELECT CAST({raw} AS VARCHAR) AS cell FROM {times.relation})"
        ).fetchone()
        or (None,) * 4
    )
    return None not in (low, high, first, last) and low - 1 <= first and last <= high + 1


def _find_order(
    con: duckdb.DuckDBPyConnection,
    met: Mapping[str, _Times],
    declared: Order | None,
    day_first: bool | None,
    beside_dates: Order | None,
    settled: SettledTimes,
) -> None:
    """Settle the order for all columns of the file, or ask."""
    numeric = [each for each in met.values() if each.n_numeric]
    n_only = {order: sum(each.n_only.get(order, 0) for each in numeric) for order in ("dmy", "mdy", "ymd")}
    proven = _proven(numeric, n_only)
    if not proven and not any(n_only.values()):
        proven = beside_dates
    if declared:
        settled.order = declared
        if proven and declared in ("dmy", "mdy") and proven != declared and not n_only[declared]:
            settled.questions += _contradiction(numeric, proven)
    elif proven:
        settled.order = proven
        settled.notes += [f"dates with {_ORDER_WORDS[proven]}"]
    elif n_only["dmy"] and n_only["mdy"]:
        settled.questions.append(_two_ways(numeric))
    elif day_first is not None:
        settled.order = "dmy" if day_first else "mdy"
        settled.notes += [f"dates with {_ORDER_WORDS[settled.order]}"] if numeric else []
    elif (order := _order_of_rows(con, numeric)) is not None:
        settled.order = order
        settled.notes.append(f"dates with {_ORDER_WORDS[order]}: only so the rows are in the order of their dates")
    else:
        settled.questions += [_doubt(each) for each in numeric if each.asks][:1]
    settled.questions += [_open_month(each) for each in met.values() if each.open_months][:1]


def _order_beside_dates(con: duckdb.DuckDBPyConnection, relation: str, each: _Times) -> Order | None:
    """Return the order in which the text of a column is of the same time as the dates beside it; None if that is open.

    Among dates of 13 to 28 September, 01/09/2026 to 12/09/2026 are days of September and not of twelve months.
    """
    raw = identifier(each.column)
    first, last = con.execute(
        f"SELECT min(try_cast(substr({raw}, 1, 10) AS DATE)), max(try_cast(substr({raw}, 1, 10) AS DATE)) "
        f"FROM {relation} WHERE regexp_full_match({raw}, '{_PLAIN}')"
    ).fetchone() or (None, None)
    cells = con.execute(f"SELECT DISTINCT cell FROM {each.cell} WHERE cell IS NOT NULL LIMIT {_MOST_SHAPES}").fetchall()
    forms = {shape.shape: shape.form for shape in each.shapes if shape.form and shape.form.kind in ("last", "short")}
    known = [(cell, form) for (cell,) in cells if (form := forms.get(re.sub(r"\d", "9", cell)))]
    if first is None or len(known) < 2:
        return None
    n_near = {}
    for order in _EITHER:
        days = [_date(cell, form, order) for cell, form in known]
        n_near[order] = sum(day is not None and first - _NEAR <= day <= last + _NEAR for day in days)
    best, other = sorted(_EITHER, key=lambda order: -n_near[order])
    return best if n_near[best] == len(known) and n_near[other] * 2 < len(known) else None


def _exchanged(con: duckdb.DuckDBPyConnection, relation: str, each: _Times, order: Order | None) -> Question | None:
    """Ask where a spreadsheet has exchanged day and month.

    Where its own order differs from the file's it makes dates of the cells whose day is at most 12, day and month
    exchanged, and leaves the others as text: 2026-01-09 of 01/09/2026, beside 13/09/2026.
    """
    if order not in ("dmy", "mdy") or each.n_doubtful or min(each.n_plain, each.n_only.get(order, 0)) < _FEWEST:
        return None
    raw = identifier(each.column)
    cell, line, latest = con.execute(
        f"SELECT arg_min({raw}, {ROW}), min({ROW}), max(substr({raw}, 9, 2)) FROM {relation} "
        f"WHERE regexp_full_match({raw}, '{_PLAIN}')"
    ).fetchone() or ("", 0, "31")
    if latest > "12":
        return None
    late = where(*each.only[order], each.column)
    return Question(
        f"a spreadsheet seems to have exchanged day and month in {each.n_plain:,} cells such as "
        f"{where(cell, line, each.column)}: no date there has a day after the 12th, and every date that is text has, such as "
        f"{late}. Export the file again and load it without opening it in a spreadsheet. "
        "If the dates are right as they are, state it",
        f'date_format = "{"%d/%m/%Y" if order == "dmy" else "%m/%d/%Y"}"',
        "Make the column one of dates",
        each.name,
    )


def _proven(numeric: Sequence[_Times], n_only: Mapping[str, int]) -> Order | None:
    """Return the order that the cells prove, but for a slip; None if they prove none or two."""
    full = [each for each in numeric if each.n_numeric > each.n_short]
    if not full and numeric and not n_only["mdy"]:
        # Without a full year 26/09/01 may begin with the year: the year is the number that changes least.
        n_first, n_last = (max(each.years[at] for each in numeric if each.years) for at in (0, 1))
        if n_only["ymd"] or n_first < n_last:
            return "ymd"
        if n_first == n_last:
            return None
    day, month = n_only["dmy"], n_only["mdy"]
    few, many = sorted((day, month))
    if not many or few > max(1, _STRAY * many) or few * 3 > many:
        return None
    return "dmy" if day > month else "mdy"


def _order_of_rows(con: duckdb.DuckDBPyConnection, numeric: Sequence[_Times]) -> Order | None:
    """Return the order under which the rows of a file are sorted by time, if they are so under one order only."""
    for each in numeric:
        if each.n_short or each.n_filled < _FEWEST_SORTED or any(s.form and s.form.places[0] > 1 for s in each.shapes):
            continue
        raw = identifier(each.column)
        numbers = f"regexp_extract_all({raw}, '\\d+')"
        native = f"CASE WHEN regexp_full_match({raw}, '{_PLAIN}') THEN try_cast(left({raw}, 10) AS DATE)"
        days = {
            order: f"{native} ELSE try_cast(n[3] || '-' || n[{month}] || '-' || n[{day}] AS DATE) END"
            for order, day, month in (("dmy", 1, 2), ("mdy", 2, 1))
        }
        lagged = ", ".join(
            f"{day} AS {order}, lag({day}) OVER (PARTITION BY {PART} ORDER BY {ROW}) AS before_{order}"
            for order, day in days.items()
        )
        rises, n_days = ", ".join(f"bool_and({o} >= before_{o}), bool_and({o} <= before_{o})" for o in days), "dmy"
        up, down, up_mdy, down_mdy, n = (
            con.execute(
                f"SELECT {rises}, count(DISTINCT {n_days}) FROM (SELECT {lagged} FROM "
                f"(SELECT {raw}, {PART}, {ROW}, {numbers} AS n FROM {each.relation} WHERE {raw} <> ''))"
            ).fetchone()
            or (False,) * 5
        )
        sorted_as = [order for order, ways in (("dmy", (up, down)), ("mdy", (up_mdy, down_mdy))) if any(ways)]
        if len(sorted_as) == 1 and n >= _FEWEST_SORTED:
            return "dmy" if sorted_as == ["dmy"] else "mdy"
    return None


def _notation(each: _Times, settled: SettledTimes) -> TimeNotation:
    order = settled.order or "dmy"
    if each.n_filled == each.n_plain and order != "ydm":
        return TimeNotation(plain=each.n_filled > 0)
    exchangeable = settled.order in (None, "ydm") and each.n_doubtful + sum(each.n_only.values()) > 0
    forms = {
        shape.shape: shape
        for shape in each.shapes
        if shape.form and not (exchangeable and shape.form.kind in ("last", "short"))
    }
    others = [shape for shape in each.shapes if shape.shape not in forms]
    odd = [shape for shape in forms.values() if not is_iso(shape.cell)]
    if not odd and not each.serial and not each.epoch and order != "ydm":
        return TimeNotation()
    formats = {strptime_format(shape.shape, shape.form, order): shape.n for shape in forms.values() if shape.form}
    written = next((strptime_format(shape.shape, shape.form, order) for shape in odd if shape.form), None)
    settled.date_format = settled.date_format or written
    fast = () if None in formats or each.n_plain or others else sorted(filter(None, formats), key=lambda f: "%Y" in f)
    plain = _plain_forms() if each.n_plain else {}
    return TimeNotation(
        order,
        plain | {name: shape.form for name, shape in forms.items() if shape.form},
        tuple(fast),
        each.serial,
        each.epoch,
        iso=any(is_iso(shape.cell) for shape in others),
        written=written,
    )


@cache
def _plain_forms() -> dict[str, Form]:
    """Return the forms of times as programs write them."""
    clocks = [f"{mark}99:99{rest}" for mark in "T " for rest in ("", ":99", *(f":99.{'9' * n}" for n in range(1, 7)))]
    forms = {f"9999-99-99{clock}": form_of(f"9999-99-99{clock}", date_words([])[0]) for clock in ("", *clocks)}
    return {shape: form for shape, form in forms.items() if form}


def _doubt(each: _Times) -> Question:
    cell, line = each.doubtful or ("", 0)
    shape = re.sub(r"\d", "9", cell)
    form = next((met.form for met in each.shapes if met.shape == shape and met.form), None)
    orders: tuple[Order, ...] = ("dmy", "mdy")
    if form and form.kind == "short" and not re.match(r"\D*\d\D", cell):  # a year has two digits at least
        orders = ("dmy", "mdy", "ymd")
    readings = {order: _day(cell, form, order) for order in orders} if form else {}
    listed = {order: day for order, day in readings.items() if day}
    answers = [f'date_format = "{_format_for(shape, form, order)}" ({day})' for order, day in listed.items() if form]
    return Question(
        f"{where(cell, line, each.column)} is {' or '.join(listed.values())}: no cell shows whether the day or the month "
        "stands first",
        " or ".join(answers),
        "Make the column one of dates, or write the days as 2026-04-03",
        each.name,
    )


def _two_ways(numeric: Sequence[_Times]) -> Question:
    shown = {}
    for order in ("dmy", "mdy"):
        cell, line, column = next((*each.only[order], each.column) for each in numeric if order in each.only)
        shown[order] = where(cell, line, column)
    return Question(
        f"dates are written in two ways, {shown['dmy']} and {shown['mdy']}. Mend the file, or choose one way, so that the "
        "other rows are set aside",
        'date_format = "%d/%m/%Y" or date_format = "%m/%d/%Y"',
        "Make the column one of dates",
        numeric[0].name,
    )


def _contradiction(numeric: Sequence[_Times], proven: Order) -> list[Question]:
    each = next(each for each in numeric if proven in each.only)
    if each.n_only[proven] * 2 <= each.n_filled and each.n_only[proven] + each.n_doubtful < each.n_filled:
        return []
    cell, line = each.only[proven]
    shape = re.sub(r"\d", "9", cell)
    form = next((met.form for met in each.shapes if met.shape == shape and met.form), None)
    if form is None:
        return []
    return [
        Question(
            f"{where(cell, line, each.column)} has {_ORDER_WORDS[proven]}, and date_format says otherwise",
            f'date_format = "{_format_for(shape, form, proven)}"',
            "Make the column one of dates",
            each.name,
        )
    ]


def _open_month(each: _Times) -> Question:
    word, (first, second) = next(iter(each.open_months.items()))
    met = next(shape for shape in each.shapes if word in {folded(each_word) for each_word in words_in([shape.shape])})
    names = " or ".join(month_name[number] for number in (first, second))
    return Question(
        f"{where(met.cell, met.line, each.column)} is in {names}: the word is both, in two languages",
        "",
        "Write the months in the file as numbers, such as 2026-10-05",
        each.name,
    )


def formats_for(cell: str) -> dict[str, str]:
    """Return the formats in strptime's letters that read a cell, each with the day that it gives, in words.

    Examples
    --------
    >>> formats_for("13/02/2026 9:15 PM"), formats_for("13022026"), formats_for("soon")
    ({'%d/%m/%Y %I:%M %p': '13 February 2026'}, {'%d%m%Y': '13 February 2026'}, {})
    """
    text = cell.strip()
    shape = re.sub(r"\d", "9", text)
    words, _ = date_words(words_in([shape]))
    form = form_of(shape, words)
    if form is not None:
        if form.kind == "word":
            written = strptime_format(shape, form, "dmy")
            return {written: ""} if written else {}
        orders: tuple[Order, ...] = {"last": ("dmy", "mdy"), "first": ("ymd", "ydm")}.get(
            form.kind, ("dmy", "mdy", "ymd")
        )  # type: ignore[assignment]
        days = {order: _day(text, form, order) for order in orders}
        return {_format_for(shape, form, order): day for order, day in days.items() if day}
    found = {}
    for compact in ("%Y%m%d%H%M%S", "%Y%m%d%H%M", "%d%m%Y", "%m%d%Y", "%d%m%y", "%m%d%y"):
        if re.fullmatch("9+", shape) and len(shape) == len(datetime(2026, 10, 10).strftime(compact)):
            with suppress(ValueError):
                met = datetime.strptime(text, compact)
                if 1950 <= met.year <= 2100:
                    found[compact] = f"{met.day} {month_name[met.month]} {met.year}"
    return found


def _format_for(shape: str, form: Form, order: Order) -> str:
    """Return the format of a cell in an order, at least that of its day."""
    written = strptime_format(shape, form, order)
    if written:
        return written
    mark = next((mark for mark in "/.-" if mark in shape), "/")
    year = "%y" if form.kind == "short" else "%Y"
    return mark.join({"d": "%d", "m": "%m", "y": year}[letter] for letter in order)


def _day(cell: str, form: Form, order: Order) -> str | None:
    """Return the day of a cell in words, read in an order; None if it is none."""
    day = _date(cell, form, order)
    return f"{day.day} {month_name[day.month]} {day.year}" if day else None


def _date(cell: str, form: Form, order: Order) -> date | None:
    numbers = [int(number) for number in re.findall(r"\d+", cell)]
    year, month, day = (numbers[at - 1] for at in form.parts(order))
    year += 0 if year > 99 else 2000 if year < 69 else 1900
    try:
        return date(year, month, day)
    except ValueError:
        return None
