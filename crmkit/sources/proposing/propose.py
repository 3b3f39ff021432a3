"""Propose which canonical table a file of no known system fills, and by which of its columns.

Names are compared with those of crmkit, of the vocabulary and of all presets, and the cells must fit the kind of the
column. What a table needs and the file does not say, such as the name of the only survey in it, becomes a constant that
the analyst checks; rows without an id are numbered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from crmkit.sources.files.groups import GROUP
from crmkit.sources.proposing.profile import ColumnProfile
from crmkit.sources.proposing.vocabulary import file_speaks_for, likeness, plain_words, role_likeness, says_gross
from crmkit.tables.schema import SCHEMAS, Column, Kind, TableSchema

LEAST_LIKENESS = 0.72
"""Names that are less alike than this are not taken for each other (0..1)."""

_NEVER_PROPOSED = frozenset({"customer_scores", "segment_assignments", "text_sentiments", "customer_identities"})
_ONLY_CANDIDATE = 0.5  # likeness given to the only column of a kind, whatever its name
_PLACES = frozenset({"country", "region"})
_BY_EMAIL = 0.9  # likeness given to the e-mail address for the customer
_LEAST_SCORE = 0.42
CONSTANTS = {
    "survey": "nps",
    "purpose": "acquisition",
    "network": "facebook",
    "kind": "call",
    "action": "mailing",
}
"""Columns that one value for all rows can fill, and an example of it: the analyst knows which."""

_CONSTANT_LIKENESS = 0.5
ROW_IDS = frozenset(
    "order_id lead_id deal_id interaction_id ticket_id response_id invitation_id post_id event_id mailing_id".split()
)
"""Keys that the number of a row can replace, where each row is one thing."""

_ROW_ID_LIKENESS = 0.3
_MEASURES = {"web_traffic": ("visitors", "clicks", "converted_clicks", "sign_ups", "leads")}


@dataclass(frozen=True)
class Wanted:
    """Something that a column of the file may be: a canonical column, or another part of a line such as its price.

    Attributes
    ----------
    name : str
    likeness : callable
        The likeness (0..1) of a column to its names.
    can_be : callable
        Whether a column may be it, by its cells.
    """

    name: str
    likeness: Callable[[ColumnProfile], float]
    can_be: Callable[[ColumnProfile], bool]


@dataclass(frozen=True)
class Proposal:
    """A table that a file may fill.

    Attributes
    ----------
    table : str
    columns : dict of str to (str, float)
        Column of the file, and the likeness of the names (0..1), by canonical column.
    missing : tuple of str
        Required columns for which none was found and that nothing else can fill.
    constants : tuple of str
        Required columns that one value can fill.
    row_id : str or None
        Required key that the number of the row can replace.
    score : float
        How well the table fits: required columns found, columns of the file used, and the file's name (0..1.15).
    """

    table: str
    columns: dict[str, tuple[str, float]]
    missing: tuple[str, ...]
    constants: tuple[str, ...]
    row_id: str | None
    score: float

    @property
    def headers(self) -> tuple[str, ...]:
        """The columns of the file that it uses."""
        return tuple(header for header, _ in self.columns.values())


def proposal(columns: Sequence[ColumnProfile], file: str = "") -> Proposal | None:
    """Return the table that fits the columns best; None if no table has half of its required columns.

    Parameters
    ----------
    columns : sequence of ColumnProfile
    file : str
        The file's name, which may name the table.
    """
    candidates = [table_proposal(table, columns, file) for table in SCHEMAS if table not in _NEVER_PROPOSED]
    best = max(candidates, key=lambda each: each.score)
    orders = next(each for each in candidates if each.table == "orders")
    if best.table == "order_lines" and not orders.missing:  # each row has its time and its amount: it is an order
        best = orders
    needed = [name for name in SCHEMAS[best.table].required if name not in CONSTANTS]
    n_found = sum(name in best.columns for name in needed)
    return best if best.score >= _LEAST_SCORE and n_found * 2 >= len(needed) else None


def table_proposal(table: str, columns: Sequence[ColumnProfile], file: str = "") -> Proposal:
    """Return how well a table fits the columns, and by which of them it is filled."""
    schema = SCHEMAS[table]
    chosen = assigned((_wanted(schema, column) for column in schema.columns), columns)
    if chosen:
        _take_only_candidates(schema, columns, chosen)
        _take_group(schema, columns, chosen)
        take_email(schema, columns, chosen)
    if len(chosen) == 1 and next(iter(chosen.values()))[1] < 0.8:  # a number and nothing else makes no table
        chosen = {}
    absent = [name for name in schema.required if name not in chosen]
    constants = tuple(name for name in absent if name in CONSTANTS)
    row_id = next((name for name in absent if name in ROW_IDS and name in schema.key), None)
    missing = tuple(name for name in absent if name not in constants and name != row_id)
    if table in _MEASURES and not set(_MEASURES[table]) & set(chosen):
        missing = (*missing, _MEASURES[table][0])
    filled = {name: _CONSTANT_LIKENESS for name in constants} | ({row_id: _ROW_ID_LIKENESS} if row_id else {})
    scores = [
        chosen[name][1] if name in chosen else filled.get(name, 0.0) for name in (*schema.required, *missing[-1:])
    ]
    covered = len(chosen) / max(len(columns), 1)  # a table that uses one column of six is not the right one
    bonus = 0.15 if file_speaks_for(table, file) else 0.0
    score = 0.6 * sum(scores) / len(scores) + 0.4 * covered + bonus if chosen else 0.0
    return Proposal(table, chosen, missing, constants, row_id, score)


def assigned(wanted: Iterable[Wanted], columns: Sequence[ColumnProfile]) -> dict[str, tuple[str, float]]:
    """Return the column of the file for each thing wanted, with the likeness (0..1): the most alike pairs first."""
    pairs = [
        (each.likeness(met), number, each, met)
        for number, each in enumerate(wanted)
        for met in columns
        if met.n_filled and each.can_be(met)
    ]
    chosen: dict[str, tuple[str, float]] = {}
    used: set[str] = set()
    for alike, _, each, met in sorted(pairs, key=lambda pair: (-pair[0], pair[1])):
        if alike >= LEAST_LIKENESS and each.name not in chosen and met.name not in used:
            chosen[each.name] = (met.name, min(alike, 1.0))
            used.add(met.name)
    return chosen


def fits_kind(met: ColumnProfile, kind: Kind) -> bool:
    """Whether the cells of a column can be values of a kind."""
    return not (met.emails and kind != "id") and met.fits(kind)


def fits_text(name: str, met: ColumnProfile) -> bool:
    """Whether a column can be a text: no dates, and a place is no number such as the price of sending something there."""
    return fits_kind(met, "text") and not met.times and not (name in _PLACES and met.numbers)


def net_likeness(alike: float, header: str) -> float:
    """Return the likeness of an amount's name: one with the tax in it is the second choice."""
    return alike * 0.9 if says_gross(header) else alike


