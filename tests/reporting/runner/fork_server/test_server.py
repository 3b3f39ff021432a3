"""Kernels from the fork server: they are what kernels are, they end when the run does, and without it all goes on as before."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest

from crmkit.reporting.runner.execute import execute
from crmkit.reporting.runner.failures import PageFailed
from crmkit.reporting.runner.fork_server import server as module
from crmkit.reporting.runner.fork_server.server import ForkServer
from crmkit.reporting.runner.kernels import Stop
from crmkit.reporting.runner.run import run_report
from tests.reporting.loaded import orders, write_company
from tests.reporting.processes import forget_test, has_ended, is_reaped, needs_fork, program, wait_for
from tests.reporting.tiny import write_notebook

STATE = """
import json, os, signal, sys
import matplotlib
print(json.dumps({
    "folder": os.getcwd(), "arguments": sys.argv[:1] + sys.argv[3:], "path": sys.path, "program": sys.executable,
    "variables": {name: os.environ.get(name) for name in ("CRMKIT_TEST", "MPLBACKEND", "HOME", "PATH")},
    "has variable of parent": os.environ["JPY_PARENT_PID"] == str(os.getppid()),
    "leads a group": os.getpid() == os.getpgid(0) == os.getsid(0),
    "backend": matplotlib.rcParams["backend"], "input": sys.stdin is not None and os.read(0, 1).decode(),
    "signals": [str(signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)],
}))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home {of} kernels")


@pytest.fixture(scope="module")
def fork_server(home):
    """A fork server that many tests take kernels from."""
    with pytest.MonkeyPatch.context() as patch, ForkServer() as started:
        patch.setenv("CRMKIT_TEST", "as set for the run")
        forget_test()
        started.expect(2, home)
        yield started


@pytest.fixture
def run(tmp_path, home):
    """Run cells in a kernel and return what they printed."""

    def run(fork_server, *sources, name="01_page", stop=None):
        forget_test()
        notebook, output = write_notebook(tmp_path / "nb", name, *sources), tmp_path / f"{name}.ipynb"
        execute(
            notebook, output, {"period": "2026-10"}, folder=home, deadline=100.0, stop=stop, fork_server=fork_server
        )
        shown = [each for cell in nbformat.read(output, 4).cells for each in cell.get("outputs", [])]
        return "".join(each.get("text") or " ".join(each.get("data", ())) for each in shown)

    return run


@pytest.fixture
def spawned(monkeypatch):
    """Watch a fork server: return the kernels that it gives, None for each that it could not give."""

    def spawned(fork_server):
        given, ask = [], fork_server.spawn_kernel
        monkeypatch.setattr(fork_server, "spawn_kernel", lambda *asked: given.append(ask(*asked)) or given[-1])
        return given

    return spawned


def running(file):
    """A cell that writes a file, with its process and the parent's, and goes on for long."""
    told = "f'{os.getpid()} {os.getppid()} .'"
    return f"import os, pathlib, time\npathlib.Path({str(file)!r}).write_text({told})\ntime.sleep(200)"


# --- a kernel from the fork server is a kernel


@needs_fork
def test_a_kernel_from_the_fork_server_is_another_process_that_has_imported_everything(fork_server, run):
    code = "import os, sys\nprint(os.getpid(), os.getppid(), 'crmkit.metrics.card' in sys.modules, 6 * 7)"
    number, parent, loaded, product = run(fork_server, code).split()
    assert (int(parent), loaded, product) == (program(fork_server), "True", "42")
    assert int(number) not in (os.getpid(), program(fork_server))


@needs_fork
def test_it_has_folder_variables_arguments_signals_and_backend_of_a_kernel_that_starts_alone(fork_server, run):
    born, alone = json.loads(run(fork_server, STATE)), json.loads(run(None, STATE, name="02_alone"))
    assert born == alone
    assert born["variables"]["CRMKIT_TEST"] == "as set for the run"
    assert born["backend"] == "module://matplotlib_inline.backend_inline"


@needs_fork
def test_it_holds_no_line_of_the_fork_server_and_none_of_another_kernel(fork_server, run):
    both = threading.Barrier(2)
    lines = """import os, stat
print(sum(stat.S_ISSOCK(os.stat(f"/proc/self/fd/{n}").st_mode) for n in os.listdir("/proc/self/fd")
          if os.path.exists(f"/proc/self/fd/{n}")))
"""

    def wait_and_run(name):
        both.wait()
        return run(fork_server, lines, "import time\ntime.sleep(1)", name=name)

    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(wait_and_run, ["03_first", "04_second"]))
    assert counts == [run(None, lines, name="05_alone")] * 2


@needs_fork
def test_two_kernels_run_at_once_and_draw_other_random_numbers(fork_server, run):
    draw = "import random\nimport numpy as np\nimport time\ntime.sleep(1)\nprint(random.random(), np.random.random())"
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda name: run(fork_server, draw, name=name).split(), ["06_first", "07_second"])
    assert first[0] != second[0] and first[1] != second[1]


