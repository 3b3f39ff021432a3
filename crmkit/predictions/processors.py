"""Programs that work side by side share the processors: more threads than processors wait for each other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def shared_processors(n_programs: int) -> Iterator[None]:
    """For the length of a block, let this program and those that it starts use their part of the processors.

    Whoever has set one of the variables ``VARIABLES`` knows better: then nothing is changed.

    Parameters
    ----------
    n_programs : int
        That work at the same time.

    Examples
    --------
    >>> with shared_processors(1000):
    ...     os.environ.get("OMP_NUM_THREADS")
    '1'
    """
    if any(name in os.environ for name in VARIABLES):
        yield
        return
    n_threads = max(1, (os.cpu_count() or 1) // max(1, n_programs))
    os.environ.update(dict.fromkeys(VARIABLES, str(n_threads)))  # for programs, and for libraries not yet loaded
    try:
        with threadpool_limits(n_threads):
            yield
    finally:
        for name in VARIABLES:
            os.environ.pop(name, None)
