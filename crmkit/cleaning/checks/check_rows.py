"""Check the rows of all tables inside one connection: parse them, unify spellings, merge rows that come twice.

*Spelling*: case variants of a category take the spelling that is most frequent over all tables, so that a campaign goes
by one name in costs, leads and orders.

*Overlapping exports*: a shop's exports of January to March and of March to April both hold the orders of March. The
newer file's row counts, and the lines of its order too. The newer file is the one whose rows reach further; of two that
reach equally far, the later by name ("orders (2)" after "orders").

*Repeated keys*: equal rows are merged; other rows with the same key are set aside after the first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

import duckdb

from crmkit.cleaning.checks.alike_ids import alike_ids
from crmkit.cleaning.checks.findings import KEPT_ASIDE, Counts, Finding
from crmkit.cleaning.checks.grain import ADDED_UP, SUMS, add_up_finer_rows
from crmkit.cleaning.checks.kept_rows import change_rows, is_view, look_up
from crmkit.cleaning.checks.parse_rows import ParsedTable, parse_rows, unreadable_columns, wrong_types
from crmkit.cleaning.checks.personal_ids import hide_personal_ids
from crmkit.cleaning.checks.same_files import source_questions
from crmkit.cleaning.checks.scales import scale_questions
from crmkit.cleaning.checks.shops_in_one_file import separate_shops
from crmkit.cleaning.loading.forgotten_rows import leave_out_forgotten
from crmkit.errors import CrmkitError
from crmkit.settings import Settings
from crmkit.sources.files.load_progress import LoadProgress
from crmkit.sources.files.read import BadLine
from crmkit.sources.files.staging import Staged
from crmkit.sources.parsing.types import SPELLED
from crmkit.sources.sql import MERGED, PART, REASON, ROW, fault, identifier, literal
from crmkit.sources.store.keys import forgotten_hashes
from crmkit.tables.schema import Column

# Notice may be given before the term that it ends, and a text is written before it is read.
_MAY_COME_BEFORE = ("cancelled_at", "written_at")
REPLACED = "rows are in a newer file too"
_NEWER_COUNTS = "The newer file's rows count; those of the older one do not."
_CAME_BEFORE = "came before with other content"
_MOST, _MANY_LINES = 0.5, 0.2  # of the rows; fewer may be orders that were changed after an earlier export
_LEAST_LINES = 10  # rows
_FILE = "__file"  # rank of a row's file: the higher, the newer


@dataclass(frozen=True)
class CheckedTable:
    """One checked table: SQL of the rows kept and of the rows set aside, and the counts of both.

    ``merged`` names the relation with its rows after duplicate customers were merged, if that changed any; ``in_order``
    says whether the parsed rows are in the order of the input anyway.
    """

    parsed: ParsedTable
    counts: Counts
    findings: tuple[Finding, ...]
    merged: str = ""
    in_order: bool = False

    @property
    def table(self) -> str:
        """Canonical name."""
        return self.parsed.staged.table

    @property
    def kept(self) -> str:
        """SQL of the canonical table, in the order of the input."""
        if self.merged:
            return f"{self.kept_rows} ORDER BY position"
        return self.kept_rows if self.in_order else f"{self.kept_rows} ORDER BY {PART}, {ROW}"

    @property
    def kept_rows(self) -> str:
        """SQL of the canonical table, in any order."""
        if self.merged:
            return f"SELECT {self.parsed.selected} FROM {self.merged}"
        return f"SELECT {self.parsed.selected} FROM {self.parsed.relation} WHERE {REASON} IS NULL AND NOT {MERGED}"

    @property
    def quarantined(self) -> str:
        """SQL of the rows set aside: file, line, reason, and the raw row as JSON; none of it for personal data."""
        staged = self.parsed.staged
        cells = ", ".join(f"{identifier(name)}: CAST(raw.{identifier(name)} AS VARCHAR)" for name in staged.types)
        raw = "NULL::VARCHAR" if staged.schema.personal else f"CAST(to_json({{{cells}}}) AS VARCHAR)"
        part = " ".join(f"WHEN {number} THEN {literal(name)}" for number, name in enumerate(staged.parts))
        file = f"CASE {PART} {part} END" if part else "NULL::VARCHAR"
        line = ROW if part else "NULL::BIGINT"
        rows = (
            f"(SELECT {file} AS file, {line} AS line, {REASON} AS reason, {raw} AS row FROM {self.parsed.relation} "
            f"JOIN {staged.relation} raw USING ({PART}, {ROW}) WHERE {REASON} IS NOT NULL ORDER BY {PART}, {ROW})"
        )
        lines = ", ".join(_bad_line(line) for line in staged.bad_lines)
        return f"{rows} UNION ALL FROM (VALUES {lines})" if lines else rows


def check_rows(
    con: duckdb.DuckDBPyConnection,
    staged: Sequence[Staged],
    settings: Settings,
    end_of_data: date | None,
    progress: LoadProgress | None = None,
    allow_empty: bool = False,
) -> tuple[list[CheckedTable], list[str]]:
    """Parse and check the rows of all tables, and merge those that come twice.

    Returns
    -------
    (list of CheckedTable, list of str)
        The checked tables, and the problems of whole tables; if there are any, the list of tables is empty.
    """
    parsed: list[ParsedTable] = []
    faults: dict[str, list[str]] = {raw.table: list(raw.problems) for raw in staged}
    for raw in staged:
        if progress:
            progress.began("Checking", raw.table)
        if raw.types:
            try:
                table = parse_rows(con, raw, settings, end_of_data)
                faults[raw.table] = [*table.problems, *wrong_types(con, table)]
                faults[raw.table] += [] if faults[raw.table] else scale_questions(con, table)
                parsed.append(table)
            except CrmkitError as error:
                faults[raw.table].append(str(error))
    sound = [table for table in parsed if not faults[table.staged.table]]
    separated, questions = separate_shops(con, sound)
    for table in sound:
        name = table.staged.table
        faults[name] = questions[name] if name in questions else source_questions(con, table)
    problems = [f"{raw.origin}: {'; '.join(faults[raw.table])}." for raw in staged if faults[raw.table]]
    if problems:
        return [], problems
    # Twice: who was forgotten is known by the id that the files have, or by its pseudonym.
    hashes = forgotten_hashes(settings)
    parsed, findings = leave_out_forgotten(con, parsed, hashes)
    if hidden := hide_personal_ids(con, parsed, settings):
        parsed, left_out = leave_out_forgotten(con, parsed, hashes)
        findings += [*hidden, *left_out]
    findings += [*separated, *unify_spelling(con, parsed), *merge_overlaps(con, parsed)]
    for table in parsed:
        findings += add_up_finer_rows(con, table)
        findings += merge_repeats(con, table)
        findings += shared_contacts(con, table) if table.staged.schema.personal else []
    findings += alike_ids(con, parsed)
    checked = [_counted(con, table, [f for f in findings if f.table == table.staged.table]) for table in parsed]
    unusable = [fault for table in checked for fault in (*_no_usable_rows(table), *_mostly_repeats(table))]
    return checked, [] if allow_empty else unusable


def unify_spelling(con: duckdb.DuckDBPyConnection, parsed: Sequence[ParsedTable]) -> list[Finding]:
    """Give the case variants of each category one spelling, in place, and return what was changed.

    Rows set aside do not count. The most frequent spelling wins, the first of the alphabet in a tie.
    """
    columns = [
        (table, column.name)
        for table in parsed
        for column in table.columns
        if column.name in SPELLED and not column.choices
    ]
    if not columns:
        return []
    counted_spellings = " UNION ALL ".join(
        f"SELECT {literal(name)} AS category, {identifier(name)} AS spelling, count(*) AS n FROM {table.relation} "
        f"WHERE {REASON} IS NULL AND {identifier(name)} IS NOT NULL GROUP BY ALL"
        for table, name in columns
    )
    con.execute(f"""
        CREATE OR REPLACE TABLE spellings AS
        WITH counted AS (SELECT category, spelling, sum(n) AS n, lower(nfc_normalize(spelling)) AS same
                         FROM ({counted_spellings}) GROUP BY ALL),
        ranked AS (SELECT category, spelling,
                          first_value(spelling) OVER (PARTITION BY category, same ORDER BY n DESC, spelling) AS best
                   FROM counted)
        SELECT * FROM ranked WHERE spelling <> best""")
    changed = {category for (category,) in con.execute("SELECT DISTINCT category FROM spellings").fetchall()}
    findings = [_respell(con, table, name) for table, name in columns if name in changed]
    return [finding for finding in findings if finding is not None]


def note_findings(con: duckdb.DuckDBPyConnection, parsed: ParsedTable) -> list[Finding]:
    """Count emptied cells and times in the wrong order among the kept rows of a table, in one query."""
    lost = unreadable_columns(con, parsed)
    asked = [note for note in _emptied(parsed) if note.finding not in lost] + _out_of_order(parsed)
    table = parsed.staged.table
    found = list(lost.values())
    if asked:
        counts = ", ".join(f"coalesce(count_if({note.condition}), 0)" for note in asked)
        kept = f"{parsed.relation} WHERE {REASON} IS NULL AND NOT {MERGED}"
        answers = con.execute(f"SELECT {counts} FROM {kept}").fetchone() or ()
        found += [
            Finding(table, note.finding, n_rows, 0.0, "note", note.consequence)
            for note, n_rows in zip(asked, answers, strict=True)
            if n_rows
        ]
    found += [*parsed.notes, *_own_columns(parsed.staged)]
    if parsed.staged.unused:
        found.append(
            Finding(
                table,
                f"columns of {parsed.staged.origin} that are not used: {', '.join(parsed.staged.unused)}",
                0,
                0.0,
                "note",
                "Nothing counts them; map them if they hold something that matters.",
            )
        )
    return found


def is_later_time(column: Column) -> bool:
    """Whether a column holds a time that can only come after the row's own."""
    return column.kind == "timestamp" and not column.required and column.name not in _MAY_COME_BEFORE


