"""The sections of the page on data quality: files, what to look into, what numbers do without, joins, loads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from crmkit.cleaning.loading.history import load_history
from crmkit.cleaning.loading.reports import file_report, join_report, quality_report
from crmkit.errors import CrmkitError
from crmkit.insights.metric_losses import at_most, metric_losses
from crmkit.insights.phrases import finding_in_words
from crmkit.metrics.formatting import counted, is_number
from crmkit.reporting.display.html import Fragment, drawn
from crmkit.reporting.display.tables import table
from crmkit.tables.catalog import Catalog
from crmkit.tables.schema import SCHEMAS

_COUNTS = {
    "n_in": "Rows in",
    "n_kept": "Kept",
    "n_merged": "Merged",
    "n_folded": "Folded",
    "n_ignored": "Ignored",
    "n_aside": "Aside",
}
_LOADS = {"loaded_at": "Loaded", "n_files": "Files", "share_aside": "Share aside"} | _COUNTS
_LOADS_SHOWN = 12


def file_table(catalog: Catalog) -> Fragment:
    """Return what became of the rows of each file, every one accounted for.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["a"], "ordered_at": ["2026-10-02"], "revenue": [30.0]})
    >>> file_table(ck.connect({"orders": orders}))
    <crmkit table: What came in: 1 row, every one accounted for>
    """
    rows = file_report(catalog)
    shown = rows.drop(
        columns=[name for name in _COUNTS if name not in ("n_in", "n_kept", "n_aside") and not rows[name].any()]
    )
    shown = shown.assign(
        file=shown["file"].replace("", "by the settings' SQL" if catalog.provenance.get("by_file") else "given")
    )
    labels = {name: label for name, label in _COUNTS.items() if name in shown}
    return table(
        shown,
        f"What came in: {counted(rows['n_in'].sum(), 'rows')}, every one accounted for",
        subtitle="Rows in = kept + merged into another row + folded into their order + ignored (totals, tests) + kept aside.",
        caption=f"A file may fill several tables: its rows count once in each.{_kept_apart(catalog)}",
        labels=labels,
        units=dict.fromkeys(labels, "count"),
    )


def _kept_apart(catalog: Catalog) -> str:
    """Return how many rows of personal data there are that the catalog does not open; empty where there are none."""
    counts = catalog.provenance.get("counts", {})
    n_rows = sum(counts[name]["n_in"] for name in counts if name not in catalog.names and SCHEMAS[name].personal)
    return (
        f" Personal data ({counted(n_rows, 'rows')}) are kept apart and not in this table; the foot of the page counts them "
        "among the rows kept."
        if n_rows
        else ""
    )


def warning_table(catalog: Catalog) -> Fragment | None:
    """Return what somebody should look into, with what follows and what to do; None where there is nothing."""
    found = quality_report(catalog).query("severity == 'warning'")
    if found.empty:
        return None
    shown = _in_words(found)[["table", "finding"]].assign(then=found["consequence"] + " " + found["advice"])
    noun = "One thing" if len(found) == 1 else f"{len(found)} things"
    return table(
        shown,
        f"{noun} to look into",
        subtitle="Each table is compared with its own past and with the others.",
        labels={"finding": "What was seen", "then": "What follows, and what to do"},
    )


def finding_table(catalog: Catalog) -> Fragment:
    """Return all that was found, with what follows."""
    return table(
        _in_words(quality_report(catalog)).drop(columns="advice"),
        "What was found, row by row",
        subtitle="Rejected rows lie beside the store with file, line and reason; notes change nothing but should be known.",
        labels={"n_rows": "Rows"},
        units={"n_rows": "count", "share": "share"},
    )


def loss_table(catalog: Catalog) -> Fragment:
    """Return what the numbers of the scorecard do without, and why."""
    losses = metric_losses(catalog)
    worst = losses.head(1).to_dict("records")
    title = "Every number of the scorecard uses every row"
    if worst and worst[0]["n_left_out"]:
        title = f"At most {at_most(losses['share'].max())} of the rows are missing from a number"
    return table(
        losses,
        title,
        subtitle="For each number of the scorecard: rows that it would count if nothing were wrong with them.",
        labels={"metrics": "Number", "n_left_out": "Left out", "n_rows": "Of rows", "share": "Share", "why": "Why"},
        units={"n_left_out": "count", "n_rows": "count", "share": "share"},
    )


def join_table(catalog: Catalog) -> Fragment | None:
    """Return the row counts before and after every join; None where no table points to another."""
    found = join_report(catalog)
    if found.empty:
        return None
    more = int((found["n_after"] - found["n_before"]).clip(lower=0).sum())
    title = "No join makes rows more or fewer" if not more else f"Joins make {counted(more, 'rows')} too many"
    return table(
        found,
        title,
        subtitle="Rows before and after each looks up the row that its id names, such as an order's customer.",
        labels={
            "column": "By",
            "target": "In",
            "n_before": "Rows before",
            "n_after": "After",
            "n_without_id": "Without id",
            "n_not_found": "Not found",
        },
        units=dict.fromkeys(["n_before", "n_after", "n_without_id", "n_not_found"], "count"),
    )


def load_trend(catalog: Catalog) -> Fragment | None:
    """Return how much came in and how much was kept aside from load to load; None with fewer than two loads."""
    try:
        loads = load_history(catalog)
    except CrmkitError:  # frames and databases are never loaded
        return None
    return load_table(loads)


def load_table(loads: pd.DataFrame) -> Fragment | None:
    """Return a table of loads, the latest first; None with fewer than two.

    Parameters
    ----------
    loads : DataFrame
        One row per load, the first one first: loaded_at, n_in, n_aside, and whatever else is known of n_files, new, changed,
        gone [files], n_kept, n_merged [rows].
    """
    known = [
        name
        for name in ("loaded_at", "n_files", "new", "changed", "gone", "n_in", "n_merged", "n_aside")
        if name in loads
    ]
    if len(loads) < 2 or not {"loaded_at", "n_in", "n_aside"} <= set(known):
        return None
    share = loads["n_aside"] / loads["n_in"].where(loads["n_in"] > 0)
    before, now = 100 * share.iloc[-2], 100 * share.iloc[-1]
    moved = "as before" if round(before, 2) == round(now, 2) else f"after {before:.2f} % the load before"
    shown = loads[known].assign(share_aside=share).iloc[::-1].head(_LOADS_SHOWN).reset_index(drop=True)
    counts = [name for name in known if name != "loaded_at"]
    return table(
        shown,
        f"The last load kept {now:.2f} % of its rows aside, {moved}",
        subtitle=f"The last {len(shown)} of {len(loads)} loads. A jump is a file that was exported in another way.",
        labels={name: label for name, label in _LOADS.items() if name in shown},
        units=dict.fromkeys(counts, "count") | {"share_aside": "share"},
    )


def _in_words(found: pd.DataFrame) -> pd.DataFrame:
    told = [finding_in_words(*each) for each in zip(found["table"], found["finding"], strict=True)]
    return found.assign(finding=pd.Series(told, index=found.index, dtype=object))


# The foot of a page: data quality, how we decide, what the terms mean.


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


def method(scorecard: pd.DataFrame | None = None, extra: Sequence[str] = ()) -> Fragment:
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
    n_judged = (
        0 if scorecard is None else int(scorecard["verdict"].isin(["real", "within noise", "too few to tell"]).sum())
    )
    together = f", counting that this page looks at {counted(n_judged, 'numbers')} at once" if n_judged > 1 else ""
    if scorecard is not None and not scorecard.get("headline", pd.Series(True)).all():
        together = (
            ", counting how many numbers are looked at together: those that stand on the scorecard too with all numbers "
            "there, the others of this page with each other"
        )
    paragraphs = [
        f"A change is called real when chance alone would rarely produce it{together} "
        "(Benjamini-Hochberg, at most 5 % false alarms). It is too few to tell when a change large enough to matter could "
        "not have been seen with so few customers; otherwise it is within noise.",
        "The interval beside a value holds the true value with 95 % confidence; the fewer the customers, the wider it is. "
        "Sums and counts, such as revenue, are exact: their interval is how far chance alone would take such a month. "
        "A target is met or missed only when the whole interval lies on one side of it.",
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


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)


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
