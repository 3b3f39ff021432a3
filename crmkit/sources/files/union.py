"""One canonical table from several files: their rows appended, each in the company's time zone and notation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb

from crmkit.sources.files.mapping import Matched
from crmkit.sources.files.staging import Staged, evidence_of_staged, staged_rows
from crmkit.sources.parsing.dates import Clock
from crmkit.sources.parsing.types import Facts, reading
from crmkit.sources.presets.takes import Portion
from crmkit.sources.presets.typed import text_of, typed_rows
from crmkit.sources.sql import PART, ROW, identifier
from crmkit.tables.schema import SCHEMAS


def combined(
    con: duckdb.DuckDBPyConnection, portions: Sequence[Portion], staged: Staged | None, zone: str
) -> Staged | None:
    """Return the raw rows of a table from its portions and from a file of crmkit's own layout or a mapped one.

    None if none of them has a row, such as answers where no ticket was rated.

    Parameters
    ----------
    con : duckdb connection
    portions : sequence of Portion
        All of one table.
    staged : Staged or None
        The same table from a file of crmkit's own layout, or mapped.
    zone : str
        Time zone of the company.
    """
    table = portions[0].table
    whole = [portion for portion in portions if not portion.supplement]
    added = [portion for portion in portions if portion.supplement]
    parts = [portion.file for portion in whole]
    pieces = [_numbered(portion, part) for part, portion in enumerate(whole)]
    evidence = evidence_of_staged(con, staged) if staged else None
    if staged and evidence:
        staged = replace(staged, problems=(*staged.problems, *evidence.faults(staged.files, staged.headers)))
        pieces.append(_as_text(staged, evidence.facts, zone, len(parts)))
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
    said = [met for portion in portions for met in portion.says_nothing]
    said += (
        [(name, facts.says_nothing) for name, facts in evidence.facts.items() if facts.says_nothing] if evidence else []
    )
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
        settled=True,
    )
    return replace(
        rows,
        n_folded=sum(each.n_folded for each in everything) + sum(known.values()),
        n_split=sum(each.n_split for each in everything),
        ignored=tuple(reason for each in everything for reason in each.ignored),
        asks_source=staged.asks_source if staged else (),
        source_column=staged.source_column if staged else "",
        says_nothing=_added_up(said),
        beside=_beside(portions, known) | dict(staged.beside if staged else {}),
    )


def _numbered(portion: Portion, part: int) -> str:
    columns = "".join(f"{identifier(name)}, " for name in portion.columns)
    return f"SELECT {columns}{ROW}, {part}::INTEGER AS {PART} FROM {portion.relation}"


def _as_text(staged: Staged, facts: Mapping[str, Facts], zone: str, first_part: int) -> str:
    """Return the SQL of the rows of a file with its notation resolved, as text."""
    clock = Clock(zone, staged.time_zone, staged.dialect.date_format)
    readings = {
        column.name: reading(column, staged.types[column.name], facts[column.name], clock)
        for column in staged.schema.columns
        if column.name in staged.types
    }
    typed = typed_rows(staged.relation, {name: name for name in readings}, readings)
    cells = "".join(f"typed.{text_of(name)} AS {identifier(name)}, " for name in readings)
    cells += "".join(f"CAST(raw.{identifier(name)} AS VARCHAR) AS {identifier(name)}, " for name in staged.own_names)
    return (
        f"SELECT {cells}typed.{ROW}, (typed.{PART} + {first_part})::INTEGER AS {PART} FROM {typed} typed "
        f"JOIN {staged.relation} raw USING ({PART}, {ROW})"
    )


def _supplement(
    con: duckdb.DuckDBPyConnection, table: str, pieces: Sequence[str], supplements: Sequence[str]
) -> tuple[str, dict[int, int]]:
    """Return the SQL of the rows on customers whom no piece has, one each, and how many other rows each part has."""
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


def _added_up(
    said: Sequence[tuple[str, tuple[tuple[str, int], ...]]],
) -> tuple[tuple[str, tuple[tuple[str, int], ...]], ...]:
    """Return the words for nothing of all files by column, the most frequent first."""
    met: dict[str, Counter[str]] = {}
    for column, words in said:
        met.setdefault(column, Counter()).update(dict(words))
    return tuple((column, tuple(words.most_common())) for column, words in met.items())


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


def _beside(portions: Sequence[Portion], known: Mapping[str, int]) -> dict[str, tuple[int, int, int]]:
    """Return how many rows of each file were folded (known customers too), ignored and split."""
    beside: dict[str, tuple[int, int, int]] = {file: (n, 0, 0) for file, n in known.items()}
    for portion in portions:
        folded, ignored, split = beside.get(portion.file, (0, 0, 0))
        n_ignored = sum(n for _, n in portion.ignored)
        beside[portion.file] = (folded + portion.n_folded, ignored + n_ignored, split + portion.n_split)
    return beside
