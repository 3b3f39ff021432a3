"""Propose which canonical table a file of no known system fills, and by which of its columns.

Names are compared with those of crmkit and with the headers of all presets, and the values must fit the kind of the
column. A proposal is TOML for the analyst to check and to copy into the settings; until then nothing of it is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import duckdb
from rapidfuzz import fuzz
from rapidfuzz.utils import default_process

from crmkit.settings import FileMapping
from crmkit.sources.parsing.evidence import Evidence, evidence_of
from crmkit.sources.parsing.types import trimmed
from crmkit.sources.presets.model import mentioned, presets
from crmkit.sources.sql import columns_of, identifier, literal
from crmkit.tables.schema import SCHEMAS, Column, Kind, TableSchema

_LEAST_SIMILARITY = 0.72  # of names, from 0 to 1
_NEVER_PROPOSED = frozenset(
    {"customer_scores", "segment_assignments", "text_sentiments", "treatments", "customer_identities"}
)
_ONLY_CANDIDATE = 0.5  # similarity given to the only column of a kind, whatever its name
HEADING = (
    "# Proposed by `crmkit map`. Read every line, mend what is wrong, and move it into crmkit.toml: nothing of it is used\n"
    "# before. A percentage says how alike two names are; 50 % that nothing else in the file could be it.\n"
)
_TIME_SHAPE = (
    r"(\d{4}-?\d{2}-?\d{2}([T ].*)?|\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2})([ ,].*)?|"
    r"\w{3,9},? \d{1,2},? .*\d{4}.*|\d{1,2} \w{3,9} \d{4}.*)"
)
_NUMBER_SHAPE = r"[(+-]?\s*(?:[€$£¥₹]|[A-Z]{3})?\s*[+-]?[\d][\d.,'’ \x{a0}]*\s*(?:[€$£¥₹%]|[A-Z]{3})?\)?"
_MOSTLY = 0.8
_COMMON_HEADERS = {
    "order_id": (
        "invoice no",
        "invoice number",
        "receipt",
        "beleg nr",
        "bestellnummer",
        "rechnungsnummer",
        "numéro de commande",
        "transaction id",
    ),
    "customer_id": ("customer no", "client", "client id", "kundennummer", "kunden nr", "numéro client", "account"),
    "ordered_at": ("order date", "invoice date", "date", "datum", "belegdatum", "bestelldatum", "purchase date"),
    "revenue": ("amount", "total", "net amount", "sales", "umsatz", "betrag", "netto", "montant", "importe", "value"),
    "product": ("article", "item", "artikel", "produkt", "produit", "description"),
    "quantity": ("qty", "menge", "anzahl", "quantité", "pieces"),
    "spent_at": ("date", "day", "datum", "tag"),
    "amount": ("cost", "spend", "spent", "kosten", "ausgaben", "budget"),
    "campaign": ("campaign name", "kampagne", "campagne"),
    "channel": ("source", "medium", "kanal", "quelle", "origin", "lead source"),
    "country": ("land", "pays", "país", "country code"),
    "created_at": ("created", "creation date", "angelegt am", "erstellt", "engage date", "date"),
    "closed_at": ("close date", "closed", "abgeschlossen am"),
    "score": ("rating", "note", "bewertung", "punkte"),
    "responded_at": ("date", "datum", "answered", "timestamp"),
    "stage": ("deal stage", "phase", "status"),
    "owner": ("sales agent", "salesperson", "verkäufer", "assigned to"),
}


@dataclass(frozen=True)
class ColumnProfile:
    """One column of an unknown file.

    Attributes
    ----------
    name : str
    n_filled, n_distinct : int
        Cells with content, and the number of different ones [cells].
    times, numbers, whole, emails : bool
        Whether most of its cells can be read as such.
    """

    name: str
    n_filled: int
    n_distinct: int
    times: bool
    numbers: bool
    whole: bool
    emails: bool

    @property
    def unique(self) -> bool:
        """Whether no value comes twice."""
        return self.n_filled > 0 and self.n_filled == self.n_distinct

    def fits(self, kind: Kind) -> bool:
        """Whether most of its cells can be values of a kind."""
        if kind in ("timestamp", "date"):
            return self.times
        if kind in ("money", "number"):
            return self.numbers and not self.times
        if kind == "integer":
            return self.whole and not self.times
        if kind == "id":
            return self.numbers or not self.times
        return kind == "text" or (kind == "flag" and self.n_distinct <= 2)


def profiles(con: duckdb.DuckDBPyConnection, relation: str) -> list[ColumnProfile]:
    """Return the profile of each column of a relation."""
    found = []
    for name, kind in columns_of(con, relation).items():
        text = trimmed(identifier(name))
        shapes = [_TIME_SHAPE, _NUMBER_SHAPE, r"[+-]?\d{1,3}([.,]?\d{3})*|[+-]?\d+", r"[^\s@]+@[^\s@]+\.[^\s@]+"]
        counted = ", ".join(f"coalesce(count_if(regexp_full_match(cell, {literal(shape)})), 0)" for shape in shapes)
        n_filled, n_distinct, *n_shaped = (
            con.execute(
                f"SELECT count(cell), count(DISTINCT cell), {counted} FROM (SELECT {text} AS cell FROM {relation})"
            ).fetchone()
            or (0,) * 6
        )
        times, numbers, whole, emails = (n >= _MOSTLY * n_filled > 0 for n in n_shaped)
        native = kind.startswith(("TIMESTAMP", "DATE"))
        found.append(ColumnProfile(name, n_filled, n_distinct, times or native, numbers and not native, whole, emails))
    return found


def evidence_of_profiles(
    con: duckdb.DuckDBPyConnection, relation: str, columns: list[ColumnProfile], dialect: FileMapping
) -> Evidence:
    """Return what the columns that look like numbers or times prove about the notation of the file."""
    kinds: dict[str, tuple[str, Kind]] = {}
    for column in columns:
        if column.times or column.numbers:
            kinds[column.name] = (column.name, "timestamp" if column.times else "money")
    return evidence_of(con, relation, kinds, dialect)


def format_of(con: duckdb.DuckDBPyConnection, relation: str, column: str, formats: tuple[str, ...]) -> str | None:
    """Return the format that reads most cells of a column; None if none reads any."""
    cell = trimmed(identifier(column))
    counted = ", ".join(f"count(try_strptime({cell}, {literal(form)}))" for form in formats)
    read = con.execute(f"SELECT {counted} FROM {relation}").fetchone() or ()
    best = max(zip(read, formats, strict=False), default=(0, ""), key=lambda each: each[0])
    return best[1] if best[0] else None


@dataclass(frozen=True)
class Proposal:
    """A table that a file may fill.

    Attributes
    ----------
    table : str
    columns : dict of str to (str, float)
        Column of the file, and the similarity of the names (0..1), by canonical column.
    missing : tuple of str
        Required columns for which none was found.
    score : float
        How well the table fits: required columns found, columns of the file used, and the file's name (0..1.1).
    """

    table: str
    columns: dict[str, tuple[str, float]]
    missing: tuple[str, ...]
    score: float


def proposal(columns: Sequence[ColumnProfile], file: str = "") -> Proposal | None:
    """Return the table that fits the columns best; None if no table has half of its required columns.

    Parameters
    ----------
    columns : sequence of ColumnProfile
    file : str
        The file's name, which may name the table.
    """
    candidates = [_fit(schema, columns, file) for name, schema in SCHEMAS.items() if name not in _NEVER_PROPOSED]
    best = max(candidates, key=lambda each: each.score)
    n_required = len(SCHEMAS[best.table].required)
    return best if best.score >= 0.45 and len(best.missing) * 2 <= n_required else None


def proposal_text(
    file: str, proposed: Proposal | None, evidence: Evidence, date_format: str | None, others: Sequence[str]
) -> str:
    """Return the sections ``[files]`` and ``[tables]`` for one file.

    Parameters
    ----------
    file : str
        Its name.
    proposed : Proposal or None
    evidence : Evidence
        What was found out and what remains open.
    date_format : str or None
        Format of its times, if not ISO 8601.
    others : sequence of str
        Columns without a proposal.
    """
    name = re.sub(r"\W+", "_", file.rpartition(".")[0]).strip("_").casefold() or "file"
    lines = [f"[files.{name}]", f"path = {_quoted(file)}"]
    lines += [f"decimal = {_quoted(evidence.decimal)}"] if evidence.decimal == "," else []
    lines += [f"date_format = {_quoted(date_format)}"] if date_format else []
    lines += [f"# To be settled: {question}." for question in evidence.questions]
    if proposed is None:
        return "\n".join([*lines, f"# No table of crmkit fits its columns: {', '.join(others)}", ""])
    lines += ["", f"[tables.{proposed.table}]", f"file = {_quoted(name)}", "", f"[tables.{proposed.table}.columns]"]
    for column, (header, similarity) in proposed.columns.items():
        lines.append(f"{column} = {_quoted(header)}" + ("" if similarity >= 0.995 else f" # {similarity:.0%}"))
    lines += [f'# {column} = "" # needed, and no column of the file looks like it' for column in proposed.missing]
    lines += [f"# not used: {', '.join(others)}"] if others else []
    return "\n".join([*lines, ""])


def once_each_table(proposed: Sequence[str]) -> list[str]:
    """Return the proposals; sections of a table that is already proposed from another file become comments."""
    seen: set[str] = set()
    texts = []
    for text in proposed:
        files, mark, tables = text.partition("\n[tables.")
        table = tables.partition("]")[0]
        if mark and table in seen:
            lines = f"[tables.{tables}".rstrip("\n").splitlines()
            why = f"# {table} is proposed from another file above: choose one, or write sql over both."
            tables = "\n".join([why, *(f"# {line}" for line in lines), ""])
            texts.append(f"{files}\n{tables}")
        else:
            seen.add(table)
            texts.append(text)
    return texts


@cache
def known_headers(table: str, column: str) -> tuple[str, ...]:
    """Return the names of a canonical column in crmkit and in the exports that presets recognise.

    Examples
    --------
    >>> "order date" in known_headers("orders", "ordered_at")
    True
    """
    names = {column, column.removesuffix("_at").removesuffix("_on"), *_COMMON_HEADERS.get(column, ())}
    for preset in presets().values():
        for take in preset.takes:
            if take.table == table and not take.split and column in take.columns:
                fields = mentioned(take.columns[column], preset.kinds)
                if len(fields) <= 2:
                    names |= {
                        alias
                        for field in fields
                        for alias in preset.aliases[field]
                        if not alias.startswith(("/", "__"))
                    }
    return tuple(sorted({default_process(name) for name in names} - {""}))


def _fit(schema: TableSchema, columns: Sequence[ColumnProfile], file: str) -> Proposal:
    pairs = sorted(
        (
            (_similarity(schema.name, wanted.name, met.name), wanted, met)
            for wanted in schema.columns
            for met in columns
            if _can_be(schema, wanted, met)
        ),
        key=lambda pair: -pair[0],
    )
    chosen: dict[str, tuple[str, float]] = {}
    for similarity, wanted, met in pairs:
        if (
            similarity >= _LEAST_SIMILARITY
            and wanted.name not in chosen
            and met.name not in {name for name, _ in chosen.values()}
        ):
            chosen[wanted.name] = (met.name, similarity)
    for wanted in schema.columns:  # the only column that can be the time or the amount is taken, whatever its name
        left = [
            met for met in columns if met.name not in {name for name, _ in chosen.values()} and met.fits(wanted.kind)
        ]
        if wanted.required and wanted.name not in chosen and wanted.kind not in ("id", "text") and len(left) == 1:
            chosen[wanted.name] = (left[0].name, _ONLY_CANDIDATE)
    constants = {"purpose": 0.5, "survey": 0.5, "network": 0.5}  # filled in by the analyst
    scores = [chosen[name][1] if name in chosen else constants.get(name, 0.0) for name in schema.required]
    bonus = 0.1 if fuzz.partial_ratio(schema.name.rstrip("s"), file.casefold()) > 90 else 0.0
    missing = tuple(name for name in schema.required if name not in chosen)
    covered = len(chosen) / max(len(columns), 1)  # a table that uses one column of six is not the right one
    return Proposal(schema.name, chosen, missing, 0.6 * sum(scores) / len(scores) + 0.4 * covered + bonus)


def _can_be(schema: TableSchema, wanted: Column, met: ColumnProfile) -> bool:
    if met.n_filled == 0 or (met.emails and wanted.kind != "id"):
        return False
    if wanted.choices or (
        wanted.name in schema.key[:1] and len(schema.key) == 1 and met.n_distinct * 20 < met.n_filled
    ):
        return False
    return met.fits(wanted.kind)


def _similarity(table: str, column: str, header: str) -> float:
    """Return the similarity of a header to the known names of a canonical column (0..1)."""
    met = default_process(header)
    return max(fuzz.token_sort_ratio(met, name) for name in known_headers(table, column)) / 100


def _quoted(text: str) -> str:
    """Return a text as a string of TOML: JSON's escapes are TOML's too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
