"""The foot of a page: data quality, how changes are judged, what the terms mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.metrics.formatting import is_number
from crmkit.reporting.display.html import Fragment, drawn
from crmkit.words import say

_SENTENCES = ("finding", "note", "sentence", "message", "text")  # where a quality frame says it in words
_TERM = ("metric", "label", "definition", "formula", "conventions", "source")


def quality_notes(notes: pd.DataFrame | Sequence[str | Mapping[str, Any]]) -> Fragment:
    """Return what is wrong with the data, in the words of the checks.

    Parameters
    ----------
    notes : DataFrame, or sequence of str or of mappings
        Sentences; or what the checks found (``catalog.provenance["findings"]``): table, finding, n_rows, consequence.

    Returns
    -------
    Fragment

    Raises
    ------
    CrmkitError
        If a note has no sentence.

    Examples
    --------
    >>> quality_notes(["37 answers had no date and are left out."])
    <crmkit data quality>
    """
    listed = notes.to_dict("records") if isinstance(notes, pd.DataFrame) else list(notes)
    points = [note if isinstance(note, str) else _sentence(note) for note in listed]
    return _note("quality", say("page-quality"), [] if points else [say("page-quality-none")], points=points)


def method(scorecard: pd.DataFrame | None = None, *, extra: Sequence[str] = ()) -> Fragment:
    """Return how a change is judged, in plain words.

    Parameters
    ----------
    scorecard : DataFrame or None
        Judged scorecard: how many numbers were looked at together.
    extra : sequence of str
        Further paragraphs, such as what another convention would give.

    Returns
    -------
    Fragment

    Examples
    --------
    >>> method()
    <crmkit how we decide>
    """
    n_judged = 0 if scorecard is None else int((~scorecard["verdict"].isin(["", "no comparison"])).sum())
    together = "counted" if n_judged > 1 else "alone"
    if scorecard is not None and not scorecard.get("headline", pd.Series(True)).all():
        together = "families"
    real = say("page-method-real", together=together, n=n_judged)
    paragraphs = [real, say("page-method-interval"), say("page-method-marks"), *extra]
    return _note("method", say("page-method"), paragraphs)


def glossary_section(
    glossary: pd.DataFrame,
    metrics: Iterable[str] | None = None,
    *,
    is_open: bool = False,
    title: str = "",
    id: str = "glossary",
) -> Fragment:
    """Return what each number counts, folded.

    Parameters
    ----------
    glossary : DataFrame
        One row per metric: metric, label, definition, formula, source.
    metrics : iterable of str or None
        The metrics of this page; all without.
    is_open : bool
        Unfolded at first.
    title, id : str
        Heading, by default "What the numbers count", and name for links.

    Returns
    -------
    Fragment

    Examples
    --------
    >>> import crmkit as ck
    >>> glossary_section(ck.glossary(["nps", "csat"]))
    <crmkit what the numbers count>
    """
    wanted = None if metrics is None else set(metrics)
    rows = glossary if wanted is None else glossary[glossary["metric"].isin(wanted)]
    terms = [{name: _text(row.get(name)) for name in _TERM} for row in rows.to_dict("records")]
    said = say("page-glossary-said", n=len(terms))
    return _note(id, title or say("page-glossary"), [], terms=terms, terms_title=said, is_open=is_open)


def _sentence(note: Mapping[Any, Any]) -> str:
    column = next((name for name in _SENTENCES if _text(note.get(name))), None)
    if column is None:
        raise CrmkitError(
            f"A note on data quality needs one of {', '.join(_SENTENCES)}; it has {', '.join(map(str, note))}."
        )
    table, n_rows, then = _text(note.get("table")), note.get("n_rows"), _text(note.get("consequence"))
    text = f"{table}: {_text(note[column])}" if table else _text(note[column])
    rows = int(n_rows) if is_number(n_rows) else 0
    text = text if rows else text.rstrip(".")
    return say("page-quality-note", text=text, rows=rows, consequence=then).strip()


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


def _note(
    id: str,
    title: str,
    paragraphs: Sequence[str],
    *,
    points: Sequence[str] = (),
    terms: Sequence[Mapping[str, str]] = (),
    terms_title: str = "",
    is_open: bool = False,
) -> Fragment:
    return drawn(
        "notes",
        title.lower(),
        id=id,
        title=title,
        paragraphs=list(paragraphs),
        points=list(points),
        terms=list(terms),
        terms_title=terms_title,
        is_open=is_open,
    )
