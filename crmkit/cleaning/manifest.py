"""What a store keeps of the load that made it, written and read back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from crmkit.cleaning.findings import Counts, Finding
from crmkit.cleaning.report import LoadReport
from crmkit.errors import CrmkitError
from crmkit.settings import Settings
from crmkit.sources.changes import settings_digest
from crmkit.sources.store import found_store, read_manifest


def manifest(report: LoadReport, settings: Settings) -> dict[str, Any]:
    """Return what a store, or a catalog in memory, keeps of a load."""
    files = sorted(report.files, key=lambda record: str(record["file"]))
    listed = "\n".join(f"{record['file']} {record['sha256']}" for record in files)
    return {
        "crmkit": _version(),
        "loaded_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "data_through": report.data_through,
        "input_sha256": hashlib.sha256(listed.encode()).hexdigest() if files else None,
        "settings_sha256": settings_digest(settings),
        "files": files,
        "tables": {table: asdict(counts) for table, counts in report.counts.items()},
        "findings": [asdict(finding) for finding in report.findings],
        "hints": list(report.hints),
        **report.details,
    }


def report_of(known: Mapping[str, Any], store: str) -> LoadReport:
    """Return the report of a load of before from its manifest."""
    return LoadReport(
        counts={table: Counts(**counts) for table, counts in known["tables"].items()},
        findings=tuple(Finding(**finding) for finding in known["findings"]),
        files=tuple(known["files"]),
        hints=tuple(known["hints"]),
        data_through=date.fromisoformat(known["data_through"]) if known["data_through"] else None,
        store=store,
        loaded_at=known["loaded_at"],
    )


def manifest_before(store: Path) -> dict[str, Any]:
    """Return what the store says of itself; nothing if there is none, or it is to be written anew."""
    try:
        return read_manifest(there) if (there := found_store(store)) else {}
    except CrmkitError:
        return {}


def _version() -> str:
    try:
        return version("crmkit")
    except PackageNotFoundError:  # run from a folder without installing
        return "not installed"
