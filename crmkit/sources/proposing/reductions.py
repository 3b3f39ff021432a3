"""Refunds and discounts beside an amount: columns that may have to be subtracted from it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import duckdb

from crmkit.sources.proposing.profile import ColumnProfile
from crmkit.sources.proposing.propose import LEAST_LIKENESS
from crmkit.sources.proposing.vocabulary import role_likeness
from crmkit.sources.sql import identifier

_MOSTLY = 0.9
_A_CENT = 0.011  # of rounding


def reductions(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[ColumnProfile],
    used: Collection[str],
    amount: str | None,
) -> list[str]:
    """Return what to check, without full stops: a question for each column of refunds or discounts that is not used.

    None is asked where the cells show that the amount is another column less the reduction.

    Parameters
    ----------
    con : duckdb connection
        With the function ``as_number``.
    relation : str
        The rows looked at.
    columns : sequence of ColumnProfile
    used : collection of str
        Columns that are something else.
    amount : str or None
        Column taken for the amount; None if it is computed, as of quantity and price.
    """
    numbers = [met for met in columns if met.numbers and not met.times]
    questions = []
    for met in numbers:
        is_flag = met.whole and met.longest == 1 and met.n_distinct <= 2  # whether there was a refund, not how much
        if met.name in used or is_flag or role_likeness("reduction", met.name) < LEAST_LIKENESS:
            continue
        n = _n_rows(con, relation, f"isfinite({_number(met.name)}) AND {_number(met.name)} <> 0")
        others = [other.name for other in numbers if other.name not in (met.name, amount)]
        if n and not (amount and any(_is_less(con, relation, amount, each, met.name, n) for each in others)):
            questions.append(
                f"'{met.name}' holds amounts ({n:,} of {met.n_filled:,} cells) and is not used: "
                "subtract it from revenue unless the amount is without it already"
            )
    return questions


def _is_less(con: duckdb.DuckDBPyConnection, relation: str, amount: str, whole: str, reduction: str, n: int) -> bool:
    """Whether an amount is a whole less the reduction, in nearly all rows that have one."""
    difference = f"abs({_number(whole)}) - abs({_number(reduction)}) - abs({_number(amount)})"
    alike = f"{_number(reduction)} <> 0 AND abs({difference}) <= {_A_CENT}"
    return _n_rows(con, relation, alike) >= _MOSTLY * n


def _n_rows(con: duckdb.DuckDBPyConnection, relation: str, condition: str) -> int:
    (n,) = con.execute(f"SELECT count(*) FROM {relation} WHERE {condition}").fetchone() or (0,)
    return n


def _number(header: str) -> str:
    return f"as_number({identifier(header)})"
