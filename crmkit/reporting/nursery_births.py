"""The births of the nursery: a fork for each order, and the end of each child told to who asked for it."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass

_LOOK_SECONDS = 0.05


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
            waiting = _LOOK_SECONDS if len(self._children) > len(self._ended) else None
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
