"""Merge the accounts of one person: find them, merge the certain ones, and ask the analyst about the others.

The oldest account remains, so that an id never changes because of a new order. A person's row takes each value from the
account used last that has one; acquisition channel and campaign are those of the oldest account, and mailings are allowed
if no account forbids them. Messages and trials that reached two accounts of a person become one row: first times, summed
money. The rows as they were before are kept. Ids are written into the store, names into the analyst's review file only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd

from crmkit.cleaning.checks.check_rows import CheckedTable, shared_contacts
from crmkit.cleaning.checks.findings import Finding
from crmkit.cleaning.checks.kept_rows import make_table
from crmkit.cleaning.duplicates.decide import Clusters, KnownPeople, Pair, cluster_pairs, pair_of
from crmkit.cleaning.duplicates.linkage import linked_people
from crmkit.cleaning.duplicates.precision import (
    HELD_FROM,
    chosen_questions,
    measured_pairs,
    question_names,
    settled_questions,
)
from crmkit.cleaning.duplicates.review import Answers, pair_name, read_answers, write_review
from crmkit.cleaning.duplicates.state import (
    BEFORE,
    MERGED_ROWS,
    DuplicatesReport,
    DuplicatesState,
    now,
    read_state,
    with_answers,
    with_kinds,
    with_merges,
    write_state,
)
from crmkit.errors import CrmkitError, Problems
from crmkit.settings import Settings
from crmkit.sources.sql import MERGED, REASON, identifier
from crmkit.sources.store.store import located_store, write_table
from crmkit.tables.schema import SCHEMAS, Column

_ACQUISITION = ("channel", "campaign", "referred_by")
_GONE = "WHERE customer_id <> person_id"
IDENTITIES = "customer_identities"
_BY_HAND = "answered: same"
_CONSEQUENCE = (
    "Merged into the row of the oldest account, with what belongs to it. "
    "`crmkit duplicates` lists them, `crmkit unmerge` undoes one."
)


def ranked_accounts(
    con: duckdb.DuckDBPyConnection, tables: Mapping[str, str], people: Sequence[Sequence[str]]
) -> pd.DataFrame:
    """Rank the accounts of each person by age and by last use.

    Parameters
    ----------
    con : duckdb connection
    tables : mapping of str to str
        SQL of the rows of each canonical table.
    people : sequence of sequence of str
        The accounts of each person.

    Returns
    -------
    DataFrame
        One row per account: customer_id, person_id (the oldest account), oldest and newest (its rank, from 1).
    """
    accounts = pd.DataFrame(
        [(account, number) for number, members in enumerate(people) for account in members],
        columns=["customer_id", "person"],
    )
    con.register("accounts", accounts.astype({"customer_id": "string", "person": "int64"}))
    seen = [
        f"SELECT customer_id, CAST({identifier(clock)} AS TIMESTAMP) AS used_at FROM ({rows})"
        for name, rows in tables.items()
        if (clock := _clock(con, name, rows))
    ]
    seen.append("SELECT NULL::VARCHAR AS customer_id, NULL::TIMESTAMP AS used_at")
    ranked = con.execute(f"""
        WITH used AS (SELECT customer_id, min(used_at) AS first_use, max(used_at) AS last_use FROM ({" UNION ALL ".join(seen)})
                      WHERE customer_id IN (SELECT customer_id FROM accounts) GROUP BY customer_id)
        SELECT customer_id, first_value(customer_id) OVER oldest AS person_id, row_number() OVER oldest AS oldest,
               row_number() OVER (PARTITION BY person ORDER BY last_use DESC NULLS LAST, first_use DESC NULLS LAST, customer_id)
               AS newest
        FROM accounts LEFT JOIN used USING (customer_id)
        WINDOW oldest AS (PARTITION BY person ORDER BY first_use NULLS LAST, customer_id) ORDER BY person_id, oldest""").df()
    con.unregister("accounts")
    return ranked


def merge_rows(con: duckdb.DuckDBPyConnection, tables: Mapping[str, str], accounts: pd.DataFrame) -> dict[str, int]:
    """Assign the rows of each person's accounts to the oldest account.

    Makes, for each table that changes, ``merged_<table>`` (position and all columns) and ``before_<table>`` (the rows of
    before that changed: position, merged_position of the row that stands for it now, if any, and all columns).

    Parameters
    ----------
    con : duckdb connection
    tables : mapping of str to str
        SQL of the rows of each canonical table, in order.
    accounts : DataFrame
        As :func:`ranked_accounts` returns them.

    Returns
    -------
    dict of str to int
        Rows that were merged into another one, by table that changed [rows].
    """
    con.register("account_rows", accounts)
    con.execute("CREATE OR REPLACE TABLE person_accounts AS FROM account_rows")
    con.unregister("account_rows")
    dropped = {}
    for name, rows in tables.items():
        columns = [column for column, *_ in con.execute(f"DESCRIBE {rows}").fetchall()]
        ids = [column for column in ("customer_id", "referred_by") if column in columns]
        if ids and _touches(con, rows, ids):
            dropped[name] = _merge_table(con, name, rows, columns)
    return dropped


def merge_duplicates(
    con: duckdb.DuckDBPyConnection, checked: Sequence[CheckedTable], settings: Settings
) -> tuple[list[CheckedTable], DuplicatesReport | None]:
    """Find duplicate customers, and merge those that are certain or confirmed by the analyst.

    Returns
    -------
    (list of CheckedTable, DuplicatesReport or None)
        The tables with one row per person; None if there are no personal data, or the settings turn the search off.

    Raises
    ------
    Problems
        With all that is wrong with the answers in the review file.
    """
    wanted = settings.duplicates
    identities = next((table for table in checked if table.table == IDENTITIES), None)
    known = read_state(located_store(settings.path("store")))
    if identities is None or not wanted.find:
        return list(checked), _without_search(known)
    people = con.execute(identities.kept).df()
    given = _answers_in_file(settings, known)
    answers, kinds = with_answers(known.answers, given.pairs, now()), with_kinds(known, given.kinds, now())
    known = replace(known, answers=answers, kinds=kinds)
    found = linked_people(people)
    likely = found[found["probability"] >= wanted.ask].reset_index(drop=True)
    judge = KnownPeople(
        people, {*likely["customer_id"], *likely["other_id"], *(each for pair in known.answered for each in pair)}
    )
    pairs = _with_answers_of_kinds(_judged_pairs(likely, judge, settings, known.answered), known, wanted.merge)
    sure = pairs[pairs["sure"]]
    groups = _groups(sure, known.answered, set(people["customer_id"]), judge)
    tables = {table.table: table.kept for table in checked}
    accounts = ranked_accounts(con, tables, groups.people)
    dropped = merge_rows(con, tables, accounts) if len(accounts) else {}
    links = _links(pairs, sure, known.answered, accounts)
    waiting = _waiting(pairs, known, accounts)
    asked = chosen_questions(pairs, waiting, set(groups.doubted), known.answered).head(wanted.most_questions)
    merges = with_merges(known.merges, accounts, links, now())
    state = replace(known, merges=merges, links=links, questions=asked)
    report = DuplicatesReport(accounts, state, people, str(wanted.file), int(waiting.sum()) - len(asked))
    return [_recounted(con, table, dropped) for table in checked], report


def has_new_answers(settings: Settings) -> bool:
    """Whether the review file holds an answer that the store has not read yet.

    Raises
    ------
    Problems
        With all that is wrong with the answers.
    """
    known = read_state(located_store(settings.path("store")))
    if not settings.duplicates.find:
        return False
    given = _answers_in_file(settings, known)
    same_pairs = with_answers(known.answers, given.pairs, "").equals(with_answers(known.answers, {}, ""))
    return not (same_pairs and with_kinds(known, given.kinds, "").equals(with_kinds(known, {}, "")))


def write_duplicates(
    con: duckdb.DuckDBPyConnection, store: Path, settings: Settings, report: DuplicatesReport | None
) -> None:
    """Write answers, merges and the rows before merging into a store, and the questions into the review file.

    Parameters
    ----------
    con : duckdb connection
        In which the people were merged.
    store : Path
        Folder of the store that is being written.
    settings : Settings
    report : DuplicatesReport or None
        None if duplicates were never looked for.
    """
    if report is None:
        return
    write_state(store, report.state)
    (store / "personal").mkdir(mode=0o700, exist_ok=True)
    write_rows_before(con, store)
    if len(report.people):
        file, state = settings.folder / settings.duplicates.file, report.state
        write_review(file, state.questions, report.people, state.answered, state.kinds)


def write_rows_before(con: duckdb.DuckDBPyConnection, store: Path) -> None:
    """Write the rows before merging, from the tables ``before_<table>`` of a connection."""
    named = con.execute("SELECT table_name FROM duckdb_tables() WHERE starts_with(table_name, 'before_')").fetchall()
    for (name,) in named:
        file = store / "personal" / BEFORE / f"{name.removeprefix('before_')}.parquet"
        write_table(con, f"FROM {name} ORDER BY position", file)


def _clock(con: duckdb.DuckDBPyConnection, name: str, rows: str) -> str | None:
    """Return the column that says when an account was used, or opened."""
    columns = {column for column, *_ in con.execute(f"DESCRIBE {rows}").fetchall()}
    clock = "acquired_at" if name == "customers" else SCHEMAS[name].clock
    return clock if "customer_id" in columns and clock in columns else None


def _touches(con: duckdb.DuckDBPyConnection, rows: str, ids: list[str]) -> bool:
    members = " OR ".join(f"{column} IN (SELECT customer_id FROM person_accounts)" for column in ids)
    (found,) = con.execute(f"SELECT EXISTS (FROM ({rows}) WHERE {members})").fetchone() or (False,)
    return bool(found)


def _merge_table(con: duckdb.DuckDBPyConnection, name: str, rows: str, columns: list[str]) -> int:
    con.execute(f"CREATE OR REPLACE TABLE base_{name} AS {rows}")
    base = f"SELECT rowid + 1 AS position, * FROM base_{name}"
    kept = ", ".join(identifier(column) for column in columns)
    together = "customer_id" in SCHEMAS[name].key
    own = ", ".join(f"{_own_id(column)} AS {identifier(column)}" for column in columns)
    mapped = f"""SELECT position, {own}, a.person_id, a.oldest, a.newest FROM ({base}) b
                 LEFT JOIN person_accounts a ON a.customer_id = b.customer_id"""
    if "referred_by" in columns:
        by = "coalesce(r.person_id, m.referred_by)"  # a person referred by an own account was not referred
        mapped = f"""SELECT m.* REPLACE (CASE WHEN m.person_id = {by} THEN NULL ELSE {by} END AS referred_by)
                     FROM ({mapped}) m LEFT JOIN person_accounts r ON r.customer_id = m.referred_by"""
    single = f"SELECT position, {kept} FROM ({mapped})"
    if together:
        single = f"{single} WHERE person_id IS NULL UNION ALL ({_one_row_each(name, columns, mapped)})"
    con.execute(f"""CREATE OR REPLACE TABLE merged_{name} AS SELECT row_number() OVER (ORDER BY position) AS position,
                    position AS base_position, {kept} FROM ({single}) ORDER BY position""")
    changed = " OR ".join(
        f"b.{column} IN (SELECT customer_id FROM person_accounts {'' if together else _GONE})"
        for column in ("customer_id", "referred_by")
        if column in columns
    )
    con.execute(f"""CREATE OR REPLACE TABLE before_{name} AS SELECT b.position, m.position AS merged_position, {_of("b", columns)}
                    FROM ({base}) b LEFT JOIN merged_{name} m ON m.base_position = b.position WHERE {changed}""")
    con.execute(f"ALTER TABLE merged_{name} DROP COLUMN base_position")
    con.execute(f"DROP TABLE base_{name}")
    (n_dropped,) = con.execute(f"SELECT count(*) FROM before_{name} WHERE merged_position IS NULL").fetchone() or (0,)
    return int(n_dropped)


def _own_id(column: str) -> str:
    return "coalesce(a.person_id, b.customer_id)" if column == "customer_id" else f"b.{identifier(column)}"


def _one_row_each(name: str, columns: list[str], mapped: str) -> str:
    """Return the SQL of one row per person and the rest of the table's key."""
    key = [column for column in SCHEMAS[name].key if column in columns]
    known = {column.name: column for column in SCHEMAS[name].columns}
    cells = [
        identifier(column)
        if column in key
        else f"{_together(name, column, known.get(column), columns)} AS {identifier(column)}"
        for column in columns
    ]
    groups = ", ".join(identifier(column) for column in key)
    return f"SELECT min(position) AS position, {', '.join(cells)} FROM ({mapped}) WHERE person_id IS NOT NULL GROUP BY {groups}"


