"""A process that the nursery gives birth to: what :class:`subprocess.Popen` is for a program of one's own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from threading import Lock
from typing import Any

READY_SECONDS = 60.0  # it takes 6 s to import everything; after that long a kernel that starts by itself is sooner
_BIRTH_SECONDS = 10.0  # a fork takes 0.02 s, on a machine that does nothing else
_LOOK_SECONDS = 0.1


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
