"""What the settings declare about the rows of a file: the shop or account they come from, and the scale of its answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from crmkit.settings import FileMapping
from crmkit.sources.files.lineage import declared_source
from crmkit.sources.files.mapping import Matched, TableSource
from crmkit.sources.parsing.scales import USUAL, declared_scale
from crmkit.sources.sql import PART, identifier, literal
from crmkit.tables.schema import SCHEMAS

_HOMES = {
    "customer_id": ("customers", "customer_identities"),
    "order_id": ("orders",),
    "lead_id": ("leads",),
    "deal_id": ("deals",),
}
"""The tables that an id is the key of."""


def sourced_ids(sources: Sequence[TableSource]) -> set[str]:
    """Return the columns of ids that begin with the source of their file; none unless the settings name several sources.

    An id is of a source if the table that it is the key of comes from files whose sources are named: where one file has
    the customers of all shops, their ids are the same in all of them.
    """
    named = {
        source.table: [declared_source(files.dialect, path.name) for files in source.files for path in files.paths]
        for source in sources
    }
    if len({name for names in named.values() for name in names if name}) < 2:
        return set()
    ids = {column.name for table in named for column in SCHEMAS[table].columns if column.kind == "id"} - {"user_id"}
    return {name for name in ids if all(all(named.get(home, ["?"])) for home in _HOMES.get(name, ()))}


def with_sources(relation: str, ids: Sequence[str], sources: Sequence[str]) -> str:
    """Return the SQL of the rows whose ids begin with the source of their file.

    Parameters
    ----------
    relation : str
    ids : sequence of str
        Columns of the file.
    sources : sequence of str
        Source by part; empty where none is named.
    """
    cases = " ".join(f"WHEN {part} THEN {literal(f'{name}-')}" for part, name in enumerate(sources) if name)
    cells = []
    for name in map(identifier, ids):
        text = f"regexp_replace(trim(CAST({name} AS VARCHAR)), '^''?([0-9]+)([.]0+)?$', '\\1')"
        cells.append(f"CASE {PART} {cases} ELSE '' END || nullif({text}, '') AS {name}")
    return f"(SELECT * REPLACE ({', '.join(cells)}) FROM {relation})"


def with_scale(relation: str, matched: Matched, dialect: FileMapping) -> tuple[str, Matched]:
    """Return the rows with the scale that the settings declare for each survey, where no column states it."""
    survey = matched.sources.get("survey")
    added = {}
    for side, name in enumerate(("scale_min", "scale_max")):
        scales = {each: declared_scale(dialect.scale, each) for each in USUAL}
        cases = " ".join(f"WHEN '{each}' THEN {scale[side]:g}" for each, scale in scales.items() if scale)
        if survey and cases and name not in matched.sources:
            added[name] = f"CASE lower(trim(CAST({identifier(survey)} AS VARCHAR))) {cases} END"
    if not added:
        return relation, matched
    cells = ", ".join(f"{value} AS {identifier(f'__{name}')}" for name, value in added.items())
    sources = {**matched.sources, **{name: f"__{name}" for name in added}}
    return f"(SELECT *, {cells} FROM {relation})", replace(matched, sources=sources)
