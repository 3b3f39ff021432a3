"""Parse the raw rows of one table: typed values, the rules that each row must keep, and why a row cannot be used.

The rules come from the schema: each is a condition that is true where the rule is broken, and a sentence. A required
column that breaks a rule rejects its row. An optional one is emptied and the row stays: an order with an unreadable
margin is still an order. If most cells of a column cannot be read, the mapping is wrong and not the rows.

One query writes ``clean_<table>``: the typed columns and hidden ones: for each cell the first rule that it breaks; for
each row the reason to set it aside and whether it was merged into an equal one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

import duckdb

from crmkit.cleaning.checks.findings import Finding
from crmkit.cleaning.checks.kept_rows import keep_rows
from crmkit.errors import CrmkitError
from crmkit.settings import Settings
from crmkit.sources.files.staging import Staged, evidence_of_staged, with_own_columns
from crmkit.sources.parsing.cldr import currencies_of
from crmkit.sources.parsing.dates import Clock
from crmkit.sources.parsing.evidence import Evidence
from crmkit.sources.parsing.evidence_of_times import formats_for
from crmkit.sources.parsing.types import STEP, Facts, Reading, in_words, is_text, reading
from crmkit.sources.sql import MERGED, PART, REASON, ROW, fault, identifier, literal, present, short_message
from crmkit.tables.schema import Column, TableSchema

FIRST_DAY = date(1900, 1, 1)
PLANS = {("subscription_terms", "starts_at"), ("subscription_terms", "ends_at"), ("treatments", "ends_at")}
"""Times that may lie after the end of the data: a term of next month is a plan, and so is the end of a trial."""
_FEWEST = 3  # unreadable cells of an optional column that are more than a typing error
EMPTY_ROW = "the row is empty"


@dataclass(frozen=True)
class Rule:
    """A condition in SQL that is true where the rule is broken, and the sentence that says so."""

    broken: str
    finding: str


def column_rules(table: str, column: Column, end_of_data: date | None) -> list[Rule]:
    """Return the rules of one column; the condition may use its value and whether it is present.

    Examples
    --------
    >>> from crmkit.tables.schema import schema
    >>> [rule.finding for rule in column_rules("subscription_terms", schema("subscription_terms").column("mrr"), None)]
    ['mrr cannot be read as a number', 'mrr is below 0']
    """
    value = identifier(column.name)
    rules = []
    if column.kind not in ("id", "text"):
        unreadable = f"{present(column.name)} AND {value} IS NULL"
        rules.append(Rule(unreadable, f"{column.name} cannot be read as {in_words(column.kind)}"))
    if column.choices:
        listed = ", ".join(literal(choice) for choice in column.choices)
        rules.append(Rule(f"{value} NOT IN ({listed})", f"{column.name} is none of {', '.join(column.choices)}"))
    if column.low is not None:
        rules.append(Rule(f"{value} < {column.low!r}", f"{column.name} is below {column.low:g}"))
    if column.high is not None:
        rules.append(Rule(f"{value} > {column.high!r}", f"{column.name} is above {column.high:g}"))
    if column.kind in ("timestamp", "date"):
        rules += _time_rules(table, column, end_of_data)
    return rules


def row_rules(schema: TableSchema, columns: Collection[str]) -> list[Rule]:
    """Return the rules that look at several columns of a row; those of columns the source lacks are left out."""
    rules = [Rule(f"{identifier(name)} IS NULL", f"{name} is missing") for name in schema.required if name in columns]
    if not set(schema.required) <= set(columns):
        return rules
    if schema.name == "survey_responses":
        low, high = _scale_end("scale_min", 0, columns), _scale_end("scale_max", 10, columns)
        rules.append(Rule(f"score < {low} OR score > {high}", "score lies outside its own scale"))
    if schema.name == "subscription_terms":
        rules.append(Rule("ends_at < starts_at", "ends_at lies before starts_at"))
    return rules


def wrong_types(con: duckdb.DuckDBPyConnection, parsed: ParsedTable) -> list[str]:
    """Return a sentence, without full stop, for each required column more than half of whose cells cannot be read."""
    return [_sentence(parsed, each) + _hint(parsed, each) for each in _mostly_unreadable(con, parsed, required=True)]


def unreadable_columns(con: duckdb.DuckDBPyConnection, parsed: ParsedTable) -> dict[str, Finding]:
    """Return a warning for each optional column more than half of whose cells cannot be read, by the rule it breaks.

    The rows stay, so a warning is needed: measures of the column use few of its rows. A page will show the warning, and
    a wrongly mapped column may hold names: it gives only the shape of a cell.
    """
    found = {}
    for each in _mostly_unreadable(con, parsed, required=False):
        if each.n_unreadable < _FEWEST:
            continue
        column, example = each.column, f"'{_shape(each.example)}' in line {each.line}"
        rule = f"{column.name} cannot be read as {in_words(column.kind)}"
        found[rule] = Finding(
            parsed.staged.table,
            f"{rule} in most of its {each.n_present:,} filled cells, shaped like {example}",
            each.n_unreadable,
            0.0,
            "warning",
            f"What is measured from {column.name} leaves these rows out; the rows themselves count.",
            f"See whether the right column is taken for {column.name}{_hint(parsed, each)}.",
        )
    return found


@dataclass(frozen=True)
class ParsedTable:
    """One table parsed: its raw rows, its columns, the rules for each, problems, and columns whose notation is asked for."""

    staged: Staged
    columns: tuple[Column, ...]
    rules: dict[str, list[Rule]]
    problems: tuple[str, ...]
    asked: frozenset[str] = frozenset()
    notes: tuple[Finding, ...] = ()

    @property
    def relation(self) -> str:
        """The table of parsed rows."""
        return f"clean_{self.staged.table}"

    @property
    def selected(self) -> str:
        """SQL of the columns that the table has, its own last."""
        return ", ".join(filter(None, (self.canonical, *map(identifier, self.staged.own_names))))

    @property
    def canonical(self) -> str:
        """SQL of the canonical columns that the table has."""
        return ", ".join(identifier(column.name) for column in self.columns)


def parse_rows(
    con: duckdb.DuckDBPyConnection, staged: Staged, settings: Settings, end_of_data: date | None
) -> ParsedTable:
    """Parse the rows of a table, and mark those that break a rule.

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
    clock = Clock(settings.company.time_zone, staged.time_zone, staged.dialect.date_format)
    try:
        evidence = evidence_of_staged(con, staged)
        staged = with_own_columns(con, staged, clock, evidence.order)
    except duckdb.Error as error:
        raise CrmkitError(short_message(error).rstrip(".")) from None
    columns = tuple(column for column in staged.schema.columns if column.name in staged.types)
    readings = {
        column.name: reading(
            column,
            staged.types[column.name],
            _in_own_currency(evidence.facts[column.name], settings.company.currency),
            clock,
        )
        for column in columns
    }
    rules = {column.name: column_rules(staged.table, column, end_of_data) for column in columns}
    parsed = ParsedTable(
        staged,
        columns,
        rules,
        (*staged.problems, *evidence.faults(staged.files, staged.headers)),
        evidence.asked,
        tuple(_notes(staged, columns, evidence)),
    )
    try:
        (n_rows,) = con.execute(f"SELECT count(*) FROM {staged.relation}").fetchone() or (0,)
        values = [identifier(name) for name in staged.types]
        faults = [fault(name) for name in readings]
        keep_rows(con, parsed.relation, _parsing_sql(parsed, readings), n_rows, values, faults)
    except duckdb.Error as error:  # an impossible date_format or time_zone
        raise CrmkitError(short_message(error).rstrip(".")) from None
    return parsed