@needs_fork
def test_libraries_with_threads_of_their_own_work_in_it(fork_server, run):
    printed = run(
        fork_server,
        """import numpy as np, pandas as pd, duckdb
import pyarrow.parquet as pq
from sklearn.ensemble import HistGradientBoostingRegressor
x = np.arange(640_000, dtype=float).reshape(800, 800) / 640_000
assert np.allclose(np.linalg.inv(x @ x.T + np.eye(800)) @ (x @ x.T + np.eye(800)), np.eye(800))
rows = pd.DataFrame(x[:, :4], columns=list("abcd"))
rows.to_parquet("rows.parquet")
assert pq.read_table("rows.parquet").num_rows == len(pd.read_parquet("rows.parquet")) == 800
HistGradientBoostingRegressor(max_iter=5).fit(rows[["a", "b"]], rows["c"])
assert duckdb.sql("select sum(i) from range(1000000) t(i)").fetchone() == (499999500000,)
assert duckdb.connect().sql("select count(*) from 'rows.parquet'").fetchone() == (800,)""",
        "print('all of it')",
    )
    assert printed == "all of it\n"


@needs_fork
def test_a_figure_is_shown_where_its_cell_ends(fork_server, run):
    assert run(fork_server, "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nNone") == "image/png text/plain"


# --- it ends


