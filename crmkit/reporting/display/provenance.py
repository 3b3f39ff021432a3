"""Where a page comes from and how to make it again, without a word about the machine it was made on."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePosixPath
from typing import Any

from crmkit.errors import CrmkitError
from crmkit.metrics.formatting import counted, is_number
from crmkit.periods import Period, day_in_words
from crmkit.reporting.display.html import Fragment, drawn, without_paths
from crmkit.sources.store.summary import CompanyData

_PACKAGES = ("pandas", "numpy", "scipy", "scikit-learn", "ibis-framework", "duckdb", "matplotlib")


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
        What the catalog knows of its input (``catalog.provenance``): files, input_sha256, n_rows, tables, rejected; of a
        database: database, relations, read_at.
    parameters : mapping or None
        The notebook's parameters.
    command : str
        The command that makes this page again.
    seed : int or None
        Seed of the random numbers.

    Returns
    -------
    Fragment

    Examples
    --------
    >>> provenance({"n_rows": 5204}, parameters={"period": "2026-10"}, command="crmkit report --period 2026-10")
    <crmkit provenance>
    """
    items = [_item("Made with", ", ".join(_versions())), *_input_items(origin or {})]
    if parameters:
        items.append(_item("Parameters", ", ".join(f"{name} = {value}" for name, value in parameters.items())))
    if seed is not None:
        items.append(_item("Random seed", str(seed)))
    if command:
        items.append(_item("Make it again", command, is_code=True))
    return drawn("provenance", "provenance", items=items)


def _input_items(origin: Mapping[str, Any]) -> list[dict[str, Any]]:
    files = [PurePosixPath(str(entry["file"]).replace("\\", "/")).name for entry in origin.get("files") or ()]
    parts = [counted(len(files), "files") if files else ""]
    if digest := str(origin.get("input_sha256") or ""):
        parts.append(f"sha256 {digest[:16]}")
    items = [_item("Input", ", ".join(part for part in parts if part))] if any(parts) else []
    items += _database_items(origin)
    if files:
        items.append(_item("Files", ", ".join(files)))
    items += _kept_items(origin)
    if rejected := {name: n for name, n in (origin.get("rejected") or {}).items() if n}:
        items.append(_item("Rows kept aside", ", ".join(f"{name} {n:,}" for name, n in rejected.items())))
    return items


def _kept_items(origin: Mapping[str, Any]) -> list[dict[str, Any]]:
    """How many rows the tables hold; not those of the files, of which one may fill two tables and some are merged."""
    tables = {name: n for name, n in (origin.get("tables") or {}).items() if is_number(n)}
    by_table = ", ".join(f"{name} {n:,}" for name, n in tables.items())
    if not is_number(n_rows := origin.get("n_rows")):
        return [_item("Rows kept", by_table)] if tables else []
    return [_item("Rows kept", f"{n_rows:,} in all tables: {by_table}" if tables else f"{n_rows:,}")]


def _database_items(origin: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Which database was read, and which of its tables; a database has no hash that could be known without a load."""
    if not origin.get("database"):
        return []
    tables = ", ".join(f"{name} from {place}" for name, place in origin["relations"].items())
    return [_item("Database", f"{origin['database']}, read {origin['read_at']}"), _item("Tables", tables)]


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


# Which period to report: the last whole month by default, and none that the data cannot speak of.


def covered_period(catalog: CompanyData, text: str | None = None) -> Period:
    """Return the period asked for, or the last whole month of the data.

    Parameters
    ----------
    catalog : Catalog or StoreSummary
    text : str, optional
        Such as ``2026-10``, ``2026-Q4``, ``2026-W43``, ``2026``, ``FY2026`` or ``2026-03-01..2026-03-15``; empty or
        None for the last whole month.

    Raises
    ------
    CrmkitError
        If there are no dated rows at all, or none on any day of the period.

    Examples
    --------
    >>> import pandas as pd, crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1", "2"], "customer_id": ["7", "7"], "revenue": [20.0, 30.0],
    ...                        "ordered_at": pd.to_datetime(["2026-08-03", "2026-10-31"])})
    >>> str(covered_period(ck.connect({"orders": orders})))
    '2026-10'
    >>> covered_period(ck.connect({"orders": orders}), "2027-01")
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: There is no data for January 2027: the data runs from 3 August 2026 to 31 October 2026.
    """
    first, last = catalog.data_from, catalog.data_through
    if first is None or last is None:
        raise CrmkitError("There is no data: no table has a row with a date. Run `crmkit load`, then `crmkit check`.")
    if not text:
        month = Period.containing(last)
        whole = month if _last_day(month) <= last else month.previous
        return whole if first < whole.end else month
    period = Period.parse(text, catalog.settings.company.fiscal_year_start)
    if period.start > last or period.end <= first:
        raise CrmkitError(
            f"There is no data for {period.label}: the data runs from {day_in_words(first)} to {day_in_words(last)}."
        )
    return period


def _last_day(period: Period) -> date:
    return date.fromordinal(period.end.toordinal() - 1)
