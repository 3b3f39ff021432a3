"""One canonical table from several files: their rows one below the other, each in the company's time and notation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb
import pandas as pd
import pyarrow as pa

from crmkit.sources.files.mapping import Matched, Staged, matched_columns, staged_rows
from crmkit.sources.parsing.dates import Clock
from crmkit.sources.parsing.facts import look
from crmkit.sources.parsing.types import reading
from crmkit.sources.presets.takes import Portion
from crmkit.sources.presets.typed import text_of, typed_rows
from crmkit.sources.sql import PART, ROW, identifier
from crmkit.tables.schema import SCHEMAS, schema
from crmkit.tables.validate import check_table_names, frame_problem, plain_rows


def united(
    con: duckdb.DuckDBPyConnection, portions: Sequence[Portion], staged: Staged | None, zone: str
) -> Staged | None:
    """Return the raw rows of a table from its portions and from the file that the settings or its name tell of.

    None if no row is left of them: nobody rated a ticket, so there are no answers.

    Parameters
    ----------
    con : duckdb connection
    portions : sequence of Portion
        All of one table.
    staged : Staged or None
        The same table from a file of crmkit's own layout, or mapped.
    zone : str
        The company's.
    """
    table = portions[0].table
    whole = [portion for portion in portions if not portion.supplement]
    added = [portion for portion in portions if portion.supplement]
    parts = [portion.file for portion in whole]
    pieces = [_numbered(portion, part) for part, portion in enumerate(whole)]
    if staged:
        pieces.append(_as_text(con, staged, zone, len(parts)))
        parts += staged.parts or [staged.origin]
    known: dict[str, int] = {}
    if added:
        supplements = [_numbered(portion, len(parts) + number) for number, portion in enumerate(added)]
        piece, known_by_part = _supplement(con, table, pieces, supplements)
        pieces.append(piece)
        parts += [portion.file for portion in added]
        for part, n_known in known_by_part.items():
            known[parts[part]] = known.get(parts[part], 0) + n_known
    con.execute(f"CREATE TABLE united_{table} AS {' UNION ALL BY NAME '.join(pieces)}")
    if con.execute(f"SELECT 1 FROM united_{table} LIMIT 1").fetchone() is None:
        return None
    everything: list[Portion | Staged] = [*whole, *([staged] if staged else []), *added]
    origins = dict.fromkeys([*(portion.file for portion in portions), *([staged.origin] if staged else [])])
    rows = staged_rows(
        con,
        f"united_{table}",
        _matched(con, table, portions, staged),
        table=table,
        origin=" and ".join(origins),
        parts=tuple(parts),
        bad_lines=tuple(line for each in everything for line in each.bad_lines),
    )
    return replace(
        rows,
        n_folded=sum(each.n_folded for each in everything) + sum(known.values()),
        n_split=sum(each.n_split for each in everything),
        ignored=tuple(reason for each in everything for reason in each.ignored),
        beside=_beside(portions, known),
    )


def _beside(portions: Sequence[Portion], known: Mapping[str, int]) -> dict[str, tuple[int, int, int]]:
    """Return how many rows of each file were folded (known customers too), ignored and split."""
    beside: dict[str, tuple[int, int, int]] = {file: (n, 0, 0) for file, n in known.items()}
    for portion in portions:
        folded, ignored, split = beside.get(portion.file, (0, 0, 0))
        n_ignored = sum(n for _, n in portion.ignored)
        beside[portion.file] = (folded + portion.n_folded, ignored + n_ignored, split + portion.n_split)
    return beside


def _matched(con: duckdb.DuckDBPyConnection, table: str, portions: Sequence[Portion], staged: Staged | None) -> Matched:
    met = [name for name, *_ in con.execute(f"DESCRIBE united_{table}").fetchall() if name not in (PART, ROW)]
    names = [name for name in SCHEMAS[table].names if name in met]
    unused = dict.fromkeys(
        [name for portion in portions for name in portion.unused] + list(staged.unused if staged else ())
    )
    problems = [f"{name} is missing" for name in SCHEMAS[table].required if name not in met]
    problems += staged.problems if staged else ()
    return Matched(
        {name: name for name in [*names, *(name for name in met if name not in names)]},
        tuple(unused),
        tuple(dict.fromkeys(problems)),
    )


def _numbered(portion: Portion, part: int) -> str:
    columns = "".join(f"{identifier(name)}, " for name in portion.columns)
    return f"SELECT {columns}{ROW}, {part}::INTEGER AS {PART} FROM {portion.relation}"


def _supplement(
    con: duckdb.DuckDBPyConnection, table: str, pieces: Sequence[str], supplements: Sequence[str]
) -> tuple[str, dict[int, int]]:
    """Return the SQL of the rows on customers whom no piece has, each customer once, and how many others each part has."""
    rows = f"({' UNION ALL BY NAME '.join(supplements)})"
    known = " UNION ALL ".join(f"SELECT customer_id FROM ({piece})" for piece in pieces)
    others = f"ANTI JOIN ({known}) USING (customer_id)" if known else ""
    made = f"supplement_{table}"
    con.execute(
        f"CREATE TABLE {made} AS SELECT * FROM {rows} {others} "
        f"QUALIFY row_number() OVER (PARTITION BY customer_id ORDER BY {PART}, {ROW}) = 1"
    )
    counted = f"SELECT {PART}, count(*) FROM {rows} GROUP BY ALL"
    n_made = dict(con.execute(f"SELECT {PART}, count(*) FROM {made} GROUP BY ALL").fetchall())
    n_others = {part: n - n_made.get(part, 0) for part, n in con.execute(counted).fetchall()}
    return f"SELECT * FROM {made}", n_others


def _as_text(con: duckdb.DuckDBPyConnection, staged: Staged, zone: str, first_part: int) -> str:
    """Return the SQL of the rows of a file in its own dialect, as text that needs none."""
    facts = look(con, staged)
    clock = Clock(zone, staged.time_zone, staged.dialect.date_format)
    readings = {
        column.name: reading(column, staged.types[column.name], facts[column.name], staged.dialect.decimal, clock)
        for column in staged.schema.columns
        if column.name in staged.types
    }
    typed = typed_rows(staged.relation, {name: name for name in readings}, readings)
    cells = "".join(f"typed.{text_of(name)} AS {identifier(name)}, " for name in readings)
    cells += "".join(f"CAST(raw.{identifier(name)} AS VARCHAR) AS {identifier(name)}, " for name in staged.extras)
    return (
        f"SELECT {cells}typed.{ROW}, (typed.{PART} + {first_part})::INTEGER AS {PART} FROM {typed} typed "
        f"JOIN {staged.relation} raw USING ({PART}, {ROW})"
    )


# Take pandas frames for canonical tables, by the same rules as files.


def stage_frames(con: duckdb.DuckDBPyConnection, frames: Mapping[str, pd.DataFrame]) -> list[Staged]:
    """Return the raw rows of each frame.

    Parameters
    ----------
    con : duckdb connection
    frames : mapping of str to DataFrame
        Canonical table name to its rows; a named index counts as a column.

    Raises
    ------
    UnknownName
        If there is no such table.
    Problems
        If there are several such names. What else is wrong with a frame is noted with it.
    """
    check_table_names(frames)
    return [_staged(con, table, frames[table]) for table in SCHEMAS if table in frames]


def _staged(con: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame) -> Staged:
    if fault := frame_problem(frame):
        return Staged(table, f"Table '{table}'", relation="", types={}, problems=(fault,))
    rows = plain_rows(frame)
    arrays = [_array(rows[name]) for name in rows.columns]
    numbers, part = pa.array(range(1, len(rows) + 1), pa.int64()), pa.repeat(pa.scalar(0, pa.int32()), len(rows))
    con.register(f"frame_{table}", pa.table([*arrays, numbers, part], names=[*rows.columns, ROW, PART]))
    matched = matched_columns(schema(table), rows.columns, keep_extra=True)
    return staged_rows(con, f"frame_{table}", matched, table=table, origin=f"Table '{table}'")


def _array(values: pd.Series) -> pa.Array:
    """Return a column for DuckDB; values of mixed types, or too long for it, become text, each read by what it says."""
    try:
        converted = pa.array(values, from_pandas=True)
        too_long = pa.types.is_decimal256(converted.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeEncodeError):
        too_long = True
    if too_long:
        texts = [None if pd.api.types.is_scalar(value) and pd.isna(value) else str(value) for value in values]
        converted = pa.array([text and text.encode("utf-8", "replace").decode() for text in texts], pa.string())
    return converted.cast(pa.string()) if pa.types.is_null(converted.type) else converted
