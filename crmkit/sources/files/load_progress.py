"""How far a load is: which table it reads, checks or writes, and how much of the work is done by then."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Progress = Callable[[str, float, float], None]
"""Called when a step begins, with its text, the work done before it, and all work there is."""

_WORK = {"Reading": 3, "Checking": 4, "Writing": 1}
"""What each step of a table costs for each byte of its files, as measured on ten million orders."""


class LoadProgress:
    """Tells how far a load is, by the sizes of the files.

    Parameters
    ----------
    show : callable or None
        Where to tell it.

    Examples
    --------
    >>> progress = LoadProgress(lambda text, done, work: print(f"{text}: {done / work:.0%} done"))
    >>> progress.plan({"customers": 100, "orders": 300})
    >>> progress.began("Reading", "orders")
    Reading orders: 9% done
    >>> progress.rows["orders"] = 60_000
    >>> progress.began("Checking", "orders")
    Checking orders (60,000 rows): 50% done
    """

    def __init__(self, show: Progress | None = None) -> None:
        self._show = show
        self._bytes: dict[str, int] = {}
        self.rows: dict[str, int] = {}

    def plan(self, n_bytes: Mapping[str, int]) -> None:
        """Set the size of each table's files [bytes], in the order in which the tables are worked on."""
        self._bytes = {table: max(size, 1) for table, size in n_bytes.items()}

    def began(self, step: str, table: str) -> None:
        """Tell that a step of a table begins: "Reading", "Checking" or "Writing"."""
        if self._show is None or table not in self._bytes:
            return
        tables, steps = list(self._bytes), list(_WORK)
        before = sum(self._bytes[name] for name in tables[: tables.index(table)])
        whole = sum(self._bytes.values())
        done = whole * sum(_WORK[name] for name in steps[: steps.index(step)]) + before * _WORK[step]
        n = self.rows.get(table)
        rows = "" if n is None else " (1 row)" if n == 1 else f" ({n:,} rows)"
        self._show(f"{step} {table}{rows}", done, whole * sum(_WORK.values()))
