"""Read and judge the raw rows of one table: typed values, what was emptied, and why a row cannot be used.

One query writes ``clean_<table>``: the typed columns and, hidden, for each cell whether it held anything and the first
rule that it breaks; for each row the reason to keep it aside and whether it was merged into an equal one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from crmkit.cleaning.rules import Rule, column_rules, row_rules
from crmkit.errors import CrmkitError
from crmkit.settings import Settings
from crmkit.sources.facts import look
from crmkit.sources.kinds import is_text
from crmkit.sources.sql import MERGED, PART, REASON, ROW, fault, identifier, literal, present, short_message
from crmkit.sources.staging import Staged
from crmkit.sources.times import Clock
from crmkit.sources.types import STEP, Facts, Reading, reading, trimmed
from crmkit.tables.schema import Column

EMPTY_ROW = "the row is empty"


@dataclass(frozen=True)
class Taken:
    """One table taken in: its raw rows, the columns that it has, and the rules that each of them was held to."""

    staged: Staged
    columns: tuple[Column, ...]
    rules: dict[str, list[Rule]]
    problems: tuple[str, ...]

    @property
    def relation(self) -> str:
        """The table of judged rows."""
        return f"clean_{self.staged.table}"

    @property
    def selected(self) -> str:
        """SQL of the columns that the canonical table has, extra ones last."""
        return ", ".join(identifier(name) for name in (*(c.name for c in self.columns), *self.staged.extras))


def take_in(con: duckdb.DuckDBPyConnection, staged: Staged, settings: Settings, end_of_data: date | None) -> Taken:
    """Read and judge the rows of a table.

    Parameters
    ----------
    con : duckdb connection
    staged : Staged
    settings : Settings
    end_of_data : date or None
        Last day that a time can lie on; None for no limit.

    Raises
    ------
    CrmkitError
        If the dialect's date format or the table's time zone is none; the message does not name the table.
    """
    facts = look(con, staged)
    clock = Clock(settings.company.time_zone, staged.time_zone, staged.dialect.date_format)
    columns = tuple(column for column in staged.schema.columns if column.name in staged.types)
    readings = {column.name: reading(column, staged.types[column.name], facts[column.name], staged.dialect.decimal, clock)
                for column in columns}  # fmt: skip
    rules = {column.name: column_rules(staged.table, column, end_of_data) for column in columns}
    taken = Taken(staged, columns, rules, (*staged.problems, *_other_decimals(staged, facts)))
    try:
        con.execute(_judging(taken, readings))
    except duckdb.Error as error:  # an impossible date_format or time_zone
        raise CrmkitError(short_message(error).rstrip(".")) from None
    return taken


def _judging(taken: Taken, readings: dict[str, Reading]) -> str:
    extras = [f"{_extra(taken.staged, name)} AS {identifier(name)}" for name in taken.staged.extras]
    extra_names = [identifier(name) for name in taken.staged.extras]
    first = [f"{r.cell.replace(STEP, identifier(name))} AS {identifier(name)}" for name, r in readings.items()]
    flags = [f"{identifier(name)} IS NOT NULL AS {present(name)}" for name in readings]
    levels = [[*first, *extras], [*_step(readings, 1), *extra_names, *flags]]
    flags = [present(name) for name in readings]
    levels += [[*_step(readings, step), *extra_names, *flags] for step in (2, 3)]
    names = [*map(identifier, readings), *extra_names, *flags]
    levels.append([*names, *(f"{_first(rules)} AS {fault(name)}" for name, rules in taken.rules.items())])
    values = [f"CASE WHEN {fault(name)} IS NULL THEN {identifier(name)} END AS {identifier(name)}" for name in readings]
    levels.append([*values, *extra_names, *flags, *map(fault, readings)])
    query = taken.staged.relation
    for level in levels:
        query = f"(SELECT {', '.join([PART, ROW, *level])} FROM {query})"
    return f"CREATE TABLE {taken.relation} AS SELECT *, {_reason(taken)} AS {REASON}, false AS {MERGED} FROM {query}"


def _step(readings: dict[str, Reading], step: int) -> list[str]:
    return [f"{r.steps[step].replace(STEP, identifier(name))} AS {identifier(name)}" for name, r in readings.items()]


def _first(rules: list[Rule]) -> str:
    """Return the SQL of the number of the first broken rule, null where none is."""
    cases = " ".join(f"WHEN {rule.broken} THEN {number}" for number, rule in enumerate(rules, start=1))
    return f"CASE {cases} END" if cases else "NULL::INTEGER"


def _reason(taken: Taken) -> str:
    """Return the SQL of the first reason to keep a row aside."""
    filled = " OR ".join(f"coalesce({present(name)}, false)" for name in taken.rules)
    cases = [Rule(f"NOT ({filled})", EMPTY_ROW)]
    for column in taken.columns:
        if column.required:
            cases += [Rule(f"{fault(column.name)} = {number}", rule.finding)
                      for number, rule in enumerate(taken.rules[column.name], start=1)]  # fmt: skip
    cases += row_rules(taken.staged.schema, taken.rules)
    return f"CASE {' '.join(f'WHEN {case.broken} THEN {literal(case.finding)}' for case in cases)} END"


def _extra(staged: Staged, name: str) -> str:
    return trimmed(identifier(name)) if is_text(staged.types[name]) else identifier(name)


def _other_decimals(staged: Staged, facts: dict[str, Facts]) -> list[str]:
    mark = "," if staged.dialect.decimal == "." else "."
    setting = f'decimal = "{mark}"'
    advice = f". {staged.files.hint(setting)}" if staged.files else ""
    return [f"{name} is written with a decimal '{mark}', such as '{fact.other_decimal}'{advice}"
            for name, fact in facts.items() if fact.other_decimal is not None]  # fmt: skip
