"""Columns whose cells say the right thing in other words than crmkit's: a survey's name, a group of a trial, won and lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from crmkit.sources.parsing.types import trimmed
from crmkit.sources.proposing.profile import ColumnProfile
from crmkit.sources.proposing.propose import Proposal
from crmkit.sources.proposing.vocabulary import plain_words
from crmkit.sources.sql import identifier, literal
from crmkit.tables.schema import SCHEMAS

_MOST_VALUES = 12
_YES = frozenset("true t yes y 1 1.0".split())
_NO = frozenset("false f no n 0 0.0".split())
_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "survey": {
        "nps": ("nps", "net promoter", "promoter", "recommend", "weiterempfehl", "recommand", "recomend", "rekomend"),
        "csat": (
            "csat",
            "satisfaction",
            "zufrieden",
            "satisfac",
            "soddisf",
            "tevreden",
            "kepuasan",
            "nojd",
            "tilfreds",
        ),
        "ces": ("ces", "effort", "aufwand", "esfuerzo", "sforzo", "usaha"),
    },
    "purpose": {
        "acquisition": ("acqui", "new", "prospect", "neukund", "gewinnung", "nouveau", "nuevo", "brand", "awareness"),
        "retention": ("retention", "retain", "loyal", "existing", "bestand", "bindung", "crm", "winback", "newsletter"),
    },
    "direction": {
        "inbound": ("inbound", "incoming", "received", "eingehend", "entrant", "entrante"),
        "outbound": ("outbound", "outgoing", "sent", "ausgehend", "sortant", "saliente"),
    },
    "author": {
        "brand": ("brand", "owner", "company", "page", "we"),
        "customer": ("customer", "user", "fan", "visitor"),
    },
}
_TRUE_FALSE: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "won": (
        (
            "won",
            "closed won",
            "gewonnen",
            "gagne",
            "ganado",
            "ganada",
            "vinto",
            "ganho",
            "vunnet",
            "vunnen",
            "vundet",
            "win",
        ),
        ("lost", "closed lost", "verloren", "perdu", "perdido", "perdida", "perso", "tapt", "forlorad", "tabt", "loss"),
    ),
    "treated": (
        ("treatment", "treated", "test", "variant", "exposed", "mailing", "offer", "behandelt", "aktion"),
        (
            "control",
            "holdout",
            "hold out",
            "none",
            "no e mail",
            "no mail",
            "no email",
            "kontrolle",
            "kontrollgruppe",
            "kontroll",
            "temoin",
            "placebo",
            "untreated",
            "no treatment",
            "no offer",
        ),
    ),
}


@dataclass(frozen=True)
class Expression:
    """SQL of a canonical column, and what it assumes, without full stop."""

    sql: str
    note: str


def expressions_for(
    con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[ColumnProfile], proposed: Proposal
) -> tuple[Proposal, dict[str, Expression]]:
    """Return the SQL of the columns whose words must be translated, and the proposal without those that cannot be.

    Parameters
    ----------
    con : duckdb connection
    relation : str
        The rows looked at.
    columns : sequence of ColumnProfile
    proposed : Proposal
    """
    schema = SCHEMAS[proposed.table]
    found: dict[str, Expression] = {}
    kept = dict(proposed.columns)
    missing = list(proposed.missing)
    by_name = {met.name: met for met in columns}
    for name, (header, _) in proposed.columns.items():
        column = schema.column(name)
        if not column.choices and column.kind != "flag":
            continue
        values = _values(con, relation, by_name[header])
        words = _YES | _NO if column.kind == "flag" else set(column.choices)
        if values and {value.lower() for value in values} <= words:
            continue
        translated = _flag(name, header, values) if column.kind == "flag" else _choice(name, header, values)
        if translated:
            found[name] = translated
        else:
            del kept[name]
            missing += [name] if column.required else []
    if won := _won_by_stage(con, relation, by_name, kept, proposed.table):
        found["won"] = won
    if missing == ["ends_at"] and (ends := _end_by_cancellation(kept)):
        found["ends_at"] = ends
        missing = []
    return Proposal(proposed.table, kept, tuple(missing), proposed.constants, proposed.row_id, proposed.score), found


def _won_by_stage(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    by_name: Mapping[str, ColumnProfile],
    columns: Mapping[str, tuple[str, float]],
    table: str,
) -> Expression | None:
    """Return the SQL of whether a deal was won, from the names of its stages, where no column says it."""
    if table != "deals" or "won" in columns or "stage" not in columns:
        return None
    header = columns["stage"][0]
    return _flag("won", header, _values(con, relation, by_name[header]))


def _end_by_cancellation(columns: Mapping[str, tuple[str, float]]) -> Expression | None:
    """Return the SQL of the end of subscriptions listed once each, with the day on which they were cancelled, if they were."""
    if not {"starts_at", "cancelled_at"} <= columns.keys():
        return None
    start, cancelled = (f"as_time({identifier(columns[name][0])})" for name in ("starts_at", "cancelled_at"))
    last = f"max(greatest({start}, coalesce({cancelled}, {start}))) OVER ()"
    note = (
        "ends_at: a subscription that was not cancelled runs until a month after the last day in the file. "
        "If the file has a column with the end of the paid period, take that one"
    )
    return Expression(f"coalesce({cancelled}, {last} + INTERVAL 1 MONTH)", note)


def _values(con: duckdb.DuckDBPyConnection, relation: str, met: ColumnProfile) -> list[str]:
    if met.n_distinct > _MOST_VALUES:
        return []
    cell = trimmed(identifier(met.name))
    rows = con.execute(
        f"SELECT DISTINCT {cell} AS value FROM {relation} WHERE {cell} IS NOT NULL ORDER BY 1"
    ).fetchall()
    return [str(value) for (value,) in rows]


def _choice(name: str, header: str, values: list[str]) -> Expression | None:
    words = _WORDS.get(name, {})
    read = {value: next((choice for choice, parts in words.items() if _says(value, parts)), None) for value in values}
    if not any(read.values()):
        return None
    cases = " ".join(f"WHEN {literal(value)} THEN {literal(choice)}" for value, choice in read.items() if choice)
    open_values = [value for value, choice in read.items() if not choice]
    note = f"{name}: " + ", ".join(f"{value} is {choice or 'not known'}" for value, choice in read.items())
    cell = f"trim({identifier(header)})"
    return Expression(
        f"CASE {cell} {cases} ELSE lower({cell}) END" if open_values else f"CASE {cell} {cases} END", note
    )


def _says(value: str, parts: Sequence[str]) -> bool:
    """Whether a word of a value begins with one of the words."""
    words = f" {plain_words(value)}"
    return any(f" {part}" in words for part in parts)


def _flag(name: str, header: str, values: list[str]) -> Expression | None:
    yes_words, no_words = _TRUE_FALSE.get(name, ((), ()))
    no = [value for value in values if plain_words(value) in no_words or value.lower() in _NO]
    yes = [value for value in values if plain_words(value) in yes_words or value.lower() in _YES]
    cell = f"trim(CAST({identifier(header)} AS VARCHAR))"
    if name == "treated" and no and len(values) > len(no):
        yes = [value for value in values if value not in no]
    if not yes or not no:
        return None
    listed_yes, listed_no = (", ".join(map(literal, each)) for each in (yes, no))
    note = f"{name}: {', '.join(yes)} is yes; {', '.join(no)} is no"
    return Expression(f"CASE WHEN {cell} IN ({listed_yes}) THEN true WHEN {cell} IN ({listed_no}) THEN false END", note)