def merge_repeats(con: duckdb.DuckDBPyConnection, parsed: ParsedTable) -> list[Finding]:
    """Merge equal rows of a key and set its other rows aside, in place; the first row of a key stays.

    Rows are equal whose canonical columns are; the first one's own columns count.

    A table without a key (order_lines, costs) keeps equal rows: an order may well hold two equal lines.
    """
    key = [name for name in parsed.staged.schema.key if name in parsed.rules]
    if not key:
        return _equal_rows(con, parsed)
    keys = ", ".join(identifier(name) for name in key)
    if not _n_more(con, parsed, keys):
        return []
    reason = f"{' and '.join(key)} {_CAME_BEFORE}"
    kept = f"FROM {parsed.relation} WHERE {REASON} IS NULL AND NOT {MERGED}"
    same = " AND ".join(f"one.{name} IS NOT DISTINCT FROM repeated.{name}" for name in map(identifier, key))
    again = f"""
        SELECT id, content IS NOT DISTINCT FROM first_value(content) OVER key_rows AS equal,
               row_number() OVER key_rows AS nth
        FROM (SELECT rowid AS id, {keys}, {PART}, {ROW}, row({parsed.canonical}) AS content {kept}) one
        SEMI JOIN (SELECT {keys} {kept} GROUP BY ALL HAVING count(*) > 1) repeated ON {same}
        WINDOW key_rows AS (PARTITION BY {keys} ORDER BY {PART}, {ROW})"""
    changed = f"CASE WHEN equal THEN NULL ELSE {literal(reason)} END AS {REASON}, equal AS {MERGED}"
    change_rows(con, parsed.relation, f"SELECT id, {changed} FROM ({again}) WHERE nth > 1", [REASON, MERGED])
    return []


