"""Recognise which system wrote a file, by comparing its header, in whatever line it is, with those of all presets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from crmkit.sources.files.layout import Layout, distinct_names, joined_header, plain_name
from crmkit.sources.files.read import FileHead
from crmkit.sources.presets.model import Preset, presets


@dataclass(frozen=True)
class PresetMatch:
    """A file (or sheet) and the preset that its header fits.

    Attributes
    ----------
    preset : Preset
    sheet : str or None
    layout : Layout
    columns : dict of str to str
        Column of the file by field.
    unmatched : tuple of str
        Columns that no field takes.
    currency : str or None
        Currency that the header names.
    rivals : tuple of str
        Names of other presets that fit as well.
    """

    preset: Preset
    sheet: str | None
    layout: Layout
    columns: dict[str, str]
    unmatched: tuple[str, ...]
    currency: str | None = None
    rivals: tuple[str, ...] = ()


def match_preset(peeked: Sequence[FileHead], named: str | None = None) -> PresetMatch | None:
    """Return the preset that fits the beginning of a file best; None if none does.

    Parameters
    ----------
    peeked : sequence of FileHead
        The file's beginning, or that of each of its sheets.
    named : str, optional
        Name of the only preset that may fit.
    """
    candidates = [preset for preset in presets().values() if named in (None, preset.name)]
    found = [fit for peek in peeked for preset in candidates if (fit := _fit(preset, peek))]
    if not found:
        return None
    best = max(found, key=_weight)
    rivals = tuple(
        fit.preset.name
        for fit in found
        if fit.preset is not best.preset and fit.sheet == best.sheet and _weight(fit) == _weight(best)
    )
    return PresetMatch(**{**vars(best), "rivals": rivals})


@lru_cache(maxsize=10_000)
def header_key(name: str) -> str:
    r"""Return a header as it is compared: without case, outer and repeated spaces, byte-order mark, apostrophe.

    Examples
    --------
    >>> header_key("\ufeff 'Created  AT")
    'created at'
    """
    return " ".join(plain_name(name).removeprefix("'").replace("\u00a0", " ").split())


def _weight(fit: PresetMatch) -> tuple[int, float]:
    return len(fit.preset.detect) + len(fit.columns), len(fit.columns) / len(fit.preset.aliases)


def _fit(preset: Preset, peek: FileHead) -> PresetMatch | None:
    for position, (line, cells) in enumerate(peek.lines):
        if len([cell for cell in cells if cell.strip()]) < 2:
            continue
        below = peek.lines[position + 1 : position + 2] if preset.layout.second_header else ()
        names = _names(cells, below[0][1] if below else None)
        columns, currency = _matched(preset, names)
        if not set(preset.detect) <= set(columns) or (preset.detect_any and not set(preset.detect_any) & set(columns)):
            continue
        above = "\n".join(",".join(row) for _, row in peek.lines[:position])
        unmatched = tuple(name for name in names if name not in columns.values())
        layout, given = _layout(preset, line, above)
        return PresetMatch(preset, peek.sheet, layout, columns | given, unmatched, currency)
    return None


def _layout(preset: Preset, line: int, above: str) -> tuple[Layout, dict[str, str]]:
    around = preset.layout
    met = {name: re.search(pattern, above) for name, pattern in around.constants.items()}
    constants = {name: found[1] for name, found in met.items() if found}
    layout = Layout(
        line or None,
        around.second_header,
        around.comment,
        around.ends_at_blank,
        around.footer,
        tuple((f"__{name}", value) for name, value in constants.items()),
    )
    return layout, {name: f"__{name}" for name in constants}


def _matched(preset: Preset, names: Sequence[str]) -> tuple[dict[str, str], str | None]:
    """Return the column of each field, and the currency that a header names; a column goes to one field only."""
    keys = _keys(tuple(names))
    columns: dict[str, str] = {}
    currency = None
    for field, aliases in preset.aliases.items():
        for alias in aliases:
            pattern = _pattern(alias)
            found = pattern is not None and _first(pattern, names, columns)
            if found:
                columns[field] = found.string
                currency = currency or next((each.upper() for each in found.groups() if each and len(each) == 3), None)
                break
            if pattern is None and header_key(alias) in keys:
                columns[field] = keys[header_key(alias)]
                break
    return columns, currency


@lru_cache(maxsize=1000)
def _names(cells: tuple[str, ...], below: tuple[str, ...] | None) -> tuple[str, ...]:
    return tuple(distinct_names(list(cells) if below is None else joined_header(list(cells), list(below))))


@lru_cache(maxsize=1000)
def _keys(names: tuple[str, ...]) -> dict[str, str]:
    return {header_key(name): name for name in reversed(names)}


def _first(pattern: re.Pattern[str], names: Sequence[str], taken: dict[str, str]) -> re.Match[str] | None:
    met = (pattern.fullmatch(name) for name in names if name not in taken.values())
    return next((found for found in met if found), None)


@cache
def _pattern(alias: str) -> re.Pattern[str] | None:
    """Return the pattern of an alias that is written between slashes."""
    is_pattern = len(alias) > 2 and alias.startswith("/") and alias.endswith("/")
    return re.compile(alias[1:-1], re.IGNORECASE | re.DOTALL) if is_pattern else None
