"""The review file, in which the analyst answers whether two customers are one person.

It holds names and addresses: only its owner can read it, and its cells are safe for spreadsheets. Answers that were read
are kept in the store too; the file may be sorted, shortened or deleted. Each pair belongs to a question, which asks for a
kind of agreement; a line with the name of a question in place of that of a pair answers all pairs of the kind.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from crmkit.cleaning.duplicates.decide import Pair, pair_of
from crmkit.cleaning.duplicates.state import OPEN
from crmkit.errors import CrmkitError, Problems
from crmkit.settings import FileMapping
from crmkit.sources.files.read import opened_records
from crmkit.sources.spreadsheet import formula_safe

ANSWERS = ("same", "different", OPEN)
_QUESTION = re.compile("q[0-9a-f]{8}")
_SIDES = ("name", "email", "phone", "address", "birth_date")


@dataclass(frozen=True)
class Answers:
    """Answers to pairs, and to all pairs of a kind by the name of the question: same, different, or open to take one back."""

    pairs: dict[Pair, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)


def pair_name(pair: Pair) -> str:
    """Return the name of a pair, which no spreadsheet takes for a number.

    Examples
    --------
    >>> pair_name(("C-1", "C-2"))
    'p7c3ad82252'
    """
    return "p" + hashlib.sha256(json.dumps(pair).encode()).hexdigest()[:10]


def write_review(
    file: Path,
    questions: pd.DataFrame,
    people: pd.DataFrame,
    answered: Mapping[Pair, str],
    kinds: pd.DataFrame | None = None,
) -> None:
    """Write the open questions, and below them the answered ones, so that answers can be changed.

    Parameters
    ----------
    file : Path
        Replaced as a whole; removed if there is nothing to ask and nothing was answered.
    questions : DataFrame
        customer_id, other_id, score, why, and where known question and settles.
    people : DataFrame
        Rows of ``customer_identities``.
    answered : mapping of Pair to str
        Answers to pairs whose customers are both there.
    kinds : DataFrame, optional
        Answers to all pairs of a kind: question, why, answer.
    """
    there = set(people["customer_id"])
    known = people.drop_duplicates("customer_id").set_index("customer_id")
    rows = [_row(known, pair_of(row["customer_id"], row["other_id"]), "", row) for row in questions.to_dict("records")]
    rows += [_row(known, pair, answer, {}) for pair, answer in answered.items() if there.issuperset(pair)]
    if kinds is not None:
        rows += [
            {"pair": kind["question"], "answer": kind["answer"], "why": kind["why"]}
            for kind in kinds.to_dict("records")
        ]
    if not rows:
        file.unlink(missing_ok=True)
        return
    _write_private(file, formula_safe(pd.DataFrame(rows)).to_csv(index=False, lineterminator="\n"))


def read_review(file: Path, pairs_by_name: Mapping[str, Pair] | None = None) -> dict[Pair, str]:
    """Return the answers in the file.

    Parameters
    ----------
    file : Path
        No answers if it does not exist.
    pairs_by_name : mapping of str to Pair
        Pairs by their name, for a file in which a spreadsheet has changed the ids.

    Raises
    ------
    Problems
        With every answer that is none, every pair that was not asked, and every pair answered in two ways.
    """
    return read_answers(file, pairs_by_name).pairs


def read_answers(
    file: Path, pairs_by_name: Mapping[str, Pair] | None = None, questions: Collection[str] = ()
) -> Answers:
    """Return the answers in the file, to pairs and to kinds of pairs; see :func:`read_review`.

    Parameters
    ----------
    file : Path
    pairs_by_name : mapping of str to Pair
    questions : collection of str
        Names of questions that were asked.
    """
    if not file.is_file():
        return Answers()
    header, lines = _lines(file)
    return _answers(file, header, lines, pairs_by_name or {}, questions)


def answer_kind(file: Path, question: str, answer: str) -> None:
    """Write an answer to all pairs of a kind into the file, in place of an earlier one; the next load reads it.

    Parameters
    ----------
    file : Path
        Made if it does not exist.
    question : str
        Name of the question.
    answer : {"same", "different", "open"}
    """
    header, lines = _lines(file) if file.is_file() else (["pair", "answer"], [])
    cells = [dict(zip(header, each, strict=False)) for _, each in lines]
    others = [row for row in cells if row.get("pair") != question]
    listed = pd.DataFrame([*others, {"pair": question, "answer": answer}], columns=header).fillna("")
    _write_private(file, formula_safe(listed).to_csv(index=False, lineterminator="\n"))


def change_answers(file: Path, answers: Mapping[Pair, str]) -> None:
    """Replace answers in the file; pairs without an answer stay open.

    Parameters
    ----------
    file : Path
        Nothing is done if it does not exist.
    answers : mapping of Pair to str
    """
    if not file.is_file():
        return
    header, lines = _lines(file)
    named = {pair_name(pair): answer for pair, answer in answers.items()}
    place, answer_at = header.index("pair"), header.index("answer")
    for _, cells in lines:
        if max(place, answer_at) < len(cells) and cells[place] in named:
            cells[answer_at] = named[cells[place]]
    listed = pd.DataFrame([dict(zip(header, cells, strict=False)) for _, cells in lines], columns=header)
    _write_private(file, formula_safe(listed).to_csv(index=False, lineterminator="\n"))


def remove_from_review(file: Path, is_about: Callable[[str], bool], dry_run: bool = False) -> int:
    """Remove the lines that name a person from the file; return how many [rows]."""
    if not file.is_file():
        return 0
    header, lines = _lines(file)
    kept = [cells for _, cells in lines if not any(map(is_about, cells))]
    if len(kept) < len(lines) and not dry_run:
        if kept:
            listed = pd.DataFrame([dict(zip(header, cells, strict=False)) for cells in kept], columns=header)
            _write_private(file, formula_safe(listed).to_csv(index=False, lineterminator="\n"))
        else:
            file.unlink()
    return len(lines) - len(kept)


def _row(known: pd.DataFrame, pair: Pair, answer: str, asked: Mapping[Any, Any]) -> dict[str, object]:
    score = asked.get("score")
    row: dict[str, object] = {"pair": pair_name(pair), "answer": answer, "score": score and round(score, 3)}
    row |= {name: asked.get(name, "") for name in ("why", "question", "settles")}
    for column in (name for name in _SIDES if name in known.columns):
        for side, account in enumerate(pair, start=1):
            row[f"{column}_{side}"] = _plain(known.at[account, column])
    return row | {f"customer_id_{side}": account for side, account in enumerate(pair, start=1)}


def _plain(cell: Any) -> str:
    """Return a cell on one line; days without their midnight."""
    if pd.isna(cell):
        return ""
    return f"{cell:%Y-%m-%d}" if isinstance(cell, pd.Timestamp) else " ".join(str(cell).replace("\0", " ").split())


def _write_private(file: Path, text: str) -> None:
    """Replace the file atomically; it is readable by its owner only at every moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(
            os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8-sig"
        ) as opened:
            opened.write(text)
        os.replace(aside, file)
    finally:
        aside.unlink(missing_ok=True)


