"""The numbers that a period has reported, kept beside its pages: ``<reports>/<period>/numbers.json``.

A notebook carries them in an output that is not displayed, from which the run writes them. So the notebook writes no file,
and works on its own as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmkit.reporting.display.html import Fragment
from crmkit.reporting.runner.page import crmkit_version
from crmkit.reporting.runner.publish import write_atomically
from crmkit.reporting.runner.reuse import own_code
from crmkit.tables.caching.fingerprint import code_digest, digest_of, package_versions

if TYPE_CHECKING:
    import pandas as pd

    from crmkit.tables.catalog import Catalog

NUMBERS_FILE = "numbers.json"
_COMPUTING = ("python", "duckdb", "ibis-framework", "pandas", "numpy", "scipy", "scikit-learn", "lifelines")
_KIND = "application/vnd.crmkit.numbers+json"


class PageNumbers(Fragment):
    """A piece of a page that carries the page's numbers."""

    def __init__(self, html: str, name: str, numbers: Mapping[str, Any]) -> None:
        super().__init__(html, name, {_KIND: dict(numbers)})
        self.numbers = dict(numbers)


def numbers_of(catalog: Catalog, evaluated: pd.DataFrame, so_far: int | None = None) -> dict[str, dict[str, Any]]:
    """Return a period's numbers by metric, as they are kept and compared.

    Parameters
    ----------
    catalog : Catalog
    evaluated : DataFrame
        One row per metric, as from :func:`crmkit.evaluate` for one period, or a scorecard.
    so_far : int, optional
        Number of days, if the period is still running [days].
    """
    from crmkit.metrics.card import cards
    from crmkit.metrics.formatting import is_number

    numbers = {}
    for card, row in zip(cards(list(evaluated["metric"])), evaluated.to_dict("records"), strict=True):
        numbers[card.name] = {
            "label": card.label,
            "value": float(row["value"]) if is_number(row["value"]) else None,
            "n": int(row["n"]) if is_number(row["n"]) else 0,
            "counted": card.counted,
            "unit": card.unit,
            "status": row["status"],
            "so_far": so_far,
            "definition": f"{card.definition} {card.formula}",
        }
    return numbers


def inputs_of_numbers(catalog: Catalog) -> dict[str, Any]:
    """Return the hashes, settings and versions behind the numbers, by which a later page explains why one has changed."""
    settings = catalog.settings
    plain = settings.company.model_dump(mode="json", exclude={"name"}) | {"through": str(settings.data.through or "")}
    return {
        "input": catalog.provenance.get("input_sha256"),
        "settings": plain,
        "other_settings": digest_of(settings.model_dump_json(exclude={"company", "data"})),
        "crmkit": crmkit_version(),
        "code": code_digest(),
        "own_code": own_code(settings) if settings.metric_modules else None,
        "packages": {name: text for name, text in package_versions().items() if name in _COMPUTING},
    }


def numbers_in(notebook: Path) -> dict[str, Any] | None:
    """Return the numbers that an executed notebook carries; None if it carries none, or cannot be read."""
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return None
    outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    return next((data[_KIND] for data in outputs if _KIND in data), None)


def save_numbers(folder: Path, page: str, numbers: Mapping[str, Any] | None) -> None:
    """Save the numbers of a page beside the pages of its period, in place of those of its last run."""
    if numbers is not None:
        kept = _read(folder) | {page: dict(numbers)}
        write_atomically(folder / NUMBERS_FILE, json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False).encode())


def reported_numbers(folder: Path) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return for each metric the number that a period's pages have reported, and its :func:`inputs_of_numbers`."""
    found: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
    for page in _read(folder).values():
        for metric, number in page["numbers"].items():
            found.setdefault(metric, (number, page["made_from"]))
    return found


def _read(folder: Path) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads((folder / NUMBERS_FILE).read_text(encoding="utf-8"))
        return {page: entry for page, entry in kept.items() if {"numbers", "made_from"} <= entry.keys()}
    except (OSError, ValueError, AttributeError):  # not reported yet, or not a file of crmkit
        return {}
