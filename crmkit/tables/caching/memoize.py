"""Compute each number once: a repeated call, and one from another program at the same time, gets the kept result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from filelock import FileLock, Timeout

from crmkit.settings import Settings
from crmkit.tables.caching.cache import Cache, Memory

if TYPE_CHECKING:
    import pandas as pd

_LONGEST_WAIT = 600.0  # s; a holder that is suspended does not block the others for ever
_POLL_INTERVAL = 0.05  # s


class KeepsResults(Protocol):
    """What memoization needs of a catalog: where its results are kept, and the settings they depend on."""

    settings: Settings
    cache: Cache | None
    memory: Memory | None

    @property
    def whole(self) -> KeepsResults:
        """The catalog of all customers."""

    def of_its_customers(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of the customers that the catalog is narrowed to."""


def memoize(
    catalog: KeepsResults,
    compute: Callable[..., pd.DataFrame],
    *arguments: Any,
    reads_predictions: bool = True,
    wait: bool = True,
    whole: bool = False,
) -> pd.DataFrame:
    """Return ``compute(catalog, *arguments)``, from the cache if the same call was computed before.

    Parameters
    ----------
    catalog : Catalog
        A catalog opened from a store has a cache on disk, one of frames a memory; with any other the result is computed.
    compute : function
        Defined in a file; its result depends on the catalog and the arguments alone.
    *arguments
        Plain values, dates, dataclasses and functions, and lists and mappings of them.
    reads_predictions : bool
        False if the function never reads the tables that predictions fill: its results stay valid when these change.
    wait : bool
        Wait for another program that computes the same; False if the function only combines memoized results.
    whole : bool
        Compute it from all customers where the catalog is narrowed to some, and return their rows: a model is learned
        from all of them.

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> import crmkit as ck, pandas as pd
    >>> catalog = ck.connect({"orders": pd.DataFrame({"order_id": ["a"], "ordered_at": ["2026-10-02"], "revenue": [30.0]})})
    >>> memoize(catalog, lambda catalog, table: catalog.frame(table), "orders")["revenue"].tolist()
    [30.0]
    """
    if whole and catalog.whole is not catalog:
        every = memoize(catalog.whole, compute, *arguments, reads_predictions=reads_predictions, wait=wait)
        return catalog.of_its_customers(every)
    cache = catalog.cache
    if cache is None:
        return _from_memory(catalog, compute, arguments)
    key = cache.key(compute, arguments, reads_predictions)
    if key is None:
        return compute(catalog, *arguments)
    kept = cache.read(key)
    if kept is not None:
        return kept
    if not wait:
        return _from_cache(catalog, cache, key, compute, arguments, reads_predictions)
    with key_lock(cache.folder, key):
        return _from_cache(catalog, cache, key, compute, arguments, reads_predictions)


def memoize_each(
    catalog: KeepsResults,
    compute: Callable[..., pd.DataFrame],
    calls: Sequence[Sequence[Any]],
    reads_predictions: bool = True,
) -> list[pd.DataFrame]:
    """Return ``compute(catalog, *arguments)`` for each of several calls, starting with those that no other program computes.

    Two notebooks that make the same calls at the same time share the work, whereas :func:`memoize` would let one wait.

    Parameters
    ----------
    catalog, compute, reads_predictions
        See :func:`memoize`.
    calls : sequence
        The arguments of each call.
    """
    found: dict[int, pd.DataFrame] = {}
    for position, arguments in enumerate(calls):
        cache = catalog.cache
        key = cache.key(compute, arguments, reads_predictions) if cache else None
        if cache is None or key is None:
            continue
        with key_lock(cache.folder, key, timeout=0) as is_held_elsewhere:
            if not is_held_elsewhere:
                found[position] = _from_cache(catalog, cache, key, compute, arguments, reads_predictions)
    for position, arguments in enumerate(calls):
        if position not in found:
            found[position] = memoize(catalog, compute, *arguments, reads_predictions=reads_predictions)
    return [found[position] for position in range(len(calls))]


def _from_memory(catalog: KeepsResults, compute: Callable[..., pd.DataFrame], arguments: Sequence[Any]) -> pd.DataFrame:
    """Return the result kept in the catalog's memory, or compute it; without a memory it is always computed."""
    memory = catalog.memory
    key = memory.key(compute, arguments, catalog.settings) if memory is not None else None
    if memory is None or key is None:
        return compute(catalog, *arguments)
    kept = memory.read(key)
    if kept is None:
        kept = compute(catalog, *arguments)
        memory.write(key, kept)
    return kept


def _from_cache(
    catalog: KeepsResults,
    cache: Cache,
    key: str,
    compute: Callable[..., pd.DataFrame],
    arguments: Sequence[Any],
    reads_predictions: bool,
) -> pd.DataFrame:
    """Return the result kept on disk, or compute and keep it."""
    kept = cache.read(key)  # another program may have written it while this one waited
    if kept is not None:
        return kept
    frame = compute(catalog, *arguments)
    if cache.key(compute, arguments, reads_predictions) == key:  # nothing it depends on changed meanwhile
        cache.write(key, frame)
    return frame


@contextmanager
def key_lock(folder: Path, key: str, timeout: float = _LONGEST_WAIT) -> Iterator[bool]:
    """Hold the lock of a key for the length of a block; wait while another program or thread holds it.

    The operating system releases the lock when its holder ends, however it ends. A folder that cannot be written, and
    a timeout, are no errors: the same result may then be computed twice.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    key : str
        Fit for a file name.
    timeout : float
        How long to wait at most [s].

    Yields
    ------
    bool
        Whether another holder still has the lock.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, key_lock(Path(folder), "sales"):
    ...     [path.name for path in Path(folder).iterdir()]
    ['sales.lock']
    """
    file = folder.joinpath(f"{key}.lock")
    lock, is_held_elsewhere = FileLock(file, timeout=timeout, poll_interval=_POLL_INTERVAL, thread_local=False), False
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        is_held_elsewhere = True
    except (OSError, NotImplementedError):  # the folder cannot hold a lock file
        pass
    try:
        yield is_held_elsewhere
    finally:
        if lock.is_locked:
            with suppress(OSError):  # Windows keeps the file while another program waits for it
                file.unlink(missing_ok=True)
            lock.release()
