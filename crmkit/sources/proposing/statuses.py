"""Columns of statuses: which rows of a file are sales, and which were cancelled, never paid or only offered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from crmkit.sources.parsing.types import trimmed
from crmkit.sources.proposing.profile import ColumnProfile
from crmkit.sources.proposing.propose import LEAST_LIKENESS
from crmkit.sources.proposing.vocabulary import plain_words, refund_words, role_likeness, status_words
from crmkit.sources.sql import identifier, literal

_MOST_VALUES = 12


@dataclass(frozen=True)
class Status:
    """A column of statuses.

    Attributes
    ----------
    header : str
    counts : dict of str to int
        Rows by status, the most frequent first [rows].
    left_out : tuple of str
        Statuses of rows that are probably no sale.
    unknown : tuple of str
        Statuses of which it cannot be said.
    refunds : tuple of str
        Kinds of documents that give money back.
    """

    header: str
    counts: dict[str, int]
    left_out: tuple[str, ...]
    unknown: tuple[str, ...]
    refunds: tuple[str, ...] = ()

    def signed(self, amount: str) -> str:
        """Return the SQL of an amount that is negative in documents that give money back, whatever its sign there."""
        if not self.refunds:
            return amount
        cell, refunds = self._cell, ", ".join(literal(value.lower()) for value in self.refunds)
        return f"CASE WHEN {cell} IN ({refunds}) THEN -abs({amount}) ELSE {amount} END"

    @property
    def _cell(self) -> str:
        return f"lower(trim(coalesce({identifier(self.header)}, '')))"

    @property
    def condition(self) -> str:
        """SQL of the rows that count."""
        return f"{self._cell} NOT IN ({', '.join(literal(value.lower()) for value in self.left_out)})"

    @property
    def question(self) -> str:
        """What to check, for the reader of the proposal."""
        listed = ", ".join(f"{value} ({n:,})" for value, n in self.counts.items())
        asked = f"Are {', '.join(self.unknown)} sales?" if self.unknown else ""
        out = f"Left out: {', '.join(self.left_out)}. " if self.left_out else "None is left out. "
        back = f"Refunds: {', '.join(self.refunds)}. " if self.refunds else ""
        return f"'{self.header}' holds {listed}. {out}{back}{asked or 'Check which of them are sales.'}"


def find_status(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[ColumnProfile], used: Sequence[str]
) -> Status | None:
    """Return the column that says which rows are sales; None if there is none.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        The rows looked at.
    columns : sequence of ColumnProfile
    used : sequence of str
        Columns that are something else.
    """
    found = [status for met in columns if met.name not in used and (status := _status(con, relation, met))]
    # Of several, such as one of payment and one of shipping, the one that leaves rows out comes first.
    return max(found, key=lambda each: (bool(each.left_out), -len(each.unknown)), default=None)


def _status(con: duckdb.DuckDBPyConnection, relation: str, met: ColumnProfile) -> Status | None:
    if not 0 < met.n_distinct <= _MOST_VALUES or met.times or met.emails or met.longest > 40:
        return None
    alike = role_likeness("status", met.name)
    if alike < LEAST_LIKENESS:
        return None
    cell = trimmed(identifier(met.name))
    counts = {
        str(value): int(n)
        for value, n in con.execute(
            f"SELECT {cell} AS value, count(*) AS n FROM {relation} WHERE {cell} IS NOT NULL GROUP BY 1 ORDER BY n DESC, 1"
        ).fetchall()
    }
    good, bad = status_words()
    left_out = tuple(value for value in counts if plain_words(value) in bad and not _is_answer(met, value))
    refunds = tuple(value for value in counts if plain_words(value) in refund_words())
    known = [value for value in counts if plain_words(value) in good | bad or value in refunds]
    if not known and alike < 1:  # a type of customer, a state of a country
        return None
    return Status(met.name, counts, left_out, tuple(value for value in counts if value not in known), refunds)


def _is_answer(met: ColumnProfile, value: str) -> bool:
    """Whether a no answers a question of which no is the good answer: cancelled, deleted."""
    asks_for_bad = plain_words(met.name) in status_words()[1]
    return asks_for_bad and plain_words(value) in ("no", "false", "nein", "non", "0")