def shared_contacts(con: duckdb.DuckDBPyConnection, parsed: ParsedTable) -> list[Finding]:
    """Count the customers who share an e-mail address or a telephone number with another; nothing is merged."""
    normal = {"email": "lower(email)", "phone": "ltrim(regexp_replace(phone, '[^0-9]', '', 'g'), '0')"}
    findings = []
    for name, contact in normal.items():
        if name not in parsed.rules:
            continue
        (n_rows,) = con.execute(f"""
            SELECT coalesce(sum(n), 0) FROM (
                SELECT count(DISTINCT customer_id) AS n FROM {parsed.relation}
                WHERE {REASON} IS NULL AND NOT {MERGED} AND length({contact}) >= 5 GROUP BY {contact} HAVING n > 1)
        """).fetchone() or (0,)
        if n_rows:
            what = "e-mail address" if name == "email" else "telephone number"
            findings.append(
                Finding(
                    parsed.staged.table,
                    f"customers share their {what} with another customer",
                    int(n_rows),
                    0.0,
                    "note",
                    "They may be one person under several ids; each id counts.",
                )
            )
    return findings


def merge_overlaps(con: duckdb.DuckDBPyConnection, parsed: Sequence[ParsedTable]) -> list[Finding]:
    """Merge the rows of older files that a newer file has too, in place; equal rows are left to :func:`merge_repeats`.

    Parameters
    ----------
    con : duckdb connection
    parsed : sequence of ParsedTable
        All tables: how far a file reaches can show in another table that it fills too.

    Returns
    -------
    list of Finding
        How many rows of each table were merged so.
    """
    tables = {table.staged.table: table for table in parsed}
    several = [table for table in parsed if len(set(table.staged.parts)) > 1]
    ranks = _ranks(con, parsed) if several else {}
    merged = {table.staged.table: _merge_older_rows(con, table, tables, ranks) for table in several}
    return [Finding(name, REPLACED, n, 0.0, "note", _NEWER_COUNTS) for name, n in merged.items() if n]


