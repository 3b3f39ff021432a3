"""The program of the fork server: it imports once what every page needs, then forks itself for each request.

:mod:`crmkit.reporting.runner.fork_server.server` starts it and sends requests on its standard input, a socket. If
anything is wrong it ends, and kernels are started without it. A fork is safe only while no other thread runs, which is
checked before the first one; and nothing is open that children could share: no data, no connection, no ZeroMQ.
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

# What kernels and pages import while they run, beside crmkit's own modules and what these import.
_LIBRARIES = """
    ipykernel.kernelapp ipykernel.debugger debugpy.server IPython.core.magics IPython.core.completerlib
    sqlite3 ibis.backends.duckdb sqlglot.dialects.duckdb pyarrow.dataset pyarrow.parquet pandas.io.formats.style
    matplotlib.pyplot matplotlib.backends.backend_agg matplotlib.backends.backend_svg
    seaborn seaborn.objects babel.dates tornado.platform.asyncio
""".split()
_LAZY_PACKAGES = (
    "crmkit",
    "crmkit.reporting.pages",
    "crmkit.plots",
)  # their names are imported when they are first used
# jemalloc, which pyarrow brings, has a thread in the background; it prepares itself for a fork.
_HARMLESS_THREADS = {"jemalloc_bg_thd"}
_CHILD_POLL_SECONDS = 0.05
_PARENT_POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Request:
    """A request for a child process: a kernel, unless a module is named.

    Attributes
    ----------
    connection : socket
        On which the child's start and end are reported.
    file : int or None
        File descriptor for what the child prints.
    arguments : list of str
    folder : str
        Working directory.
    module : str
        Module whose ``main`` is called; empty for a kernel.
    """

    connection: socket.socket
    file: int | None
    arguments: list[str]
    folder: str
    module: str = ""


def main() -> None:
    """Import, then fork for each request. This function returns in the children, when they are done or told to end."""
    # Functions registered here run last in, first out: a child runs its own, then this one. To tear down all these
    # modules one by one would take as long as starting the kernel.
    atexit.register(os._exit, 0)
    gc.disable()  # collecting garbage again and again during imports takes a quarter of their time
    own_variables = set(os.environ)
    spawner = Spawner(_take_standard_input())
    # Predictions come before the pages: the program that makes them need not wait for what only kernels need.
    import_models()
    request = spawner.serve(only_waiting=True) if _may_fork() else None
    if request is None:
        if not (import_everything() and _may_fork()):
            os._exit(0)  # its children end with it
        spawner.send(variables={name: value for name, value in os.environ.items() if name not in own_variables})
        request = spawner.serve()
    if request is None:
        os._exit(0)  # nothing to clean up in this process
    _prepare_child(request)
    if request.module:
        _run_program(request)
    else:
        _run_kernel(request)


def _take_standard_input() -> socket.socket:
    requests = socket.socket(fileno=os.dup(0))
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    return requests


def import_models() -> None:
    """Import what predictions need."""
    if sys.path[0] in ("", os.getcwd()):
        del sys.path[0]  # as in a kernel that starts alone: no file of the company is taken for a library
    import_module("crmkit.predictions.runner.predict")
    from crmkit.predictions.runner.registry import registered_predictions

    registered_predictions()
    for computed_once in (code_digest, package_versions, time_zones):
        computed_once()
    close_default_database()


def import_everything() -> bool:
    """Import what kernels and pages need; return whether forks may share it.

    They may not if a library has made itself a folder that it removes when the process ends: the first kernel to end
    would remove it from under the others.
    """
    configured = os.environ.get("MPLCONFIGDIR")
    # ipykernel and matplotlib read these once, while they are imported: the parent process of the kernels, and that
    # figures go into the page.
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    if not os.environ.get("MPLBACKEND"):
        os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    for name in _LIBRARIES:
        with suppress(ImportError):  # other versions may have other modules
            import_module(name)
    for package in map(import_module, _LAZY_PACKAGES):
        for name in package.__all__:
            getattr(package, name)
    close_default_database()
    return os.environ.get("MPLCONFIGDIR") == configured  # matplotlib sets it where the home may not be written


def _may_fork() -> bool:
    """Return whether this process may be forked, and prepare it for that."""
    gc.freeze()  # objects so far are shared with all children: a collection there would copy them page by page
    return is_only_thread()


def is_only_thread() -> bool:
    """Return whether no other thread runs in this process, which a fork would cut off."""
    if not (trial := os.fork()):  # OpenBLAS ends its threads at a fork, and starts others when it is used
        os._exit(0)
    os.waitpid(trial, 0)
    return threading.active_count() == 1 and not _native_threads() - _HARMLESS_THREADS


def _native_threads() -> set[str]:
    """Return the names of the other threads of the process; none where the system does not list them."""
    tasks, own = Path("/proc/self/task"), str(threading.get_native_id())
    if not tasks.is_dir():
        return set()
    return {(task / "comm").read_text().strip() for task in tasks.iterdir() if task.name != own}


class Spawner:
    """Forks a child for each request, and reports the end of each on its connection.

    Parameters
    ----------
    requests : socket
        On which requests arrive.
    """

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._children: dict[socket.socket, int] = {}
        self._ended: set[socket.socket] = set()

    def send(self, **message: object) -> None:
        """Send a message to the process that sends the requests."""
        send(self._requests, **message)

    def serve(self, only_waiting: bool = False) -> Request | None:
        """Fork for each request; return the request in the new child, and None in this process once the run is over.

        Parameters
        ----------
        only_waiting : bool
            Answer the requests that have arrived already, then return None.
        """
        while True:
            timeout = _CHILD_POLL_SECONDS if len(self._children) > len(self._ended) else None
            ready = select.select([self._requests, *self._children], [], [], 0 if only_waiting else timeout)[0]
            self._check_children(ready)
            if self._requests not in ready:
                if only_waiting:
                    return None
                continue
            if (request := _receive_request(self._requests)) is None:
                while self._children:
                    _end_child(*self._children.popitem())
                return None
            pid = _fork()
            if pid == 0:
                for other in (self._requests, *self._children):
                    other.close()
                return request
            if request.file is not None:
                os.close(request.file)
            if pid is None:
                request.connection.close()
            else:
                self._children[request.connection] = pid

    def _check_children(self, ready: Container[socket.socket]) -> None:
        for connection in [*self._children]:
            if connection not in self._ended and (code := _exit_code(self._children[connection])) is not None:
                self._ended.add(connection)
                send(connection, ended=code)
            elif connection in ready:  # closed at the other end, which knows that the child ended, or is gone
                self._ended.discard(connection)
                _end_child(connection, self._children.pop(connection))


def _exit_code(pid: int) -> int | None:
    """Return the exit code of a child that has ended; its id stays reserved, so that no other process is signalled."""
    end = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if end is None:
        return None
    return end.si_status if end.si_code == os.CLD_EXITED else -end.si_status


def _receive_request(requests: socket.socket) -> Request | None:
    """Return the next request; None once the other end is closed, as it is when the run ends, however it ends."""
    try:
        text, files, _, _ = socket.recv_fds(requests, 65536, 2)
    except OSError:
        return None
    if not text or not files:
        return None
    connection, file = (*files, None)[:2]
    return Request(socket.socket(fileno=connection), file, **json.loads(text))


def _end_child(connection: socket.socket, pid: int) -> None:
    connection.close()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _fork() -> int | None:
    try:
        return os.fork()
    except OSError:  # no more processes, or no memory: the closed connection says so
        return None


def send(connection: socket.socket, **message: object) -> None:
    """Send a message; nothing happens where the other end is closed."""
    with suppress(OSError):
        connection.send(json.dumps(message).encode())


def _prepare_child(request: Request) -> None:
    """Give this process the state that it would have had it been started alone."""
    import numpy as np

    gc.enable()
    os.setsid()  # a process group of its own: Ctrl-C does not reach it, and signals reach what it starts
    os.chdir(request.folder)
    np.random.seed()  # Python's own generator does that by itself
    if request.file is not None:
        os.dup2(request.file, 1)
        os.close(request.file)
    with request.connection:
        send(request.connection, spawned=os.getpid())


def _run_program(request: Request) -> None:
    threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()
    sys.argv = [request.module, *request.arguments]
    try:
        import_module(request.module).main()
        if not sys.stdout.closed:
            sys.stdout.flush()
    except BaseException:  # the caller does the work itself then, and meets the same error
        os._exit(1)


def _end_with(parent: int) -> None:
    """End once the fork server is gone, as kernels do by themselves: nobody else can end this process."""
    while os.getppid() == parent:
        time.sleep(_PARENT_POLL_SECONDS)
    os._exit(1)


def _run_kernel(request: Request) -> None:
    launcher = find_spec("ipykernel_launcher")
    sys.argv = [(launcher and launcher.origin) or "", *request.arguments]
    from ipykernel.kernelapp import IPKernelApp

    kernel = IPKernelApp.instance()
    kernel.initialize()
    atexit.register(_end_control, kernel.control_thread)
    kernel.start()


def _end_control(thread: Any) -> None:
    """End the thread that answers shutdown requests, before ipykernel ends what that thread may still be waiting for.

    The two would wait for each other, up to one time in five, until Jupyter kills the kernel 2.5 s later.
    """
    if thread is not None and thread.is_alive():
        thread.stop()
        thread.join()


if __name__ == "__main__":
    main()
