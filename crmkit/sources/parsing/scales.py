"""The scale of the answers to a question: taken from the cells only where they prove it, otherwise asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

Scale = tuple[float, float]
"""Lowest and highest answer possible."""

USUAL: dict[str, Scale] = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
_RANGE = re.compile(
    r"(?<![\d.,])(\d{1,2})\s*(?:-|–|—|to|bis|à|a|til|till|tot|do|hingga|sampai|до)\s*(\d{1,3})(?![\d.,])", re.IGNORECASE
)


@dataclass(frozen=True)
class Scores:
    """The scores of one survey: how many, how many prove the usual scale, how many lie outside it, and their range."""

    survey: str
    n_scores: int
    n_proofs: int
    n_outside: int
    low: float
    high: float

    @property
    def scale(self) -> Scale | None:
        """The usual scale of the survey if the cells prove it."""
        proven = self.n_proofs and self.n_outside * 2 <= self.n_scores
        return USUAL.get(self.survey) if proven else None


def scores_of(con: duckdb.DuckDBPyConnection, rows: str, survey: str, score: str) -> list[Scores]:
    """Return the scores of each survey.

    A recommendation from 0 to 10 is proven by a 0 or a score above 7; satisfaction from 1 to 5 by a 5, effort from 1 to 7
    by a 7, where no more than single scores lie outside.

    Parameters
    ----------
    con : duckdb connection
    rows : str
        Relation with the answers.
    survey, score : str
        SQL of the survey and the score of a row.
    """
    proofs = (
        "CASE survey WHEN 'nps' THEN score = 0 OR score > 7 WHEN 'csat' THEN score = 5 WHEN 'ces' THEN score = 7 END"
    )
    lows, highs = (" ".join(f"WHEN '{name}' THEN {ends[side]}" for name, ends in USUAL.items()) for side in (0, 1))
    outside = f"NOT score BETWEEN CASE survey {lows} END AND CASE survey {highs} END"
    found = con.execute(
        f"SELECT survey, count(*), count_if({proofs} AND NOT {outside}), count_if({outside}), min(score), max(score) "
        f"FROM (SELECT {survey} AS survey, {score} AS score FROM {rows}) "
        "WHERE survey IS NOT NULL AND score IS NOT NULL GROUP BY survey ORDER BY survey"
    ).fetchall()
    return [Scores(*row) for row in found]


def declared_scale(declared: str | Mapping[str, str] | None, survey: str) -> Scale | None:
    """Return the scale that the settings declare for a survey.

    Examples
    --------
    >>> declared_scale("1-5", "csat"), declared_scale({"nps": "0-10"}, "csat")
    ((1.0, 5.0), None)
    """
    text = declared if declared is None or isinstance(declared, str) else declared.get(survey)
    if text is None:
        return None
    low, _, high = text.partition("-")
    return float(low), float(high)


def scale_in_words(text: str) -> Scale | None:
    """Return the scale that a question names.

    Examples
    --------
    >>> scale_in_words("How likely are you to recommend us (0 to 10)?"), scale_in_words("score")
    ((0.0, 10.0), None)
    """
    met = _RANGE.search(text)
    return (float(met[1]), float(met[2])) if met and float(met[1]) in (0, 1) and float(met[2]) > 1 else None


def scale_question(scores: Scores, several: bool) -> str:
    """Return what is to be asked about scores whose scale the cells do not prove, and the setting that answers it."""
    setting = 'scale = "1-5"' if not several else f'scale = {{ {scores.survey} = "1-5" }}'
    return (
        f"the answers of {scores.survey} run from {scores.low:g} to {scores.high:g}, and nothing says which scale they are "
        f'on, such as 1-5 or 0-10. Write {setting} (or "0-10", or another)'
    )
