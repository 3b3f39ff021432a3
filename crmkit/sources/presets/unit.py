"""One recognised file, read and judged: which of its rows count, which are no business, which cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, field

import duckdb

from crmkit.settings import Settings
from crmkit.sources.files.file_sets import FileSet, Raw, RawFiles
from crmkit.sources.files.mapping import foreign_sign
from crmkit.sources.files.read import BadLine
from crmkit.sources.parsing.evidence import Evidence, evidence_of
from crmkit.sources.parsing.types import in_words, is_text
from crmkit.sources.presets.expressions import in_sql
from crmkit.sources.presets.judging import (
    IGNORED,
    REFUSED,
    currency_of,
    has_amounts,
    ignoring,
    lacking,
    refusing,
    unreadable_sums,
)
from crmkit.sources.presets.model import Preset
from crmkit.sources.presets.recognise import Recognised
from crmkit.sources.presets.typed import Zones, make_typed, told
from crmkit.sources.sql import PART, ROW, columns_of, identifier


@dataclass
class Unit:
    """A recognised file with its rows.

    Attributes
    ----------
    files : FileSet
        The one file.
    fit : Recognised
    raw : Raw
    evidence : Evidence
    relation : str
        Table of typed fields with the reasons to ignore or refuse a row.
    problems : list of str
        Why the file cannot be used, without full stops.
    said : list of str
        What was understood and settled.
    """

    files: FileSet
    fit: Recognised
    raw: Raw
    evidence: Evidence
    relation: str
    problems: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def preset(self) -> Preset:
        """The preset that fits."""
        return self.fit.preset

    @property
    def file(self) -> str:
        """The file's name."""
        return self.files.paths[0].name

    def bad_lines(self, con: duckdb.DuckDBPyConnection) -> tuple[BadLine, ...]:
        """Return the lines that fit no header and the rows that are refused, with their reasons."""
        refused = con.execute(
            f"SELECT {ROW}, {REFUSED} FROM {self.relation} WHERE {IGNORED} IS NULL AND {REFUSED} IS NOT NULL ORDER BY {ROW}"
        ).fetchall()
        return (*self.raw.bad_lines, *(BadLine(self.file, line, reason) for line, reason in refused))

    def ignored(self, con: duckdb.DuckDBPyConnection) -> tuple[tuple[str, int], ...]:
        """Return how many rows and lines are no business, by reason."""
        counted = con.execute(
            f"SELECT {IGNORED}, count(*) FROM {self.relation} WHERE {IGNORED} IS NOT NULL GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        return (*self.raw.ignored, *counted)


def read_unit(raw_files: RawFiles, files: FileSet, fit: Recognised, settings: Settings, number: int) -> Unit:
    """Read a recognised file, settle how it is written, and judge its rows.

    Raises
    ------
    CrmkitError
        If the file cannot be read.
    """
    con, preset = raw_files.con, fit.preset
    raw = raw_files.read(files)
    kinds = preset.kinds
    met = {name: (column, kinds[name]) for name, column in fit.columns.items()}
    evidence = evidence_of(con, raw.relation, met, files.dialect, preset.day_first)
    unit = Unit(files, fit, raw, evidence, f"unit_{number}")
    unit.problems += [_where_to_write(files, question) for question in evidence.questions] + lacking(
        preset, fit, preset.takes[0]
    )
    amounts = [
        column for column, kind in met.values() if kind == "money" and is_text(columns_of(con, raw.relation)[column])
    ]
    sign = foreign_sign(con, raw.relation, amounts, settings.company.currency)
    unit.problems += [sign] if sign else []
    typed, currency = f"typed_{number}", settings.company.currency
    zones = Zones(settings.company.time_zone, preset.zone)
    make_typed(con, typed, raw.relation, kinds, fit.columns, evidence, zones)
    con.execute(
        f"CREATE TABLE {unit.relation} AS SELECT *, {ignoring(preset, fit)} AS {IGNORED}, "
        f"{refusing(preset, fit, currency)} AS {REFUSED} FROM {_filled(preset, typed)}"
    )
    unit.problems += [] if unit.problems else _mostly_unreadable(con, unit)
    unit.said += [
        f"no {take.table}: {problem}"
        for take in preset.takes[1:]
        if not (take.supplement or take.split)
        for problem in lacking(preset, fit, take)
    ]
    unit.said += [
        *raw.said,
        *evidence.said,
        *_doubts(con, unit),
        *_currency_taken(con, unit, currency),
    ]
    return unit


def _where_to_write(files: FileSet, question: str) -> str:
    path = "" if files.declared else f', with path = "{files.paths[0].name}"'
    return f"{question}, under [files.{files.name}]{path}"


def _filled(preset: Preset, relation: str) -> str:
    if preset.fill is None:
        return relation
    within = f"coalesce(CAST({identifier(preset.fill.within)} AS VARCHAR), chr(0) || CAST({ROW} AS VARCHAR))"
    window = (
        f"OVER (PARTITION BY {PART}, {within} ORDER BY {ROW} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
    )
    columns = [each for name in preset.fill.fields for each in (identifier(name), told(name))]
    filled = ", ".join(f"first_value({column} IGNORE NULLS) {window} AS {column}" for column in columns)
    return f"(SELECT * REPLACE ({filled}) FROM {relation})"


def _mostly_unreadable(con: duckdb.DuckDBPyConnection, unit: Unit) -> list[str]:
    problems = []
    for name, sums in unreadable_sums(unit.preset, unit.fit).items():
        counted = con.execute(f"SELECT {sums} FROM {unit.relation} WHERE {IGNORED} IS NULL").fetchone()
        n_bad, n_filled, line, example = counted or (0, 0, 0, "")
        if n_bad * 2 > n_filled:
            problems.append(
                f"column '{unit.fit.columns[name]}' cannot be read as {in_words(unit.preset.kinds[name])} in "
                f"{n_bad:,} of {n_filled:,} rows, such as '{example[:60]}' in line {line}"
            )
    return problems


def _currency_taken(con: duckdb.DuckDBPyConnection, unit: Unit, currency: str) -> list[str]:
    """Return what is to be said where a file has amounts and names no currency."""
    named = currency_of(unit.preset, unit.fit) or "NULL"
    (n_named,) = con.execute(f"SELECT count({named}) FROM {unit.relation}").fetchone() or (0,)
    if n_named or not has_amounts(unit.preset, unit.fit):
        return []
    return [f"amounts are taken as {currency}: the file names no currency"]


def _doubts(con: duckdb.DuckDBPyConnection, unit: Unit) -> list[str]:
    said = []
    for doubt in unit.preset.doubts:
        (true,) = con.execute(
            f"SELECT {in_sql(doubt.when, unit.fit.columns)} FROM {unit.relation} WHERE {IGNORED} IS NULL"
        ).fetchone() or (False,)
        said += [doubt.says] if true else []
    return said


def none_left(con: duckdb.DuckDBPyConnection, unit: Unit) -> str | None:
    """Return what is wrong where every row of a file is refused, without full stop; None if any can be used."""
    bad = unit.bad_lines(con)
    n_left = con.execute(
        f"SELECT count(*) FROM {unit.relation} WHERE {IGNORED} IS NULL AND {REFUSED} IS NULL"
    ).fetchone()
    if not bad or (n_left and n_left[0]):
        return None
    first = bad[0]
    return f"none of its {len(bad):,} rows can be used, such as line {first.line}: {first.reason}"
