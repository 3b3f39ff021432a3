"""Why a notebook did not run to its end, in plain words, and what the reader can do about it."""

from __future__ import annotations

import errno
from typing import Any

from crmkit.errors import CrmkitError
from crmkit.sources.masking import redacted
from crmkit.words import say

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
    return say("run-disk-full.cause"), say("run-disk-full.next")


def could_not_be_made(error: Exception) -> tuple[str, str]:
    """Return cause and next step of an unexpected failure."""
    return (
        _sentence(say("run-not-drawn.cause", error=f"{type(error).__name__}: {error}")),
        say("run-not-drawn.next"),
    )


def _cell_failed(error: Any) -> tuple[str, str]:
    """Return the cause given by the exception of a cell; errors of crmkit are sentences and need no class name before them."""
    message = str(error.evalue).strip()
    own = error.ename in _names_below(CrmkitError)
    what = message if own and message else f"{error.ename}: {message}".rstrip(": ")
    cause = say("run-step-failed.own", what=what) if own else say("run-step-failed.other", what=what)
    return _sentence(cause), say("run-step-failed.next")


def _names_below(family: type[Exception]) -> set[str]:
    return {family.__name__}.union(*(_names_below(child) for child in family.__subclasses__()))


def _sentence(text: str) -> str:
    """Return a cause as a sentence; the text of an exception may hold a customer's cell."""
    text = redacted(text)
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _too_slow(deadline: float) -> tuple[str, str]:
    minutes = deadline >= 120
    allowed = f"{deadline / 60:.0f}" if minutes else f"{deadline:g}"
    return say("run-too-slow.cause", unit="minutes" if minutes else "seconds", time=allowed), say("run-too-slow.next")


def _no_kernel(error: Exception) -> tuple[str, str]:
    return (
        _sentence(say("run-no-kernel.cause", error=str(error))),
        say("run-no-kernel.next"),
    )


def _kernel_died() -> tuple[str, str]:
    return say("run-kernel-died.cause"), say("run-kernel-died.next")