def _in_own_currency(facts: Facts, currency: str) -> Facts:
    """Return the facts without the signs of other currencies: amounts in these are not read, and never added up."""
    return replace(facts, signs=tuple(sign for sign in facts.signs if currency in currencies_of(sign)))


def _notes(staged: Staged, columns: Sequence[Column], evidence: Evidence) -> list[Finding]:
    """Return how the cells were understood, where that is not plain."""
    found = []
    met = [(column.name, evidence.facts[column.name].says_nothing) for column in columns if not column.required]
    for name, words in (*met, *staged.says_nothing, *(staged.own.says_nothing if staged.own else ())):
        if words:
            listed = ", ".join(f"'{word}'" for word, _ in words[:3]) + (", ..." if len(words) > 3 else "")
            finding = f"cells of {name} say nothing: {listed}"
            found.append(Finding(staged.table, finding, sum(n for _, n in words), 0.0, "note", "They count as empty."))
    if evidence.notes and not staged.settled:
        read = f"{staged.origin} is read with {', '.join(evidence.notes)}"
        found.append(Finding(staged.table, read, 0, 0.0, "note", "So its cells show, or its settings say."))
    return found


def _time_rules(table: str, column: Column, end_of_data: date | None) -> list[Rule]:
    day = f"CAST({identifier(column.name)} AS DATE)"
    rules = [Rule(f"{day} < DATE '{FIRST_DAY}'", f"{column.name} lies before {FIRST_DAY}")]
    if end_of_data is not None and (table, column.name) not in PLANS:
        after = f"{column.name} lies after {end_of_data}, the end of the data"
        rules.append(Rule(f"{day} > DATE '{end_of_data}'", after))
    return rules


def _scale_end(name: str, nps: int, columns: Collection[str]) -> str:
    """Return the SQL of one end of the scale; the scale of NPS is known where the row does not give it."""
    default = f"CASE WHEN survey = 'nps' THEN {nps} END"
    return f"coalesce({name}, {default})" if name in columns else default


def _sentence(parsed: ParsedTable, each: _UnreadableColumn) -> str:
    staged, wanted = parsed.staged, in_words(each.column.kind)
    if staged.files is None:
        kind = in_words(staged.types[each.column.name])
        return f"{each.column.name} is {kind}, must be {wanted} (met: '{each.example[:60]}')"
    line = f" in line {each.line}" if staged.parts else ""  # the rows of SQL are in no line of a file
    return (
        f"{each.column.name} cannot be read as {wanted} in {each.n_unreadable:,} of {each.n_present:,} rows, such as "
        f"'{each.example[:60]}'{line}"
    )


