"""Ctrl-C and SIGTERM end a command wherever it is, within a query of DuckDB too."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import NoReturn


def end_on_signals() -> None:
    """Let both signals raise KeyboardInterrupt, and end the queries that run.

    Python's own handler waits until the main thread runs Python again, and DuckDB may keep it waiting for other threads
    until a query has ended. A thread of its own is told of a signal at once.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # a script's shell may have started it without the first
        signal.signal(number, _stop)
    if os.name != "posix":
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_end_queries, args=(reader,), daemon=True, name="signals").start()


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    # Before the exception: it may close a database, which waits for the end of its query.
    _interrupt(for_seconds=0)
    raise KeyboardInterrupt


def _end_queries(reader: int) -> None:
    while os.read(reader, 1):
        _interrupt(for_seconds=20)


def _interrupt(for_seconds: float) -> None:
    sql = sys.modules.get("crmkit.sources.sql")  # imported only by commands that need it
    if sql is not None:
        sql.interrupt_queries(for_seconds)