def _together(name: str, column: str, known: Column | None, columns: list[str]) -> str:
    """Return the SQL that makes one value of those of a person's accounts."""
    cell = identifier(column)
    if name == "customers" and column in _ACQUISITION:
        how = "channel" if column == "campaign" and "channel" in columns else column  # a campaign goes with its channel
        return f"arg_min_null({cell}, oldest) FILTER (WHERE {identifier(how)} IS NOT NULL)"
    if name == "customers" and column == "marketing_consent":
        return f"bool_and({cell})"
    if known is not None and known.kind == "timestamp":
        return f"min({cell})"
    if known is not None and known.kind == "money":
        return f"sum({cell})"
    if known is not None and known.kind == "flag":
        return f"bool_or({cell})"
    return f"arg_min({cell}, newest) FILTER (WHERE {cell} IS NOT NULL)"


def _of(alias: str, columns: list[str]) -> str:
    return ", ".join(f"{alias}.{identifier(column)}" for column in columns)


def _without_search(known: DuplicatesState) -> DuplicatesReport | None:
    """Return the state without a search for duplicates: earlier merges no longer hold."""
    if known.merges.empty and known.answers.empty:
        return None
    empty = DuplicatesReport()
    log = with_merges(known.merges, empty.accounts, known.links, now())
    return replace(empty, state=DuplicatesState(known.answers, log, kinds=known.kinds))


