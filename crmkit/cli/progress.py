"""What the user sees while she waits, on standard error: a moving line in a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.markup import escape


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show that something is going on: a spinner in a terminal, else one plain line."""
    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        with console.status(escape(f"{what} ...")):
            yield
    else:
        console.print(escape(f"{what} ..."), soft_wrap=True)
        yield


@contextmanager
def step_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function that is told what is being done, how many steps are done, and of how many."""
    console = Console(stderr=True, highlight=False)
    with console.status("Starting ...") if console.is_terminal else _nothing(console, "Reading the exports") as status:

        def tell(what: str, done: int, total: int) -> None:
            if status is not None:
                status.update(escape(f"{what} ({done} of {total}) ..."))

        yield tell


@contextmanager
def page_progress() -> Iterator[Callable[[str, str], None]]:
    """Yield a function that is told of each page's fate and shows it, with the time it took."""
    console = Console(stderr=True, highlight=False)
    started: dict[str, float] = {}
    running: list[str] = []
    with (
        console.status("Preparing ...") if console.is_terminal else _nothing(console, "Running the notebooks") as status
    ):

        def tell(page: str, state: str) -> None:
            if state == "started":
                started[page] = monotonic()
                running.append(page)
            else:
                running.remove(page)
                seconds = monotonic() - started[page]
                console.print(escape(f"{page}: {state} in {seconds:.0f} s"), soft_wrap=True)
            if status is not None:
                status.update(escape(f"Running {', '.join(running)} ..." if running else "Writing the index ..."))

        yield tell


@contextmanager
def _nothing(console: Console, what: str) -> Iterator[None]:
    console.print(f"{what} ...")
    yield
