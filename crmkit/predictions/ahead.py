"""The slowest prediction is computed in a second program, while this one makes the others.

The two share nothing but what is remembered: what the second has found, this one reads; what it is still at, this one
waits for; and if it fails, this one computes it, and says what was wrong. So there is nothing to hand over, and nothing
to go wrong.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

from crmkit.predictions.processors import shared_processors
from crmkit.predictions.register import Prediction
from crmkit.tables.catalog import Catalog

SLOW = ("churn",)  # its back-test takes longer than all the other predictions together
_WORTH_IT = 1_000  # rows in the largest file: below that another program takes longer to start than to help


@contextmanager
def slow_ones_ahead(catalog: Catalog, source: Path, day: date, wanted: Sequence[Prediction]) -> Iterator[None]:
    """Compute the slow ones of some predictions in a second program for the length of a block, where that helps.

    Parameters
    ----------
    catalog : Catalog
        Opened from ``source``.
    source : Path
        The settings.
    day : date
    wanted : sequence of Prediction
        Those that are going to be made.
    """
    slow = [each.model for each in wanted if each.model in SLOW]
    if not slow or len(wanted) == len(slow) or not _helps(catalog):
        yield
        return
    command = [sys.executable, "-m", "crmkit.predictions.ahead", str(source), day.isoformat(), *slow]
    with shared_processors(2), Popen(command, stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL) as program:
        try:
            yield
        finally:
            program.kill()


def slow_ones_last(wanted: Sequence[Prediction]) -> list[Prediction]:
    """Return the predictions in the order in which this program makes them.

    Examples
    --------
    >>> each = [Prediction(model, "customer_scores", lambda catalog, day: None) for model in ("churn", "value")]
    >>> [prediction.model for prediction in slow_ones_last(each)]
    ['value', 'churn']
    """
    return sorted(wanted, key=lambda each: each.model in SLOW)


def _helps(catalog: Catalog) -> bool:
    rows = [file.get("n_rows") or 0 for file in catalog.provenance.get("files", [])]
    return catalog.cache is not None and (os.cpu_count() or 1) > 1 and max(rows, default=0) >= _WORTH_IT


def _end_with_parent() -> None:
    """End once whoever started this program is gone: it holds the other end of the standard input."""
    with suppress(OSError):
        while os.read(0, 1):  # not `sys.stdin`, whose lock a thread must not hold when the program ends by itself
            pass
    os._exit(0)


def main() -> None:
    """Compute predictions and forget them: what was remembered on the way is what counts."""
    from crmkit.cleaning.connect import connect
    from crmkit.predictions.make import made, silent
    from crmkit.predictions.register import predictions

    threading.Thread(target=_end_with_parent, daemon=True).start()
    source, day, *models = sys.argv[1:]
    catalog = connect(Path(source))
    for each in predictions(models):
        made(catalog, date.fromisoformat(day), each, "", silent)


if __name__ == "__main__":
    main()
