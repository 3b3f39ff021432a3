"""For a file of no known system: which canonical table it may be, and which of its columns which canonical one.

Names are compared with those of crmkit and with the headers of all presets; values must be able to be what the column
needs. What is proposed is for the analyst to check: nothing of it is used before she has written it down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from rapidfuzz import fuzz
from rapidfuzz.utils import default_process

from crmkit.sources.presets.expressions import mentioned
from crmkit.sources.presets.model import presets
from crmkit.sources.profile import ColumnProfile
from crmkit.tables.schema import SCHEMAS, Column, TableSchema

_ALIKE = 0.72
_NO_PROPOSAL = frozenset(
    {"customer_scores", "segment_assignments", "text_sentiments", "treatments", "customer_identities"}
)
_ONLY_ONE = 0.5


@dataclass(frozen=True)
class Proposal:
    """A table that a file may be.

    Attributes
    ----------
    table : str
    columns : dict of str to (str, float)
        Column of the file, and how alike the names are (0..1), by canonical column.
    missing : tuple of str
        Required columns for which none was found.
    score : float
        How well it fits: what it needs, how much of the file it uses, and what the file is called (0..1.1).
    """

    table: str
    columns: dict[str, tuple[str, float]]
    missing: tuple[str, ...]
    score: float


def proposal(columns: Sequence[ColumnProfile], file: str = "") -> Proposal | None:
    """Return the table that the columns fit best; None if no table gets half of what it needs.

    Parameters
    ----------
    columns : sequence of ColumnProfile
    file : str
        The file's name, which may say what it holds.
    """
    candidates = [_fit(schema, columns, file) for name, schema in SCHEMAS.items() if name not in _NO_PROPOSAL]
    best = max(candidates, key=lambda each: each.score)
    n_required = len(SCHEMAS[best.table].required)
    return best if best.score >= 0.45 and len(best.missing) * 2 <= n_required else None


def _fit(schema: TableSchema, columns: Sequence[ColumnProfile], file: str) -> Proposal:
    pairs = sorted(((_alike(schema.name, wanted.name, met.name), wanted, met) for wanted in schema.columns for met in columns
                    if _can_be(schema, wanted, met)), key=lambda pair: -pair[0])  # fmt: skip
    chosen: dict[str, tuple[str, float]] = {}
    for alike, wanted, met in pairs:
        if alike >= _ALIKE and wanted.name not in chosen and met.name not in {name for name, _ in chosen.values()}:
            chosen[wanted.name] = (met.name, alike)
    for wanted in schema.columns:  # the only column that can be the time or the amount is it, whatever its name
        left = [
            met for met in columns if met.name not in {name for name, _ in chosen.values()} and met.fits(wanted.kind)
        ]
        if wanted.required and wanted.name not in chosen and wanted.kind not in ("id", "text") and len(left) == 1:
            chosen[wanted.name] = (left[0].name, _ONLY_ONE)
    given = {"purpose": 0.5, "survey": 0.5, "network": 0.5}  # a constant that the analyst fills in
    scores = [chosen[name][1] if name in chosen else given.get(name, 0.0) for name in schema.required]
    named = 0.1 if fuzz.partial_ratio(schema.name.rstrip("s"), file.casefold()) > 90 else 0.0
    missing = tuple(name for name in schema.required if name not in chosen)
    covered = len(chosen) / max(len(columns), 1)  # a table that uses one column of six is not what the file is
    return Proposal(schema.name, chosen, missing, 0.6 * sum(scores) / len(scores) + 0.4 * covered + named)


def _can_be(schema: TableSchema, wanted: Column, met: ColumnProfile) -> bool:
    if met.n_filled == 0 or (met.emails and wanted.kind != "id"):
        return False
    if wanted.choices or (
        wanted.name in schema.key[:1] and len(schema.key) == 1 and met.n_distinct * 20 < met.n_filled
    ):
        return False
    return met.fits(wanted.kind)


def _alike(table: str, column: str, header: str) -> float:
    """Return how alike a header is to the names that a canonical column goes by (0..1)."""
    met = default_process(header)
    return max(fuzz.token_sort_ratio(met, name) for name in known_headers(table, column)) / 100


@cache
def known_headers(table: str, column: str) -> tuple[str, ...]:
    """Return the names that a canonical column goes by in crmkit and in the exports that presets know.

    Examples
    --------
    >>> "order date" in known_headers("orders", "ordered_at")
    True
    """
    names = {column, column.removesuffix("_at").removesuffix("_on"), *_COMMON.get(column, ())}
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


_COMMON = {
    "order_id": ("invoice no", "invoice number", "receipt", "beleg nr", "bestellnummer",
                 "rechnungsnummer", "numéro de commande", "transaction id"),
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
}  # fmt: skip
