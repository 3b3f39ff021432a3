"""One recognised file, read and typed: which of its rows count, which are ignored, which cannot be used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb

from crmkit.errors import CrmkitError
from crmkit.settings import Settings
from crmkit.sources.files.currencies import foreign_sign
from crmkit.sources.files.file_sets import FileSet
from crmkit.sources.files.names import shown_name
from crmkit.sources.files.raw_files import RawFiles, RawRows
from crmkit.sources.files.read import BadLine
from crmkit.sources.files.twin_columns import twin_problems
from crmkit.sources.parsing.evidence import Evidence, evidence_of
from crmkit.sources.parsing.scales import Scale, declared_scale, scale_in_words, scale_question, scores_of
from crmkit.sources.parsing.types import in_words, is_text
from crmkit.sources.presets.model import Preset, Rule, Take, in_sql, is_empty, mentioned
from crmkit.sources.presets.recognise import PresetMatch
from crmkit.sources.presets.revenue import gift_card_words, payment_rules, revenue_fields, revenue_notes, with_revenue
from crmkit.sources.presets.separated import separate_rows
from crmkit.sources.presets.typed import Zones, make_typed, text_of, unreadable
from crmkit.sources.presets.words import (
    WordColumn,
    meanings_of,
    question_of,
    vocabulary_of,
    with_meanings,
    worded_fields,
)
from crmkit.sources.sql import PART, ROW, columns_of, identifier, literal, short_message
from crmkit.tables.schema import SCHEMAS

IGNORED, REFUSED = "__ignored", "__refused"
"""Hidden columns: why a row does not count, and why it cannot be used; null for the others."""


@dataclass
class PresetFile:
    """A recognised file with its rows.

    Attributes
    ----------
    files : FileSet
        The one file.
    fit : PresetMatch
    raw : RawRows
    evidence : Evidence
    relation : str
        Table of typed fields with the reasons to ignore or refuse a row.
    problems : list of str
        Why the file cannot be used, without full stops.
    remarks : list of str
        How the file was understood.
    scales : dict of str to (float, float)
        Lowest and highest score of each survey.
    source : str
        Name of the shop or account that it comes from, where there are several.
    """

    files: FileSet
    fit: PresetMatch
    raw: RawRows
    evidence: Evidence
    relation: str
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    scales: dict[str, Scale] = field(default_factory=dict)
    source: str = ""

    @property
    def prefix(self) -> str:
        """What its ids begin with."""
        return f"{self.preset.prefix}-{self.source}" if self.source else self.preset.prefix

    @property
    def preset(self) -> Preset:
        """The preset that fits."""
        return self.fit.preset

    @property
    def file(self) -> str:
        """The file's name."""
        return shown_name(self.files.paths[0])

    def bad_lines(self, con: duckdb.DuckDBPyConnection) -> tuple[BadLine, ...]:
        """Return the lines that fit no header and the rows that are refused, with their reasons."""
        refused = con.execute(
            f"SELECT {ROW}, {REFUSED} FROM {self.relation} WHERE {IGNORED} IS NULL AND {REFUSED} IS NOT NULL ORDER BY {ROW}"
        ).fetchall()
        return (*self.raw.bad_lines, *(BadLine(self.file, line, reason) for line, reason in refused))

    def ignored(self, con: duckdb.DuckDBPyConnection) -> tuple[tuple[str, int], ...]:
        """Return how many rows and lines do not count, by reason."""
        counted = con.execute(
            f"SELECT {IGNORED}, count(*) FROM {self.relation} WHERE {IGNORED} IS NOT NULL GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        return (*self.raw.ignored, *counted)


def read_preset_file(
    raw_files: RawFiles, files: FileSet, fit: PresetMatch, settings: Settings, number: int
) -> PresetFile:
    """Read a recognised file, find out how it is written, and mark the rows that do not count or cannot be used.

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
    preset_file = PresetFile(files, fit, raw, evidence, f"preset_file_{number}")
    # A text of the wrong one of two columns is seen; a wrong amount, time or id is not.
    needed = [met[name][0] for name in sorted(_needed_fields(preset, fit) & set(met)) if kinds[name] != "text"]
    preset_file.problems += twin_problems(con, raw, needed)
    preset_file.problems += evidence.faults(files) + _missing_columns(preset, fit, preset.takes[0])
    amounts = [
        column for column, kind in met.values() if kind == "money" and is_text(columns_of(con, raw.relation)[column])
    ]
    sign = foreign_sign(con, raw.relation, amounts, settings.company.currency)
    preset_file.problems += [sign] if sign else []
    typed, currency = f"typed_{number}", settings.company.currency
    zones = Zones(settings.company.time_zone, preset.zone)
    make_typed(con, typed, raw.relation, kinds, fit.columns, evidence, zones, _deciding_fields(preset, fit))
    separated, questions = separate_rows(con, typed, raw, fit, files)
    preset_file.problems += questions
    try:
        _mark_rows(con, preset_file, typed, settings)
        _settle_meanings(con, preset_file, settings)
    except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException) as error:
        raise CrmkitError(faulty_sql(preset, error)) from None
    preset_file.problems += [] if preset_file.problems else _mostly_unreadable(con, preset_file)
    preset_file.remarks += [
        f"no {take.table}: {problem}"
        for take in preset.takes[1:]
        if not (take.supplement or take.split)
        for problem in _missing_columns(preset, fit, take)
    ]
    preset_file.remarks += [
        *raw.notes,
        *evidence.notes,
        *separated,
        *_doubts(con, preset_file),
        *revenue_notes(con, preset_file.relation, IGNORED, preset, fit.columns, currency),
        *_currency_taken(con, preset_file, currency),
    ]
    return preset_file


def faulty_sql(preset: Preset, error: Exception) -> str:
    """Return the message on SQL of a preset that cannot run; only faults of the SQL itself, which quote no cell."""
    return f"the preset {preset.name}.toml has SQL that cannot run: {short_message(error)}"


def _mark_rows(con: duckdb.DuckDBPyConnection, preset_file: PresetFile, typed: str, settings: Settings) -> None:
    """Make the table of rows with the meanings of their words, their revenue, and why they do not count."""
    preset, fit = preset_file.preset, preset_file.fit
    known = {name: vocabulary_of(preset, name, settings) for name in worded_fields(preset)}
    rows = with_revenue(with_meanings(_filled(preset, typed), known), preset, fit.columns, settings)
    ignored, refused = payment_rules(preset)
    unknown = [Rule(where=column.unknown, because=column.reason) for column in _word_columns(preset_file, settings)]
    con.execute(
        f"CREATE TABLE {preset_file.relation} AS SELECT *, {_ignore_reason((*preset.ignore, *ignored), fit)} AS {IGNORED}, "
        f"{_refuse_reason(preset, (*unknown, *preset.refuse, *refused), fit, settings.company.currency)} AS {REFUSED} "
        f"FROM {rows}"
    )


def _word_columns(preset_file: PresetFile, settings: Settings) -> list[WordColumn]:
    """Return the columns of a file whose words have a meaning."""
    preset, columns = preset_file.preset, preset_file.fit.columns
    return [
        WordColumn(
            preset.name,
            name,
            columns[name],
            meanings_of(preset, name),
            list(vocabulary_of(preset, name, settings)),
            told=preset.told.get(name, "false"),
        )
        for name in worded_fields(preset)
        if name in columns
    ]


def _settle_meanings(con: duckdb.DuckDBPyConnection, preset_file: PresetFile, settings: Settings) -> None:
    """Ask for the meaning of unknown words, and for the scale of scores that the cells do not prove."""
    preset, columns = preset_file.preset, preset_file.fit.columns
    counting = f"(SELECT * FROM {preset_file.relation} WHERE {IGNORED} IS NULL)"
    one_order = identifier(preset.revenue.order) if preset.revenue and preset.revenue.order else ROW
    asked = [(column, one_order) for column in _word_columns(preset_file, settings)]
    if (gifts := gift_card_words(preset, settings)) and gifts[0] in columns:
        name, doubtful = gifts[0], in_sql(gifts[1], columns)
        asked.append((WordColumn(preset.name, name, columns[name], meanings_of(preset, name), (), doubtful), ROW))
    questions = [question_of(con, counting, column, counted) for column, counted in asked]
    preset_file.problems += [question for question in questions if question]
    if preset.score in columns:
        _settle_scale(con, preset_file, counting)


def _settle_scale(con: duckdb.DuckDBPyConnection, preset_file: PresetFile, rows: str) -> None:
    """Find the scale of each survey: declared, named by the question, fixed by the tool, or proven by the cells."""
    preset, columns, dialect = preset_file.preset, preset_file.fit.columns, preset_file.files.dialect
    take = next(take for take in preset.takes if take.table == "survey_responses")
    survey, score = (in_sql(take.columns[name], columns) for name in ("survey", "score"))
    usable = f"(SELECT * FROM {rows} WHERE {REFUSED} IS NULL)"
    found = scores_of(con, usable, survey, score)
    for scores in found:
        scale = (
            declared_scale(dialect.scale or preset.scale, scores.survey)
            or scale_in_words(columns[str(preset.score)])
            or scores.scale
        )
        if scale is None:
            question = scale_question(scores, len(found) > 1)
            preset_file.problems.append(_where_to_write(preset_file.files, question))
        else:
            preset_file.scales[scores.survey] = scale


def no_usable_rows(con: duckdb.DuckDBPyConnection, preset_file: PresetFile) -> str | None:
    """Return the problem, without full stop, if every row of a file is refused; None if any row can be used."""
    bad = preset_file.bad_lines(con)
    n_left = con.execute(
        f"SELECT count(*) FROM {preset_file.relation} WHERE {IGNORED} IS NULL AND {REFUSED} IS NULL"
    ).fetchone()
    if not bad or (n_left and n_left[0]):
        return None
    first = bad[0]
    return f"none of its {len(bad):,} rows can be used, such as line {first.line}: {first.reason}"


def possible_takes(preset: Preset, fit: PresetMatch) -> list[Take]:
    """Return the takes for whose required columns the file has what it needs."""
    return [take for take in preset.takes if not _missing_columns(preset, fit, take)]


def _where_to_write(files: FileSet, question: str) -> str:
    path = "" if files.declared else f', with path = "{shown_name(files.paths[0])}"'
    return f"{question}, under [files.{files.name}]{path}"


def _missing_columns(preset: Preset, fit: PresetMatch, take: Take) -> list[str]:
    """Return a problem for each required column of a take that the file has no column for."""
    problems = []
    for column in SCHEMAS[take.table].required:
        expression = take.columns.get(column, "")
        if not is_empty(expression, preset.kinds, fit.columns):
            continue
        fields = sorted(mentioned(expression, preset.kinds))
        headers = [alias for name in fields for alias in preset.aliases[name][:2] if not alias.startswith("/")]
        advice = next((preset.needs[name] for name in fields if name in preset.needs), "Export it with that column")
        problems.append(
            f"there is no column for {column} of {take.table} ({' or '.join(headers)}). {advice.rstrip('.')}"
        )
    return problems


def _ignore_reason(ignore: Iterable[Rule], fit: PresetMatch) -> str:
    """Return the SQL of the reason why a row does not count, null where it counts."""
    rules = " ".join(f"WHEN {in_sql(rule.where, fit.columns)} THEN {literal(rule.because)}" for rule in ignore)
    return f"CASE {rules} END" if rules else "NULL::VARCHAR"


def _refuse_reason(preset: Preset, refuse: Iterable[Rule], fit: PresetMatch, currency: str) -> str:
    """Return the SQL of the reason why a row cannot be used, null where it can."""
    cases = [f"WHEN {in_sql(rule.where, fit.columns)} THEN {literal(rule.because)}" for rule in refuse]
    if other := _currency_of(preset, fit):
        cases.append(
            f"WHEN upper(trim({other})) <> {literal(currency)} THEN 'the amount is in ' || upper(trim({other})) || "
            f"{literal(f', and the company counts in {currency}')}"
        )
    for name in sorted(_needed_fields(preset, fit)):
        if name in fit.columns and preset.kinds[name] not in ("id", "text"):
            reason = f"'{fit.columns[name]}' cannot be read as {in_words(preset.kinds[name])}"
            cases.append(f"WHEN {unreadable(name)} THEN {literal(reason)}")
    return f"CASE {' '.join(cases)} END" if cases else "NULL::VARCHAR"


def _currency_of(preset: Preset, fit: PresetMatch) -> str | None:
    """Return the SQL of the currency of a row, None if the file does not name one."""
    if fit.currency:
        return literal(fit.currency)
    if preset.currency is None or not mentioned(preset.currency, preset.kinds) & set(fit.columns):
        return None
    return in_sql(preset.currency, fit.columns)


def _deciding_fields(preset: Preset, fit: PresetMatch) -> set[str]:
    """Return the fields that rows need, or are chosen by."""
    rules = [rule.where for rule in (*preset.ignore, *preset.refuse)]
    return _needed_fields(preset, fit).union(*(mentioned(rule, preset.kinds) for rule in rules))


def _needed_fields(preset: Preset, fit: PresetMatch) -> set[str]:
    """Return the fields that required columns, computed columns and conditions are made of."""
    fields = revenue_fields(preset)
    for take in possible_takes(preset, fit):
        for column, expression in take.columns.items():
            if column in SCHEMAS[take.table].required or expression not in preset.kinds:
                fields |= mentioned(expression, preset.kinds)
        fields |= mentioned(take.where or "", preset.kinds)
    return fields


def _filled(preset: Preset, relation: str) -> str:
    if preset.fill is None:
        return relation
    within = f"coalesce(CAST({identifier(preset.fill.within)} AS VARCHAR), chr(0) || CAST({ROW} AS VARCHAR))"
    window = (
        f"OVER (PARTITION BY {PART}, {within} ORDER BY {ROW} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
    )
    columns = [each for name in preset.fill.fields for each in (identifier(name), text_of(name))]
    filled = ", ".join(f"first_value({column} IGNORE NULLS) {window} AS {column}" for column in columns)
    return f"(SELECT * REPLACE ({filled}) FROM {relation})"


def _mostly_unreadable(con: duckdb.DuckDBPyConnection, preset_file: PresetFile) -> list[str]:
    problems = []
    for name, sums in _unreadable_sums(preset_file.preset, preset_file.fit).items():
        counted = con.execute(f"SELECT {sums} FROM {preset_file.relation} WHERE {IGNORED} IS NULL").fetchone()
        n_bad, n_filled, line, example = counted or (0, 0, 0, "")
        if n_bad * 2 > n_filled:
            problems.append(
                f"column '{preset_file.fit.columns[name]}' cannot be read as {in_words(preset_file.preset.kinds[name])} in "
                f"{n_bad:,} of {n_filled:,} rows, such as '{example[:60]}' in line {line}"
            )
    return problems


def _unreadable_sums(preset: Preset, fit: PresetMatch) -> dict[str, str]:
    """Return, by needed field, the SQL of a row: cells unreadable, cells filled, first unreadable line and its text."""
    asked = [
        name
        for name in sorted(_needed_fields(preset, fit) & set(fit.columns))
        if preset.kinds[name] not in ("id", "text")
    ]
    return {
        name: f"coalesce(count_if({unreadable(name)}), 0), count({text_of(name)}), min({ROW}) FILTER ({unreadable(name)}), "
        f"arg_min({text_of(name)}, {ROW}) FILTER ({unreadable(name)})"
        for name in asked
    }


def _doubts(con: duckdb.DuckDBPyConnection, preset_file: PresetFile) -> list[str]:
    remarks = []
    for doubt in preset_file.preset.doubts:
        (true,) = con.execute(
            f"SELECT {in_sql(doubt.when, preset_file.fit.columns)} FROM {preset_file.relation} WHERE {IGNORED} IS NULL"
        ).fetchone() or (False,)
        remarks += [doubt.says] if true else []
    return remarks


def _currency_taken(con: duckdb.DuckDBPyConnection, preset_file: PresetFile, currency: str) -> list[str]:
    """Return a remark if the file has amounts and names no currency."""
    named = _currency_of(preset_file.preset, preset_file.fit) or "NULL"
    (n_named,) = con.execute(f"SELECT count({named}) FROM {preset_file.relation}").fetchone() or (0,)
    if n_named or not _has_amounts(preset_file.preset, preset_file.fit):
        return []
    return [f"amounts are taken as {currency}: the file names no currency"]


def _has_amounts(preset: Preset, fit: PresetMatch) -> bool:
    """Whether the file gives amounts of money."""
    taken = [(SCHEMAS[take.table], name) for take in possible_takes(preset, fit) for name in take.columns]
    return any(schema.column(name).kind == "money" for schema, name in taken)
