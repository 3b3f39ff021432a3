"""Run one notebook in a kernel of this very interpreter, and say in plain words why it failed if it did.

papermill's traps are met here: a deadline that passes or a kernel that dies leaves an output notebook that claims all
is well, so the status comes from the exception alone; and its timeouts are per cell, where a page needs one for all.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL
from typing import Any, Protocol
from uuid import uuid4

from papermill.engines import NBClientEngine, papermill_engines
from papermill.iorw import write_ipynb

from crmkit.errors import CrmkitError
from crmkit.reporting.runner.fork_server.server import Nursery

_START_SECONDS = 120  # a kernel starts in 3 s; a busy or cold machine has been seen to need half a minute
_NO_ANSWER_SECONDS = 120  # how long a figure may take from the kernel to us on a machine that swaps


def execute(
    notebook: Path,
    output: Path,
    parameters: Mapping[str, Any],
    *,
    folder: Path,
    deadline: float,
    stop: Stop | None = None,
    nursery: Nursery | None = None,
) -> None:
    """Run a notebook with parameters and write it with its results.

    Parameters
    ----------
    notebook, output : path
        Absolute paths of the notebook and of its executed copy. The copy is written on failure too.
    parameters : mapping of str to JSON scalar
    folder : path
        Working directory of the kernel; that of this process stays as it is.
    deadline : float
        Time for the whole notebook [s].
    stop : Stop, optional
        Once set, no further cell is run and the kernel is ended.
    nursery : Nursery, optional
        Where the kernel comes from, as long as there can be one.

    Raises
    ------
    PageFailed
        If a cell fails, the deadline passes, the kernel dies or does not start, or the disk is full.
    """
    import papermill

    logging.getLogger("papermill").addHandler(logging.NullHandler())  # what it has to say is raised below
    stop = stop or Stop()
    if nursery:
        nursery.wait(stop.is_set)  # not at the notebook's expense
    clock = _Clock(deadline, stop)
    try:
        with stop.watching(nursery) as kernel_manager:
            papermill.execute_notebook(
                _read(notebook),
                str(output).replace("{", "{{").replace("}", "}}"),  # papermill formats paths with the parameters
                dict(parameters),
                engine_name=NAME,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                report_mode=True,
                start_timeout=_START_SECONDS,
                iopub_timeout=_NO_ANSWER_SECONDS,
                resources={"metadata": {"path": str(folder)}},
                on_cell_start=clock.check,
                timeout_func=clock.left,
                kernel_manager_class=kernel_manager,
                config=_quiet_transport(),
            )
    except Exception as error:
        if is_full_disk(error):
            output.unlink(missing_ok=True)  # room for the page that says so
        raise failure(error, deadline=deadline, began=clock.began) from error


def _read(notebook: Path) -> Any:
    """The notebook as an object: a path would be formatted with the parameters, and braces in it would fail."""
    from papermill.iorw import load_notebook_node

    return load_notebook_node(str(notebook))


class _Clock:
    """The time that is left for a notebook."""

    def __init__(self, deadline: float, stop: Stop) -> None:
        self.end = time.monotonic() + deadline
        self.stop = stop
        self.began = False

    def check(self, **cell: Any) -> None:
        """Refuse to begin another cell once the time is over or the run was stopped."""
        self.began = True
        if self.stop.is_set() or time.monotonic() >= self.end:
            raise TimeoutError

    def left(self, cell: Any) -> int:
        """What a cell may take [s]: a whole number, for nbclient takes no other."""
        return max(1, round(self.end - time.monotonic()))


def _quiet_transport() -> Any:
    """Encrypt the kernel's channels where possible: without the word ipykernel 7.3 and later warn in every kernel."""
    from traitlets.config import Config

    return Config(KernelManager={"transport_encryption": "auto"})


# papermill's way to run a notebook, with the executed copy written once, at the end.


NAME = "crmkit"


class WritesOnce(NBClientEngine):
    """Writes the executed notebook when it is over, however it ends.

    papermill writes it before and after each cell, which with the pictures of a page takes as long as the cells do.
    """

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, output_path: str | None = None, **options: Any) -> Any:
        """Run the cells; if that ends by an error, write what there is so far. Else papermill writes it."""
        for machine in ("input_path", "output_path"):  # paths of this machine: a notebook may be passed on
            nb.metadata.get("papermill", {}).pop(machine, None)
        try:
            return super().execute_notebook(nb, kernel_name, None, **options)
        except BaseException:
            write_ipynb(nb, output_path)
            raise


papermill_engines.register(NAME, WritesOnce)


# The programs that run the notebooks: always this very interpreter, and ended when the run is stopped.


_FORESEEN = {"cwd", "env", "stderr"}  # options of a start that a kernel from the nursery can follow


class Running(Protocol):
    """A program that can be ended, which does nothing once it has ended by itself."""

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
    def watching(self, nursery: Nursery | None = None) -> Iterator[type]:
        """Yield a class of kernel managers whose kernels end when this is set, until the block ends.

        Parameters
        ----------
        nursery : Nursery, optional
            Where its kernels come from, as long as there can be one.
        """
        started: list[Running] = []

        def watch(kernel: Running) -> None:
            started.append(kernel)
            self._running.add(kernel)
            if self.is_set():
                _end(kernel)

        try:
            yield _own_kernel(watch, _from(nursery) if nursery else None)
        finally:
            self._running.difference_update(started)


def _end(kernel: Running) -> None:
    with suppress(OSError):  # it has ended by itself
        kernel.kill()