def _bad_line(line: BadLine) -> str:
    return f"({literal(line.file)}, {line.line}, {literal(line.reason)}, NULL)"


def _counted(con: duckdb.DuckDBPyConnection, parsed: ParsedTable, findings: list[Finding]) -> CheckedTable:
    rows = con.execute(f"SELECT {REASON}, {MERGED}, count(*) FROM {parsed.relation} GROUP BY ALL").fetchall()
    bad = Counter(line.reason for line in parsed.staged.bad_lines)
    reasons = Counter({reason: n for reason, _, n in rows if reason is not None}) + bad
    n_merged = sum(n for reason, merged, n in rows if reason is None and merged)
    staged = parsed.staged
    ignored = Counter[str]()
    for reason, n in staged.ignored:
        ignored[reason] += n
    n_in = sum(n for *_, n in rows) + bad.total() + staged.n_folded + ignored.total()
    counts = Counts(
        n_in,
        sum(n for r, m, n in rows if r is None and not m),
        n_merged,
        reasons.total(),
        staged.n_folded,
        ignored.total(),
        staged.n_split,
    )
    table = staged.table
    by_weight = sorted(reasons.items(), key=lambda reason: (-reason[1], reason[0]))
    found = [Finding(table, reason, n, 0.0, "rejected", KEPT_ASIDE) for reason, n in by_weight]
    n_equal = n_merged - sum(finding.n_rows for finding in findings if finding.finding in (REPLACED, ADDED_UP))
    if n_equal:
        merged = Finding(table, "rows equal an earlier row", n_equal, 0.0, "note", "Merged into it: counted once.")
        found.append(merged)
    found += [
        Finding(table, reason, n, 0.0, "note", "Ignored: counts nowhere.") for reason, n in sorted(ignored.items()) if n
    ]
    found += [*findings, *note_findings(con, parsed)]
    shares = tuple(replace(f, share=f.n_rows / max(counts.n_in, 1)) for f in found)
    return CheckedTable(parsed, counts, shares, in_order=_is_in_order(con, parsed.relation))


