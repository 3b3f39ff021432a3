"""The file of everybody whom crmkit has drawn for a trial: beside the store, kept twice, written by one program at a time.

It is state: no export holds it, so no load writes it, and with ``[database]`` there is nothing else to keep it in. A
draw is written whole or not at all: all draws are one file, which is replaced. Its columns are those of the table
``treatments``, and what was predicted of each person before the draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from crmkit.errors import CrmkitError
from crmkit.settings import Settings
from crmkit.sources.store.integrity import COPY, replaced_twice, restored

if TYPE_CHECKING:
    import pandas as pd

LISTS = "actions"  # folder beside the settings
_PATIENCE = 300.0  # seconds to wait for another program that draws: it may have predictions and people to look up first


def book_file(settings: Settings) -> Path:
    """Return the path of the file, whether or not it exists."""
    store = settings.path("store")
    return store.with_name(f"{store.name}.trials.parquet")


def book_file_beside(store: Path) -> Path | None:
    """Return the file beside a store, restored from its second copy if need be; None if nothing was drawn yet.

    Raises
    ------
    CrmkitError
        If it is damaged, and its second copy too.
    """
    file = store.with_name(f"{store.name}.trials.parquet")
    if not restored(file):
        raise CrmkitError(
            f"{file} is damaged, and with it its second copy. No export can rebuild who was drawn for trials: put it back "
            f"from a backup. Without one, delete it and the files beside it called ...{COPY}...: the trials are then lost."
        )
    return file if file.is_file() else None


def list_files(settings: Settings, trial: str) -> tuple[Path, ...]:
    """Return where the list of those to treat in a trial is written, as CSV and as a workbook, whether or not it exists."""
    return tuple(settings.folder / LISTS / f"{trial.replace(' ', '_')}.{kind}" for kind in ("csv", "xlsx"))


def read_drawn(settings: Settings) -> pd.DataFrame:
    """Return everybody drawn by crmkit; no rows if nothing was drawn yet."""
    import pandas as pd

    file = book_file_beside(settings.path("store"))
    return pd.read_parquet(file) if file else pd.DataFrame()


@contextmanager
def book_lock(settings: Settings) -> Iterator[None]:
    """Let one program at a time draw: who is drawn is decided and written while the block runs.

    Raises
    ------
    CrmkitError
        If another program holds it for too long.
    """
    file = book_file(settings)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with FileLock(file.with_name(f".{file.name}.lock"), timeout=_PATIENCE):
            yield
    except Timeout:
        raise CrmkitError("Another program is drawing a trial. Run it again when that one has ended.") from None


def write_drawn(settings: Settings, rows: pd.DataFrame) -> None:
    """Write everybody drawn in place of what the file held; only inside of :func:`book_lock`."""
    with replaced_twice(book_file(settings)) as fresh:
        rows.to_parquet(fresh, index=False, compression="zstd")
