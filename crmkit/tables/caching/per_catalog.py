"""Keep results of an open catalog in memory, such as fitted models, which the cache of frames cannot hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from crmkit.tables.catalog import Catalog

P = ParamSpec("P")
Result = TypeVar("Result")
Function = Callable[Concatenate[Catalog, P], Result]


def kept_per_catalog(most: int) -> Callable[[Function[P, Result]], Function[P, Result]]:
    """Decorate a function ``(catalog, *arguments) -> result`` so that the latest results of each catalog are kept.

    Parameters
    ----------
    most : int
        Results kept of one catalog; the oldest is dropped first. All are dropped with the catalog.

    Examples
    --------
    >>> import crmkit as ck
    >>> @kept_per_catalog(most=1)
    ... def squared(catalog, number):
    ...     print("computed")
    ...     return number**2
    >>> catalog = ck.connect({})
    >>> squared(catalog, 3) + squared(catalog, 3)
    computed
    18
    """

    def decorated(function: Function[P, Result]) -> Function[P, Result]:
        kept: WeakKeyDictionary[Catalog, dict[Any, Result]] = WeakKeyDictionary()

        @wraps(function)
        def kept_or_computed(catalog: Catalog, *arguments: P.args, **named: P.kwargs) -> Result:
            results, key = kept.setdefault(catalog, {}), (arguments, tuple(sorted(named.items())))
            if key not in results:
                result = function(catalog, *arguments, **named)
                while len(results) >= most:
                    del results[next(iter(results))]
                results[key] = result
            return results[key]

        return kept_or_computed

    return decorated
