"""The foot of a page: data quality, how changes are judged, what the terms mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.metrics.formatting import counted, is_number
from crmkit.reporting.display.html import Fragment, drawn

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
    return _note(
        "quality", "Data quality", [] if points else ["Nothing to report: every row passed the checks."], points=points
    )


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
    together = f", counting that this page looks at {counted(n_judged, 'numbers')} at once" if n_judged > 1 else ""
    if scorecard is not None and not scorecard.get("headline", pd.Series(True)).all():
        together = (
            ", counting how many numbers are looked at together: those that stand on the scorecard too with all numbers "
            "there, the others of this page with each other"
        )
    paragraphs = [
        f"A change is called real when chance alone would rarely produce it{together} "
        "(Benjamini-Hochberg, at most 5 % false alarms); it is compared with all of the twelve periods before, where nothing "
        "moved in them. It is within noise when a change large enough to matter would have been seen; there was no large "
        "change when it is surely less than twice as large as that; otherwise there are too few customers to tell.",
        "The interval beside a value holds the true value with 95 % confidence; the fewer the customers, the wider it is. "
        "Sums and counts, such as revenue, are exact: their interval is how far chance alone would take such a month. "
        "A target is met or missed only when the whole interval lies on one side of it.",
        "An arrow shows which way a number went, and the word beside it whether that is good. In the small charts the "
        "shaded band is the 95 % interval and the dashed line the target.",
    ]
    return _note("method", "How we decide", [*paragraphs, *extra])


def glossary_section(
    glossary: pd.DataFrame,
    metrics: Iterable[str] | None = None,
    *,
    is_open: bool = False,
    title: str = "What the numbers count",
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
        Heading, and name for links.

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
    said = f"Definition, formula and source of {counted(len(terms), 'numbers')}"
    return _note(id, title, [], terms=terms, terms_title=said, is_open=is_open)


def _sentence(note: Mapping[Any, Any]) -> str:
    column = next((name for name in _SENTENCES if _text(note.get(name))), None)
    if column is None:
        raise CrmkitError(
            f"A note on data quality needs one of {', '.join(_SENTENCES)}; it has {', '.join(map(str, note))}."
        )
    table, n_rows, then = _text(note.get("table")), note.get("n_rows"), _text(note.get("consequence"))
    text = f"{table}: {_text(note[column])}" if table else _text(note[column])
    text += f" ({counted(n_rows, 'rows')})" if is_number(n_rows) and n_rows else ""
    return f"{text.rstrip('.')}. {then}".strip()


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
