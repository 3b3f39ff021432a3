"""Whoever computes a result first, the others wait for it: no two notebooks compute the same at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

_PATIENCE = 600.0  # s: whoever is stopped in the middle does not keep the others for ever
_ASK_AGAIN = 0.05  # s


@contextmanager
def turn(folder: Path, key: str, patience: float = _PATIENCE) -> Iterator[bool]:
    """Hold a key for the length of a block; wait while another program, or another thread, holds it.

    The operating system lets the key go when its holder ends, however it ends. A folder that cannot be written, or
    waiting for too long, is no fault: then the same may be computed twice.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    key : str
        Fit for a file name.
    patience : float
        How long to wait at most [s].

    Yields
    ------
    bool
        Whether somebody else holds it still.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place, turn(Path(place), "sales"):
    ...     [path.name for path in Path(place).iterdir()]
    ['sales.lock']
    """
    place = folder.joinpath(f"{key}.lock")
    lock, taken = FileLock(place, timeout=patience, poll_interval=_ASK_AGAIN, thread_local=False), False
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        taken = True
    except (OSError, NotImplementedError):  # nobody can hold anything there
        pass
    try:
        yield taken
    finally:
        if lock.is_locked:
            with suppress(OSError):  # Windows keeps the file while another program waits at it
                place.unlink(missing_ok=True)
            lock.release()
