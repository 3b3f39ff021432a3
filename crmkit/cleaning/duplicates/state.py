"""What a store knows of people who are in there twice: answers, merges and why. Ids alone, no personal data.

::

    store/people/
      answers.parquet    customer_id, other_id, answer (same, different), answered_at
      merges.parquet     from_id, into_id, merged_at, score, why, undone_at: every merge that ever was
      links.parquet      customer_id, other_id, score, why: the pairs that the present merges rest on
      questions.parquet  customer_id, other_id, score, why: the pairs that wait for an answer
    store/personal/before_merging/<table>.parquet    the rows as they were before
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd

from crmkit.cleaning.duplicates.decide import Pair, pair_of
from crmkit.cleaning.loading.forgotten_rows import list_forgotten
from crmkit.errors import CrmkitError, did_you_mean
from crmkit.settings import Settings
from crmkit.sources.contacts import plain_email, pseudonym
from crmkit.sources.person_search import Person
from crmkit.sources.sql import ROW, columns_of, identifier, literal, open_duckdb, parquet
from crmkit.sources.store.keys import forgotten_hashes, hashes_of, key_for, use_key
from crmkit.sources.store.store import found_store, table_files

FOLDER = "people"
BEFORE = "before_merging"
_COLUMNS = {
    "answers": ("customer_id", "other_id", "answer", "answered_at"),
    "merges": ("from_id", "into_id", "merged_at", "score", "why", "undone_at"),
    "links": ("customer_id", "other_id", "score", "why"),
    "questions": ("customer_id", "other_id", "score", "why"),
}


def _none(kind: str) -> pd.DataFrame:
    types = {name: "float64" if name == "score" else object for name in _COLUMNS[kind]}
    return pd.DataFrame({name: pd.Series(dtype=types[name]) for name in _COLUMNS[kind]})


@dataclass(frozen=True, eq=False)
class DuplicatesState:
    """The four lists, one row each as in the files."""

    answers: pd.DataFrame = field(default_factory=lambda: _none("answers"))
    merges: pd.DataFrame = field(default_factory=lambda: _none("merges"))
    links: pd.DataFrame = field(default_factory=lambda: _none("links"))
    questions: pd.DataFrame = field(default_factory=lambda: _none("questions"))

    @property
    def answered(self) -> dict[Pair, str]:
        """What was answered of each pair."""
        rows = zip(self.answers["customer_id"], self.answers["other_id"], self.answers["answer"], strict=True)
        return {pair_of(one, other): answer for one, other, answer in rows}


def read_state(store: Path | None) -> DuplicatesState:
    """Return what a store knows; nothing where there is none.

    Raises
    ------
    CrmkitError
        If a file of it is damaged.
    """
    found = {}
    for kind in _COLUMNS:
        file = (store or Path()) / FOLDER / f"{kind}.parquet"
        if store is None or not file.is_file():
            continue
        try:
            found[kind] = pd.read_parquet(file, columns=list(_COLUMNS[kind]))
        except (OSError, ValueError) as error:
            raise CrmkitError(
                f"{file} is damaged: {str(error).splitlines()[0]} Take the file away and load again; "
                "what it held is answered again."
            ) from None
    return DuplicatesState(**found)


def write_state(store: Path, state: DuplicatesState) -> None:
    """Write the lists into the folder of a store, readable by their owner only."""
    folder = store / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    for kind in _COLUMNS:
        file = folder / f"{kind}.parquet"
        getattr(state, kind).to_parquet(file, index=False)
        file.chmod(0o600)


def now() -> str:
    """Return the present time as the lists write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def with_answers(answers: pd.DataFrame, new: Mapping[Pair, str], at: str) -> pd.DataFrame:
    """Add answers to those there are; a pair that is answered otherwise than before counts as answered now.

    Examples
    --------
    >>> first = with_answers(DuplicatesState().answers, {("a", "b"): "same"}, "2026-10-01")
    >>> with_answers(first, {("a", "b"): "different", ("a", "c"): "same"}, "2026-11-01")["answer"].tolist()
    ['different', 'same']
    """
    rows = answers[list(_COLUMNS["answers"])].itertuples(index=False, name=None)
    known = {pair_of(one, other): (answer, since) for one, other, answer, since in rows}
    known |= {pair: (answer, at) for pair, answer in new.items() if known.get(pair, ("",))[0] != answer}
    listed = [(*pair, *told) for pair, told in sorted(known.items())]
    return pd.DataFrame(listed, columns=list(_COLUMNS["answers"])) if listed else _none("answers")


