"""Compute a number once: whoever asks for it again, or at the same time, is given the kept result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from crmkit.tables.caching.cache import Cache, turn

if TYPE_CHECKING:
    import pandas as pd

    from crmkit.tables.catalog import Catalog


def remember(
    catalog: Catalog,
    compute: Callable[..., pd.DataFrame],
    *arguments: Any,
    reads_predictions: bool = True,
    in_turn: bool = True,
) -> pd.DataFrame:
    """Return ``compute(catalog, *arguments)``, from the cache if it was computed before from the very same.

    Parameters
    ----------
    catalog : Catalog
        One that was opened from a store has a cache, one of frames a memory; with any other the result is computed.
    compute : function
        Written in a file; its result depends on the catalog and the arguments alone.
    *arguments
        Plain values, dates, dataclasses and functions, and lists and mappings of them.
    reads_predictions : bool
        False for what never looks at the tables that predictions fill: it stays known when these are written.
    in_turn : bool
        Wait for another program that computes the same; False for what only puts together what is remembered itself.

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> import crmkit as ck, pandas as pd
    >>> catalog = ck.connect({"orders": pd.DataFrame({"order_id": ["a"], "ordered_at": ["2026-10-02"], "revenue": [30.0]})})
    >>> remember(catalog, lambda catalog, table: catalog.frame(table), "orders")["revenue"].tolist()
    [30.0]
    """
    cache = catalog.cache
    if cache is None:
        return _from_memory(catalog, compute, arguments)
    key = cache.key(compute, arguments, reads_predictions)
    if key is None:
        return compute(catalog, *arguments)
    kept = cache.read(key)
    if kept is not None:
        return kept
    if not in_turn:
        return _kept_or_computed(catalog, cache, key, compute, arguments, reads_predictions)
    with turn(cache.folder, key):
        return _kept_or_computed(catalog, cache, key, compute, arguments, reads_predictions)


def remember_each(
    catalog: Catalog,
    compute: Callable[..., pd.DataFrame],
    of: Sequence[Sequence[Any]],
    reads_predictions: bool = True,
) -> list[pd.DataFrame]:
    """Return ``compute(catalog, *arguments)`` for several arguments, first those that nobody else is computing.

    Two notebooks that ask for the same at the same time share the work so, where :func:`remember` lets one wait.
    """
    found: dict[int, pd.DataFrame] = {}
    for place, arguments in enumerate(of):
        cache = catalog.cache
        key = cache.key(compute, arguments, reads_predictions) if cache else None
        if cache is None or key is None:
            continue
        with turn(cache.folder, key, patience=0) as taken:
            if not taken:
                found[place] = _kept_or_computed(catalog, cache, key, compute, arguments, reads_predictions)
    for place, arguments in enumerate(of):
        if place not in found:
            found[place] = remember(catalog, compute, *arguments, reads_predictions=reads_predictions)
    return [found[place] for place in range(len(of))]


def _from_memory(catalog: Catalog, compute: Callable[..., pd.DataFrame], arguments: Sequence[Any]) -> pd.DataFrame:
    """Return what a catalog of frames has kept, or compute it; any other catalog without a cache keeps nothing."""
    memory = catalog.memory
    key = memory.key(compute, arguments, catalog.settings) if memory is not None else None
    if memory is None or key is None:
        return compute(catalog, *arguments)
    kept = memory.read(key)
    if kept is None:
        kept = compute(catalog, *arguments)
        memory.write(key, kept)
    return kept


def _kept_or_computed(
    catalog: Catalog,
    cache: Cache,
    key: str,
    compute: Callable[..., pd.DataFrame],
    arguments: Iterable[Any],
    reads_predictions: bool = True,
) -> pd.DataFrame:
    kept = cache.read(key)  # another notebook may have been at it
    if kept is not None:
        return kept
    frame = compute(catalog, *arguments)
    if cache.key(compute, arguments, reads_predictions) == key:  # nothing changed while it was computed
        cache.write(key, frame)
    return frame
