"""A kernel that the nursery gave birth to: what :class:`subprocess.Popen` is for a program of one's own."""

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

_BIRTH_SECONDS = 10.0  # a fork takes 0.02 s, on a machine that does nothing else
_LOOK_SECONDS = 0.1


class Kernel:
    """The process of a kernel, with what of :class:`subprocess.Popen` jupyter_client asks for.

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
                if self.returncode is None:  # the nursery is gone, and its kernels are to go with it
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
                raise subprocess.TimeoutExpired(f"kernel {self.pid}", timeout or 0)
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


def born(line: socket.socket) -> Kernel | None:
    """Return the kernel that was asked for on a line, or None if there will be none."""
    heard = hear(line, _BIRTH_SECONDS) or {}
    return Kernel(heard["born"], line) if "born" in heard else None


def hear(line: socket.socket, seconds: float) -> dict[str, Any] | None:
    """Return what was said on a line; None if that was nothing within the time [s]; empty if the other end is gone."""
    line.settimeout(seconds)
    try:
        said = line.recv(65536)
    except (TimeoutError, BlockingIOError):
        return None
    except OSError:
        return {}
    return dict(json.loads(said)) if said else {}
