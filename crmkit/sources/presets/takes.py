"""From the rows of a recognised file to rows of canonical tables, every row of the file accounted for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import duckdb

from crmkit.errors import CrmkitError
from crmkit.sources.contacts import prefixed_id, with_customer
from crmkit.sources.files.read import BadLine
from crmkit.sources.parsing.types import Facts
from crmkit.sources.presets.model import Take, in_sql, is_aggregate, is_empty, mentioned
from crmkit.sources.presets.preset_file import IGNORED, REFUSED, PresetFile, faulty_sql, possible_takes
from crmkit.sources.presets.typed import text_of
from crmkit.sources.sql import PART, ROW, identifier, literal
from crmkit.tables.schema import SCHEMAS, Column

_PERSONAL = {name for table in SCHEMAS.values() if table.personal for name in table.names}
CUSTOMER = "customer"
"""In the columns of a take: the id of the person that the row is about."""


@dataclass(frozen=True)
class Portion:
    """Rows of one canonical table from one file, as text.

    Attributes
    ----------
    table, file : str
    relation : str
        Canonical columns, and the hidden line.
    columns : tuple of str
    n_folded, n_split : int
        As in :class:`crmkit.sources.files.staging.Staged`.
    bad_lines : tuple of BadLine
    ignored : tuple of (str, int)
    supplement : bool
        Whether only customers count that no other portion has.
    unused : tuple of str
        Columns of the file that no field takes.
    says_nothing : tuple of (str, tuple of (str, int))
        Words for nothing that were met, with their cells in the file, by canonical column; those cells are empty.
    """

    table: str
    file: str
    relation: str
    columns: tuple[str, ...]
    n_folded: int = 0
    n_split: int = 0
    bad_lines: tuple[BadLine, ...] = ()
    ignored: tuple[tuple[str, int], ...] = ()
    supplement: bool = False
    unused: tuple[str, ...] = ()
    says_nothing: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()


def person_of(preset_file: PresetFile, take: Take) -> dict[str, str | None]:
    """Return the SQL of id, e-mail and telephone of the person that a row of a take is about."""
    person = take.person
    if person is None:
        return {"id": None, "email": None, "phone": None}
    return {name: in_sql(value, preset_file.fit.columns) if value else None for name, value in dict(person).items()}


def portions(con: duckdb.DuckDBPyConnection, preset_file: PresetFile) -> list[Portion]:
    """Return the canonical rows that each take of the file's preset makes of its rows."""
    takes = possible_takes(preset_file.preset, preset_file.fit)
    try:
        made = [
            _portion(con, preset_file, take, f"{preset_file.relation}_take_{number}")
            for number, take in enumerate(takes)
        ]
    except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException) as error:
        raise CrmkitError(f"{preset_file.file}: {faulty_sql(preset_file.preset, error)}") from None
    bad_lines, ignored, unused = preset_file.bad_lines(con), preset_file.ignored(con), preset_file.fit.unmatched
    return [
        portion
        if take.split
        else replace(portion, bad_lines=bad_lines, unused=unused, ignored=(*ignored, *portion.ignored))
        for portion, take in zip(made, takes, strict=True)
    ]


