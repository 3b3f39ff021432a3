"""The open questions, one per kind of agreement, and answers to a kind as a whole."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from crmkit.cleaning.duplicates.decide import Pair
from crmkit.cleaning.duplicates.review import ANSWERS, answer_kind
from crmkit.cleaning.duplicates.state import OPEN, DuplicatesState, read_state
from crmkit.errors import CrmkitError, UnknownName
from crmkit.settings import Settings
from crmkit.sources.store.store import found_store, table_files

_EXAMPLES = 2  # pairs shown of each kind
_SHOWN = ("name", "email", "phone", "address", "birth_date")


def open_questions(settings: Settings) -> pd.DataFrame:
    """Return the questions that wait for an answer, those first that settle most.

    Parameters
    ----------
    settings : Settings

    Returns
    -------
    DataFrame
        One row per question: question, pairs (that wait for it), asked (pairs in the review file), agreement (in words),
        answer (given to all pairs of the kind earlier), examples (pairs with all but the first letters masked).

    Raises
    ------
    CrmkitError
        If there is no store.
    """
    store, state = _state(settings)
    file = table_files(store, personal=True).get("customer_identities")
    known = pd.read_parquet(file).drop_duplicates("customer_id").set_index("customer_id") if file else pd.DataFrame()
    rows: list[dict[str, object]] = []
    for question, asked in state.questions[state.questions["question"] != ""].groupby("question", sort=False):
        pairs = list(zip(asked["customer_id"], asked["other_id"], strict=True))
        rows.append(
            {
                "question": question,
                "pairs": max(int(asked["settles"].max()), len(asked)),
                "asked": len(asked),
                "agreement": asked["why"].iloc[0],
                "answer": "",
                "examples": " | ".join(_masked_pair(known, pair) for pair in pairs[:_EXAMPLES]),
            }
        )
    waiting = {str(row["question"]) for row in rows}
    for kind in state.kinds[~state.kinds["question"].isin(list(waiting))].to_dict("records"):
        shown = {"question": kind["question"], "agreement": kind["why"], "answer": kind["answer"]}
        rows.append({"pairs": 0, "asked": 0, "examples": ""} | {str(name): cell for name, cell in shown.items()})
    return pd.DataFrame(rows, columns=["question", "pairs", "asked", "agreement", "answer", "examples"])


def answer_question(settings: Settings, given: str) -> str:
    """Note an answer to all pairs of a kind in the review file, for the next load.

    Parameters
    ----------
    settings : Settings
    given : str
        ``QUESTION=ANSWER`` with the answer same, different, or open to take an earlier answer back.

    Returns
    -------
    str
        A sentence that says what was noted.

    Raises
    ------
    CrmkitError
        If it is not such a text, or there is no store.
    UnknownName
        If no such question was asked.
    """
    question, equals, answer = (part.strip() for part in given.partition("="))
    answer = answer.casefold()
    if not equals or answer not in ANSWERS:
        raise CrmkitError(f"--answer is '{given[:40]}'. Write QUESTION={', QUESTION='.join(ANSWERS)}.")
    _, state = _state(settings)
    why = dict(zip(state.kinds["question"], state.kinds["why"], strict=True))
    why |= dict(zip(state.questions["question"], state.questions["why"], strict=True))
    why.pop("", None)
    if question not in why:
        raise UnknownName("question", question, why)
    answer_kind(settings.folder / settings.duplicates.file, question, answer)
    noted = "open again" if answer == OPEN else f"answered: {answer}"
    return f"Question {question} ({why[question]}) is {noted}. `crmkit load` takes it into account."


def masked(text: str) -> str:
    """Return a text of which only the first letter of each word is legible.

    Examples
    --------
    >>> masked("Ada Byron, 030 1234")
    'A** B****, 0** 1***'
    """
    return re.sub(r"(?<=\w)\w", "*", text)


def _state(settings: Settings) -> tuple[Path, DuplicatesState]:
    store = found_store(settings.path("store"))
    if store is None:
        raise CrmkitError(f"There is no store {settings.path('store')} yet. Run `crmkit load` first.")
    return store, read_state(store)


def _masked_pair(known: pd.DataFrame, pair: Pair) -> str:
    return " / ".join(_masked_person(known, account) for account in pair if account in known.index)


def _masked_person(known: pd.DataFrame, account: str) -> str:
    cells = [known.at[account, name] for name in _SHOWN if name in known.columns]
    texts = [f"{cell:%Y-%m-%d}" if isinstance(cell, pd.Timestamp) else str(cell) for cell in cells if not pd.isna(cell)]
    return ", ".join(masked(text) for text in texts)