def _answers_in_file(settings: Settings, known: DuplicatesState) -> Answers:
    file = settings.folder / settings.duplicates.file
    if file.resolve().parent == settings.path("exports"):
        raise CrmkitError(
            f"{file} would be read as an export. Name a file outside {settings.data.exports}: "
            "file = ... under [duplicates]."
        )
    known_pairs = [*known.answered, *_pairs(known.questions)]
    questions = {*known.questions["question"], *known.kinds["question"]} - {""}
    return read_answers(file, {pair_name(pair): pair for pair in known_pairs}, questions)


def _pairs(rows: pd.DataFrame) -> list[Pair]:
    return list(zip(rows["customer_id"], rows["other_id"], strict=True))


def _judged_pairs(
    likely: pd.DataFrame, judge: KnownPeople, settings: Settings, answered: Mapping[Pair, str]
) -> pd.DataFrame:
    """Return the pairs that may be one person: customer_id, other_id, score, cautious, why, question, sure, and as judged."""
    wanted = settings.duplicates
    judged = judge.judged(likely).rename(columns={"probability": "score", "agreement": "why"})
    in_order = [pair_of(*ids) for ids in zip(judged["customer_id"], judged["other_id"], strict=True)]
    judged[["customer_id", "other_id"]] = pd.DataFrame(in_order, judged.index, ["customer_id", "other_id"])
    judged["question"] = question_names(judged)
    by_rule = judged["agrees"] & ~judged["contradicted"] & (judged["score"] >= wanted.sure)
    sure = by_rule | measured_pairs(judged, wanted.sure, answered)
    return judged.assign(sure=sure if wanted.merge else False)


