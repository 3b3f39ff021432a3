"""A firm whose tables lack an optional column, or have it without a single value, run through everything that reads it."""

from __future__ import annotations

import re
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from unittest.mock import patch

import pandas as pd

import crmkit as ck
from crmkit.cleaning.loading.load import load
from crmkit.predictions.runner.registry import no_progress, registered_predictions, run_prediction
from crmkit.settings import parse_settings
from crmkit.tables.catalog import Catalog
from crmkit.tables.schema import PREDICTED, SCHEMAS
from tests.firms import MONTH, THROUGH, connected, cut
from tests.notebooks.in_process import NOTEBOOKS, sections
from tests.reading import cells, sentences

N_CUSTOMERS = 40
PAGES = tuple(sorted(path.stem for path in NOTEBOOKS.glob("[0-9]*.ipynb") if not path.stem.startswith("99")))
_NOTHING = re.compile(r"\b(nan|NaN|None|inf|NaT|<NA>)\b")
Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Variant:
    """Columns of a table that are absent or empty."""

    table: str
    columns: tuple[str, ...]
    how: str

    def __str__(self) -> str:
        return f"{self.table}.{','.join(self.columns)} {self.how}"

    def of(self, tables: Tables) -> Tables:
        """Return the tables with this one changed."""
        rows = tables[self.table]
        if self.how == "absent":
            return tables | {self.table: rows.drop(columns=[name for name in self.columns if name in rows])}
        return tables | {self.table: rows.assign(**dict.fromkeys(self.columns))}


def optional_columns() -> dict[str, tuple[str, ...]]:
    """Return the optional columns of each table that the sample company has."""
    there = firm()
    found = {
        name: tuple(column.name for column in table.columns if not column.required and column.name in there[name])
        for name, table in SCHEMAS.items()
        if name in there and name not in PREDICTED
    }
    return {name: columns for name, columns in found.items() if columns}


def variants(how: tuple[str, ...] = ("absent", "empty")) -> list[Variant]:
    """Return each optional column of each table, absent and empty, one by one."""
    return [
        Variant(name, (each,), way) for name, columns in optional_columns().items() for each in columns for way in how
    ]


def bare(how: str) -> list[Variant]:
    """Return each table without, or without a value in, any optional column."""
    return [Variant(name, columns, how) for name, columns in optional_columns().items()]


def bare_firm(how: str) -> Tables:
    """Return the firm whose tables are all bare."""
    tables = firm()
    for variant in bare(how):
        tables = variant.of(tables)
    return tables


def faults(variant: Variant) -> Iterator[str]:
    """Yield what fails with a variant; see :func:`faults_of`."""
    yield from faults_of(variant.of(firm()), pages_that_read(variant.table))


def faults_of(tables: Tables, pages: tuple[str, ...] = PAGES) -> Iterator[str]:
    """Yield what fails, or reads as if something had: checks, scorecard, predictions, pages."""
    catalog = yield from _tried("connect", lambda: connected(tables))
    if catalog is None:
        return
    yield from _tried("scorecard", lambda: ck.scorecard(catalog, MONTH))
    yield from _faults_of_predictions(catalog)
    for page in pages:
        shown = yield from _tried(page, lambda page=page: sections(page, catalog))
        for source, html in shown or ():
            if "provenance" not in source:
                texts = [*sentences(html), *cells(html)]
                yield from (f"{page}: {text}" for text in texts if _NOTHING.search(text))


def faults_of_load(tables: Tables, folder: Path) -> Iterator[str]:
    """Yield what fails where the tables are CSV files of a folder that the function may write into."""
    (folder / "exports").mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        rows.to_csv(folder / "exports" / f"{name}.csv", index=False)
    settings = parse_settings({"company": {"currency": "EUR"}, "data": {"through": THROUGH}}, folder=folder)
    report = yield from _tried("load", lambda: load(settings))
    if report is not None:
        for name, counts in report.counts.items():
            if counts.n_in != len(tables[name]) or counts.n_aside:
                yield f"load: {name}: {counts} of {len(tables[name])} rows"
        yield from _tried("connect", lambda: ck.connect(settings=settings))


@cache
def pages_that_read(table: str) -> tuple[str, ...]:
    """Return the pages that open a table."""
    return tuple(page for page in PAGES if table in _opened_by(page))


@cache
def _opened_by(page: str) -> frozenset[str]:
    opened: set[str] = set()
    original = Catalog.table

    def watched(catalog: Catalog, name: str, *more: object, **options: object) -> object:
        opened.add(name)
        return original(catalog, name, *more, **options)

    with patch.object(Catalog, "table", watched):
        sections(page, connected(firm()))
    return frozenset(opened)


@cache
def firm() -> Tables:
    """Return the tables with all their columns."""
    return cut(N_CUSTOMERS)


def _faults_of_predictions(catalog: Catalog) -> Iterator[str]:
    for each in registered_predictions():
        outcome = run_prediction(catalog, date.fromisoformat(THROUGH), each, "", no_progress)
        if outcome.status == "failed":
            yield f"{each.model}: {outcome.entry.reason}"


def _tried(step: str, run: Callable[[], object]) -> Iterator[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return run()
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        yield f"{step}: {type(error).__name__}: {str(error)[:300]} ({Path(place.filename).name}:{place.lineno})"
