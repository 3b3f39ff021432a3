"""The foot of a page: data quality, how we decide, what the terms mean, where the page comes from."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from crmkit.metrics.nouns import counted, is_number
from crmkit.reporting.markup import Fragment, drawn
from crmkit.reporting.tables import worded_table

_PACKAGES = ("pandas", "numpy", "scipy", "scikit-learn", "ibis-framework", "duckdb", "matplotlib")
_SENTENCES = ("note", "sentence", "message", "text")  # the column of a quality frame that a person can read
_PATH = re.compile(r"(?:^|(?<=[\s=:,'\"]))(?:~|[A-Za-z]:)?[\\/][^\s,'\"]+")


def quality_notes(notes: pd.DataFrame | Sequence[str]) -> Fragment:
    """Return what is wrong with the data, in the words of the checks.

    Parameters
    ----------
    notes : DataFrame or sequence of str
        Sentences, or a frame with a column note, sentence, message or text; a frame without one is shown as a table.

    Returns
    -------
    Fragment
    """
    if isinstance(notes, pd.DataFrame):
        column = next((name for name in _SENTENCES if name in notes), None)
        if column is None and len(notes):
            worded = worded_table(notes, "What the checks found")
            return drawn(
                "table", "quality notes", table=worded, title="Data quality", subtitle="", caption="", empty=""
            )
        notes = [] if column is None else [str(text) for text in notes[column] if not pd.isna(text)]
    paragraphs = [] if len(notes) else ["Nothing to report: every row passed the checks."]
    return _note("quality", "Data quality", paragraphs, points=list(notes))


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
    """
    n_judged = (
        0 if scorecard is None else int(scorecard["verdict"].isin(["real", "within noise", "too few to tell"]).sum())
    )
    together = f", counting that this page looks at {counted(n_judged, 'numbers')} at once" if n_judged > 1 else ""
    paragraphs = [
        f"A change is called real when chance alone would rarely produce it{together} "
        "(Benjamini-Hochberg, at most 5 % false alarms). It is too few to tell when a change large enough to matter could "
        "not have been seen with so few customers; otherwise it is within noise.",
        "The interval beside a value holds the true value with 95 % confidence; the fewer the customers, the wider it is. "
        "A target is met or missed only when the whole interval lies on one side of it.",
    ]
    return _note("method", "How we decide", [*paragraphs, *extra])


def glossary_section(
    glossary: pd.DataFrame, metrics: Iterable[str] | None = None, *, is_open: bool = False
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

    Returns
    -------
    Fragment
    """
    wanted = None if metrics is None else set(metrics)
    rows = glossary if wanted is None else glossary[glossary["metric"].isin(wanted)]
    terms = [
        {"metric": row.metric, "label": row.label, "definition": _text(row.definition), "formula": _text(row.formula),
         "source": _text(row.source)}
        for row in rows.itertuples(index=False)
    ]  # fmt: skip
    title = f"Definition, formula and source of {counted(len(terms), 'numbers')}"
    return _note("glossary", "What the numbers count", [], terms=terms, terms_title=title, is_open=is_open)


def provenance(
    origin: Mapping[str, Any] | None = None,
    *,
    parameters: Mapping[str, Any] | None = None,
    command: str = "",
    seed: int | None = None,
) -> Fragment:
    """Return where the page comes from and how to make it again; never a path or a user's name.

    Parameters
    ----------
    origin : mapping or None
        What the catalog knows of its input (``catalog.provenance``): files, input_sha256, n_rows, tables, rejected.
    parameters : mapping or None
        The notebook's parameters.
    command : str
        The command that makes this page again.
    seed : int or None
        Seed of the random numbers.

    Returns
    -------
    Fragment
    """
    items = [_item("Made with", ", ".join(_versions())), *_input_items(origin or {})]
    if parameters:
        items.append(_item("Parameters", ", ".join(f"{name} = {value}" for name, value in parameters.items())))
    if seed is not None:
        items.append(_item("Random seed", str(seed)))
    if command:
        items.append(_item("Make it again", command, is_code=True))
    return drawn("provenance", "provenance", items=items)


def without_paths(text: str) -> str:
    """Return text in which a path is cut down to its last part: a page must not tell where it was made.

    Examples
    --------
    >>> without_paths("crmkit report --settings /home/ada/kaldi/crmkit.toml --period 2026-10")
    'crmkit report --settings crmkit.toml --period 2026-10'
    """
    return _PATH.sub(lambda match: PurePosixPath(match[0].replace("\\", "/")).name, text)


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
        "notes", title.lower(), id=id, title=title, paragraphs=list(paragraphs), points=list(points), terms=list(terms),
        terms_title=terms_title, is_open=is_open,
    )  # fmt: skip


def _input_items(origin: Mapping[str, Any]) -> list[dict[str, Any]]:
    files = [PurePosixPath(str(entry["file"]).replace("\\", "/")).name for entry in origin.get("files") or ()]
    parts = [counted(len(files), "files") if files else "", counted(origin.get("n_rows"), "rows")]
    if digest := str(origin.get("input_sha256") or ""):
        parts.append(f"sha256 {digest[:16]}")
    items = [_item("Input", ", ".join(part for part in parts if part))] if any(parts) else []
    if files:
        items.append(_item("Files", ", ".join(files)))
    if tables := {name: n for name, n in (origin.get("tables") or {}).items() if is_number(n)}:
        items.append(_item("Rows used", ", ".join(f"{name} {n:,}" for name, n in tables.items())))
    if rejected := {name: n for name, n in (origin.get("rejected") or {}).items() if n}:
        items.append(_item("Rows kept aside", ", ".join(f"{name} {n:,}" for name, n in rejected.items())))
    return items


def _versions() -> list[str]:
    found = []
    for package in ("crmkit", *_PACKAGES):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return (
        [found[0], f"Python {platform.python_version()}", *found[1:]]
        if found
        else [f"Python {platform.python_version()}"]
    )


def _item(name: str, text: str, *, is_code: bool = False) -> dict[str, Any]:
    return {"name": name, "text": without_paths(text), "is_code": is_code}


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)
