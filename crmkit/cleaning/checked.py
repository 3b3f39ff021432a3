"""From raw rows to checked ones: every table read, judged and settled with the others, inside one connection."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import duckdb

from crmkit.cleaning.findings import KEPT_ASIDE, Counts, Finding
from crmkit.cleaning.forgotten import leave_out_forgotten
from crmkit.cleaning.intake import Taken, take_in
from crmkit.cleaning.notes import notes
from crmkit.cleaning.overlaps import REPLACED, settle_overlaps
from crmkit.cleaning.repeats import settle_repeats, shared_contacts
from crmkit.cleaning.spelling import unify_spelling
from crmkit.cleaning.wrong_types import wrong_types
from crmkit.errors import CrmkitError
from crmkit.settings import Settings
from crmkit.sources.csv_text import BadLine
from crmkit.sources.exports import Progress
from crmkit.sources.forgotten import forgotten_hashes
from crmkit.sources.sql import MERGED, PART, REASON, ROW, identifier, literal
from crmkit.sources.staging import Staged


@dataclass(frozen=True)
class Checked:
    """One checked table: SQL of the rows kept and of those kept aside, and what became of how many.

    ``merged`` names the relation of its rows after people were merged, if any of its rows are theirs.
    """

    taken: Taken
    counts: Counts
    findings: tuple[Finding, ...]
    merged: str = ""

    @property
    def table(self) -> str:
        """Canonical name."""
        return self.taken.staged.table

    @property
    def kept(self) -> str:
        """SQL of the canonical table, in the order of the input."""
        if self.merged:
            return f"SELECT {self.taken.selected} FROM {self.merged} ORDER BY position"
        rows = f"SELECT {self.taken.selected} FROM {self.taken.relation}"
        return f"{rows} WHERE {REASON} IS NULL AND NOT {MERGED} ORDER BY {PART}, {ROW}"

    @property
    def aside(self) -> str:
        """SQL of the rows kept aside: file, line, reason, and the raw row as JSON; none of it for personal data."""
        staged = self.taken.staged
        cells = ", ".join(f"{identifier(name)}: CAST(raw.{identifier(name)} AS VARCHAR)" for name in staged.types)
        raw = "NULL::VARCHAR" if staged.schema.personal else f"CAST(to_json({{{cells}}}) AS VARCHAR)"
        part = " ".join(f"WHEN {number} THEN {literal(name)}" for number, name in enumerate(staged.parts))
        file = f"CASE {PART} {part} END" if part else "NULL::VARCHAR"
        line = ROW if part else "NULL::BIGINT"
        rows = (f"SELECT {file} AS file, {line} AS line, {REASON} AS reason, {raw} AS row FROM {self.taken.relation} "
                f"JOIN {staged.relation} raw USING ({PART}, {ROW}) WHERE {REASON} IS NOT NULL")  # fmt: skip
        lines = ", ".join(_bad_line(line) for line in staged.bad_lines)
        return f"{rows} UNION ALL FROM (VALUES {lines})" if lines else rows


def check_rows(
    con: duckdb.DuckDBPyConnection,
    staged: Sequence[Staged],
    settings: Settings,
    end_of_data: date | None,
    progress: Progress | None = None,
    allow_empty: bool = False,
) -> tuple[list[Checked], list[str]]:
    """Read, judge and settle the rows of all tables.

    Returns
    -------
    (list of Checked, list of str)
        The checked tables, and what is wrong with whole tables; where anything is, nothing is to be used.
    """
    taken, problems = [], []
    for number, raw in enumerate(staged, start=1):
        if progress:
            progress(f"Checking {raw.table}", len(staged) + number, 2 * len(staged))
        faults = list(raw.problems)
        if raw.types:
            try:
                table = take_in(con, raw, settings, end_of_data)
                faults = [*table.problems, *wrong_types(con, table)]
                taken.append(table)
            except CrmkitError as error:
                faults.append(str(error))
        if faults:
            problems.append(f"{raw.origin}: {'; '.join(faults)}.")
    if problems:
        return [], problems
    taken, findings = leave_out_forgotten(con, taken, forgotten_hashes(settings))
    findings += [*unify_spelling(con, taken), *settle_overlaps(con, taken)]
    for table in taken:
        findings += settle_repeats(con, table)
        findings += shared_contacts(con, table) if table.staged.schema.personal else []
    checked = [_counted(con, table, [f for f in findings if f.table == table.staged.table]) for table in taken]
    return checked, [] if allow_empty else [fault for table in checked for fault in _nothing_left(table)]


def _counted(con: duckdb.DuckDBPyConnection, taken: Taken, findings: list[Finding]) -> Checked:
    rows = con.execute(f"SELECT {REASON}, {MERGED}, count(*) FROM {taken.relation} GROUP BY ALL").fetchall()
    bad = Counter(line.reason for line in taken.staged.bad_lines)
    reasons = Counter({reason: n for reason, _, n in rows if reason is not None}) + bad
    n_merged = sum(n for reason, merged, n in rows if reason is None and merged)
    staged = taken.staged
    ignored = Counter[str]()
    for reason, n in staged.ignored:
        ignored[reason] += n
    n_in = sum(n for *_, n in rows) + bad.total() + staged.n_folded + ignored.total()
    counts = Counts(n_in, sum(n for r, m, n in rows if r is None and not m), n_merged, reasons.total(),
                    staged.n_folded, ignored.total(), staged.n_split)  # fmt: skip
    table = staged.table
    by_weight = sorted(reasons.items(), key=lambda reason: (-reason[1], reason[0]))
    found = [Finding(table, reason, n, 0.0, "rejected", KEPT_ASIDE) for reason, n in by_weight]
    n_equal = n_merged - sum(finding.n_rows for finding in findings if finding.finding == REPLACED)
    if n_equal:
        merged = Finding(table, "rows equal an earlier row", n_equal, 0.0, "note", "Merged into it: counted once.")
        found.append(merged)
    found += [
        Finding(table, reason, n, 0.0, "note", "Ignored: counts nowhere.") for reason, n in sorted(ignored.items()) if n
    ]
    found += [*findings, *notes(con, taken)]
    return Checked(taken, counts, tuple(replace(f, share=f.n_rows / max(counts.n_in, 1)) for f in found))


def _nothing_left(checked: Checked) -> list[str]:
    if checked.counts.n_kept or not checked.counts.n_aside:  # of rows that are no business nothing need be left
        return []
    most = next(finding for finding in checked.findings if finding.severity == "rejected")
    origin = checked.taken.staged.origin
    return [f"{origin}: none of its {checked.counts.n_in:,} rows can be used; in {most.n_rows:,} {most.finding}."]


def _bad_line(line: BadLine) -> str:
    return f"({literal(line.file)}, {line.line}, {literal(line.reason)}, NULL)"