def _with_answers_of_kinds(pairs: pd.DataFrame, known: DuplicatesState, infer: bool) -> pd.DataFrame:
    """Add whether the answers to a kind of pairs, or to enough pairs of it, settle each pair; sure are the same ones too.

    Parameters
    ----------
    infer : bool
        Whether answers to some pairs settle others; otherwise only an answer to the kind as a whole does.
    """
    settled = (settled_questions(pairs, known.answered) if infer else {}) | known.answered_kinds
    of_kind = pairs["question"].map(settled).fillna("")
    sure = (pairs["sure"] & (of_kind != "different")) | ((of_kind == "same") & ~pairs["others"])
    return pairs.assign(settled=of_kind, sure=sure)


def _groups(sure: pd.DataFrame, answered: Mapping[Pair, str], there: set[str], judge: KnownPeople) -> Clusters:
    answers_of = {
        word: [pair for pair, answer in answered.items() if answer == word and there.issuperset(pair)]
        for word in ("same", "different")
    }

    found = set(_pairs(sure))
    held = cluster_pairs(_pairs(sure[sure["cautious"] >= HELD_FROM]), [], answers_of["different"], lambda pairs: set())
    tied = {account: number for number, members in enumerate(held.people) for account in members}

    def contradicted(pairs: list[Pair]) -> set[Pair]:
        wrong = judge.incompatible(pairs) - found
        return {pair for pair in wrong if pair[0] not in tied or tied[pair[0]] != tied.get(pair[1])}

    groups = cluster_pairs(_pairs(sure), answers_of["same"], answers_of["different"], contradicted)
    if groups.impossible:
        raise Problems(
            "The review of duplicates",
            [
                f"pair {pair_name(pair)} is answered different, and other answers make {pair[0]} and {pair[1]} one person. "
                "Change one of these answers."
                for pair in groups.impossible
            ],
        )
    return groups


