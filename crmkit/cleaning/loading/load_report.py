"""The report on a load: counts and findings of each table, for the person who ran it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from crmkit.cleaning.checks.findings import Counts, Finding
from crmkit.sources.store.changes import Changes

if TYPE_CHECKING:
    from crmkit.cleaning.duplicates.state import DuplicatesReport

_MARKS = {"rejected": "-", "warning": "!", "note": "-"}
_ORDER = {"warning": 0, "rejected": 1, "note": 2}
_FEW_TABLES = 3  # tables; of more the heaviest findings come first
_SHOWN_FIRST = 5  # findings
_MANY = 0.01  # share of a table's rows
_SHOWN_COLUMNS = 8
_COLUMNS = re.compile(
    r"columns of (?P<file>.+?) that (?P<what>are not used|are its own|look like personal data): (?P<names>.*)",
    re.DOTALL,
)


@dataclass(frozen=True)
class LoadReport:
    """What became of the rows of each table.

    Attributes
    ----------
    counts : mapping of str to Counts
        By table [rows].
    findings : tuple of Finding
    files : tuple of dict
        ``file``, ``sha256``, ``n_rows`` and ``layout`` of each file read.
    hints : tuple of str
        Files that no table uses though their name is close to a table's, and tables without rows.
    data_through : date or None
        Last day with data.
    store : str or None
        Folder it was written to; None if the files were only checked.
    changes : Changes
        How the files differ from those of the load before; empty if there was none.
    loaded_at : str or None
        When the store was loaded, if nothing was new and it stays as it was.
    people : DuplicatesReport or None
        The duplicate customers found; None if they were not looked for.
    details : mapping
        Rows by file and by kind; see :func:`crmkit.cleaning.loading.reports.counts_by_file_and_kind`.

    Examples
    --------
    >>> report = LoadReport({"orders": Counts(4, 2, 1, 1)}, (Finding("orders", "revenue is missing", 1, 0.25, "rejected", ""),))
    >>> print(report)
    orders: 4 rows in, 2 kept, 1 merged into another row, 1 kept aside
      - revenue is missing: 1 row (25.0 %), kept aside
    1 row kept aside in all; `crmkit load` writes it with file, line and reason.
    """

    counts: Mapping[str, Counts]
    findings: tuple[Finding, ...] = ()
    files: tuple[dict[str, Any], ...] = field(default=())
    hints: tuple[str, ...] = ()
    data_through: date | None = None
    store: str | None = None
    changes: Changes = field(default=Changes())
    loaded_at: str | None = None
    people: DuplicatesReport | None = field(default=None, compare=False, repr=False)
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per table: table, n_in, n_kept, n_merged, n_aside [rows]."""
        rows = [{"table": table, **asdict(counts)} for table, counts in self.counts.items()]
        return pd.DataFrame(rows, columns=["table", "n_in", "n_kept", "n_merged", "n_aside"])

    def __str__(self) -> str:
        if self.loaded_at:
            return nothing_new(len(self.files), self.loaded_at)
        lines = [f"Since the last load: {self.changes}."] if self.changes else []
        first = self._first_to_look_at()
        lines += ["What to look at first:"] if first else []
        lines += [f"  {_MARKS[each.severity]} {each.table}: {_finding_line(each)}" for each in first]
        for table, counts in self.counts.items():
            lines.append(_table_line(table, counts))
            found = [
                each for each in self.findings if each.table == table and each not in first and not _on_columns(each)
            ]
            lines += [f"  {_MARKS[each.severity]} {_finding_line(each)}" for each in sorted(found, key=_importance)]
        lines += _column_lines(self.findings)
        lines += self._aside()
        lines += self.people.sentences(written=self.store is not None) if self.people else []
        lines += [f"Note: {hint}" for hint in dict.fromkeys(self.hints)]
        if self.data_through:
            lines.append(f"Data through {self.data_through}.")
        return "\n".join(lines)

    def _first_to_look_at(self) -> list[Finding]:
        """Return the findings that move numbers: warnings, and many rows set aside; none where all tables fit on a screen."""
        if len(self.counts) <= _FEW_TABLES:
            return []
        heavy = [
            each
            for each in self.findings
            if each.severity == "warning" or (each.severity == "rejected" and each.share >= _MANY)
        ]
        return sorted(heavy, key=_importance)[:_SHOWN_FIRST]

    def _aside(self) -> list[str]:
        """Return where the rows set aside are."""
        n_aside = sum(counts.n_aside for counts in self.counts.values())
        if not n_aside:
            return []
        what = f"{n_aside:,} {_rows(n_aside)} kept aside in all"
        if self.store is None:
            return [f"{what}; `crmkit load` writes {'it' if n_aside == 1 else 'them'} with file, line and reason."]
        return [f"{what}, with file, line and reason: {Path(self.store) / 'aside'} (a Parquet file for each table)."]


