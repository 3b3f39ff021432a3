"""Names of what is written aside before it takes its place: the machine and the program's number stand in them.

So a later run can tell what a run that was killed left behind from what another one is writing just now.
"""

from __future__ import annotations

import os
import platform
import re
import time
from hashlib import blake2b
from pathlib import Path

MACHINE = blake2b(platform.node().encode(), digest_size=3).hexdigest()
_ASIDE = re.compile(r"(?P<name>.+)\.(?P<kind>tmp|old)-(?P<machine>[0-9a-f]{6})-(?P<program>\d+)")
_FORGOTTEN_AFTER = 24 * 3600  # seconds; for what another machine left, whose programs cannot be asked for


def beside(path: Path, kind: str) -> Path:
    """Return where this program writes aside ("tmp") what is to take a path's place, or moves what was there ("old")."""
    return path.with_name(f"{path.name}.{kind}-{MACHINE}-{os.getpid()}")


def parted(path: Path) -> tuple[str, str] | None:
    """Return the name of what a path stands aside of, and its kind; None if it stands aside of nothing.

    Examples
    --------
    >>> parted(Path("store.tmp-0a1b2c-4711"))
    ('store', 'tmp')
    >>> parted(Path("store.tmp-of-mine"))
    """
    match = _ASIDE.fullmatch(path.name)
    return (match["name"], match["kind"]) if match else None


def is_abandoned(path: Path) -> bool:
    """Tell whether the program that wrote a path aside has ended."""
    match = _ASIDE.fullmatch(path.name)
    if match and match["machine"] == MACHINE and os.name == "posix":
        return has_ended(int(match["program"]))
    return time.time() - path.stat().st_mtime > _FORGOTTEN_AFTER


def has_ended(program: int) -> bool:
    """Tell whether no program of that number runs on this machine; where it cannot be asked, it is taken to run."""
    if os.name != "posix":  # elsewhere asking for a program would end it
        return False
    try:
        os.kill(program, 0)
    except ProcessLookupError:
        return True
    except OSError:  # there, and somebody else's
        return False
    return False