@dataclass(frozen=True)
class _UnreadableColumn:
    """A column most of whose cells cannot be read: how many of how many, and the first of them with its line."""

    column: Column
    n_unreadable: int
    n_present: int
    example: str
    line: int


def _hint(parsed: ParsedTable, each: _UnreadableColumn) -> str:
    files, column = parsed.staged.files, each.column
    if files is None or column.kind not in ("timestamp", "date") or not is_text(parsed.staged.types[column.name]):
        return ""
    formats = {form: day for form, day in formats_for(each.example).items() if form != files.dialect.date_format}
    if not formats:
        return ". Write the days in the file as 2026-10-31, and times as 2026-10-31 17:45"
    answers = [f'date_format = "{form}"' + (f" ({day})" if day else "") for form, day in formats.items()]
    return f". {files.hint(' or '.join(answers))}"


def _mostly_unreadable(con: duckdb.DuckDBPyConnection, parsed: ParsedTable, required: bool) -> list[_UnreadableColumn]:
    asked = [
        column
        for column in parsed.columns
        if column.required == required and column.kind not in ("id", "text") and column.name not in parsed.asked
    ]
    if not asked:
        return []
    counts = ", ".join(
        f"count({identifier(column.name)}) + count({fault(column.name)}), coalesce(count_if({fault(column.name)} = 1), 0)"
        for column in asked
    )
    answers = iter(con.execute(f"SELECT {counts} FROM {parsed.relation}").fetchone() or ())
    found = []
    for column in asked:
        n_present, n_unreadable = next(answers), next(answers)
        if n_unreadable * 2 > n_present:
            found.append(_UnreadableColumn(column, n_unreadable, n_present, *_example(con, parsed, column)))
    return found


def _example(con: duckdb.DuckDBPyConnection, parsed: ParsedTable, column: Column) -> tuple[str, int]:
    staged, name = parsed.staged, identifier(column.name)
    return con.execute(
        f"SELECT CAST(raw.{name} AS VARCHAR), {ROW} FROM {staged.relation} raw JOIN {parsed.relation} USING ({PART}, {ROW}) "
        f"WHERE {fault(column.name)} = 1 ORDER BY {PART}, {ROW} LIMIT 1"
    ).fetchone() or ("", 0)


def _shape(cell: str) -> str:
    return re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "9", cell))[:30]


def _parsing_sql(parsed: ParsedTable, readings: dict[str, Reading]) -> str:
    own = {column.name: column.value for column in parsed.staged.own.kept} if parsed.staged.own else {}
    own_names = [identifier(name) for name in own]
    first = [f"{r.cell.replace(STEP, identifier(name))} AS {identifier(name)}" for name, r in readings.items()]
    flags = [f"{identifier(name)} IS NOT NULL AS {present(name)}" for name in readings]
    levels = [[*first, *_step(own, 0)], [*_step(readings, 1), *_step(own, 1), *flags]]
    flags = [present(name) for name in readings]
    levels += [[*_step(readings, step), *_step(own, step), *flags] for step in (2, 3)]
    names = [*map(identifier, readings), *own_names, *flags]
    levels.append([*names, *(f"{_first(rules)} AS {fault(name)}" for name, rules in parsed.rules.items())])
    values = [f"CASE WHEN {fault(name)} IS NULL THEN {identifier(name)} END AS {identifier(name)}" for name in readings]
    levels.append([*values, *own_names, *flags, *map(fault, readings)])
    query = parsed.staged.relation
    for level in levels:
        query = f"(SELECT {', '.join([PART, ROW, *level])} FROM {query})"
    shown = ", ".join([PART, ROW, *map(identifier, readings), *own_names, *map(fault, readings)])
    return f"SELECT {shown}, {_reason(parsed)} AS {REASON}, false AS {MERGED} FROM {query}"


def _step(readings: dict[str, Reading], step: int) -> list[str]:
    return [f"{r.steps[step].replace(STEP, identifier(name))} AS {identifier(name)}" for name, r in readings.items()]


def _first(rules: list[Rule]) -> str:
    """Return the SQL of the number of the first broken rule, null where none is."""
    cases = " ".join(f"WHEN {rule.broken} THEN {number}" for number, rule in enumerate(rules, start=1))
    return f"CAST(CASE {cases} END AS UTINYINT)" if cases else "NULL::UTINYINT"


def _reason(parsed: ParsedTable) -> str:
    """Return the SQL of the first reason to set a row aside."""
    filled = " OR ".join(f"coalesce({present(name)}, false)" for name in parsed.rules)
    cases = [Rule(f"NOT ({filled})", EMPTY_ROW)]
    for column in parsed.columns:
        if column.required:
            cases += [
                Rule(f"{fault(column.name)} = {number}", rule.finding)
                for number, rule in enumerate(parsed.rules[column.name], start=1)
            ]
    cases += row_rules(parsed.staged.schema, parsed.rules)
    return f"CASE {' '.join(f'WHEN {case.broken} THEN {literal(case.finding)}' for case in cases)} END"
