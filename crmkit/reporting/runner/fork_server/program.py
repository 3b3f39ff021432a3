"""The nursery's own program: it imports once what every page needs, then forks itself for each child that is asked for.

:mod:`crmkit.reporting.runner.fork_server.server` starts it and gives its orders on standard input, a socket. Whatever
is amiss, it ends: kernels are then started as they are without it. A fork is safe only while nothing runs beside it,
which is looked at before the first one; and nothing is open that children could share: no data, no connection, no ZeroMQ.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from crmkit.settings.models import time_zones
from crmkit.sources.sql import close_default_database
from crmkit.tables.caching.fingerprint import code_digest, package_versions

_LOOK_SECONDS = 1.0


def main() -> None:
    """Import, then fork when asked to. This function returns in the children, when they are done or told to end."""
    # What is to be done at the end is done in the order of "last in, first out": a child does all of it, then this. To
    # take down all these modules one by one would take as long as to start the kernel.
    atexit.register(os._exit, 0)
    gc.disable()  # to look for garbage again and again while modules are imported takes a quarter of the time
    own_variables = set(os.environ)
    births = Births(_take_standard_input())
    # Predictions come before the pages: whoever makes them need not wait for what only kernels need.
    import_models()
    asked = births.serve(for_now=True) if _is_fit() else None
    if asked is None:
        if not (import_everything() and _is_fit()):
            os._exit(0)  # and with it ends whatever was born
        births.announce(variables={name: value for name, value in os.environ.items() if name not in own_variables})
        asked = births.serve()
    if asked is None:
        os._exit(0)  # here nothing is to be done
    _begin(asked)
    if asked.module:
        _become_program(asked)
    else:
        _become_kernel(asked)


def _is_fit() -> bool:
    """Tell whether this process may be forked, and make it ready for that."""
    gc.freeze()  # what is there now is common to all: a collection in a child would copy it page by page
    return is_alone()


def _take_standard_input() -> socket.socket:
    orders = socket.socket(fileno=os.dup(0))
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    return orders


def _begin(asked: Asked) -> None:
    """Make of this process what it would be had it been started alone."""
    import numpy as np

    gc.enable()
    os.setsid()  # a group of its own, so that Ctrl-C is not for it, and signals reach what it starts
    os.chdir(asked.folder)
    np.random.seed()  # Python's own generator sees to that by itself
    if asked.file is not None:
        os.dup2(asked.file, 1)
        os.close(asked.file)
    with asked.line:
        tell(asked.line, born=os.getpid())


def _become_kernel(asked: Asked) -> None:
    launcher = find_spec("ipykernel_launcher")
    sys.argv = [(launcher and launcher.origin) or "", *asked.arguments]
    from ipykernel.kernelapp import IPKernelApp

    kernel = IPKernelApp.instance()
    kernel.initialize()
    atexit.register(_end_control, kernel.control_thread)
    kernel.start()


def _end_control(thread: Any) -> None:
    """End the thread that answers "please end", before ipykernel ends what that thread may still be waiting for.

    The two would wait for each other, up to one time in five, until Jupyter ends the kernel by force 2.5 s later.
    """
    if thread is not None and thread.is_alive():
        thread.stop()
        thread.join()


def _become_program(asked: Asked) -> None:
    threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()
    sys.argv = [asked.module, *asked.arguments]
    try:
        import_module(asked.module).main()
        if not sys.stdout.closed:
            sys.stdout.flush()
    except BaseException:  # whoever asked for it knows what to do without it, and will meet the same error
        os._exit(1)


def _end_with(parent: int) -> None:
    """End once the nursery is gone, as kernels do by themselves: nobody else can end this process."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()


# The births of the nursery: a fork for each order, and the end of each child told to who asked for it.


_LOOK_SECONDS_of_nursery_births = 0.05


@dataclass(frozen=True)
class Asked:
    """A child that is asked for, and the line on which its birth and its end are told: a kernel, unless it has a module.

    What it prints goes into the file, if there is one.
    """

    line: socket.socket
    file: int | None
    arguments: list[str]
    folder: str
    module: str = ""