def nothing_new(n_files: int, loaded_at: str) -> str:
    """Return the message of a load that has nothing to do.

    Examples
    --------
    >>> nothing_new(1, "2026-11-02T08:15:00+00:00")
    'Nothing new: the 1 export file is as it was at the load of 2026-11-02 08:15 UTC. --fresh loads it all the same.'
    """
    when = loaded_at[:16].replace("T", " ")
    what, it = (
        (f"the {n_files:,} export files are as they were", "them")
        if n_files != 1
        else ("the 1 export file is as it was", "it")
    )
    return f"Nothing new: {what} at the load of {when} UTC. --fresh loads {it} all the same."


def _table_line(table: str, counts: Counts) -> str:
    split = f" ({counts.n_split:,} of them made out of another row)" if counts.n_split else ""
    words = [f"{counts.n_in:,} {_rows(counts.n_in)} in{split}", f"{counts.n_kept:,} kept"]
    words += [f"{counts.n_merged:,} merged into another row"] if counts.n_merged else []
    words += [f"{counts.n_folded:,} folded into another row"] if counts.n_folded else []
    words += [f"{counts.n_ignored:,} ignored"] if counts.n_ignored else []
    words += [f"{counts.n_aside:,} kept aside"] if counts.n_aside else []
    return f"{table}: {', '.join(words)}"


def _finding_line(finding: Finding) -> str:
    if not finding.n_rows:
        return finding.finding
    fate = ", kept aside" if finding.severity == "rejected" else ""
    return f"{finding.finding}: {finding.n_rows:,} {_rows(finding.n_rows)} ({100 * finding.share:.1f} %){fate}"


def _importance(finding: Finding) -> tuple[int, float, int]:
    """Return by what findings are sorted: warnings, rows set aside, notes; the heaviest first."""
    return _ORDER[finding.severity], -finding.share, -finding.n_rows


def _on_columns(finding: Finding) -> bool:
    return _COLUMNS.fullmatch(finding.finding) is not None


def _column_lines(findings: Iterable[Finding]) -> list[str]:
    """Return what became of columns that no table of crmkit has, once for each file, long lists cut.

    A column that one table takes from a file and another does not is used.
    """
    names: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        met = _COLUMNS.fullmatch(finding.finding)
        if met:
            known = names.setdefault((met["what"], met["file"]), [])
            listed = re.split(r", (?![^(]*\))", met["names"])
            if met["what"] == "are not used" and known:
                known[:] = [name for name in known if name in listed]
            else:
                known += [name for name in listed if name not in known]
    kept = {
        (file, name.partition(" (")[0])
        for (what, file), each in names.items()
        if what == "are its own"
        for name in each
    }
    lines = []
    for (what, file), each in names.items():
        left = [name for name in each if what != "are not used" or (file, name) not in kept]
        more = f" and {len(left) - _SHOWN_COLUMNS} more" if len(left) > _SHOWN_COLUMNS else ""
        lines += [f"Columns of {file} that {what}: {', '.join(left[:_SHOWN_COLUMNS])}{more}."] if left else []
    return lines


def _rows(n: int) -> str:
    return "row" if n == 1 else "rows"