def _is_in_order(con: duckdb.DuckDBPyConnection, relation: str) -> bool:
    """Return whether rows are in the order of the input, as those of one file are; to sort them takes longer."""
    (found,) = con.execute(
        f"SELECT bool_or(before > ({PART}, {ROW})) FROM "
        f"(SELECT {PART}, {ROW}, lag(({PART}, {ROW})) OVER () AS before FROM {relation})"
    ).fetchone() or (None,)
    return not found


def _no_usable_rows(checked: CheckedTable) -> list[str]:
    if checked.counts.n_kept or not checked.counts.n_aside:  # a table may hold nothing but ignored rows
        return []
    most = next(finding for finding in checked.findings if finding.severity == "rejected")
    origin = checked.parsed.staged.origin
    return [f"{origin}: none of its {checked.counts.n_in:,} rows can be used; in {most.n_rows:,} {most.finding}."]


def _mostly_repeats(checked: CheckedTable) -> list[str]:
    """Return a problem if many rows repeat a key with other content: then a row of the file is no row of the table.

    To set these rows aside would leave out most of what the table is worth.
    """
    again = [finding for finding in checked.findings if finding.finding.endswith(_CAME_BEFORE)]
    n_repeated, n_rows = sum(finding.n_rows for finding in again), checked.counts.n_in
    staged = checked.parsed.staged
    few = staged.table != "orders" or n_repeated < _LEAST_LINES
    if not checked.counts.n_kept or n_repeated <= n_rows * (_MOST if few else _MANY_LINES):
        return []
    if staged.table == "orders":
        return [
            f"{staged.origin}: {n_repeated:,} of its {n_rows:,} rows repeat an order_id with other content. This is a file of "
            "lines, in which an order has a row for each of its products, and not of orders. Take its sections out "
            "of crmkit.toml, if it has any, and run `crmkit map`: it proposes the SQL that makes orders and order_lines of it."
        ]
    return [
        f"{staged.origin}: in {n_repeated:,} of {n_rows:,} rows {again[0].finding}, so that a row is not {staged.schema.row}. "
        "Map its own id, or make the table by sql that adds up these rows."
    ]


def _respell(con: duckdb.DuckDBPyConnection, table: ParsedTable, name: str) -> Finding | None:
    column = identifier(name)
    same = f"s.category = {literal(name)} AND s.spelling = {table.relation}.{column}"
    joined = f"spellings s WHERE {same} AND {REASON} IS NULL"
    example = con.execute(f"SELECT s.spelling, s.best FROM {table.relation}, {joined} ORDER BY ALL LIMIT 1").fetchone()
    if example is None:
        return None
    n_rows = _give_best_spelling(con, table.relation, name, joined)
    return Finding(
        table.staged.table,
        f"{name} is spelled in several ways, such as '{example[0]}' and '{example[1]}'",
        n_rows,
        0.0,
        "note",
        "Counted under the most frequent spelling.",
    )


def _give_best_spelling(con: duckdb.DuckDBPyConnection, relation: str, name: str, joined: str) -> int:
    """Give the cells of a category their best spelling; return how many change [cells]."""
    column = identifier(name)
    if not is_view(con, relation):
        (n_rows,) = con.execute(f"UPDATE {relation} SET {column} = s.best FROM {joined}").fetchone() or (0,)
        return int(n_rows)
    (n_rows,) = con.execute(f"SELECT count(*) FROM {relation}, {joined}").fetchone() or (0,)
    same = f"s.category = {literal(name)} AND s.spelling = r.{column} AND r.{REASON} IS NULL"
    look_up(con, relation, f"spellings s ON {same}", {column: f"coalesce(s.best, r.{column})"})
    return int(n_rows)


def _own_columns(staged: Staged) -> list[Finding]:
    """Return the findings on columns that a table has beyond the canonical ones."""
    if staged.own is None:
        return []
    found = []
    if staged.own.kept:
        listed = ", ".join(map(str, staged.own.kept))
        found.append((f"columns of {staged.origin} that are its own: {listed}", "Kept: split and filter by them."))
    if staged.own.personal:
        listed = ", ".join(staged.own.personal)
        found.append(
            (
                f"columns of {staged.origin} that look like personal data: {listed}",
                "Left out: names and addresses of customers belong in customer_identities.",
            )
        )
    found += [
        (doubt, "It can be split by; it cannot be compared with a number or a day.") for doubt in staged.own.doubts
    ]
    return [Finding(staged.table, finding, 0, 0.0, "note", consequence) for finding, consequence in found]


