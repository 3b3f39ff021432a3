"""What the cells of one file prove about its notation, settled once for each column before any cell is read.

The mark of decimals, the order of day and month, the kind of a date (text, a spreadsheet's day, seconds since 1970), the
words for months, currency signs, words that stand for nothing, ids that Excel has shortened. Columns of one file help each
other where that is sound: all its dates have one order, all its amounts one mark. A declared setting wins. What the cells
do not prove is a question that shows the cell with both readings; it is never guessed.

One mechanism for all sources: canonical and mapped files, presets, SQL, frames, workbooks and proposals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import duckdb

from crmkit.settings import FileMapping
from crmkit.sources.files.file_sets import FileSet
from crmkit.sources.parsing.date_shapes import Order
from crmkit.sources.parsing.evidence_of_numbers import MarkEvidence, mark_evidence, settled_marks
from crmkit.sources.parsing.evidence_of_texts import TRUE_IDS, TRUE_IDS_OF_FRAMES, text_facts
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
    mark : str or None
        The same where it is declared or proven.
    order : str or None
        Of day, month and year, where it is declared or proven.
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
    mark: str | None = None
    order: Order | None = None
    date_format: str | None = None
    declared_format: str | None = None
    notes: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def asked(self) -> frozenset[str]:
        """Given names of the columns that questions are about."""
        return frozenset(question.name for question in self.questions)

    def faults(self, files: FileSet | None, headers: Mapping[str, str] | None = None) -> list[str]:
        """Return the questions, each with what to write where, and the problems; without full stops.

        Parameters
        ----------
        files : FileSet or None
            The files that they are about; None for a frame or the result of SQL.
        headers : mapping of str to str, optional
            What columns are called in the file.
        """
        own = [each if files else each.replace(TRUE_IDS, TRUE_IDS_OF_FRAMES) for each in self.problems]
        faults = [*(question.put(files) for question in self.questions), *own]
        for name, header in (headers or {}).items():
            faults = [fault.replace(f"column '{name}'", f"column '{header}'") for fault in faults]
        return faults


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
    ids = {name: met for name, met in columns.items() if met[1] == "id" and is_number(types[met[0]])}
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
    evidence.date_format, evidence.order = settled.date_format, settled.order
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
        name: mark_evidence(con, relation, name, column, kind) for name, (column, kind) in columns.items()
    }
    marks, questions = settled_marks(met, declared)
    for name, each in met.items():
        mark = marks[name] or "."
        plain = each.plain and mark == "." and not (each.n_doubtful and marks[name] is None)
        evidence.facts[name] = replace(
            evidence.facts[name], decimal=mark, sure=marks[name] is not None, signs=each.signs, plain=plain
        )
    amounts = {marks[name] for name, (_, kind) in columns.items() if kind == "money"} or set(marks.values())
    evidence.mark = amounts.pop() if len(amounts) == 1 else None
    if declared is None and "," in {marks[name] for name in columns}:
        evidence.decimal = ","
        evidence.notes.append("a decimal comma")
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