@needs_fork
@pytest.mark.parametrize("ends", ["os._exit(9)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_kernel_that_dies_is_noticed_at_once_and_leaves_no_process(fork_server, run, ends, spawned):
    given, start = spawned(fork_server), time.monotonic()
    with pytest.raises(PageFailed, match="stopped without a message"):
        run(fork_server, f"import os, signal\n{ends}\nimport time\ntime.sleep(90)")
    assert time.monotonic() - start < 60
    assert given[0].returncode == (9 if "exit" in ends else -signal.SIGKILL)
    assert has_ended(given[0].pid) and is_reaped(given[0].pid)


@needs_fork
def test_a_kernel_that_is_done_ends_by_itself_and_leaves_no_process(fork_server, run, spawned):
    given = spawned(fork_server)
    run(fork_server, "1")
    # Jupyter waits 2.5 s for it, which on a busy machine may not do; then it ends it by force.
    assert given[0].wait() in (0, -signal.SIGTERM, -signal.SIGKILL)
    assert has_ended(given[0].pid) and is_reaped(given[0].pid)


@needs_fork
def test_nothing_that_a_kernel_still_needs_to_end_is_ended_before(fork_server, run, home):
    run(
        fork_server,
        """import sys, time
from pathlib import Path
from ipykernel.kernelapp import IPKernelApp
kernel = IPKernelApp.instance()
sys.stdout.flush = lambda flush=sys.stdout.flush, wait=time.sleep: (wait(0.5), flush())  # what answers takes longer
def stop(stop=kernel.iopub_thread.stop, answering=kernel.control_thread, file=Path("answers").absolute()):
    file.write_text(f"{answering.is_alive()}")  # names of cells are gone when this runs
    stop()
kernel.iopub_thread.stop = stop""",
    )
    assert (home / "answers").read_text() == "False"


@needs_fork
def test_a_cell_that_is_running_ends_when_the_run_is_stopped(fork_server, run, spawned, tmp_path):
    stop, given = Stop(), spawned(fork_server)
    with ThreadPoolExecutor(1) as pool:
        page = pool.submit(run, fork_server, running(tmp_path / "runs"), stop=stop)
        wait_for(tmp_path / "runs")
        stop.set()
        with pytest.raises(PageFailed):
            page.result(60)
    assert given[0].returncode == -signal.SIGKILL and has_ended(given[0].pid)


@needs_fork
def test_program_and_kernels_end_with_the_fork_server(home, run, tmp_path, spawned):
    with ForkServer() as fork_server, ThreadPoolExecutor(1) as pool:
        forget_test()
        fork_server.start(home)
        given = spawned(fork_server)
        page = pool.submit(run, fork_server, running(tmp_path / "runs"))
        wait_for(tmp_path / "runs")
        number = program(fork_server)
        fork_server.close()
        with pytest.raises(PageFailed):
            page.result(60)
    assert has_ended(number) and has_ended(given[0].pid)


RUN = """
import sys, threading
from pathlib import Path
from crmkit.reporting.runner.execute import execute
from crmkit.reporting.runner.fork_server.server import ForkServer
folder = Path(sys.argv[1])
with ForkServer() as fork_server:
    fork_server.start(folder)
    print(fork_server._program.pid, flush=True)
    execute(folder / "01_page.ipynb", folder / "out.ipynb", {}, folder=folder, deadline=200, fork_server=fork_server)
"""


@needs_fork
@pytest.mark.parametrize("when", ["while it is importing", "while a kernel runs"])
def test_when_the_run_is_killed_nothing_is_left_running(tmp_path, when):
    write_notebook(tmp_path, "01_page", running(tmp_path / "runs"))
    killed = subprocess.Popen([sys.executable, "-c", RUN, tmp_path], stdout=subprocess.PIPE, text=True)
    left = [int(killed.stdout.readline())]
    if when == "while a kernel runs":
        wait_for(tmp_path / "runs")
        kernel, parent, _ = (tmp_path / "runs").read_text().split()
        assert int(parent) == left[0]
        left.append(int(kernel))
    killed.kill()
    killed.communicate(timeout=100)
    assert all(has_ended(each, within=60) for each in left)


# --- there is none, or none any more


@needs_fork
def test_when_the_fork_server_dies_its_kernel_is_dead_and_the_next_one_starts_alone(home, run, spawned, tmp_path):
    forget_test()
    with ForkServer() as fork_server, ThreadPoolExecutor(1) as pool:
        fork_server.start(home)
        given = spawned(fork_server)
        page = pool.submit(run, fork_server, running(tmp_path / "runs"))
        wait_for(tmp_path / "runs")
        os.kill(program(fork_server), signal.SIGKILL)
        with pytest.raises(PageFailed, match="stopped without a message"):
            page.result(60)
        assert has_ended(given[0].pid)
        assert run(fork_server, "import os\nprint(os.getppid())", name="02_next") == f"{os.getpid()}\n"
        assert given[1:] == [None]


@needs_fork
def test_a_fork_server_that_cannot_start_is_not_missed(home, run, monkeypatch, spawned):
    monkeypatch.setattr(module, "_PROGRAM", "no_such_program")
    with ForkServer() as fork_server:
        forget_test()
        fork_server.start(home)
        given = spawned(fork_server)
        assert run(fork_server, "import os\nprint(os.getppid())") == f"{os.getpid()}\n"
    assert given == [None]


@needs_fork
def test_a_kernel_with_other_variables_starts_alone_and_has_them(fork_server, run, monkeypatch, spawned):
    monkeypatch.setenv("CRMKIT_TEST", "set since")
    given = spawned(fork_server)
    assert run(fork_server, "import os\nprint(os.environ['CRMKIT_TEST'])") == "set since\n"
    assert given == [None]


@needs_fork
def test_variables_that_the_same_libraries_have_set_here_meanwhile_change_nothing(
    fork_server, run, spawned, monkeypatch
):
    given = spawned(fork_server)
    fork_server.wait_until_ready(lambda: False)
    monkeypatch.setenv("KMP_DUPLICATE_LIB_OK", "True")  # as importing scikit-learn does, there and here
    assert run(fork_server, "import os\nprint(os.environ['KMP_DUPLICATE_LIB_OK'])") == "True\n"
    assert len(given) == 1 and given[0] is not None


def test_where_the_system_cannot_fork_kernels_start_alone(home, run, monkeypatch):
    monkeypatch.setattr(module, "CAN_FORK", False)
    with ForkServer() as fork_server:
        fork_server.expect(11, home)
        assert not fork_server.wait_until_ready(lambda: False)
        assert run(fork_server, "import os\nprint(os.getppid())") == f"{os.getpid()}\n"


def test_one_page_in_a_run_needs_no_fork_server_the_second_one_opens_it(home, monkeypatch):
    opened = []
    monkeypatch.setattr(module, "CAN_FORK", True)
    monkeypatch.setattr(ForkServer, "_start", lambda self, home: opened.append(home))
    fork_server = ForkServer()
    fork_server.expect(1, home)
    assert opened == []
    fork_server.expect(1, home)
    assert opened == [home]


@needs_fork
def test_the_kernels_of_a_report_of_two_pages_have_one_parent_which_is_not_the_run(tmp_path):
    company = write_company(tmp_path / "kaldi", orders("2026-09-05", "2026-09-15", "2026-09-25"))
    for name in ("01_first", "02_second"):
        write_notebook(tmp_path / "nb", name, "import os\nprint(os.getppid())")
    report = run_report(company, "2026-09", output=tmp_path / "out", notebooks=tmp_path / "nb", fresh=True)
    pages = [nbformat.read(file, 4) for file in sorted((report.folder / "notebooks").iterdir())]
    parents = [page.cells[-1].outputs[0].text for page in pages]
    assert report.failed_predictions == report.failed == ()
    assert parents[0] == parents[1] != f"{os.getpid()}\n"
    assert has_ended(int(parents[0]))


@needs_fork
def test_code_that_has_changed_since_the_fork_server_began_is_not_taken_for_the_code_that_runs(fork_server, run, home):
    code = """from crmkit.tables.caching import fingerprint
from pathlib import Path
from time import sleep
print(fingerprint.code_digest() is None)
fingerprint._CRMKIT = fingerprint.WatchedFolder(Path.cwd() / "code")
(Path.cwd() / "code" / "new.py").touch()
sleep(2 * fingerprint._LOOK_AGAIN_AFTER)
print(fingerprint.code_digest() is None)"""
    (home / "code").mkdir()
    assert run(fork_server, code) == "False\nTrue\n"
