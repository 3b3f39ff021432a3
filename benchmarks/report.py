"""What a report costs beside the kernels it starts: the whole sample pack, and the same pack again unchanged.

    .venv/bin/python benchmarks/report.py [--repeat 3]

The yardstick is as many kernels, two at a time, that import the same modules and do nothing. All of it is measured in
one run, in turns, and the quickest of each is taken: a machine has other things to do now and then. CPU time is that of
all programs together, the kernels included.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
JOBS = 2
KERNELS = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from jupyter_client.manager import start_new_kernel

def start(modules):
    manager, client = start_new_kernel(kernel_name="python3", startup_timeout=120)
    imports = f"import importlib\\nfor name in {modules!r}: importlib.import_module(name)"
    client.execute_interactive(imports, timeout=120, store_history=False)
    client.stop_channels()
    manager.shutdown_kernel(now=True)  # a kernel that is asked to go takes its time

with ThreadPoolExecutor(int(sys.argv[1])) as pool:
    list(pool.map(start, json.load(sys.stdin)))
"""
LOADED = """
import json, sys
print(json.dumps([name for name in sys.modules if name not in ("__main__", "__mp_main__")]))
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--repeat", type=int, default=3)
    repeat = arguments.parse_args().repeat
    with tempfile.TemporaryDirectory() as place:
        company = Path(place) / "kaldi"
        crmkit("sample", company)
        crmkit("load", "--settings", company)
        modules = [modules_of(path, company) for path in sorted(NOTEBOOKS.glob("*.ipynb"))]
        report = ("report", "--settings", company, "--output", Path(place) / "reports")
        takes: dict[str, list[tuple[float, float]]] = {}
        for _ in range(repeat):
            for name, run in {
                "as many kernels with the same imports": lambda: started(modules),
                "the whole pack": lambda: crmkit(*report, "--fresh"),
                "the same again, unchanged": lambda: crmkit(*report),
            }.items():
                takes.setdefault(name, []).append(timed(run))
    print_table(takes, len(modules))


def crmkit(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "crmkit", *map(str, arguments)], check=True, capture_output=True)


def started(modules: list[list[str]]) -> None:
    command = [sys.executable, "-c", KERNELS, str(JOBS)]
    subprocess.run(command, input=json.dumps(modules), text=True, check=True, capture_output=True)


def modules_of(notebook: Path, company: Path) -> list[str]:
    """Modules that a notebook's kernel has imported at its end, and an empty one has not."""
    empty = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(LOADED)])
    page = nbformat.read(notebook, as_version=4)
    page.cells.append(nbformat.v4.new_code_cell(LOADED))
    before, after = (_printed(_executed(each, company)) for each in (empty, page))
    return [name for name in after if name not in set(before)]


def _executed(notebook: nbformat.NotebookNode, company: Path) -> nbformat.NotebookNode:
    os.environ["CRMKIT_SETTINGS"] = str(company)
    return NotebookClient(notebook, timeout=600).execute()


def _printed(notebook: nbformat.NotebookNode) -> list[str]:
    return list(json.loads(notebook.cells[-1].outputs[0].text))


def timed(run: Callable[[], None]) -> tuple[float, float]:
    """Return wall time and CPU time of what a function starts [s]."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def print_table(takes: dict[str, list[tuple[float, float]]], n_pages: int) -> None:
    best = {name: tuple(min(values) for values in zip(*runs, strict=True)) for name, runs in takes.items()}
    yardstick, pack, _ = best
    print(f"{n_pages} pages, {JOBS} at a time, {os.cpu_count()} cores; the quickest of {len(takes[pack])} runs\n")
    print("| | wall time | CPU time | wall, against the kernels | wall, against the pack |\n|---|---|---|---|---|")
    for name, (wall, cpu) in best.items():
        against = [f"{wall / best[other][0]:.2f}" for other in (yardstick, pack)]
        print(f"| {name} | {wall:.1f} s | {cpu:.1f} s | {' | '.join(against)} |")


if __name__ == "__main__":
    main()
