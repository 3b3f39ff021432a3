"""What a page was made from and how to make it again, without a path or a name of the machine it was made on."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePosixPath
from typing import Any

from crmkit.metrics.formatting import counted, is_number
from crmkit.reporting.display.html import Fragment, drawn, without_paths
from crmkit.tables.schema import PREDICTED

_PACKAGES = ("pandas", "numpy", "scipy", "scikit-learn", "ibis-framework", "duckdb", "matplotlib")


def provenance(
    source: Mapping[str, Any] | None = None,
    *,
    parameters: Mapping[str, Any] | None = None,
    command: str = "",
    seed: int | None = None,
) -> Fragment:
    """Return what the page was made from and how to make it again; never a path or a user's name.

    Parameters
    ----------
    source : mapping or None
        The catalog's record of its input (``catalog.provenance``): files, input_sha256, n_rows, tables, rejected; of a
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
    items = [_item("Made with", ", ".join(_versions())), *_input_items(source or {})]
    if parameters:
        items.append(_item("Parameters", ", ".join(f"{name} = {value}" for name, value in parameters.items())))
    if seed is not None:
        items.append(_item("Random seed", str(seed)))
    if command:
        items.append(_item("Make it again", command, is_code=True))
    return drawn("provenance", "provenance", items=items)


def _item(name: str, text: str, *, is_code: bool = False) -> dict[str, Any]:
    return {"name": name, "text": without_paths(text), "is_code": is_code}


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


def _input_items(source: Mapping[str, Any]) -> list[dict[str, Any]]:
    files = [PurePosixPath(str(entry["file"]).replace("\\", "/")).name for entry in source.get("files") or ()]
    parts = [counted(len(files), "files") if files else ""]
    if digest := str(source.get("input_sha256") or ""):
        parts.append(f"sha256 {digest[:16]}")
    items = [_item("Input", ", ".join(part for part in parts if part))] if any(parts) else []
    items += _database_items(source)
    if files:
        items.append(_item("Files", ", ".join(files)))
    items += _kept_items(source)
    if rejected := {name: n for name, n in (source.get("rejected") or {}).items() if n}:
        items.append(_item("Rows kept aside", ", ".join(f"{name} {n:,}" for name, n in rejected.items())))
    return items


def _database_items(source: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return which database was read, and which of its tables; a hash of its data would need a load."""
    if not source.get("database"):
        return []
    tables = ", ".join(f"{name} from {place}" for name, place in source["relations"].items())
    return [_item("Database", f"{source['database']}, read {source['read_at']}"), _item("Tables", tables)]


def _kept_items(source: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the tables; the rows of files differ, as one may fill two tables and some are merged."""
    tables = {name: n for name, n in (source.get("tables") or {}).items() if is_number(n)}
    predicted = {name: tables.pop(name) for name in PREDICTED if name in tables}
    by_table = ", ".join(f"{name} {n:,}" for name, n in tables.items())
    made = "".join(f"; predictions beside them: {name} {n:,}" for name, n in predicted.items())
    if not is_number(n_rows := source.get("n_rows")):
        return [_item("Rows kept", by_table)] if tables else []
    kept = n_rows - sum(predicted.values())
    return [_item("Rows kept", f"{kept:,} in all tables: {by_table}{made}" if tables else f"{kept:,}")]
