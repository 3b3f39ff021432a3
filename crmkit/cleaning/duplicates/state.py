"""What a store holds on duplicate customers: answers, merges and their reasons. Only ids, no personal data.

::

    store/people/
      answers.parquet    customer_id, other_id, answer (same, different), answered_at
      merges.parquet     from_id, into_id, merged_at, score, why, undone_at: every merge that ever was
      links.parquet      customer_id, other_id, score, why: the pairs that the current merges are based on
      questions.parquet  customer_id, other_id, score, why, question, settles: pairs without an answer yet, each with the
                         name of its kind and the number of pairs that the answers to this kind settle
      kinds.parquet      question, why, answer (same, different), answered_at: answers to all pairs of a kind
    store/personal/before_merging/<table>.parquet    the rows before merging
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from crmkit.cleaning.duplicates.decide import Pair, pair_of
from crmkit.errors import CrmkitError

FOLDER = "people"
OPEN = "open"
"""The answer that takes an earlier one back."""
BEFORE = "before_merging"
_COLUMNS = {
    "answers": ("customer_id", "other_id", "answer", "answered_at"),
    "merges": ("from_id", "into_id", "merged_at", "score", "why", "undone_at"),
    "links": ("customer_id", "other_id", "score", "why"),
    "questions": ("customer_id", "other_id", "score", "why", "question", "settles"),
    "kinds": ("question", "why", "answer", "answered_at"),
}
#: The findings that count rows merged because they belong to one person: rows about the person, messages received.
MERGED_ROWS = ("rows of people who were in there twice", "rows reached a person twice")
_ACCOUNTS = ("customer_id", "person_id", "oldest", "newest")


@dataclass(frozen=True, eq=False)
class DuplicatesState:
    """The lists, one row each as in the files."""

    answers: pd.DataFrame = field(default_factory=lambda: _none("answers"))
    merges: pd.DataFrame = field(default_factory=lambda: _none("merges"))
    links: pd.DataFrame = field(default_factory=lambda: _none("links"))
    questions: pd.DataFrame = field(default_factory=lambda: _none("questions"))
    kinds: pd.DataFrame = field(default_factory=lambda: _none("kinds"))

    @property
    def answered_kinds(self) -> dict[str, str]:
        """What was answered of all pairs of each kind, by the name of its question."""
        return dict(zip(self.kinds["question"], self.kinds["answer"], strict=True))

    @property
    def answered(self) -> dict[Pair, str]:
        """What was answered of each pair."""
        rows = zip(self.answers["customer_id"], self.answers["other_id"], self.answers["answer"], strict=True)
        return {pair_of(one, other): answer for one, other, answer in rows}


def read_state(store: Path | None) -> DuplicatesState:
    """Return the state of a store; empty if there is no store.

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
            found[kind] = _read(file, kind)
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


def with_answers(answers: pd.DataFrame, new: Mapping[Pair, str], answered_at: str) -> pd.DataFrame:
    """Add answers to those there are; a pair that is answered otherwise than before counts as answered now.

    The answer "open" takes an earlier one back.

    Examples
    --------
    >>> first = with_answers(DuplicatesState().answers, {("a", "b"): "same"}, "2026-10-01")
    >>> with_answers(first, {("a", "b"): "different", ("a", "c"): "same"}, "2026-11-01")["answer"].tolist()
    ['different', 'same']
    """
    rows = answers[list(_COLUMNS["answers"])].itertuples(index=False, name=None)
    known = {pair_of(one, other): (answer, since) for one, other, answer, since in rows}
    known |= {pair: (answer, answered_at) for pair, answer in new.items() if known.get(pair, ("",))[0] != answer}
    listed = [(*pair, *answer) for pair, answer in sorted(known.items()) if answer[0] != OPEN]
    return pd.DataFrame(listed, columns=list(_COLUMNS["answers"])) if listed else _none("answers")


def with_kinds(state: DuplicatesState, new: Mapping[str, str], answered_at: str) -> pd.DataFrame:
    """Add answers to all pairs of a kind to those there are, and take back those that are "open" now.

    Parameters
    ----------
    state : DuplicatesState
        With the kinds so far, and the questions that say what each kind is.
    new : mapping of str to str
        Answers by the name of the question.
    answered_at : str
    """
    known = {row[0]: row[1:] for row in state.kinds[list(_COLUMNS["kinds"])].itertuples(index=False, name=None)}
    why = dict(zip(state.questions["question"], state.questions["why"], strict=True))
    for question, answer in new.items():
        before = known.get(question, (why.get(question, ""), "", ""))
        if before[1] != answer:
            known[question] = (before[0], answer, answered_at)
    listed = [(question, *rest) for question, rest in sorted(known.items()) if rest[1] != OPEN]
    return pd.DataFrame(listed, columns=list(_COLUMNS["kinds"])) if listed else _none("kinds")


