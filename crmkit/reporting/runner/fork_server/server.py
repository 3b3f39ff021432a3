"""A program that has imported what every page needs, and gives birth to kernels in a tenth of the time they take alone.

Other programs of a run may be born there too. It is a helper, no more: where there is none, or none any more, a kernel
starts as kernels do, and the page is the same.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO, Any

# Not on macOS: Apple's own libraries, which are in every Python there, may not be used after a fork.
CAN_FORK = all(hasattr(os, name) for name in ("fork", "waitid")) and sys.platform != "darwin"

_PROGRAM = "crmkit.reporting.runner.fork_server.program"
_LOOK_SECONDS = 0.1
_GOODBYE_SECONDS = 2.0
_OF_THE_START = "JPY_PARENT_PID"  # each kernel gets its own


class Nursery:
    """The nursery of one run; its program is started once it is worth while, and ends with the block.

    Examples
    --------
    >>> with Nursery() as nursery:
    ...     nursery.expect(1, Path.cwd())  # one page is made as soon without it
    ...     nursery.wait(lambda: False)
    False
    """

    def __init__(self) -> None:
        self._n_pages = 0
        self._lock = Lock()
        self._is_ready = False
        self._command: list[str] = []
        self._environment: dict[str, str] = {}
        self._set_by_libraries: dict[str, str] = {}
        self._program: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def expect(self, n_pages: int, home: Path) -> None:
        """Open it if more than one page is to be made in this run.

        Parameters
        ----------
        n_pages : int
            To be made besides those that were told of before.
        home : Path
            The company's folder, in which the kernels run.
        """
        self._n_pages += n_pages
        if self._n_pages > 1:
            self.open(home)

    def open(self, home: Path) -> None:
        """Start the program in the background, if that can be and was not done before; return at once."""
        if CAN_FORK and self._program is None:
            with suppress(OSError, ImportError, ValueError):  # the kernels will say what is wrong
                self._start(home)

    def wait(self, is_over: Callable[[], bool]) -> bool:
        """Wait until all is imported; tell whether kernels can be asked for.

        Parameters
        ----------
        is_over : callable
            Tells whether the run was stopped: then it is waited no longer.
        """
        with self._lock:
            end = time.monotonic() + READY_SECONDS
            while self._orders is not None and not self._is_ready and not is_over():
                if heard := hear(self._orders, _LOOK_SECONDS):
                    self._is_ready, self._set_by_libraries = True, heard["variables"]
                elif heard == {} or time.monotonic() > end:  # it could not do it, or does not get on
                    self.close()
            return self._is_ready and self._orders is not None

    def kernel(self, command: Sequence[str], environment: Mapping[str, str], folder: str) -> Child | None:
        """Return a kernel, or None if there can be none: it is to be started otherwise.

        Parameters
        ----------
        command : sequence of str
            The one that would start it.
        environment : mapping of str to str
            Its variables; they must be those of this run, for what was imported has read them.
        folder : str
            Its working directory.
        """
        n_shared = len(self._command)
        if not self._is_ready or [*command[:n_shared]] != self._command or not self._has(environment):
            return None
        line = self._order(arguments=command[n_shared:], folder=folder)
        kernel = born(line) if line else None
        if line and kernel is None:
            line.close()
        return kernel

    def program(self, module: str, arguments: Sequence[str], printed: IO[bytes] | None = None) -> Program | None:
        """Return a program, as ``python -m module`` would start it here, or None if there can be none.

        It is born as soon as all libraries of the models are imported.

        Parameters
        ----------
        module : str
            With a function ``main``.
        arguments : sequence of str
        printed : binary file, optional
            What it prints goes there; without it, nowhere.
        """
        files = [printed.fileno()] if printed else []
        if not self._has(os.environ):
            return None
        line = self._order(*files, arguments=[*arguments], folder=os.getcwd(), module=module)
        return Program(line) if line else None

    def _order(self, *files: int, **asked: object) -> socket.socket | None:
        """Ask for a child; return the line on which it is told of, None if nobody listens."""
        if self._orders is None:
            return None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                socket.send_fds(self._orders, [json.dumps(asked).encode()], [theirs.fileno(), *files])
            except OSError:  # it is gone
                ours.close()
                return None
        return ours

    def close(self) -> None:
        """End the program, and with it every child that is still there."""
        if self._orders is not None:
            self._orders.close()  # it looks at nothing else
            self._orders = None
        if self._program is not None:
            with suppress(subprocess.TimeoutExpired):
                self._program.wait(_GOODBYE_SECONDS if self._is_ready else 0)
            self._program.kill()  # it is still importing
            self._program.wait()

    def _start(self, home: Path) -> None:
        from ipykernel.kernelspec import get_kernel_dict

        argv = get_kernel_dict()["argv"]
        self._command = argv[: argv.index("ipykernel_launcher") + 1]
        self._environment = _lasting(os.environ)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [*self._command[:-1], _PROGRAM]
            self._program = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=home,
                start_new_session=True,  # Ctrl-C is for the run, which ends it
            )
        self._orders = ours

    def _has(self, environment: Mapping[str, str]) -> bool:
        """Tell whether these are its own variables; some may have been set here meanwhile by the same libraries."""
        wanted = _lasting(environment)
        set_here_too = dict(wanted.items() & self._set_by_libraries.items())
        return wanted == self._environment | set_here_too


def _lasting(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name != _OF_THE_START}


# A process that the nursery gives birth to: what :class:`subprocess.Popen` is for a program of one's own.


READY_SECONDS = 60.0  # it takes 6 s to import everything; after that long a kernel that starts by itself is sooner
_BIRTH_SECONDS = 10.0  # a fork takes 0.02 s, on a machine that does nothing else


class Child:
    """The process of a kernel or another program, with what of :class:`subprocess.Popen` is asked for.

    Parameters
    ----------
    number : int
        Of the process. The nursery keeps it from being given to another one until its end was heard of here.
    line : socket
        On which its end is told; the nursery ends it if the line is closed.
    """

    stdin = stdout = stderr = None

    def __init__(self, number: int, line: socket.socket) -> None:
        self.pid = number
        self.returncode: int | None = None
        self._line = line
        self._lock = Lock()

    def poll(self) -> int | None:
        """Return the exit code once it has ended, the negative number of the signal that ended it; until then None."""
        with self._lock:
            if self.returncode is None and (heard := hear(self._line, 0)) is not None:
                self.returncode = heard.get("ended")
                if self.returncode is None:  # the nursery is gone, and its children are to go with it
                    with suppress(OSError):
                        os.kill(self.pid, signal.SIGKILL)
                    self.returncode = -signal.SIGKILL
                self._line.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code as soon as there is one."""
        end = time.monotonic() + (float("inf") if timeout is None else timeout)
        while (code := self.poll()) is None:
            if time.monotonic() >= end:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            time.sleep(_LOOK_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class Program:
    """A program that was ordered, and is born as soon as what it needs is imported.

    Parameters
    ----------
    line : socket
        On which its birth and its end are told; the nursery ends it once the line is closed.
    """

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def wait(self) -> int | None:
        """Return the exit code once it has ended; None if it was not born in time, or the nursery is gone."""
        born = hear(self._line, READY_SECONDS)
        heard = born and hear(self._line, None)
        self._line.close()
        return heard.get("ended") if heard else None

    def kill(self) -> None:
        """End it."""
        self._line.close()


def born(line: socket.socket) -> Child | None:
    """Return the child that was asked for on a line, or None if there will be none."""
    heard = hear(line, _BIRTH_SECONDS) or {}
    return Child(heard["born"], line) if "born" in heard else None


def hear(line: socket.socket, seconds: float | None) -> dict[str, Any] | None:
    """Return what was said on a line; None if that was nothing within the time [s]; empty if the other end is gone."""
    try:
        line.settimeout(seconds)
        said = line.recv(65536)
    except (TimeoutError, BlockingIOError):
        return None
    except OSError:
        return {}
    return dict(json.loads(said)) if said else {}