class Births:
    """The children of this process, each with the line on which who asked for it hears of it."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._children: dict[socket.socket, int] = {}
        self._ended: set[socket.socket] = set()

    def announce(self, **said: object) -> None:
        """Say something to whoever gives the orders."""
        tell(self._orders, **said)

    def serve(self, for_now: bool = False) -> Asked | None:
        """Fork for each order; return the order in the new child, and None here once the run is over.

        ``for_now`` only the orders are heard that were given already.
        """
        while True:
            waiting = _LOOK_SECONDS_of_nursery_births if len(self._children) > len(self._ended) else None
            ready = select.select([self._orders, *self._children], [], [], 0 if for_now else waiting)[0]
            self._look_after(ready)
            if self._orders not in ready:
                if for_now:
                    return None
                continue
            if (asked := _next(self._orders)) is None:
                while self._children:
                    _end(*self._children.popitem())
                return None
            number = _fork()
            if number == 0:
                for other in (self._orders, *self._children):
                    other.close()
                return asked
            if asked.file is not None:
                os.close(asked.file)
            if number is None:
                asked.line.close()
            else:
                self._children[asked.line] = number

    def _look_after(self, ready: Container[socket.socket]) -> None:
        for line in [*self._children]:
            if line not in self._ended and (code := _exit_code(self._children[line])) is not None:
                self._ended.add(line)
                tell(line, ended=code)
            elif line in ready:  # it is closed: who asked for the child knows of its end, or is gone
                self._ended.discard(line)
                _end(line, self._children.pop(line))


def _next(orders: socket.socket) -> Asked | None:
    """Return the next order; None once the other end is closed, as it is when the run ends, however it ends."""
    try:
        text, files, _, _ = socket.recv_fds(orders, 65536, 2)
    except OSError:
        return None
    if not text or not files:
        return None
    line, file = (*files, None)[:2]
    return Asked(socket.socket(fileno=line), file, **json.loads(text))


def _fork() -> int | None:
    try:
        return os.fork()
    except OSError:  # no more processes, or no memory: who asked finds the line closed
        return None


def _exit_code(number: int) -> int | None:
    """Exit code of a child that has ended; its number stays taken, so that nobody sends another one a signal."""
    end = os.waitid(os.P_PID, number, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if end is None:
        return None
    return end.si_status if end.si_code == os.CLD_EXITED else -end.si_status


def _end(line: socket.socket, number: int) -> None:
    line.close()
    os.kill(number, signal.SIGKILL)
    os.waitpid(number, 0)


def tell(line: socket.socket, **said: object) -> None:
    """Say something on a line."""
    with suppress(OSError):  # nobody listens any more
        line.send(json.dumps(said).encode())


# What the nursery imports before it gives birth to kernels, and what must not be left running after that.


# What kernels and pages import while they run, beside crmkit's own modules and what these import.
_LIBRARIES = """
    ipykernel.kernelapp ipykernel.debugger debugpy.server IPython.core.magics IPython.core.completerlib
    sqlite3 ibis.backends.duckdb sqlglot.dialects.duckdb pyarrow.dataset pyarrow.parquet pandas.io.formats.style
    matplotlib.pyplot matplotlib.backends.backend_agg matplotlib.backends.backend_svg babel.dates tornado.platform.asyncio
""".split()
_PACKAGES = ("crmkit", "crmkit.reporting.pages", "crmkit.plots")  # their names are loaded when they are first used
# jemalloc, which pyarrow brings, has a thread that tidies up; it makes itself ready for a fork.
_HARMLESS_THREADS = {"jemalloc_bg_thd"}


def import_models() -> None:
    """Import what predictions need."""
    if sys.path[0] in ("", os.getcwd()):
        del sys.path[0]  # as in a kernel that starts alone: no file of the company is taken for a library
    import_module("crmkit.predictions.runner.predict")
    from crmkit.predictions.runner.registry import registered_predictions

    registered_predictions()
    for known_to_all in (code_digest, package_versions, time_zones):
        known_to_all()
    close_default_database()


def import_everything() -> bool:
    """Import what kernels and pages need; tell whether forks may share it.

    They may not if a library has made itself a folder that it removes when the process ends: the first kernel to end
    would take it from the others.
    """
    own_settings = os.environ.get("MPLCONFIGDIR")
    # What ipykernel and matplotlib read once and for all while they are imported: the parent of the kernels to come,
    # and that figures go into the page.
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    if not os.environ.get("MPLBACKEND"):
        os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    for name in _LIBRARIES:
        with suppress(ImportError):  # another version may have another inside
            import_module(name)
    for package in map(import_module, _PACKAGES):
        for name in package.__all__:
            getattr(package, name)
    close_default_database()
    return os.environ.get("MPLCONFIGDIR") == own_settings  # matplotlib's, where the home may not be written


def is_alone() -> bool:
    """Tell whether nothing runs in this process beside the caller that a fork would cut off."""
    if not (trial := os.fork()):  # at a fork OpenBLAS ends its threads, and starts others when it is used
        os._exit(0)
    os.waitpid(trial, 0)
    return threading.active_count() == 1 and not _threads_beside() - _HARMLESS_THREADS


def _threads_beside() -> set[str]:
    """Names of the threads of libraries; none are known of where the system does not tell."""
    tasks, own = Path("/proc/self/task"), str(threading.get_native_id())
    if not tasks.is_dir():
        return set()
    return {(task / "comm").read_text().strip() for task in tasks.iterdir() if task.name != own}