def _wanted(schema: TableSchema, column: Column) -> Wanted:
    def alike(met: ColumnProfile) -> float:
        found = likeness(schema.name, column.name, met.name)
        if column.kind == "money":
            return net_likeness(found, met.name)
        if column.name == "quantity" and not met.whole:
            return found * 0.9
        return found

    def can_be(met: ColumnProfile) -> bool:
        is_key = column.name in schema.key[:1] and len(schema.key) == 1
        if is_key and met.n_distinct * 20 < met.n_filled:
            return False
        if column.kind == "flag":
            return met.n_distinct <= 12
        return fits_text(column.name, met) if column.kind == "text" else fits_kind(met, column.kind)

    return Wanted(column.name, alike, can_be)


def _take_only_candidates(
    schema: TableSchema, columns: Sequence[ColumnProfile], chosen: dict[str, tuple[str, float]]
) -> None:
    """Take the only column that can be the time or the amount, whatever its name."""
    for wanted in schema.columns:
        if not wanted.required or wanted.name in chosen or wanted.kind in ("id", "text", "flag"):
            continue
        used = {header for header, _ in chosen.values()}
        left = [met for met in columns if met.name not in used and fits_kind(met, wanted.kind) and not _is_id(met)]
        if len(left) == 1 and not _is_denied(schema, wanted, left[0]):
            chosen[wanted.name] = (left[0].name, _ONLY_CANDIDATE)


def _take_group(schema: TableSchema, columns: Sequence[ColumnProfile], chosen: dict[str, tuple[str, float]]) -> None:
    """Take the names above the groups of a report for customers, where a column of its own names what was sold."""
    sold = any(likeness("order_lines", "product", met.name) >= LEAST_LIKENESS for met in columns)
    grouped = any(met.name == GROUP for met in columns)
    if schema.name == "orders" and "customer_id" not in chosen and grouped and sold:
        chosen["customer_id"] = (GROUP, _ONLY_CANDIDATE)


def take_email(schema: TableSchema, columns: Sequence[ColumnProfile], chosen: dict[str, tuple[str, float]]) -> None:
    """Take the e-mail address for the customer, where no column is an id of customers: at load it becomes a pseudonym.

    A name in a column such as "Customer" is none: two people have the same, and one writes hers in two ways.
    """
    if all(column.name != "customer_id" for column in schema.columns):
        return
    used = {header for header, _ in chosen.values()}
    met = [(role_likeness("email", each.name), each) for each in columns if each.emails and each.name not in used]
    alike, best = max(met, key=lambda pair: pair[0], default=(0.0, None))
    if best and alike >= LEAST_LIKENESS and _is_better(best, chosen.get("customer_id"), columns):
        chosen["customer_id"] = (best.name, min(alike, _BY_EMAIL))


def _is_better(email: ColumnProfile, customer: tuple[str, float] | None, columns: Sequence[ColumnProfile]) -> bool:
    """Whether the e-mail address says who the customer is better than the column found, which may be one of names."""
    if customer is None:
        return True
    met = next(each for each in columns if each.name == customer[0])
    of_ids = met.emails or met.numbers or "no" in plain_words(met.name).split()
    return not of_ids and email.n_filled >= met.n_filled


def _is_id(met: ColumnProfile) -> bool:
    return any(likeness("orders", name, met.name) >= LEAST_LIKENESS for name in ("order_id", "customer_id"))


def _is_denied(schema: TableSchema, wanted: Column, met: ColumnProfile) -> bool:
    """Whether the name of a column speaks for another kind of number, such as a price or a quantity for an amount."""
    others: Mapping[str, tuple[str, str]] = {"money": ("order_lines", "quantity"), "number": ("orders", "revenue")}
    if wanted.kind not in others:
        return False
    return likeness(*others[wanted.kind], met.name) >= LEAST_LIKENESS
