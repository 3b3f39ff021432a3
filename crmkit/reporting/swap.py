"""Write aside and swap in whole: a reader never meets half a month or half a page, and a failed run changes nothing.

What is aside carries the machine and the program's number in its name. So a later run can tell what a run that was killed left
behind from what another one is writing just now.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

from crmkit.errors import CrmkitError

_MACHINE = blake2b(platform.node().encode(), digest_size=3).hexdigest()
_ASIDE = re.compile(r"(?P<name>.+)\.(?P<kind>tmp|old)-(?P<machine>[0-9a-f]{6})-(?P<program>\d+)")
_FORGOTTEN_AFTER = 24 * 3600  # seconds; for what another machine left, whose programs cannot be asked for


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
    aside = _beside(folder, "tmp")
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
    aside = _beside(file, "tmp")
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
        match = _ASIDE.fullmatch(path.name)
        if match is None or not _is_abandoned(path, match["machine"], int(match["program"])):
            continue
        with suppress(OSError):
            former = path.with_name(match["name"])
            if match["kind"] == "old" and not former.exists():
                path.rename(former)
            elif path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _swap(aside: Path, folder: Path) -> None:
    former = _beside(folder, "old")
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


def _beside(path: Path, kind: str) -> Path:
    return path.with_name(f"{path.name}.{kind}-{_MACHINE}-{os.getpid()}")


def _is_abandoned(path: Path, machine: str, program: int) -> bool:
    if machine == _MACHINE and os.name == "posix":  # elsewhere asking for a program would end it
        return not _is_running(program)
    return time.time() - path.stat().st_mtime > _FORGOTTEN_AFTER


def _is_running(program: int) -> bool:
    try:
        os.kill(program, 0)
    except ProcessLookupError:
        return False
    except OSError:  # there, and somebody else's
        return True
    return True
