"""Compute the slowest prediction in a second program while the first one makes the others.

The two programs share nothing but the cache of results: the first reads what the second has computed, waits for what it is
computing, and computes itself what the second failed to. So nothing is passed between them.
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

from crmkit.predictions.runner.run_log import RunLog, read_run_log
from crmkit.sources.store.summary import CompanyData

if TYPE_CHECKING:
    from crmkit.predictions.runner.registry import Prediction
    from crmkit.tables.catalog import Catalog

PROGRAM = "crmkit.predictions.runner.parallel"
SLOW = ("churn",)  # its back-test takes longer than all the other predictions together
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_WORTH_IT = 1_000  # rows of the largest file, below which starting another program costs more than it saves


class Running(Protocol):
    """A program that was started: a Popen or an object with these two methods of one."""

    def kill(self) -> None:
        """End the program."""

    def wait(self) -> int | None:
        """Wait until the program has ended."""


Start = Callable[[str, Sequence[str]], Running | None]


def _start(module: str, arguments: Sequence[str]) -> Running:
    return Popen([sys.executable, "-m", module, *arguments], stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL)


@contextmanager
def prefetch_slow(
    source: Path,
    catalog: CompanyData,
    days: Iterable[date],
    only: Sequence[str] | None = None,
    fresh: bool = False,
    start: Start = _start,
) -> Iterator[None]:
    """Compute slow predictions in a second program while a block runs, if that saves time.

    Parameters
    ----------
    source : Path
        The settings file.
    catalog : Catalog or StoreSummary
        Opened from it.
    days : iterable of date
    only : sequence of str, optional
        Models that are going to be made; all by default.
    fresh : bool
        Whether existing predictions are made again.
    start : callable, optional
        ``(module, arguments)``: starts ``python -m module``, and returns None if it cannot.
    """
    slow = [model for model in SLOW if not only or model in only]
    has_others = not only or len(set(only)) > len(slow)
    missing = _missing_days(catalog, days, slow, fresh) if has_others and _saves_time(catalog) else []
    with ExitStack() as stack:
        if missing:
            stack.enter_context(shared_processors(2))
            if program := start(PROGRAM, [str(source), ",".join(missing), *slow]):
                stack.callback(_end, program)
        yield


def running_order(catalog: Catalog, day: date, predictions: Sequence[Prediction]) -> Iterator[Prediction]:
    """Yield predictions in the order in which the first program makes them: the slow ones last.

    Halfway through the quick ones it joins the second program in the shared part of the slow ones (their back-test by
    day). The rest of the quick ones is left for the time in which the second program does what cannot be shared.

    Examples
    --------
    >>> from crmkit.cleaning.loading.connect import connect
    >>> from crmkit.predictions.runner.registry import Prediction
    >>> each = [Prediction(model, "customer_scores", lambda catalog, day: None) for model in ("churn", "value", "rfm")]
    >>> [prediction.model for prediction in running_order(connect({}), date(2026, 9, 30), each)]
    ['value', 'rfm', 'churn']
    """
    slow, quick = ([each for each in predictions if (each.model in SLOW) is is_slow] for is_slow in (True, False))
    half = (len(quick) + 1) // 2
    yield from quick[:half]
    for each in slow if quick and catalog.cache else ():
        with suppress(Exception):  # it is raised again, and reported, when the prediction is run
            if each.shared:
                each.shared(catalog, day)
    yield from quick[half:]
    yield from slow


@contextmanager
def shared_processors(n_programs: int) -> Iterator[None]:
    """Limit the threads of this program, and of those that it starts in the block, to their part of the processors.

    More threads than processors would wait for each other. Nothing is changed if the user has set one of the environment
    variables that limit threads, such as ``OMP_NUM_THREADS``.

    Parameters
    ----------
    n_programs : int
        Programs that work at the same time.

    Examples
    --------
    >>> with shared_processors(1000):
    ...     os.environ.get("OMP_NUM_THREADS")
    '1'
    """
    if any(name in os.environ for name in _THREAD_VARIABLES):
        yield
        return
    n_threads = max(1, (os.cpu_count() or 1) // max(1, n_programs))
    os.environ.update(
        dict.fromkeys(_THREAD_VARIABLES, str(n_threads))
    )  # for programs, and for libraries not yet loaded
    try:
        with threadpool_limits(n_threads):
            yield
    finally:
        for name in _THREAD_VARIABLES:
            os.environ.pop(name, None)


def _saves_time(catalog: CompanyData) -> bool:
    rows = [file.get("n_rows") or 0 for file in catalog.provenance.get("files", [])]
    return catalog.cache is not None and (os.cpu_count() or 1) > 1 and max(rows, default=0) >= _WORTH_IT


def _missing_days(catalog: CompanyData, days: Iterable[date], slow: Sequence[str], fresh: bool) -> list[str]:
    """Return the days for which a slow prediction is not in the store yet."""
    fingerprint = catalog.cache and catalog.cache.data_fingerprint
    run_log = (None if fresh else read_run_log(catalog.settings.path("store"))) or RunLog()
    entries = {day: [run_log.entry(day, model) for model in slow] for day in sorted(set(days))}
    return [day.isoformat() for day in entries if any(not e or e.fingerprint != fingerprint for e in entries[day])]


def _end(program: Running) -> None:
    program.kill()
    program.wait()


def main() -> None:
    """Compute predictions for the cache that they fill on the way; the predictions themselves are not used."""
    from crmkit.cleaning.loading.connect import connect
    from crmkit.predictions.runner.registry import no_progress, registered_predictions, run_prediction

    source, days, *models = sys.argv[1:]
    for day in days.split(","):
        catalog = connect(Path(source))
        for each in registered_predictions(models):
            run_prediction(catalog, date.fromisoformat(day), each, "", no_progress)


def _end_with_parent() -> None:
    """End this program once its parent has ended, which closes the other end of the standard input."""
    with suppress(OSError):
        while os.read(0, 1):  # not `sys.stdin`, whose lock a thread must not hold when the program ends by itself
            pass
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    main()
