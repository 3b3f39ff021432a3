"""Names of files and folders while they are written, before they take the place of the ones they replace.

The machine and the process id are part of the name, so that a later run can distinguish what a killed run left behind
from what another program is writing at the moment.
"""

from __future__ import annotations

import os
import platform
import re
import time
from hashlib import blake2b
from pathlib import Path

MACHINE = blake2b(platform.node().encode(), digest_size=3).hexdigest()
_TEMPORARY_NAME = re.compile(r"(?P<name>.+)\.(?P<kind>tmp|old)-(?P<machine>[0-9a-f]{6})-(?P<process>\d+)")
_ABANDONED_AFTER = 24 * 3600  # s; for the files of another machine, whose processes cannot be queried


def temporary_path(path: Path, kind: str) -> Path:
    """Return where this program writes the replacement of a path ("tmp"), or moves what it replaces ("old")."""
    return path.with_name(f"{path.name}.{kind}-{MACHINE}-{os.getpid()}")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is there whole or, where the disk is full, as it was before.

    Parameters
    ----------
    path : Path
    content : bytes
    """
    temporary = temporary_path(path, "tmp")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def temporary_paths_of(path: Path, kind: str) -> list[Path]:
    """Return the temporary paths of all programs for a path, oldest first."""
    return sorted(path.parent.glob(f"{path.name}.{kind}-*"), key=lambda each: each.stat().st_mtime)


def split_temporary_path(path: Path) -> tuple[str, str] | None:
    """Return the name that a temporary path belongs to, and its kind; None if it is not a temporary path.

    Examples
    --------
    >>> split_temporary_path(Path("store.tmp-0a1b2c-4711"))
    ('store', 'tmp')
    >>> split_temporary_path(Path("store.tmp-of-mine"))
    """
    match = _TEMPORARY_NAME.fullmatch(path.name)
    return (match["name"], match["kind"]) if match else None


def is_abandoned(path: Path) -> bool:
    """Return whether the program that created a temporary path has ended."""
    match = _TEMPORARY_NAME.fullmatch(path.name)
    if match and match["machine"] == MACHINE and os.name == "posix":
        return has_ended(int(match["process"]))
    return time.time() - path.stat().st_mtime > _ABANDONED_AFTER


def has_ended(process_id: int) -> bool:
    """Return whether no process of that number runs on this machine; False where that cannot be determined."""
    if os.name != "posix":  # elsewhere the query would end the process
        return False
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    except OSError:  # it runs, under another user
        return False
    return False