def _own_kernel(watch: Callable[[Running], None], provisioner: type | None) -> type:
    """A kernel manager that starts this interpreter, whatever kernels the user has installed under the same name."""
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
            # What a kernel's own machinery says while it is being stopped is not for the user of a command line.
            await super().start_kernel(**{"stderr": DEVNULL} | options)
            kernel = getattr(self.provisioner, "process", None)
            if kernel:
                watch(kernel)

    return OwnKernelManager


def _from(nursery: Nursery) -> type:
    """A provisioner, jupyter_client's word for what starts kernels, that asks the nursery before it does it itself."""
    from jupyter_client.provisioning.local_provisioner import LocalProvisioner

    class NurseryProvisioner(LocalProvisioner):
        async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
            kernel = None
            if options.keys() <= _FORESEEN and options.get("stderr") == DEVNULL:
                kernel = nursery.kernel(cmd, options["env"], options.get("cwd") or os.getcwd())
            if kernel is None:
                return await super().launch_kernel(cmd, **options)
            self.process = kernel  # type: ignore[assignment]  # it has what is used of Popen
            self.pid = self.pgid = kernel.pid
            self.cwd = options.get("cwd")
            return self.connection_info

    return NurseryProvisioner


# Import the libraries of notebooks: not before they are needed, and without a part that is of no use here.


_GRAMMAR = "rfc3987_syntax"


def import_papermill() -> None:
    """Import papermill, leaving out a grammar of international web addresses.

    nbformat imports jsonschema, which builds that grammar (more than a second) to check a format that no notebook has.
    """
    if "jsonschema" in sys.modules or _GRAMMAR in sys.modules:
        return
    sys.modules[_GRAMMAR] = None  # type: ignore[assignment]  # Python's own way to say that there is none
    try:
        import crmkit.reporting.runner.execute  # noqa: F401
    finally:
        del sys.modules[_GRAMMAR]


def import_renderer() -> None:
    """Import what draws the pages, as may well be done while the kernels start."""
    import bs4  # noqa: F401
    import nbconvert.exporters  # noqa: F401


# Why a notebook did not run to its end, in plain words, and what the reader can do about it.


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class PageFailed(CrmkitError):
    """A notebook did not run to its end.

    Parameters
    ----------
    cause : str
        What happened, as a sentence.
    next_step : str
        What the reader can do, as a sentence.
    """

    def __init__(self, cause: str, next_step: str) -> None:
        self.cause = cause
        self.next_step = next_step
        super().__init__(f"{cause} {next_step}")


def is_full_disk(error: BaseException) -> bool:
    """Tell whether there was no room left to write."""
    return isinstance(error, OSError) and error.errno in _NO_ROOM


def failure(error: Exception, *, deadline: float, began: bool) -> PageFailed:
    """Put into words what stopped a notebook.

    Parameters
    ----------
    error : Exception
        What papermill, the kernel's client or the system raised.
    deadline : float
        Time that the notebook was allowed [s].
    began : bool
        Whether its first cell was reached: until then it is the kernel that failed, not the notebook.
    """
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    if isinstance(error, PapermillExecutionError):
        return PageFailed(*_cell_failed(error))
    if isinstance(error, CellTimeoutError | TimeoutError):
        return PageFailed(*_too_slow(deadline))
    if is_full_disk(error):
        return PageFailed(*disk_full())
    if not began:
        return PageFailed(*_no_kernel(error))
    if isinstance(error, DeadKernelError | RuntimeError):  # nbclient raises either, depending on when the kernel dies
        return PageFailed(*_kernel_died())
    return PageFailed(*could_not_be_made(error))


def disk_full() -> tuple[str, str]:
    """Return cause and next step where there was no room left to write."""
    return "The disk is full.", "Free some space and run it again."


def could_not_be_made(error: Exception) -> tuple[str, str]:
    """Return cause and next step of a failure that nobody foresaw."""
    return (
        _sentence(f"The page could not be drawn: {type(error).__name__}: {error}"),
        "That is a fault of crmkit or of what the notebook shows: open the executed notebook to see it.",
    )


def _cell_failed(error: Any) -> tuple[str, str]:
    """What a cell's exception says. crmkit's own errors are sentences already and need no class name before them."""
    message = re.sub(r"\x1b\[[0-9;]*m", "", str(error.evalue)).strip()
    own = error.ename in _names_below(CrmkitError)
    what = message if own and message else f"{error.ename}: {message}".rstrip(": ")
    cause = f"A step of the notebook failed. {what}" if own else f"A step of the notebook failed with {what}"
    return _sentence(cause), "If that names data or a setting, mend it; else open the notebook and run it there."


def _too_slow(deadline: float) -> tuple[str, str]:
    allowed = f"{deadline / 60:.0f} minutes" if deadline >= 120 else f"{deadline:g} seconds"
    return (
        f"The notebook did not finish within {allowed} and was stopped.",
        "Close other programs and run it again, or allow it more time with --deadline.",
    )


def _no_kernel(error: Exception) -> tuple[str, str]:
    return (
        _sentence(f"No kernel could be started for the notebook: {error}"),
        "Install crmkit again, with its packages; `python -m ipykernel --version` must answer.",
    )


def _kernel_died() -> tuple[str, str]:
    return (
        "The program that ran the notebook stopped without a message; most often the memory was full.",
        "Close other programs and run it again with --jobs 1, so that only one notebook is in memory.",
    )


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _names_below(family: type[Exception]) -> set[str]:
    return {family.__name__}.union(*(_names_below(child) for child in family.__subclasses__()))