def _emptied(parsed: ParsedTable) -> list[_Note]:
    return [
        _Note(f"{fault(column.name)} = {number}", rule.finding, f"{column.name} is left empty; the row counts.")
        for column in parsed.columns
        if not column.required
        for number, rule in enumerate(parsed.rules[column.name], start=1)
    ]


@dataclass(frozen=True)
class _Note:
    condition: str
    finding: str
    consequence: str


def _out_of_order(parsed: ParsedTable) -> list[_Note]:
    """Return the notes on optional times that lie before the row's own time, by days: some exports give no hour."""
    clock = parsed.staged.schema.clock
    if clock not in parsed.rules:
        return []
    return [
        _Note(
            f"CAST({identifier(column.name)} AS DATE) < CAST({identifier(clock)} AS DATE)",
            f"{column.name} lies before {clock}",
            "The row counts; a duration from it counts as 0 days.",
        )
        for column in parsed.columns
        if is_later_time(column)
    ]


def _equal_rows(con: duckdb.DuckDBPyConnection, parsed: ParsedTable) -> list[Finding]:
    n_rows = _n_more(con, parsed, parsed.canonical)
    if not n_rows:
        return []
    return [
        Finding(
            parsed.staged.table,
            "rows equal another row in every column",
            n_rows,
            0.0,
            "note",
            "They count: without a key it cannot be told whether one of them is a mistake.",
        )
    ]


def _n_more(con: duckdb.DuckDBPyConnection, parsed: ParsedTable, columns: str) -> int:
    """Return how many rows there are beyond one for each combination of the columns [rows]."""
    kept = f"FROM {parsed.relation} WHERE {REASON} IS NULL AND NOT {MERGED}"
    # As many hashes as rows prove that all are different, in half the time.
    for distinct in (f"hash({columns})", columns):
        counted = f"SELECT (SELECT count(*) {kept}) - (SELECT count(*) FROM (SELECT DISTINCT {distinct} {kept}))"
        (n_rows,) = con.execute(counted).fetchone() or (0,)
        if not n_rows:
            return 0
    return int(n_rows)


def _ranks(con: duckdb.DuckDBPyConnection, parsed: Sequence[ParsedTable]) -> dict[str, int]:
    """Return the files in order, the newest with the highest rank."""
    reach: dict[str, datetime] = {}
    for table in parsed:
        for part, last in con.execute(query).fetchall() if (query := _reach(table, parsed)) else ():
            if last is not None and part < len(table.staged.parts):
                file = table.staged.parts[part]
                reach[file] = max(reach.get(file, datetime.min), last)
    files = {file for table in parsed for file in table.staged.parts}
    return {
        file: rank for rank, file in enumerate(sorted(files, key=lambda f: (reach.get(f, datetime.min), *_natural(f))))
    }


def _reach(table: ParsedTable, parsed: Sequence[ParsedTable]) -> str | None:
    clock = table.staged.schema.clock or "acquired_at"
    if clock in table.rules:
        return f"SELECT {PART}, CAST(max({identifier(clock)}) AS TIMESTAMP) FROM {table.relation} GROUP BY {PART}"
    orders = next((other for other in parsed if other.staged.table == "orders"), None)
    if orders is None or table.staged.table != "order_lines" or not {"order_id"} <= table.rules.keys():
        return None
    return (
        f"SELECT line.{PART}, max(ordered_at) FROM {table.relation} line JOIN {orders.relation} USING (order_id) "
        f"GROUP BY line.{PART}"
    )


def _natural(file: str) -> tuple[Any, ...]:
    """Return by what names are sorted as people sort them: 2 before 10, and a name before the same with an ending."""
    stem = re.sub(r"[^0-9a-z]+", " ", PurePath(file).stem.casefold()).strip()
    return tuple(
        (0, int(each), "") if each.isdigit() else (1, 0, each) for each in re.findall(r"\d+|[a-z]+", stem)
    ), file


