"""Results of a database that others may change, kept for the length of a run: all of them are as of one moment.

Without it each page of a report, and each prediction, would ask the database anew for what another has just computed,
and would see other rows where somebody writes meanwhile.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from crmkit.settings import Settings
from crmkit.tables.caching.cache import Cache

_VARIABLE = "CRMKIT_MOMENT"  # the folder, which is made when the first result is kept


@contextmanager
def one_moment() -> Iterator[None]:
    """Let this program, and those that it starts in the block, share what they compute from a database.

    It is in a folder of temporary files that only this user may read, and is removed at the end of the block. A block
    within another one belongs to it.

    Examples
    --------
    >>> with one_moment():
    ...     cache_of_moment(Settings()) is not None
    True
    >>> cache_of_moment(Settings()) is None
    True
    """
    if _VARIABLE in os.environ:
        yield
        return
    folder = os.path.join(tempfile.gettempdir(), f"crmkit-{os.getpid()}-{secrets.token_hex(4)}")
    os.environ[_VARIABLE] = folder
    try:
        yield
    finally:
        os.environ.pop(_VARIABLE, None)
        shutil.rmtree(folder, ignore_errors=True)


def cache_of_moment(settings: Settings, predicted: Iterable[Path] = ()) -> Cache | None:
    """Return the cache that a run shares; None outside of a run.

    Parameters
    ----------
    settings : Settings
    predicted : iterable of Path
        Files of predictions that were made from the database.
    """
    folder = os.environ.get(_VARIABLE)
    return Cache(Path(folder), (), settings, {"moment": folder}, predicted) if folder else None
