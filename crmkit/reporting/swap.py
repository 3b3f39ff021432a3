"""Write a folder aside and swap it in whole: a reader never meets half a month, and a failed run changes nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crmkit.errors import CrmkitError


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
        The folder to write into, ``<name>.tmp-<process number>``. It is gone after the block, whatever happens.

    Raises
    ------
    CrmkitError
        If the folder cannot be written or replaced.
    """
    aside = folder.with_name(f"{folder.name}.tmp-{os.getpid()}")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        if keep and folder.is_dir():
            shutil.copytree(folder, aside)
        else:
            aside.mkdir(parents=True)
    except OSError as error:
        raise CrmkitError(f"{folder.parent} cannot be written ({error.strerror}). Name another folder.") from None
    try:
        yield aside
        _swap(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _swap(aside: Path, folder: Path) -> None:
    former = folder.with_name(f"{folder.name}.old-{os.getpid()}")
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
