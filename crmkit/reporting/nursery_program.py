"""The nursery's own program: it imports once what every page needs, then forks itself for each kernel that is asked for.

:mod:`crmkit.reporting.nursery` starts it and gives its orders on standard input, a socket. Whatever is amiss, it ends:
kernels are then started as they are without it. A fork is safe only while nothing runs beside it, which is looked at
before the first one; and nothing is open that kernels could share: no data, no connection, no ZeroMQ.
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
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec

from crmkit.reporting.nursery_imports import import_everything, is_alone

_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Asked:
    """A kernel that is asked for, and the line on which its birth and its end are told."""

    line: socket.socket
    arguments: list[str]
    folder: str


def main() -> None:
    """Import, then fork when asked to. This function returns in the kernels, when they are told to end."""
    # What is to be done at the end is done in the order of "last in, first out": a kernel does all of it, then this. To
    # take down all these modules one by one would take as long as to start the kernel.
    atexit.register(os._exit, 0)
    own_variables = set(os.environ)
    orders = _take_standard_input()
    may_fork = import_everything()
    gc.collect()
    gc.freeze()  # what is there now is common to all: a collection in a kernel would copy it page by page
    asked = _serve(orders, own_variables) if may_fork and is_alone() else None
    if asked is None:
        os._exit(0)  # here nothing is to be done
    _become_kernel(asked)


def _take_standard_input() -> socket.socket:
    orders = socket.socket(fileno=os.dup(0))
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    return orders


def _serve(orders: socket.socket, own_variables: Container[str]) -> Asked | None:
    """Fork for each order; return the order in the new kernel, and None here once the run is over."""
    kernels: dict[socket.socket, int] = {}
    ended: set[socket.socket] = set()
    _tell(orders, variables={name: value for name, value in os.environ.items() if name not in own_variables})
    while True:
        waiting = _LOOK_SECONDS if len(kernels) > len(ended) else None
        ready = select.select([orders, *kernels], [], [], waiting)[0]
        for line in [*kernels]:
            if line not in ended and (code := _exit_code(kernels[line])) is not None:
                ended.add(line)
                _tell(line, ended=code)
            elif line in ready:  # it is closed: who asked for the kernel knows of its end, or is gone
                ended.discard(line)
                _end(line, kernels.pop(line))
        if orders not in ready:
            continue
        if (asked := _next(orders)) is None:
            for each in kernels.items():
                _end(*each)
            return None
        number = _fork()
        if number == 0:
            for other in (orders, *kernels):
                other.close()
            return asked
        if number is None:
            asked.line.close()
        else:
            kernels[asked.line] = number


def _next(orders: socket.socket) -> Asked | None:
    """Return the next order; None once the other end is closed, as it is when the run ends, however it ends."""
    try:
        text, lines, _, _ = socket.recv_fds(orders, 65536, 1)
    except OSError:
        return None
    return Asked(socket.socket(fileno=lines[0]), **json.loads(text)) if text and lines else None


def _fork() -> int | None:
    try:
        return os.fork()
    except OSError:  # no more processes, or no memory: who asked finds the line closed
        return None


def _exit_code(number: int) -> int | None:
    """Exit code of a kernel that has ended; its number stays taken, so that nobody sends another one a signal."""
    end = os.waitid(os.P_PID, number, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if end is None:
        return None
    return end.si_status if end.si_code == os.CLD_EXITED else -end.si_status


def _end(line: socket.socket, number: int) -> None:
    line.close()
    os.kill(number, signal.SIGKILL)
    os.waitpid(number, 0)


def _tell(line: socket.socket, **said: object) -> None:
    with suppress(OSError):  # nobody listens any more
        line.send(json.dumps(said).encode())


def _become_kernel(asked: Asked) -> None:
    """Make of this process what it would be had it been started alone, and run the kernel."""
    import numpy as np

    os.setsid()  # a group of its own, so that Ctrl-C is not for it, and signals reach what it starts
    os.chdir(asked.folder)
    launcher = find_spec("ipykernel_launcher")
    sys.argv = [(launcher and launcher.origin) or "", *asked.arguments]
    np.random.seed()  # Python's own generator sees to that by itself
    with asked.line:
        _tell(asked.line, born=os.getpid())
    from ipykernel import kernelapp

    kernelapp.launch_new_instance()


if __name__ == "__main__":
    main()
