"""Progress on standard error: a moving line in a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic

from rich.console import Console
from rich.markup import escape

_SOON = 2.0  # s; what ends sooner needs no time left


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show that work is in progress: a spinner in a terminal, else one plain line."""
    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        with console.status(escape(f"{what} ...")):
            yield
    else:
        console.print(escape(f"{what} ..."), soft_wrap=True)
        yield


@contextmanager
def step_progress() -> Iterator[Callable[[str, float, float], None]]:
    """Yield a function to call when a step begins: with its text, the work done before it, and all work there is."""
    console = Console(stderr=True, highlight=False)
    steps = StepCount()
    with console.status(steps) if console.is_terminal else _nothing(console, "Reading the exports") as status:

        def show(what: str, done: float, work: float) -> None:
            line = steps.update(what, done, work)
            if status is None and line:
                console.print(escape(line), soft_wrap=True)

        yield show


class StepCount:
    """The step that work is at, and how long the rest will take at the pace so far.

    Parameters
    ----------
    clock : callable
        Returns the time [s].
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._began = self._ends = clock()
        self._what, self._is_known = "Starting", False

    def update(self, what: str, done: float, work: float) -> str:
        """Record that a step begins; return the line to print about it, empty within the first two seconds."""
        elapsed = self._clock() - self._began
        self._what, self._is_known = what, done > 0 and elapsed >= _SOON
        self._ends = self._clock() + (elapsed * (work - done) / done if done else 0.0)
        return str(self) if elapsed >= _SOON else ""

    def __str__(self) -> str:
        left = f", about {in_words(max(self._ends - self._clock(), 0))} left" if self._is_known else ""
        return f"{self._what}{left}"

    def __rich__(self) -> str:
        """Return the line of now: it is asked for again and again while the step runs."""
        return escape(f"{self} ...")


@contextmanager
def page_progress(what: str = "Running the notebooks", unit: str = "pages") -> Iterator[Callable[[str, str], None]]:
    """Yield a function to call with a page and its state, which prints them with the time taken and the time left."""
    console = Console(stderr=True, highlight=False)
    pages = PageCount(unit=unit)
    with console.status("Preparing ...") if console.is_terminal else _nothing(console, what) as status:

        def show(page: str, state: str) -> None:
            line = pages.update(page, state)
            if line:
                console.print(escape(line), soft_wrap=True)
            if status is not None:
                status.update(escape(f"{pages.now} ..."))

        yield show


class PageCount:
    """How many pages are made, which are running, and how long the others will take.

    Parameters
    ----------
    clock : callable
        Returns the time [s].
    unit : str
        What is counted, in the plural.

    Whatever starts without having been "waiting" is a step before the pages and is not counted.
    """

    def __init__(self, clock: Callable[[], float] = monotonic, unit: str = "pages") -> None:
        self._clock, self._unit = clock, unit
        self._steps: dict[str, float] = {}
        self._state: dict[str, str] = {}
        self._started: dict[str, float] = {}
        self._lock = Lock()  # the notebooks' threads call update with "started"

    def update(self, page: str, state: str) -> str:
        """Record the state of a page; return the line to print about it, empty if there is none."""
        with self._lock:
            if page in self._steps or (page not in self._state and state == "started"):
                return self._update_step(page, state)
            self._state[page] = state
            if state == "started":
                self._started[page] = self._clock()
            if state in ("waiting", "started"):
                return ""
            took = f" in {self._clock() - self._started[page]:.0f} s" if page in self._started else ""
            to_come = f"; {self._progress}" if self._left else ""
            return f"{page}: {state}{took}{to_come}"

    @property
    def now(self) -> str:
        """What is running now, for a line that is overwritten."""
        with self._lock:
            running = [page for page, state in self._state.items() if state == "started"]
            if self._steps:
                return f"Making the {', '.join(self._steps)}"
            if not self._left:
                return "Writing the index"
            what = f"Running {', '.join(running)}" if running else "Preparing"
            return f"{what} ({self._progress})" if len(self._state) > len(running) else what

    def _update_step(self, step: str, state: str) -> str:
        if state == "started":
            self._steps[step] = self._clock()
            return ""
        return f"{step}: {state} in {self._clock() - self._steps.pop(step):.0f} s"

    @property
    def _left(self) -> int:
        return sum(state in ("waiting", "started") for state in self._state.values())

    @property
    def _progress(self) -> str:
        n_done = len(self._state) - self._left
        n_run = sum(page in self._started and state != "started" for page, state in self._state.items())
        counts = f"{n_done} of {len(self._state)} {self._unit}"
        if not n_run:  # how long a page takes is not known yet
            return counts
        elapsed = self._clock() - min(self._started.values())
        return f"{counts}, about {in_words(elapsed * self._left / n_run)} left"


def in_words(seconds: float) -> str:
    """Return a span of time as people say it.

    Examples
    --------
    >>> in_words(8), in_words(100), in_words(1500), in_words(7000)
    ('10 s', '2 min', '25 min', '2 h')
    """
    if seconds < 60:
        return f"{max(10, 10 * round(seconds / 10))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{round(seconds / 3600)} h"


@contextmanager
def _nothing(console: Console, what: str) -> Iterator[None]:
    console.print(f"{what} ...")
    yield