def _portion(con: duckdb.DuckDBPyConnection, preset_file: PresetFile, take: Take, name: str) -> Portion:
    usable = f"(SELECT * FROM {preset_file.relation} WHERE {IGNORED} IS NULL AND {REFUSED} IS NULL)"
    rows = with_customer(usable, preset_file.prefix, person_of(preset_file, take)) if take.person else usable
    n_usable = _count(con, rows)
    condition = in_sql(take.where, preset_file.fit.columns) if take.where else "true"
    if take.supplement:
        condition = f"({condition}) AND __customer IS NOT NULL"
    wanted = f"(SELECT * FROM {rows} WHERE {condition})"
    n_wanted = _count(con, wanted)
    columns = _columns(preset_file, take)
    cells = ", ".join(f"{expression} AS {identifier(column)}" for column, expression in columns.items())
    if take.group:
        group = f"coalesce(CAST({in_sql(take.group, preset_file.fit.columns)} AS VARCHAR), chr(0) || CAST({ROW} AS VARCHAR))"
        con.execute(
            f"CREATE TABLE {name} AS SELECT {cells}, min({ROW}) AS {ROW} FROM {wanted} GROUP BY {PART}, {group}"
        )
    else:
        con.execute(f"CREATE TABLE {name} AS SELECT {cells}, {ROW} FROM {wanted}")
    n_made = _count(con, name)
    portion = Portion(take.table, preset_file.file, name, tuple(columns), supplement=take.supplement)
    if take.split:
        return replace(portion, n_split=n_made)
    schema = SCHEMAS[take.table]
    because = take.because or "rows that name nobody"
    ignored = ((because, n_usable - n_wanted),) if n_usable > n_wanted else ()
    met = {name: _words_met(preset_file, each, schema.column(name)) for name, each in take.columns.items()}
    said = tuple((name, words) for name, words in met.items() if words and name in columns)
    return replace(portion, n_folded=n_wanted - n_made, ignored=ignored, says_nothing=said)


def _columns(preset_file: PresetFile, take: Take) -> dict[str, str]:
    """Return the SQL, as text, of each canonical column that the file has something for."""
    schema, kinds = SCHEMAS[take.table], preset_file.preset.kinds
    columns = {}
    for column, expression in take.columns.items():
        if is_empty(expression, kinds, preset_file.fit.columns):
            continue
        if expression == CUSTOMER:
            value = "__customer"
        else:
            value = text_of(expression) if expression in kinds else f"({in_sql(expression, preset_file.fit.columns)})"
            value = prefixed_id(preset_file.prefix, value) if schema.column(column).kind == "id" else value
            value = _without_nothing(preset_file, expression, schema.column(column), value)
        grouped = take.group is not None and not is_aggregate(expression)
        columns[column] = f"CAST({f'arg_min({value}, {ROW})' if grouped else value} AS VARCHAR)"
    if take.table == "survey_responses" and preset_file.scales:
        columns |= _scale_columns(preset_file, take)
    return columns


def _facts(preset_file: PresetFile, expression: str, column: Column) -> list[Facts]:
    """Return the facts on the fields of text that an optional column of text is made of."""
    if column.kind != "text" or column.required or column.name in _PERSONAL:
        return []
    fields = sorted(mentioned(expression, preset_file.preset.kinds) & set(preset_file.fit.columns))
    return [preset_file.evidence.facts[name] for name in fields if preset_file.preset.kinds[name] == "text"]


def _without_nothing(preset_file: PresetFile, expression: str, column: Column, value: str) -> str:
    """Return the SQL of a value, null where it is a word for nothing: fields that choose rows have kept theirs."""
    found = [facts.nothing for facts in _facts(preset_file, expression, column) if facts.nothing]
    words = sorted(set.intersection(*map(set, found))) if found else []
    said = f"lower(trim(CAST({value} AS VARCHAR))) IN ({', '.join(map(literal, words))})"
    return f"CASE WHEN {said} THEN NULL ELSE {value} END" if words else value


def _words_met(preset_file: PresetFile, expression: str, column: Column) -> tuple[tuple[str, int], ...]:
    met = Counter[str]()
    for facts in _facts(preset_file, expression, column):
        met.update(dict(facts.says_nothing))
    return tuple(met.most_common())


def _scale_columns(preset_file: PresetFile, take: Take) -> dict[str, str]:
    """Return the SQL of the ends of the scale of each answer."""
    survey = in_sql(take.columns["survey"], preset_file.fit.columns)
    ends = {}
    for side, column in enumerate(("scale_min", "scale_max")):
        cases = " ".join(f"WHEN {literal(name)} THEN {scale[side]:g}" for name, scale in preset_file.scales.items())
        ends[column] = f"CAST(CASE {survey} {cases} END AS VARCHAR)"
    return ends


def _count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    (n_rows,) = con.execute(f"SELECT count(*) FROM {relation}").fetchone() or (0,)
    return int(n_rows)
