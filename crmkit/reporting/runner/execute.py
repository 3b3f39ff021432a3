"""Run one notebook in a kernel of this interpreter.

papermill has two traps: after a deadline or the death of a kernel it leaves an output notebook that claims success, so
the status comes from the exception alone; and its timeouts are per cell, where a page needs one for the whole notebook.

This module imports papermill: import it late, see :mod:`crmkit.reporting.runner.lazy_imports`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import papermill
from papermill.engines import NBClientEngine, papermill_engines
from papermill.iorw import load_notebook_node, write_ipynb
from traitlets.config import Config

from crmkit.reporting.runner.failures import explain_failure, is_full_disk
from crmkit.reporting.runner.fork_server import ForkServer
from crmkit.reporting.runner.kernels import Stop

_ENGINE = "crmkit"
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
    fork_server: ForkServer | None = None,
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
    fork_server : ForkServer, optional
        Where the kernel comes from, as long as it runs.

    Raises
    ------
    PageFailed
        If a cell fails, the deadline passes, the kernel dies or does not start, or the disk is full.
    """
    logging.getLogger("papermill").addHandler(logging.NullHandler())  # its messages are raised below
    stop = stop or Stop()
    if fork_server:
        fork_server.wait_until_ready(stop.is_set)  # before the notebook's time begins
    clock = _Clock(deadline, stop)
    try:
        with stop.watching(fork_server) as kernel_manager:
            papermill.execute_notebook(
                load_notebook_node(str(notebook)),  # papermill would format a path with the parameters
                str(output).replace("{", "{{").replace("}", "}}"),
                dict(parameters),
                engine_name=_ENGINE,
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
                # Without it ipykernel 7.3 and later print a warning in every kernel.
                config=Config(KernelManager={"transport_encryption": "auto"}),
            )
    except Exception as error:
        if is_full_disk(error):
            output.unlink(missing_ok=True)  # room for the page that says so
        raise explain_failure(error, deadline=deadline, began=clock.began) from error


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
        """Return the time that a cell may take [s]: a whole number, as nbclient accepts no other."""
        return max(1, round(self.end - time.monotonic()))


class WritesOnce(NBClientEngine):
    """Writes the executed notebook when it is over, however it ends.

    papermill writes it before and after each cell, which with the pictures of a page takes as long as the cells do.
    """

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, output_path: str | None = None, **options: Any) -> Any:
        """Run the cells; on an error write the results so far. On success papermill writes them."""
        for machine in ("input_path", "output_path"):  # paths of this machine: a notebook may be passed on
            nb.metadata.get("papermill", {}).pop(machine, None)
        try:
            return super().execute_notebook(nb, kernel_name, None, **options)
        except BaseException:
            write_ipynb(nb, output_path)
            raise


papermill_engines.register(_ENGINE, WritesOnce)
