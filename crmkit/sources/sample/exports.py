"""Write the sample company as its tools would export it, dirt and all, with the crmkit.toml that maps it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from crmkit.errors import CrmkitError
from crmkit.settings import FILE_NAME
from crmkit.sources.sample.company import SampleCompany, sample_company
from crmkit.sources.sample.dirt import add_dirt, add_double_accounts
from crmkit.sources.sample.layouts import layouts, settings_text

EXPORTS = "exports"


def write_exports(folder: str | Path, company: SampleCompany | None = None, *, overwrite: bool = False) -> list[Path]:
    """Write ``folder/exports/*.csv`` and ``folder/crmkit.toml``; all of it or nothing.

    Most files are in canonical layout; the shop's, the survey tool's, the CRM's and the two cost files are not, and
    ``crmkit.toml`` maps them. ``company.truth["dirt"]`` counts what was made dirty.

    Parameters
    ----------
    folder : str or Path
        Made if it is not there.
    company : SampleCompany, optional
        The default company of :func:`sample_company` if not given.
    overwrite : bool
        Replace the sample in a folder that holds one. Its store and its reports stay.

    Returns
    -------
    list of Path
        The files written, crmkit.toml last.

    Raises
    ------
    CrmkitError
        If the folder is not empty and ``overwrite`` is false, or if it holds exports that are not the sample's.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     files = write_exports(Path(parent) / "sample", sample_company(n_customers=50))
    >>> files[-1].name, len(files)
    ('crmkit.toml', 20)
    """
    target = Path(folder)
    filled = target.exists() and (not target.is_dir() or any(target.iterdir()))
    if filled and not overwrite:
        raise CrmkitError(f"{target} is not empty. Choose another folder, or overwrite the sample in it.")
    files = export_texts(company if company is not None else sample_company())
    if filled:
        _refuse_to_lose(target, set(files))
    with _aside(target) as part:
        (part / EXPORTS).mkdir()
        for path, content in files.items():
            (part / path).write_bytes(content)
        _swap_in(part, target)
    return [target / path for path in files]


def export_texts(company: SampleCompany) -> dict[str, bytes]:
    """Return the content of each file by its path in the company's folder, crmkit.toml last."""
    tables = add_double_accounts(company.tables, company.truth["duplicates"])
    plan = company.truth["dirt"]
    dirty = {name: add_dirt(name, rows, plan, company.seed) for name, rows in tables.items()}
    files = {}
    for layout in layouts(tables):
        rows: pd.DataFrame = dirty[layout.table]
        if layout.category:
            rows = rows[rows["category"].isin(layout.category)].reset_index(drop=True)
        text = layout.text(rows).to_csv(index=False, sep=layout.delimiter, lineterminator="\n")
        files[f"{EXPORTS}/{layout.name}.csv"] = text.encode(layout.encoding)
    files[FILE_NAME] = settings_text(company.last_month).encode()
    return files


def _refuse_to_lose(target: Path, ours: set[str]) -> None:
    """Stop before replacing exports that the sample did not write."""
    if not target.is_dir():
        raise CrmkitError(f"{target} is a file. Choose a folder.")
    others = sorted(p.name for p in (target / EXPORTS).glob("*") if f"{EXPORTS}/{p.name}" not in ours)
    if others or not (target / FILE_NAME).exists():
        found = f"{EXPORTS}/{others[0]}" if others else f"no {FILE_NAME}"
        raise CrmkitError(f"{target} holds {found}, so it is not the sample's folder. Choose another folder.")


@contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """A new folder beside the target, so that moving it in is one rename; removed if anything fails."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.parent / f".{target.name}.part-{os.getpid()}"
    part.mkdir()
    try:
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _swap_in(part: Path, target: Path) -> None:
    if not target.exists() or not any(target.iterdir()):
        if target.exists():
            target.rmdir()
        part.rename(target)
        return
    if (target / EXPORTS).exists():
        (target / EXPORTS).rename(part / "replaced")
    (part / EXPORTS).rename(target / EXPORTS)
    (part / FILE_NAME).replace(target / FILE_NAME)