def _lines(file: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the headings of the file in small letters, and its other lines with their numbers."""
    try:
        with opened_records(file, FileMapping(path=file.name)) as (records, _):
            lines = [
                (line, [str(cell or "").strip() for cell in cells]) for line, cells in records if cells and any(cells)
            ]
    except CrmkitError as error:
        raise Problems(str(file), [str(error)]) from None
    header = [name.casefold() for name in lines[0][1]] if lines else []
    missing = [name for name in ("pair", "answer") if name not in header]
    if missing:
        raise Problems(
            str(file),
            [
                f"line 1: there is no column {' and no column '.join(missing)}. Put the heading back, or "
                "delete the file: `crmkit load` writes it anew, with the answers it has read."
            ],
        )
    return header, lines[1:]


def _answers(
    file: Path,
    header: list[str],
    lines: list[tuple[int, list[str]]],
    known: Mapping[str, Pair],
    questions: Collection[str],
) -> Answers:
    problems, given = [], Answers()
    for line, cells in lines:
        row = dict(zip(header, cells, strict=False))
        answer = row.get("answer", "").casefold()
        if not answer:
            continue
        what = "question" if _QUESTION.fullmatch(row["pair"]) else "pair"
        where = f"line {line}, {what} {row['pair'] or '(empty)'}"
        earlier = None
        if answer not in ANSWERS:
            problems.append(
                f"{where}: the answer is '{row['answer'][:40]}'. Write same or different, or leave it empty; "
                f"{OPEN} takes an earlier answer back."
            )
        elif what == "question" and row["pair"] in questions:
            earlier = given.kinds.setdefault(row["pair"], answer)
        elif what == "pair" and (pair := _pair(row, known)) is not None:
            earlier = given.pairs.setdefault(pair, answer)
        else:
            problems.append(f"{where}: no such {what} was asked. Take the line away, or put back what the file said.")
        if earlier not in (None, answer):
            problems.append(f"{where}: it is answered twice, as {earlier} and as {answer}. Keep one of them.")
    if problems:
        raise Problems(str(file), problems)
    return given


def _pair(row: Mapping[str, str], known: Mapping[str, Pair]) -> Pair | None:
    ids = [row.get(f"customer_id_{side}", "").removeprefix("'") for side in (1, 2)]
    pair = pair_of(ids[0], ids[1])
    return pair if all(ids) and pair_name(pair) == row["pair"] else known.get(row["pair"])
