"""Run one notebook in a kernel of this very interpreter, and say in plain words why it failed if it did.

papermill's traps are met here: a deadline that passes or a kernel that dies leaves an output notebook that claims all
is well, so the status comes from the exception alone; and its timeouts are per cell, where a page needs one for all.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crmkit.reporting.failures import failure, is_full_disk
from crmkit.reporting.kernels import Stop
from crmkit.reporting.nursery import Nursery

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

    from crmkit.reporting.engine import NAME

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
