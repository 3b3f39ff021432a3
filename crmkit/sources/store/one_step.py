"""Several files of a store that are replaced together: a reader sees all of them as they were, or all of them new.

::

    store/.next/         the new files and their second copies, whole
    store/.next.json     their names; from the moment it is there the step is done, and whoever meets it finishes it

To finish it takes renaming alone, so a full disk cannot keep it from being finished. A program that is killed before that
moment leaves nothing but the folder, which the next step clears.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crmkit.sources.store.integrity import COPY, remove_copies_but

_FOLDER = ".next"
_NAMES = ".next.json"


@contextmanager
def one_step(store: Path) -> Iterator[Path]:
    """Yield an empty folder; the files written into it take the places of those of the store when the block ends.

    Only one program at a time may be inside; see :func:`crmkit.predictions.runner.store.write_lock`.

    Parameters
    ----------
    store : Path
        A store, or a folder of predictions.
    """
    finish_step(store)
    fresh = store / _FOLDER
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700, parents=True)
    try:
        yield fresh
        names = sorted(path.name for path in fresh.iterdir() if COPY not in path.name)
        (fresh / _NAMES).write_text(json.dumps(names), encoding="utf-8")
        (fresh / _NAMES).chmod(0o600)
        os.replace(fresh / _NAMES, store / _NAMES)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    finish_step(store)


def finish_step(store: Path) -> None:
    """Finish a step that was interrupted after it was done; two programs may do so at once."""
    try:
        names = json.loads((store / _NAMES).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except ValueError:  # damaged: the run log then fits no table, and the predictions are made again
        names = []
    fresh = store / _FOLDER
    for name in names:
        copies = sorted(fresh.glob(f"{name}{COPY}*"))
        for path in (*copies, fresh / name):  # the copy first: at any moment the file is one of those that have a copy
            with suppress(FileNotFoundError):  # it was moved before, or another program has moved it
                os.replace(path, store / path.name)
        if copies:
            remove_copies_but(store / name, store / copies[0].name)
    (store / _NAMES).unlink(missing_ok=True)
    shutil.rmtree(fresh, ignore_errors=True)
