"""The programs that run the notebooks: always this very interpreter, and ended when the run is stopped."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from subprocess import DEVNULL
from typing import Any


class Stop(threading.Event):
    """Once it is set, no further cell is run, and the kernels that are running are ended.

    Examples
    --------
    >>> stop = Stop()
    >>> stop.set()
    >>> stop.is_set()
    True
    """

    def __init__(self) -> None:
        super().__init__()
        self._running: set[int] = set()

    def set(self) -> None:
        super().set()
        for number in tuple(self._running):
            _end(number)

    @contextmanager
    def watching(self) -> Iterator[type]:
        """Yield a class of kernel managers whose kernels end when this is set, until the block ends."""
        started: list[int] = []

        def watch(number: int) -> None:
            started.append(number)
            self._running.add(number)
            if self.is_set():
                _end(number)

        try:
            yield _own_kernel(watch)
        finally:
            self._running.difference_update(started)


def _end(number: int) -> None:
    with suppress(OSError):  # it has ended by itself
        os.kill(number, getattr(signal, "SIGKILL", signal.SIGTERM))


def _own_kernel(watch: Callable[[int], None]) -> type:
    """A kernel manager that starts this interpreter, whatever kernels the user has installed under the same name."""
    from ipykernel.kernelspec import RESOURCES, get_kernel_dict
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class OwnKernelManager(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(resource_dir=str(RESOURCES), **get_kernel_dict())

        async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
            # What a kernel's own machinery says while it is being stopped is not for the user of a command line.
            await super().start_kernel(**{"stderr": DEVNULL} | options)
            number = getattr(self.provisioner, "pid", None)
            if number:
                watch(number)

    return OwnKernelManager
