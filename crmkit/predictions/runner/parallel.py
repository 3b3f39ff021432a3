"""The slowest prediction is computed in a second program, while this one makes the others.

The two share nothing but what is remembered: what the second has found, this one reads; what it is still at, this one
waits for; and if it fails, this one computes it, and says what was wrong. So there is nothing to hand over, and nothing
to go wrong.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import TYPE_CHECKING, Protocol

from threadpoolctl import threadpool_limits

from crmkit.predictions.runner.store import Ledger, read_ledger
from crmkit.sources.store.changes import Known

if TYPE_CHECKING:
    from crmkit.predictions.runner.registry import Prediction
    from crmkit.tables.catalog import Catalog


PROGRAM = "crmkit.predictions.runner.parallel"
SLOW = ("churn",)  # its back-test takes longer than all the other predictions together
_WORTH_IT = 1_000  # rows in the largest file: below that another program takes longer to start than to help


class Running(Protocol):
    """A program that was started: a Popen, or what has as much of one."""

    def kill(self) -> None:
        """End it."""

    def wait(self) -> int | None:
        """Return once it has ended."""


Start = Callable[[str, Sequence[str]], Running | None]


def _start(module: str, arguments: Sequence[str]) -> Running:
    return Popen([sys.executable, "-m", module, *arguments], stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL)


@contextmanager
def slow_ones_ahead(
    source: Path,
    seen: Known,
    days: Iterable[date],
    only: Sequence[str] | None = None,
    fresh: bool = False,
    start: Start = _start,
) -> Iterator[None]:
    """Compute the slow ones of some predictions in a second program for the length of a block, where that helps.

    Parameters
    ----------
    source : Path
        The settings.
    seen : Catalog or Glance
        Opened from them.
    days : iterable of date
    only : sequence of str, optional
        Models that are going to be made; without it all.
    fresh : bool
        Whether those that are there already are made again.
    start : callable, optional
        Starts ``python -m module`` with arguments, in a way of the caller's; None if it cannot.
    """
    slow = [model for model in SLOW if not only or model in only]
    has_others = not only or len(set(only)) > len(slow)
    told = _lacking(seen, days, slow, fresh) if has_others and _helps(seen) else []
    with ExitStack() as stack:
        if told:
            stack.enter_context(shared_processors(2))
            if program := start(PROGRAM, [str(source), ",".join(told), *slow]):
                stack.callback(_end, program)
        yield


def _helps(seen: Known) -> bool:
    rows = [file.get("n_rows") or 0 for file in seen.provenance.get("files", [])]
    return seen.cache is not None and (os.cpu_count() or 1) > 1 and max(rows, default=0) >= _WORTH_IT


def _lacking(seen: Known, days: Iterable[date], slow: Sequence[str], fresh: bool) -> list[str]:
    """Return the days on which a slow prediction is going to be computed."""
    made_from = seen.cache and seen.cache.data_fingerprint
    ledger = (None if fresh else read_ledger(seen.settings.path("store"))) or Ledger()
    entries = {day: [ledger.entry(day, model) for model in slow] for day in sorted(set(days))}
    return [day.isoformat() for day in entries if any(not e or e.made_from != made_from for e in entries[day])]


def _end(program: Running) -> None:
    program.kill()
    program.wait()


def slow_ones_last(catalog: Catalog, day: date, wanted: Sequence[Prediction]) -> Iterator[Prediction]:
    """Yield predictions in the order in which this program makes them.

    In between it takes its part in what the second program is at: at the end that one has things to do that nobody can
    help with, and this one has its last ones to make meanwhile.

    Examples
    --------
    >>> from crmkit.cleaning.loading.connect import connect
    >>> from crmkit.predictions.runner.registry import Prediction
    >>> each = [Prediction(model, "customer_scores", lambda catalog, day: None) for model in ("churn", "value", "rfm")]
    >>> [prediction.model for prediction in slow_ones_last(connect({}), date(2026, 9, 30), each)]
    ['value', 'rfm', 'churn']
    """
    slow, quick = ([each for each in wanted if (each.model in SLOW) is is_slow] for is_slow in (True, False))
    half = (len(quick) + 1) // 2
    yield from quick[:half]
    for each in slow if quick and catalog.cache else ():
        with suppress(Exception):  # it will be met again, and told, when the prediction is made
            if each.shared:
                each.shared(catalog, day)
    yield from quick[half:]
    yield from slow


def _end_with_parent() -> None:
    """End once whoever started this program is gone: it holds the other end of the standard input."""
    with suppress(OSError):
        while os.read(0, 1):  # not `sys.stdin`, whose lock a thread must not hold when the program ends by itself
            pass
    os._exit(0)


def main() -> None:
    """Compute predictions and forget them: what was remembered on the way is what counts."""
    from crmkit.cleaning.loading.connect import connect
    from crmkit.predictions.runner.registry import made, predictions, silent

    source, days, *models = sys.argv[1:]
    for day in days.split(","):
        catalog = connect(Path(source))
        for each in predictions(models):
            made(catalog, date.fromisoformat(day), each, "", silent)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    main()


# Programs that work side by side share the processors: more threads than processors wait for each other.


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
