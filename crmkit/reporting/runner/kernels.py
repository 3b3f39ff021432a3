"""The kernels that run the notebooks: always this interpreter, and ended when the run is stopped."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from subprocess import DEVNULL
from typing import Any, Protocol
from uuid import uuid4

from crmkit.reporting.runner.fork_server import ForkServer

_FORKED_OPTIONS = {"cwd", "env", "stderr"}  # options of a start that a forked kernel can follow


class Running(Protocol):
    """A process that can be ended; nothing happens once it has ended by itself."""

    def kill(self) -> None:
        """End it."""


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
        self._running: set[Running] = set()

    def set(self) -> None:
        super().set()
        for kernel in tuple(self._running):
            _end(kernel)

    @contextmanager
    def watching(self, fork_server: ForkServer | None = None) -> Iterator[type]:
        """Yield a class of kernel managers whose kernels end when this is set, until the block ends.

        Parameters
        ----------
        fork_server : ForkServer, optional
            Where its kernels come from, as long as it runs.
        """
        started: list[Running] = []

        def watch(kernel: Running) -> None:
            started.append(kernel)
            self._running.add(kernel)
            if self.is_set():
                _end(kernel)

        try:
            yield _kernel_manager(watch, _provisioner(fork_server) if fork_server else None)
        finally:
            self._running.difference_update(started)


def _end(kernel: Running) -> None:
    with suppress(OSError):  # it has ended by itself
        kernel.kill()


def _kernel_manager(watch: Callable[[Running], None], provisioner: type | None) -> type:
    """Return a kernel manager that starts this interpreter, whatever kernels are installed under the same name."""
    from ipykernel.kernelspec import RESOURCES, get_kernel_dict
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class OwnKernelManager(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(resource_dir=str(RESOURCES), **get_kernel_dict())

        async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
            if provisioner and self.provisioner is None:
                self.kernel_id = self.kernel_id or str(uuid4())
                self.provisioner = provisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
            # What ipykernel prints while it is being stopped is not for the user of a command line.
            await super().start_kernel(**{"stderr": DEVNULL} | options)
            kernel = getattr(self.provisioner, "process", None)
            if kernel:
                watch(kernel)

    return OwnKernelManager


def _provisioner(fork_server: ForkServer) -> type:
    """Return a provisioner, jupyter_client's word for what starts kernels, that asks the fork server first."""
    from jupyter_client.provisioning.local_provisioner import LocalProvisioner

    class ForkProvisioner(LocalProvisioner):
        async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
            kernel = None
            if options.keys() <= _FORKED_OPTIONS and options.get("stderr") == DEVNULL:
                kernel = fork_server.spawn_kernel(cmd, options["env"], options.get("cwd") or os.getcwd())
            if kernel is None:
                return await super().launch_kernel(cmd, **options)
            self.process = kernel  # type: ignore[assignment]  # it has the methods of Popen that are called
            self.pid = self.pgid = kernel.pid
            self.cwd = options.get("cwd")
            return self.connection_info

    return ForkProvisioner
