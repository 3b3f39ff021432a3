"""The run's side of the fork server: start its program, request kernels and other programs, and end all of them.

A kernel that is forked starts in a tenth of the time that it takes alone. Where there is no fork server, or none any
more, a kernel starts as usual, and the page is the same.
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
_POLL_SECONDS = 0.1
_CLOSE_SECONDS = 2.0
_READY_SECONDS = 60.0  # importing everything takes 6 s; after that long a kernel that starts alone is sooner
_SPAWN_SECONDS = 10.0  # a fork takes 0.02 s on an idle machine
_PER_KERNEL = "JPY_PARENT_PID"  # a variable that differs from kernel to kernel


class ForkServer:
    """The fork server of one run; its program is started once it is worth while, and ends with the block.

    Examples
    --------
    >>> with ForkServer() as fork_server:
    ...     fork_server.expect(1, Path.cwd())  # one page is made as soon without it
    ...     fork_server.wait_until_ready(lambda: False)
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
        self._requests: socket.socket | None = None

    def __enter__(self) -> ForkServer:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def expect(self, n_pages: int, home: Path) -> None:
        """Start the program if more than one page is to be made in this run.

        Parameters
        ----------
        n_pages : int
            Pages to be made besides those expected before.
        home : Path
            The company's folder, in which the kernels run.
        """
        self._n_pages += n_pages
        if self._n_pages > 1:
            self.start(home)

    def start(self, home: Path) -> None:
        """Start the program in the background, where the system can fork and it was not started before."""
        if CAN_FORK and self._program is None:
            with suppress(OSError, ImportError, ValueError):  # kernels that start alone will report what is wrong
                self._start(home)

    def wait_until_ready(self, is_over: Callable[[], bool]) -> bool:
        """Wait until all is imported; return whether kernels can be spawned.

        Parameters
        ----------
        is_over : callable
            Returns whether the run was stopped, which ends the waiting.
        """
        with self._lock:
            end = time.monotonic() + _READY_SECONDS
            while self._requests is not None and not self._is_ready and not is_over():
                if message := receive(self._requests, _POLL_SECONDS):
                    self._is_ready, self._set_by_libraries = True, message["variables"]
                elif message == {} or time.monotonic() > end:  # it failed, or takes too long
                    self.close()
            return self._is_ready and self._requests is not None

    def spawn_kernel(self, command: Sequence[str], environment: Mapping[str, str], folder: str) -> KernelProcess | None:
        """Return a kernel, or None where it has to be started in the usual way.

        Parameters
        ----------
        command : sequence of str
            The one that would start it.
        environment : mapping of str to str
            Its variables; they must be those of this run, which the imported libraries have read.
        folder : str
            Its working directory.
        """
        n_shared = len(self._command)
        if not self._is_ready or [*command[:n_shared]] != self._command or not self._has_variables(environment):
            return None
        connection = self._request(arguments=command[n_shared:], folder=folder)
        if connection is None:
            return None
        message = receive(connection, _SPAWN_SECONDS) or {}
        if "spawned" not in message:
            connection.close()
            return None
        return KernelProcess(message["spawned"], connection)

    def spawn_program(
        self, module: str, arguments: Sequence[str], printed: IO[bytes] | None = None
    ) -> ForkedProgram | None:
        """Return a program, as ``python -m module`` would start it here, or None where there can be none.

        It starts as soon as all libraries of the models are imported.

        Parameters
        ----------
        module : str
            With a function ``main``.
        arguments : sequence of str
        printed : binary file, optional
            Receives what it prints; without it, that is lost.
        """
        files = [printed.fileno()] if printed else []
        if not self._has_variables(os.environ):
            return None
        connection = self._request(*files, arguments=[*arguments], folder=os.getcwd(), module=module)
        return ForkedProgram(connection) if connection else None

    def close(self) -> None:
        """End the program, and with it every child that still runs."""
        if self._requests is not None:
            self._requests.close()  # the program ends once it reads that
            self._requests = None
        if self._program is not None:
            with suppress(subprocess.TimeoutExpired):
                self._program.wait(_CLOSE_SECONDS if self._is_ready else 0)
            self._program.kill()  # it is still importing
            self._program.wait()

    def _start(self, home: Path) -> None:
        from ipykernel.kernelspec import get_kernel_dict

        argv = get_kernel_dict()["argv"]
        self._command = argv[: argv.index("ipykernel_launcher") + 1]
        self._environment = _shared_variables(os.environ)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [*self._command[:-1], _PROGRAM]
            self._program = subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=home,
                start_new_session=True,  # Ctrl-C reaches the run alone, which ends the program
            )
        self._requests = ours

    def _has_variables(self, environment: Mapping[str, str]) -> bool:
        """Return whether the program has these variables; libraries may have set some of them here since."""
        wanted = _shared_variables(environment)
        set_here_too = dict(wanted.items() & self._set_by_libraries.items())
        return wanted == self._environment | set_here_too

    def _request(self, *files: int, **request: object) -> socket.socket | None:
        """Request a child; return the connection on which it is reported, None if the program is gone."""
        if self._requests is None:
            return None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                socket.send_fds(self._requests, [json.dumps(request).encode()], [theirs.fileno(), *files])
            except OSError:
                ours.close()
                return None
        return ours


class KernelProcess:
    """The process of a kernel, with those methods of :class:`subprocess.Popen` that Jupyter calls.

    Parameters
    ----------
    pid : int
        Id of the process. The fork server keeps it from being given to another process until its end was received here.
    connection : socket
        On which its end is reported; the fork server ends it if the connection is closed.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, connection: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._connection = connection
        self._lock = Lock()

    def poll(self) -> int | None:
        """Return the exit code, or the negative number of the signal that ended the process; None while it runs."""
        with self._lock:
            if self.returncode is None and (message := receive(self._connection, 0)) is not None:
                self.returncode = message.get("ended")
                if self.returncode is None:  # the fork server is gone, and its children have to end with it
                    with suppress(OSError):
                        os.kill(self.pid, signal.SIGKILL)
                    self.returncode = -signal.SIGKILL
                self._connection.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code as soon as there is one."""
        end = time.monotonic() + (float("inf") if timeout is None else timeout)
        while (code := self.poll()) is None:
            if time.monotonic() >= end:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            time.sleep(_POLL_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process."""
        self.send_signal(signal.SIGKILL)


class ForkedProgram:
    """A program that was requested, and starts as soon as the libraries that it needs are imported.

    Parameters
    ----------
    connection : socket
        On which its start and end are reported; the fork server ends it once the connection is closed.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def wait(self) -> int | None:
        """Return the exit code once it has ended; None if it did not start in time, or the fork server is gone."""
        started = receive(self._connection, _READY_SECONDS)
        ended = started and receive(self._connection, None)
        self._connection.close()
        return ended.get("ended") if ended else None

    def kill(self) -> None:
        """End the program."""
        self._connection.close()


def receive(connection: socket.socket, seconds: float | None) -> dict[str, Any] | None:
    """Return the next message; None if there was none within the time [s]; empty if the other end is closed."""
    try:
        connection.settimeout(seconds)
        message = connection.recv(65536)
    except (TimeoutError, BlockingIOError):
        return None
    except OSError:
        return {}
    return dict(json.loads(message)) if message else {}


def _shared_variables(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name != _PER_KERNEL}
