"""The nursery's own program: it imports once what every page needs, then forks itself for each child that is asked for.

:mod:`crmkit.reporting.nursery` starts it and gives its orders on standard input, a socket. Whatever is amiss, it ends:
kernels are then started as they are without it. A fork is safe only while nothing runs beside it, which is looked at
before the first one; and nothing is open that children could share: no data, no connection, no ZeroMQ.
"""

from __future__ import annotations

import atexit
import gc
import os
import socket
import sys
import threading
import time
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from crmkit.reporting.nursery_births import Asked, Births, tell
from crmkit.reporting.nursery_imports import import_everything, import_models, is_alone

_LOOK_SECONDS = 1.0


def main() -> None:
    """Import, then fork when asked to. This function returns in the children, when they are done or told to end."""
    # What is to be done at the end is done in the order of "last in, first out": a child does all of it, then this. To
    # take down all these modules one by one would take as long as to start the kernel.
    atexit.register(os._exit, 0)
    gc.disable()  # to look for garbage again and again while modules are imported takes a quarter of the time
    own_variables = set(os.environ)
    births = Births(_take_standard_input())
    # Predictions come before the pages: whoever makes them need not wait for what only kernels need.
    import_models()
    asked = births.serve(for_now=True) if _is_fit() else None
    if asked is None:
        if not (import_everything() and _is_fit()):
            os._exit(0)  # and with it ends whatever was born
        births.announce(variables={name: value for name, value in os.environ.items() if name not in own_variables})
        asked = births.serve()
    if asked is None:
        os._exit(0)  # here nothing is to be done
    _begin(asked)
    if asked.module:
        _become_program(asked)
    else:
        _become_kernel(asked)


def _is_fit() -> bool:
    """Tell whether this process may be forked, and make it ready for that."""
    gc.freeze()  # what is there now is common to all: a collection in a child would copy it page by page
    return is_alone()


def _take_standard_input() -> socket.socket:
    orders = socket.socket(fileno=os.dup(0))
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    return orders


def _begin(asked: Asked) -> None:
    """Make of this process what it would be had it been started alone."""
    import numpy as np

    gc.enable()
    os.setsid()  # a group of its own, so that Ctrl-C is not for it, and signals reach what it starts
    os.chdir(asked.folder)
    np.random.seed()  # Python's own generator sees to that by itself
    if asked.file is not None:
        os.dup2(asked.file, 1)
        os.close(asked.file)
    with asked.line:
        tell(asked.line, born=os.getpid())


def _become_kernel(asked: Asked) -> None:
    launcher = find_spec("ipykernel_launcher")
    sys.argv = [(launcher and launcher.origin) or "", *asked.arguments]
    from ipykernel.kernelapp import IPKernelApp

    kernel = IPKernelApp.instance()
    kernel.initialize()
    atexit.register(_end_control, kernel.control_thread)
    kernel.start()


def _end_control(thread: Any) -> None:
    """End the thread that answers "please end", before ipykernel ends what that thread may still be waiting for.

    The two would wait for each other, up to one time in five, until Jupyter ends the kernel by force 2.5 s later.
    """
    if thread is not None and thread.is_alive():
        thread.stop()
        thread.join()


def _become_program(asked: Asked) -> None:
    threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()
    sys.argv = [asked.module, *asked.arguments]
    try:
        import_module(asked.module).main()
        if not sys.stdout.closed:
            sys.stdout.flush()
    except BaseException:  # whoever asked for it knows what to do without it, and will meet the same error
        os._exit(1)


def _end_with(parent: int) -> None:
    """End once the nursery is gone, as kernels do by themselves: nobody else can end this process."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
