"""Why a notebook did not run to its end, in plain words, and what the reader can do about it."""

from __future__ import annotations

import errno
from typing import Any

from crmkit.errors import CrmkitError
from crmkit.sources.masking import redacted

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
    """Return whether there was no room left to write."""
    return isinstance(error, OSError) and error.errno in _NO_ROOM


def explain_failure(error: Exception, *, deadline: float, began: bool) -> PageFailed:
    """Return what stopped a notebook, in words.

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
    """Return cause and next step of an unexpected failure."""
    return (
        _sentence(f"The page could not be drawn: {type(error).__name__}: {error}"),
        "That is a fault of crmkit or of what the notebook shows: open the executed notebook to see it.",
    )


def _cell_failed(error: Any) -> tuple[str, str]:
    """Return the cause given by the exception of a cell; errors of crmkit are sentences and need no class name before them."""
    message = str(error.evalue).strip()
    own = error.ename in _names_below(CrmkitError)
    what = message if own and message else f"{error.ename}: {message}".rstrip(": ")
    cause = f"A step of the notebook failed. {what}" if own else f"A step of the notebook failed with {what}"
    return _sentence(cause), "If that names data or a setting, mend it; else open the notebook and run it there."


def _names_below(family: type[Exception]) -> set[str]:
    return {family.__name__}.union(*(_names_below(child) for child in family.__subclasses__()))


def _sentence(text: str) -> str:
    """Return a cause as a sentence; the text of an exception may hold a customer's cell."""
    text = redacted(text)
    return text if text.endswith((".", "!", "?")) else f"{text}."


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