def with_merges(merges: pd.DataFrame, accounts: pd.DataFrame, links: pd.DataFrame, at: str) -> pd.DataFrame:
    """Log what is merged now: new merges are added, those that no longer hold get the time at which they were undone.

    Parameters
    ----------
    merges : DataFrame
        The log so far.
    accounts : DataFrame
        customer_id, person_id of everybody who is merged.
    links : DataFrame
        The pairs that this rests on.
    at : str
    """
    gone = accounts[accounts["customer_id"] != accounts["person_id"]]
    current = set(zip(gone["customer_id"], gone["person_id"], strict=True))
    log = merges.copy()
    holds = [key in current for key in zip(log["from_id"], log["into_id"], strict=True)]
    standing = log["undone_at"].isna()
    log.loc[standing & ~pd.Series(holds, log.index, dtype=bool), "undone_at"] = at
    known = set(log.loc[log["undone_at"].isna(), ["from_id", "into_id"]].itertuples(index=False, name=None))
    rows = [(*key, at, *_reason(key[0], links), None) for key in sorted(current - known)]
    if not rows:
        return log
    new = pd.DataFrame(rows, columns=list(_COLUMNS["merges"]))
    return pd.concat([log, new], ignore_index=True) if len(log) else new


def _reason(account: str, links: pd.DataFrame) -> tuple[float, str]:
    """Return score and why of the strongest pair that ties an account to its person."""
    own = links[(links["customer_id"] == account) | (links["other_id"] == account)]
    best = own.sort_values(["score", "customer_id", "other_id"], ascending=[False, True, True]).iloc[0]
    return round(float(best["score"]), 4), str(best["why"])


# What was found about people who are in there twice, and how it is told.


#: The findings that count rows merged into another one because they are one person's: of herself, of what reached her.
MERGED_ROWS = ("rows of people who were in there twice", "rows reached a person twice")

_ACCOUNTS = ("customer_id", "person_id", "oldest", "newest")


@dataclass(frozen=True, eq=False)
class DuplicatesReport:
    """Who was merged, and who is asked for.

    Attributes
    ----------
    accounts : DataFrame
        customer_id, person_id, oldest, newest of everybody who is merged.
    state : DuplicatesState
        What the store is to know: what was answered, merged and is asked.
    people : DataFrame
        Rows of ``customer_identities`` as they came.
    file : str
        Where it is asked.
    n_more : int
        Questions beyond those that are asked at once [pairs].
    """

    accounts: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=_ACCOUNTS))
    state: DuplicatesState = field(default_factory=DuplicatesState)
    people: pd.DataFrame = field(default_factory=pd.DataFrame)
    file: str = ""
    n_more: int = 0

    def sentences(self, written: bool) -> list[str]:
        """Say what was merged and what waits for an answer; in the future tense where nothing was written."""
        n_people, n_accounts = self.accounts["person_id"].nunique(), len(self.accounts)
        told = []
        if n_people:
            often = "twice" if n_accounts == 2 * n_people else f"more than once ({n_accounts:,} entries)"
            are, become = ("person was", "is") if n_people == 1 else ("people were", "are")
            then = (
                f"{become} now one"
                if written
                else f"{'becomes' if n_people == 1 else 'become'} one when they are loaded"
            )
            told.append(f"{n_people:,} {are} in there {often} and {then}; `crmkit duplicates` lists them.")
        if len(self.state.questions):
            n, more = len(self.state.questions), f" ({self.n_more:,} more come later)" if self.n_more else ""
            waits = f"{n:,} {'pair waits' if n == 1 else 'pairs wait'} for your answer in {self.file}{more}"
            mind = "It holds names and addresses: only you can read it, and it stays on this machine."
            told.append(
                f"{waits}. {mind}" if written else f"`crmkit load` will ask about {n:,} pairs in {self.file}{more}."
            )
        return told


# Find a person in a store: her ids, and what she alone is known by.


_CONTACTS = {"emails": "email", "phones": "phone", "names": "name", "addresses": "address"}
_WRITTEN = {"survey_responses": "comment", "social_posts": "text"}


def find_person(settings: Settings, customer: str) -> Person:
    """Return what the store knows of a customer.

    Parameters
    ----------
    settings : Settings
    customer : str
        Her id, or her e-mail address. Ids under the same e-mail address are hers too.

    Raises
    ------
    CrmkitError
        If there is no store, the customer is not in it, or she was forgotten already.
    """
    store = found_store(settings.path("store"))
    if store is None:
        raise CrmkitError(f"There is no store {settings.path('store')} yet. Run `crmkit load` first.")
    key = key_for(settings)
    with closing(opened(store, key)) as con:
        con.execute("CREATE TEMP TABLE given (who VARCHAR)")
        con.execute("INSERT INTO given VALUES ($1)", [customer.strip()])
        ids = _with_merged(store, customer.strip(), _ids(con))
        if not ids:
            known = hashes_of(key, [customer.strip()], [customer.strip().lower()])
            raise CrmkitError(_nobody(con, customer, bool(forgotten_hashes(settings) & set(known))))
        list_forgotten(con, ids)
        known_by = {
            what: (*_hers_alone(con, column), *_before_merging(con, store, column))
            for what, column in _CONTACTS.items()
        }
        texts = [text for table, column in _WRITTEN.items() for text in _written_by_her(con, table, column)]
        return Person(tuple(ids), texts=tuple(texts), **known_by)


def emails_of(settings: Settings, person: Person) -> list[str]:
    """Return a person's e-mail addresses as they are hashed, those included that others have too."""
    store = found_store(settings.path("store"))
    with closing(opened(store or Path(), key_for(settings))) as con:
        list_forgotten(con, person.ids)
        return [each.lower() for each in _contacts(con, plain_email("email"))] if _has(con, "email") else []


