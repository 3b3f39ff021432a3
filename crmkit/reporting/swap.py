"""Write aside and swap in whole: a reader never meets half a month or half a page, and a failed run changes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crmkit.errors import CrmkitError
from crmkit.sources.aside import beside, is_abandoned, parted


@contextmanager
def swapped_in(folder: Path, *, keep: bool) -> Iterator[Path]:
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
    aside = beside(folder, "tmp")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        if keep and folder.is_dir():
            shutil.copytree(folder, aside)
        else:
            aside.mkdir(parents=True)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        reason = error.strerror or "not all pages of the last run could be copied"
        raise CrmkitError(f"{folder.parent} cannot be written ({reason}). Make room or name another folder.") from None
    try:
        yield aside
        _swap(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that there is the old one or the new one at any moment, and never half of one."""
    aside = beside(file, "tmp")
    try:
        aside.write_bytes(content)
        aside.replace(file)
    except BaseException:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def tidy(folder: Path) -> None:
    """Put back what a run that was killed was about to replace, and remove what it left half written.

    Parameters
    ----------
    folder : path
        The folder of all reports. What a run writes just now is left alone, and so is what others keep there.
    """
    left = [path for pattern in ("*.tmp-*", "*.old-*", "*/*.tmp-*") for path in folder.glob(pattern)]
    for path in left:
        known = parted(path)
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


def _swap(aside: Path, folder: Path) -> None:
    former = beside(folder, "old")
    try:
        if folder.exists():
            folder.rename(former)
        aside.rename(folder)
    except OSError as error:  # Windows does not let go of a folder while a program has a file of it open
        if former.exists() and not folder.exists():
            former.rename(folder)
        raise CrmkitError(
            f"{folder} could not be replaced ({error.strerror}). Close the programs that show it and run again."
        ) from None
    shutil.rmtree(former, ignore_errors=True)
