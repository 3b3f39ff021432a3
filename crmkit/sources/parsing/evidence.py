"""What the cells of one file prove about its notation, settled once for each column before any cell is read.

The mark of decimals, the order of day and month, the kind of a date (text, a spreadsheet's day, seconds since 1970), the
words for months, currency signs, words that stand for nothing, ids that Excel has shortened. Columns of one file help each
other where that is sound: all its dates have one order, all its amounts one mark. A declared setting wins. What the cells
do not prove is a question that shows the cell with both readings; it is never guessed.

One mechanism for all sources: canonical and mapped files, presets, SQL, frames, workbooks and proposals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb

from crmkit.settings import FileMapping
from crmkit.sources.files.file_sets import FileSet
from crmkit.sources.parsing.evidence_of_numbers import MarkEvidence, mark_evidence, settled_marks
from crmkit.sources.parsing.evidence_of_texts import text_facts
from crmkit.sources.parsing.evidence_of_times import settled_times
from crmkit.sources.parsing.question import Question
from crmkit.sources.parsing.types import Facts, is_number, is_text
from crmkit.sources.sql import columns_of
from crmkit.tables.schema import Kind

_NUMBERS = ("money", "number", "integer")
_TIMES = ("timestamp", "date")


@dataclass
class Evidence:
    """The notation of a file.

    Attributes
    ----------
    facts : dict of str to Facts
        How each column is read, by its given name.
    decimal : str
        Decimal mark of its amounts.
    date_format : str or None
        That of the first times that are not ISO 8601, in strptime's letters.
    declared_format : str or None
        The format that the settings declare.
    notes : list of str
        What was found out, for the reader.
    questions : list of Question
        What remains open.
    problems : list of str
        What makes the file unusable, without full stops.
    """

    facts: dict[str, Facts] = field(default_factory=dict)
    decimal: str = "."
    date_format: str | None = None
    declared_format: str | None = None
    notes: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def faults(self, files: FileSet | None) -> list[str]:
        """Return the questions, each with what to write where, and the problems; without full stops."""
        return [*(question.put(files) for question in self.questions), *self.problems]


def evidence_of(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Mapping[str, tuple[str, Kind]],
    dialect: FileMapping,
    day_first: bool | None = None,
) -> Evidence:
    """Return what the cells of the columns of a file prove, each column by all of its cells.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        Its raw rows.
    columns : mapping of str to (str, str)
        Column of the file and kind of its values, by the column's given name.
    dialect : FileMapping
        Declarations in the settings override the evidence.
    day_first : bool, optional
        The order in which the system always writes days and months; None where it depends on the user's locale.
    """
    types = columns_of(con, relation)
    facts = {name: Facts() for name in columns}
    evidence = Evidence(facts, dialect.decimal, declared_format=dialect.date_format)
    texts = {name: met for name, met in columns.items() if is_text(types[met[0]])}
    ids = {name: met for name, met in columns.items() if met[1] == "id" and types[met[0]] in ("DOUBLE", "FLOAT")}
    _settle_texts(
        con,
        relation,
        {n: met for n, met in (texts | ids).items() if met[1] in ("id", "text")},
        types,
        dialect,
        evidence,
    )
    _settle_numbers(con, relation, {n: met for n, met in texts.items() if met[1] in _NUMBERS}, dialect, evidence)
    times = {
        name: (column, types[column])
        for name, (column, kind) in columns.items()
        if kind in _TIMES and (is_text(types[column]) or is_number(types[column]))
    }
    settled = settled_times(con, relation, times, dialect.date_format, day_first)
    for name, notation in settled.notations.items():
        evidence.facts[name] = replace(evidence.facts[name], times=notation)
    evidence.date_format = settled.date_format
    evidence.notes += settled.notes
    evidence.questions += settled.questions
    return evidence


def _settle_numbers(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Mapping[str, tuple[str, Kind]],
    dialect: FileMapping,
    evidence: Evidence,
) -> None:
    declared = dialect.decimal if "decimal" in dialect.model_fields_set else None
    met: dict[str, MarkEvidence] = {
        name: mark_evidence(con, relation, column, kind) for name, (column, kind) in columns.items()
    }
    marks, questions = settled_marks(met, declared)
    for name, each in met.items():
        facts = replace(
            evidence.facts[name], decimal=marks[name], signs=each.signs, plain=each.plain and marks[name] == "."
        )
        evidence.facts[name] = facts
    amounts: Sequence[str] = [marks[name] for name, (_, kind) in columns.items() if kind == "money"] or list(
        marks.values()
    )
    if declared is None:
        evidence.decimal = "," if "," in amounts else "."
        evidence.notes += ["a decimal comma"] if evidence.decimal == "," else []
    evidence.questions += questions


def _settle_texts(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Mapping[str, tuple[str, Kind]],
    types: Mapping[str, str],
    dialect: FileMapping,
    evidence: Evidence,
) -> None:
    found, problems = text_facts(con, relation, columns, types, dialect.exact_ids)
    evidence.facts |= found
    evidence.problems += problems