def _links(
    pairs: pd.DataFrame, sure: pd.DataFrame, answered: Mapping[Pair, str], accounts: pd.DataFrame
) -> pd.DataFrame:
    """Return the pairs that the merges are based on."""
    person = dict(zip(accounts["customer_id"], accounts["person_id"], strict=True))
    scores = dict(zip(_pairs(pairs), pairs["score"], strict=True))
    found = {
        pair: (score, why)
        for pair, score, why in zip(_pairs(sure), sure["score"], sure["why"], strict=True)
        if answered.get(pair) != "different"
    }
    by_hand = {pair: (scores.get(pair, 1.0), _BY_HAND) for pair, answer in answered.items() if answer == "same"}
    rows = [
        (*pair, *score)
        for pair, score in sorted({**found, **by_hand}.items())
        if pair[0] in person and person[pair[0]] == person.get(pair[1])
    ]
    return pd.DataFrame(rows, columns=["customer_id", "other_id", "score", "why"])


def _waiting(pairs: pd.DataFrame, known: DuplicatesState, accounts: pd.DataFrame) -> pd.Series[bool]:
    """Return which pairs wait for an answer."""
    person = dict(zip(accounts["customer_id"], accounts["person_id"], strict=True))
    answered = known.answered
    is_open = [
        pair not in answered and (pair[0] not in person or person[pair[0]] != person.get(pair[1]))
        for pair in _pairs(pairs)
    ]
    return pd.Series(is_open, pairs.index, dtype=bool) & ~pairs["others"] & (pairs["settled"] != "different")


def _recounted(con: duckdb.DuckDBPyConnection, table: CheckedTable, dropped: Mapping[str, int]) -> CheckedTable:
    """Return a table with the rows of its people instead of those of their accounts, and with what became of the others."""
    name, n = table.table, dropped.get(table.table)
    if n is None:
        return table
    counts = replace(table.counts, n_kept=table.counts.n_kept - n, n_merged=table.counts.n_merged + n)
    findings = list(table.findings)
    if n:
        _mark_merged(con, table)
    if name == IDENTITIES:
        findings = [each for each in findings if "customers share their" not in each.finding]
        findings += [
            replace(each, share=each.n_rows / max(counts.n_in, 1)) for each in shared_contacts(con, table.parsed)
        ]
    if n:
        what = MERGED_ROWS[name not in ("customers", IDENTITIES)]
        findings.append(Finding(name, what, n, n / max(counts.n_in, 1), "note", _CONSEQUENCE))
    return replace(table, counts=counts, findings=tuple(findings), merged=f"merged_{name}")


def _mark_merged(con: duckdb.DuckDBPyConnection, table: CheckedTable) -> None:
    """Mark the rows that went into those of another account, so that rows are counted by file as they are in all."""
    relation, before = table.parsed.relation, f"before_{table.table}"
    make_table(con, relation)
    same = " AND ".join(f"b.{key} = {relation}.{key}" for key in map(identifier, SCHEMAS[table.table].key))
    con.execute(
        f"UPDATE {relation} SET {MERGED} = true WHERE {REASON} IS NULL AND EXISTS "
        f"(FROM {before} b WHERE b.merged_position IS NULL AND {same})"
    )
