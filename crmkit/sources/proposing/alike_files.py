"""Files of one kind in a folder, such as an export of each month: they have the same columns and are read as one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from crmkit.errors import CrmkitError
from crmkit.settings import FileMapping, Settings
from crmkit.sources.files.file_sets import FileSet, is_workbook
from crmkit.sources.files.names import is_named_by, is_unpacked
from crmkit.sources.files.raw_files import RawFiles
from crmkit.sources.files.workbook import sheet_names
from crmkit.sources.parsing.cldr import date_words, folded, words_of
from crmkit.sources.proposing.sample import smaller
from crmkit.sources.sql import working_duckdb


def alike_files(paths: Sequence[Path], listed: Sequence[Path], settings: Settings) -> list[FileSet]:
    """Return sets of two files or more with the same columns whose names differ by a number or the name of a month.

    Names that differ otherwise may be those of two shops, each with its own order number 1.

    Parameters
    ----------
    paths : sequence of Path
        Files of no known tool.
    listed : sequence of Path
        All files of the folder; the pattern of a set names none of the others.
    settings : Settings
        Their time zone.
    """
    by_pattern: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        if not is_unpacked(path):
            by_pattern[_pattern(path.name, "*")].append(path)
    found = []
    for named_alike in by_pattern.values():
        by_columns: dict[tuple[str, ...], list[Path]] = defaultdict(list)
        for path in named_alike if len(named_alike) > 1 else []:
            by_columns[_columns(path, settings)].append(path)
        for columns, group in by_columns.items():
            patterns = [_pattern(group[0].name, dated) for dated in ("*", "[0-9]*")]
            fitting = (each for each in patterns if [path for path in listed if is_named_by(path, each)] == group)
            if columns and len(group) > 1 and (pattern := next(fitting, None)):
                found.append(FileSet(_name(pattern), tuple(group), FileMapping(path=pattern)))
    return found


def _columns(path: Path, settings: Settings) -> tuple[str, ...]:
    """Return the columns of a file; none if it cannot be read, or is a workbook of several sheets."""
    try:
        if is_workbook(path) and len(sheet_names(path)) > 1:
            return ()
        with working_duckdb() as con, smaller(FileSet(path.stem, (path,), FileMapping(path=""))) as (part, _, _):
            return tuple(RawFiles(con, settings.company.time_zone).read(part).columns)
    except CrmkitError:  # reading it for its preview raises the error again, and there it is shown
        return ()


def _pattern(name: str, dated: str) -> str:
    """Return a file's name as a pattern: something else in place of what may be a date.

    Examples
    --------
    >>> _pattern("sales_2026-07.csv", "*"), _pattern("Umsatz März 26.csv", "*"), _pattern("sales_07.csv", "[0-9]*")
    ('sales_*.csv', 'Umsatz *.csv', 'sales_[0-9]*.csv')
    """
    stem, point, ending = name.rpartition(".")
    words, open_months = date_words(words_of(stem))
    months = {word for word in words_of(stem) if folded(word) in words.months or folded(word) in open_months}
    dates = "|".join([r"\d+", *map(re.escape, sorted(months, key=len, reverse=True))])
    parts = re.split(f"({dates})", stem)
    plain = "".join("\0" if part.isdigit() or part in months else re.sub(r"([\[*?])", r"[\1]", part) for part in parts)
    return re.sub("\0(?:[ _.-]*\0)*", lambda _: dated, plain) + point + ending


def _name(pattern: str) -> str:
    return f"{re.split(r'[*[]', pattern)[0].rstrip(' _-.') or 'files'}.x"
