"""The source of each recognised file, where a tool is used by two shops or accounts whose ids are not the same."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

import duckdb

from crmkit.sources.files.lineage import SharedRows, Verdict, declared_source, shared_rows, short_names, source_question
from crmkit.sources.presets.preset_file import PresetFile
from crmkit.sources.sql import ROW, identifier, literal


@dataclass
class Sources:
    """The sources found: notes on them, and what cannot be told, without full stops."""

    notes: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)


def settle_sources(con: duckdb.DuckDBPyConnection, preset_files: Sequence[PresetFile]) -> Sources:
    """Give each file of several sources the name of its own, which its ids then begin with.

    Parameters
    ----------
    con : duckdb connection
    preset_files : sequence of PresetFile
        All recognised files; their ``source`` is set in place.
    """
    found = Sources()
    declared = {each.file: declared_source(each.files.dialect, each.file) for each in preset_files}
    names = {name for name in declared.values() if name}
    for each in preset_files:
        each.source = (declared[each.file] or "") if len(names) > 1 else ""
    by_preset: dict[str, list[PresetFile]] = {}
    for each in preset_files:
        by_preset.setdefault(each.preset.name, []).append(each)
    for files in by_preset.values():
        undeclared = any(declared[each.file] is None for each in files)
        if len(files) > 1 and undeclared and files[0].preset.key:
            _settle(con, files, declared, preset_files, found)
    return found


def _settle(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[PresetFile],
    declared: dict[str, str | None],
    everything: Sequence[PresetFile],
    found: Sources,
) -> None:
    """Settle the sources of the files of one preset, or ask for them."""
    preset, names = files[0].preset, short_names(each.file for each in files)
    pairs = [pair for pair in _pairs(con, files) if not (declared[pair.first] and declared[pair.second])]
    apart = [pair for pair in pairs if pair.verdict == "other" and not (declared[pair.first] or declared[pair.second])]
    doubtful = [pair for pair in pairs if pair.verdict == "open"]
    what = f"values of '{files[0].fit.columns[str(preset.key)]}'"
    if apart and not doubtful:
        sources = _groups(files, {(pair.first, pair.second): pair.verdict for pair in pairs})
        joined = any(take.person and take.person.id for take in preset.takes) or not any(
            take.person for take in preset.takes
        )
        others = {each.preset.name for each in everything if each.preset.prefix == preset.prefix} - {preset.name}
        if sources and not (joined and others):
            _name(files, sources, names, apart[0], what, found)
            return
        doubtful = apart
    found.questions += [source_question(pair, what, names) for pair in doubtful[:1]]


def _pairs(con: duckdb.DuckDBPyConnection, files: Sequence[PresetFile]) -> list[SharedRows]:
    preset = files[0].preset
    key = identifier(str(preset.key))
    fields = [name for name in (*preset.same, *([preset.unique] if preset.unique else []))]
    firsts = "".join(f", arg_min({identifier(name)}, {ROW}) AS {identifier(name)}" for name in fields)
    rows = " UNION ALL ".join(
        f"SELECT {literal(each.file)} AS file, {key}{firsts} FROM {each.relation} WHERE {key} IS NOT NULL GROUP BY {key}"
        for each in files
    )
    same = [
        f"lower(trim({identifier(name)}))" if preset.kinds[name] in ("text", "id") else identifier(name)
        for name in preset.same
    ]
    return shared_rows(con, f"({rows})", key, same, identifier(preset.unique) if preset.unique else None)


def _groups(files: Sequence[PresetFile], verdicts: dict[tuple[str, str], Verdict]) -> list[list[str]]:
    """Return the files of each source; empty if it is not proven for each two of these that they are not the same."""
    groups: list[list[str]] = [[each.file] for each in files]
    for (one, two), verdict in verdicts.items():
        if verdict == "same":
            first = next(group for group in groups if one in group)
            second = next(group for group in groups if two in group)
            if first is not second:
                groups.remove(second)
                first += second
    told_apart = {frozenset(pair) for pair, verdict in verdicts.items() if verdict == "other"}
    for one_group, other_group in combinations(groups, 2):
        if not any(frozenset((one, two)) in told_apart for one in one_group for two in other_group):
            return []
    if any(frozenset(pair) in told_apart for group in groups for pair in combinations(group, 2)):
        return []
    return [sorted(group) for group in groups]


def _name(
    files: Sequence[PresetFile],
    sources: Sequence[Sequence[str]],
    names: dict[str, str],
    example: SharedRows,
    what: str,
    found: Sources,
) -> None:
    for group in sources:
        for each in files:
            if each.file in group:
                each.source = re.sub(r"[^0-9A-Za-z]+", "-", names[group[0]]).strip("-") or names[group[0]]
    listed = " and ".join(", ".join(group) for group in sources)
    prefixes = " and ".join(sorted({f"{each.prefix}-" for each in files}))
    found.notes.append(
        f"{listed} are of {len(sources)} sources: {example.n_shared:,} {what} are in both, and they are other rows. "
        f'Their ids begin with {prefixes}. To name the sources yourself, write source = "..." under [files.NAME]'
    )