def _merge_older_rows(
    con: duckdb.DuckDBPyConnection, table: ParsedTable, tables: Mapping[str, ParsedTable], ranks: Mapping[str, int]
) -> int:
    parts = " ".join(f"WHEN {number} THEN {ranks[file]}" for number, file in enumerate(table.staged.parts))
    rows = f"(SELECT rowid AS id, *, CASE {PART} {parts} END AS {_FILE} FROM {table.relation} WHERE {REASON} IS NULL)"
    older = _older(table, rows, tables, ranks)
    if older is None:
        return 0
    return change_rows(con, table.relation, f"SELECT id, true AS {MERGED} FROM ({older})", [MERGED])


def _older(table: ParsedTable, rows: str, tables: Mapping[str, ParsedTable], ranks: Mapping[str, int]) -> str | None:
    """Return the SQL of the rows that a newer file has too; None if the table has nothing to identify rows by."""
    schema = table.staged.schema
    key = [name for name in schema.key if name in table.rules]
    if key and (set(schema.key) & set(schema.required)) <= table.rules.keys():
        keys = ", ".join([*map(identifier, key), *_source(table)])
        rows = _of_several_files(rows, key)
        if schema.name in SUMS:  # its rows may be parts of one, of which some are equal
            return f"SELECT id FROM {rows} QUALIFY {_FILE} < max({_FILE}) OVER (PARTITION BY {keys})"
        newest = f"first_value(row({table.selected})) OVER (PARTITION BY {keys} ORDER BY {_FILE} DESC, {PART}, {ROW})"
        return (
            f"SELECT id FROM {rows} QUALIFY {_FILE} < max({_FILE}) OVER (PARTITION BY {keys}) "
            f"AND row({table.selected}) IS DISTINCT FROM {newest}"
        )
    if schema.name == "order_lines" and "orders" in tables and "order_id" in table.rules:
        return (
            f"SELECT id FROM {rows} SEMI JOIN ({_in_several_files(tables['orders'])}) USING (order_id) "
            f"QUALIFY {_FILE} < max({_FILE}) OVER (PARTITION BY order_id)"
        )
    if (
        schema.name == "costs" and "campaign" in table.rules
    ):  # an advertiser's row of a day; other costs may well be equal
        return (
            f"SELECT id FROM {rows} WHERE campaign IS NOT NULL "
            f"QUALIFY {_FILE} < max({_FILE}) OVER (PARTITION BY {', '.join([table.canonical, *_source(table)])})"
        )
    return None


def _source(table: ParsedTable) -> list[str]:
    """Return the SQL of the source of a row, if the settings name several: rows of two sources replace no other."""
    named = " ".join(f"WHEN {part} THEN {literal(name)}" for part, name in enumerate(table.staged.sources))
    return [f"CASE {PART} {named} END"] if any(table.staged.sources) else []


def _of_several_files(rows: str, key: Sequence[str]) -> str:
    """Return the SQL of the rows whose key is in more than one file: few, as a rule, and only they are compared."""
    keys = ", ".join(map(identifier, key))
    same = " AND ".join(f"each.{identifier(name)} IS NOT DISTINCT FROM shared.{identifier(name)}" for name in key)
    shared = f"(SELECT {keys} FROM {rows} GROUP BY ALL HAVING min({_FILE}) < max({_FILE}))"
    return f"(SELECT each.* FROM {rows} each SEMI JOIN {shared} shared ON {same})"


def _in_several_files(orders: ParsedTable) -> str:
    files = " ".join(f"WHEN {number} THEN {literal(name)}" for number, name in enumerate(orders.staged.parts))
    file = f"CASE {PART} {files} END" if files else "NULL"
    return f"SELECT order_id FROM {orders.relation} WHERE {REASON} IS NULL GROUP BY order_id HAVING count(DISTINCT {file}) > 1"
