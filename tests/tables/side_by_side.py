"""Several programs, or threads of one, that do the same at the same time."""

import multiprocessing
import os
import threading

import pytest

FORK = multiprocessing.get_context("fork") if hasattr(os, "fork") else None
needs_fork = pytest.mark.skipif(FORK is None, reason="programs are forked here")


def in_programs(n, target, *arguments):
    """Run a function in so many programs and see that each ends well."""
    programs = _together([FORK.Process(target=target, args=arguments) for _ in range(n)])
    assert [program.exitcode for program in programs] == [0] * n


def in_threads(n, target, *arguments):
    _together([threading.Thread(target=target, args=arguments) for _ in range(n)])


def _together(workers):
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    return workers
