"""What the nursery imports before it gives birth to kernels, and what must not be left running after that."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from crmkit.settings.models import time_zones
from crmkit.sources.sql import close_default_database
from crmkit.tables.depends import code_digest, package_versions

# What kernels and pages import while they run, beside crmkit's own modules and what these import.
_LIBRARIES = """
    ipykernel.kernelapp ipykernel.debugger debugpy.server IPython.core.magics IPython.core.completerlib
    sqlite3 ibis.backends.duckdb sqlglot.dialects.duckdb pyarrow.dataset pyarrow.parquet pandas.io.formats.style
    matplotlib.pyplot matplotlib.backends.backend_agg matplotlib.backends.backend_svg babel.dates tornado.platform.asyncio
""".split()
_PACKAGES = ("crmkit", "crmkit.plots")  # their names are loaded when they are first used
# jemalloc, which pyarrow brings, has a thread that tidies up; it makes itself ready for a fork.
_HARMLESS_THREADS = {"jemalloc_bg_thd"}


def import_models() -> None:
    """Import what predictions need."""
    if sys.path[0] in ("", os.getcwd()):
        del sys.path[0]  # as in a kernel that starts alone: no file of the company is taken for a library
    import_module("crmkit.predictions.run")
    from crmkit.predictions.register import predictions

    predictions()
    for known_to_all in (code_digest, package_versions, time_zones):
        known_to_all()
    close_default_database()


def import_everything() -> bool:
    """Import what kernels and pages need; tell whether forks may share it.

    They may not if a library has made itself a folder that it removes when the process ends: the first kernel to end
    would take it from the others.
    """
    own_settings = os.environ.get("MPLCONFIGDIR")
    # What ipykernel and matplotlib read once and for all while they are imported: the parent of the kernels to come,
    # and that figures go into the page.
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    if not os.environ.get("MPLBACKEND"):
        os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    for name in _LIBRARIES:
        with suppress(ImportError):  # another version may have another inside
            import_module(name)
    for package in map(import_module, _PACKAGES):
        for name in package.__all__:
            getattr(package, name)
    close_default_database()
    return os.environ.get("MPLCONFIGDIR") == own_settings  # matplotlib's, where the home may not be written


def is_alone() -> bool:
    """Tell whether nothing runs in this process beside the caller that a fork would cut off."""
    if not (trial := os.fork()):  # at a fork OpenBLAS ends its threads, and starts others when it is used
        os._exit(0)
    os.waitpid(trial, 0)
    return threading.active_count() == 1 and not _threads_beside() - _HARMLESS_THREADS


def _threads_beside() -> set[str]:
    """Names of the threads of libraries; none are known of where the system does not tell."""
    tasks, own = Path("/proc/self/task"), str(threading.get_native_id())
    if not tasks.is_dir():
        return set()
    return {(task / "comm").read_text().strip() for task in tasks.iterdir() if task.name != own}