def with_merges(merges: pd.DataFrame, accounts: pd.DataFrame, links: pd.DataFrame, merged_at: str) -> pd.DataFrame:
    """Log what is merged now: new merges are added, those that no longer hold get the time at which they were undone.

    Parameters
    ----------
    merges : DataFrame
        The log so far.
    accounts : DataFrame
        customer_id, person_id of all customers who are merged.
    links : DataFrame
        The pairs that this rests on.
    merged_at : str
    """
    gone = accounts[accounts["customer_id"] != accounts["person_id"]]
    current = set(zip(gone["customer_id"], gone["person_id"], strict=True))
    log = merges.copy()
    holds = [key in current for key in zip(log["from_id"], log["into_id"], strict=True)]
    standing = log["undone_at"].isna()
    log.loc[standing & ~pd.Series(holds, log.index, dtype=bool), "undone_at"] = merged_at
    known = set(log.loc[log["undone_at"].isna(), ["from_id", "into_id"]].itertuples(index=False, name=None))
    rows = [(*key, merged_at, *_reason(key[0], links), None) for key in sorted(current - known)]
    if not rows:
        return log
    new = pd.DataFrame(rows, columns=list(_COLUMNS["merges"]))
    return pd.concat([log, new], ignore_index=True) if len(log) else new


@dataclass(frozen=True, eq=False)
class DuplicatesReport:
    """The customers that were merged, and the pairs to ask about.

    Attributes
    ----------
    accounts : DataFrame
        customer_id, person_id, oldest, newest of all customers who are merged.
    state : DuplicatesState
        Answers, merges and questions for the store.
    people : DataFrame
        Rows of ``customer_identities`` as they came.
    file : str
        The review file.
    n_more : int
        Doubtful pairs beyond those that are asked at once: the answers to pairs of their kind settle them, or they are asked
        later [pairs].
    """

    accounts: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=_ACCOUNTS))
    state: DuplicatesState = field(default_factory=DuplicatesState)
    people: pd.DataFrame = field(default_factory=pd.DataFrame)
    file: str = ""
    n_more: int = 0

    def sentences(self, written: bool) -> list[str]:
        """Return sentences on what was merged and what waits for an answer; in the future tense if nothing was written."""
        n_people, n_accounts = self.accounts["person_id"].nunique(), len(self.accounts)
        lines = []
        if n_people:
            often = "twice" if n_accounts == 2 * n_people else f"more than once ({n_accounts:,} entries)"
            are, become = ("person was", "is") if n_people == 1 else ("people were", "are")
            then = (
                f"{become} now one"
                if written
                else f"{'becomes' if n_people == 1 else 'become'} one when they are loaded"
            )
            lines.append(f"{n_people:,} {are} in there {often} and {then}; `crmkit duplicates` lists them.")
        if len(self.state.questions):
            n, n_more = len(self.state.questions), self.n_more
            more = f", and {n_more:,} more like them follow from your answers or are asked later" if n_more else ""
            waits = f"{n:,} {'pair waits' if n == 1 else 'pairs wait'} for your answer in {self.file}{more}"
            mind = "It holds names and addresses: only you can read it, and it stays on this machine."
            lines.append(
                f"{waits}. {mind}" if written else f"`crmkit load` will ask about {n:,} pairs in {self.file}{more}."
            )
        return lines


def _read(file: Path, kind: str) -> pd.DataFrame:
    """Return a list; questions that an earlier version asked belong to no kind."""
    rows = pd.read_parquet(file)
    if kind == "questions" and "question" not in rows:
        rows = rows.assign(question="", settles=1)
    missing = [name for name in _COLUMNS[kind] if name not in rows]
    if missing:
        raise ValueError(f"There is no column {missing[0]}.")
    return rows[list(_COLUMNS[kind])]


def _none(kind: str) -> pd.DataFrame:
    types = {name: {"score": "float64", "settles": "int64"}.get(name, "object") for name in _COLUMNS[kind]}
    return pd.DataFrame({name: pd.Series(dtype=types[name]) for name in _COLUMNS[kind]})


def _reason(account: str, links: pd.DataFrame) -> tuple[float, str]:
    """Return score and why of the strongest pair that ties an account to its person."""
    own = links[(links["customer_id"] == account) | (links["other_id"] == account)]
    best = own.sort_values(["score", "customer_id", "other_id"], ascending=[False, True, True]).iloc[0]
    return round(float(best["score"]), 4), str(best["why"])
