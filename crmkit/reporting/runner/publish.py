"""Write beside the target and replace it as a whole: a reader never meets half a month or half a page.

A run that fails changes nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crmkit.errors import CrmkitError
from crmkit.sources.store.temporary_paths import is_abandoned, split_temporary_path, temporary_path


@contextmanager
def publishing(folder: Path, *, keep: bool) -> Iterator[Path]:
    """Yield an empty folder beside ``folder`` that takes its place when the block ends well.

    Parameters
    ----------
    folder : path
        The folder to replace; it need not exist.
    keep : bool
        Start from a copy of what the folder holds now.

    Yields
    ------
    path
        The folder to write into, ``<name>.tmp-...``. It is gone after the block, whatever happens.

    Raises
    ------
    CrmkitError
        If the folder cannot be written or replaced.
    """
    staging = temporary_path(folder, "tmp")
    try:
        shutil.rmtree(staging, ignore_errors=True)
        if keep and folder.is_dir():
            shutil.copytree(folder, staging)
        else:
            staging.mkdir(parents=True)
    except OSError as error:
        shutil.rmtree(staging, ignore_errors=True)
        reason = error.strerror or "not all pages of the last run could be copied"
        raise CrmkitError(f"{folder.parent} cannot be written ({reason}). Make room or name another folder.") from None
    try:
        yield staging
        _replace(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def write_atomically(file: Path, content: bytes) -> None:
    """Write a file so that at any moment there is the old one or the new one, never half of one."""
    temporary = temporary_path(file, "tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(file)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def clean_up(folder: Path) -> None:
    """Put back what a run that was killed was about to replace, and remove what it left half written.

    Parameters
    ----------
    folder : path
        The folder of all reports. Files that a running program is writing stay, and so do files of others.
    """
    left = [path for pattern in ("*.tmp-*", "*.old-*", "*/*.tmp-*") for path in folder.glob(pattern)]
    for path in left:
        known = split_temporary_path(path)
        if known is None or not is_abandoned(path):
            continue
        name, kind = known
        with suppress(OSError):
            former = path.with_name(name)
            if kind == "old" and not former.exists():
                path.rename(former)
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _replace(staging: Path, folder: Path) -> None:
    former = temporary_path(folder, "old")
    try:
        if folder.exists():
            folder.rename(former)
        staging.rename(folder)
    except OSError as error:  # Windows does not let go of a folder while a program has a file of it open
        if former.exists() and not folder.exists():
            former.rename(folder)
        raise CrmkitError(
            f"{folder} could not be replaced ({error.strerror}). Close the programs that show it and run again."
        ) from None
    shutil.rmtree(former, ignore_errors=True)