def opened(store: Path, key: bytes) -> duckdb.DuckDBPyConnection:
    """Return a connection that holds every table of a store, each row with its number."""
    con = open_duckdb()
    use_key(con, key)
    for name, file in table_files(store, personal=True).items():
        con.execute(f"CREATE TABLE {identifier(name)} AS SELECT *, row_number() OVER () AS {ROW} FROM {parquet(file)}")
    return con


def _ids(con: duckdb.DuckDBPyConnection) -> list[str]:
    tables = [name for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()]
    everybody = " UNION ".join(
        f"SELECT customer_id FROM {identifier(name)}"
        for name in tables
        if "customer_id" in columns_of(con, identifier(name))
    )
    if not everybody:
        return []
    con.execute(
        f"CREATE TEMP TABLE everybody AS SELECT DISTINCT customer_id AS id FROM ({everybody}) WHERE id IS NOT NULL"
    )
    given = plain_email("who")
    queries = [
        "SELECT id FROM everybody SEMI JOIN given ON id = who",
        f"SELECT id FROM everybody SEMI JOIN given ON id = {pseudonym(given)}",
    ]
    if _has(con, "email"):
        email = plain_email("email")
        queries.append(f"SELECT customer_id FROM customer_identities SEMI JOIN given ON {email} = {given}")
        hers = f"SELECT {email} FROM customer_identities SEMI JOIN given ON customer_id = who"
        queries.append(f"SELECT customer_id FROM customer_identities WHERE {email} IN ({hers})")
        queries.append(f"SELECT id FROM everybody WHERE id IN (SELECT {pseudonym('hers')} FROM ({hers}) her(hers))")
    return sorted(each for (each,) in con.execute(" UNION ".join(queries)).fetchall())


def _with_merged(store: Path, given: str, ids: list[str]) -> list[str]:
    """Return the ids, and those of the accounts that were merged into them."""
    merges = read_state(store).merges
    standing = merges[merges["undone_at"].isna()]
    people = {*ids, *standing.loc[standing["from_id"] == given, "into_id"]}
    return sorted(people | set(standing.loc[standing["into_id"].isin(people), "from_id"]))


def _before_merging(con: duckdb.DuckDBPyConnection, store: Path, column: str) -> tuple[str, ...]:
    """Return what stood in her accounts before they were merged, and nobody else has."""
    file = store / "personal" / BEFORE / "customer_identities.parquet"
    if not file.is_file() or column not in columns_of(con, f"FROM {parquet(file)}") or not _has(con, column):
        return ()
    name = identifier(column)
    others = f"SELECT lower({name}) FROM customer_identities WHERE customer_id NOT IN (FROM forgotten_ids) AND {name} IS NOT NULL"
    rows = con.execute(
        f"SELECT DISTINCT CAST({name} AS VARCHAR) FROM {parquet(file)} "
        f"WHERE customer_id IN (FROM forgotten_ids) AND lower({name}) NOT IN ({others})"
    )
    return tuple(sorted(each for (each,) in rows.fetchall() if each is not None))


def _nobody(con: duckdb.DuckDBPyConnection, customer: str, forgotten: bool) -> str:
    if forgotten:
        return f"The customer '{customer}' was forgotten before: nothing of hers is in the store."
    ids = [each for (each,) in con.execute("SELECT id FROM everybody").fetchall()] if "@" not in customer else []
    hint = did_you_mean(customer, ids)
    near = f" {hint}" if hint.startswith("Did") else ""
    return (
        f"There is no customer '{customer}' in the store.{near} Give the id, as in the table customers, or the e-mail "
        "address. Who is in the export files alone is found after `crmkit load`."
    )


def _has(con: duckdb.DuckDBPyConnection, column: str, table: str = "customer_identities") -> bool:
    there = f"SELECT 1 FROM duckdb_columns() WHERE table_name = {literal(table)} AND column_name = {literal(column)}"
    return con.execute(there).fetchone() is not None


def _contacts(
    con: duckdb.DuckDBPyConnection, value: str, table: str = "customer_identities", hers: str = "IN"
) -> list[str]:
    query = (
        f"SELECT DISTINCT CAST({value} AS VARCHAR) AS told FROM {table} WHERE customer_id {hers} (FROM forgotten_ids)"
    )
    return [each for (each,) in con.execute(f"FROM ({query}) WHERE told IS NOT NULL ORDER BY told").fetchall()]


def _hers_alone(con: duckdb.DuckDBPyConnection, column: str, table: str = "customer_identities") -> tuple[str, ...]:
    if not (_has(con, column, table) and _has(con, "customer_id", table)):
        return ()
    others = {each.casefold() for each in _contacts(con, identifier(column), table, "NOT IN")}
    return tuple(each for each in _contacts(con, identifier(column), table) if each.casefold() not in others)


def _written_by_her(con: duckdb.DuckDBPyConnection, table: str, column: str) -> tuple[str, ...]:
    return _hers_alone(con, column, table)
