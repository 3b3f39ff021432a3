"""What becomes of a notebook that runs, fails, dies or hangs; each in a kernel of its own."""

import sys
import threading
import time

import nbformat
import pytest

from crmkit.reporting.runner.execute import execute
from crmkit.reporting.runner.failures import PageFailed
from crmkit.reporting.runner.kernels import Stop
from tests.reporting.tiny import write_notebook


def run(tmp_path, *sources, deadline=60.0, stop=None):
    notebook = write_notebook(tmp_path / "in {braces}", "01_page", *sources)
    output = tmp_path / "out {braces}.ipynb"
    parameters = {"period": "2026-10", "settings": str(tmp_path / "crmkit.toml")}
    execute(notebook, output, parameters, folder=tmp_path, deadline=deadline, stop=stop)
    return nbformat.read(output, 4)


def printed(notebook):
    return "".join(output.text for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output)


def test_a_notebook_runs_in_this_interpreter_in_the_companys_folder_with_its_parameters(tmp_path, capfd):
    notebook = run(tmp_path, "import os, sys\nprint(period, os.getcwd(), sys.executable)")
    assert printed(notebook).split() == ["2026-10", str(tmp_path), sys.executable]
    assert capfd.readouterr() == ("", ""), "neither the kernel nor papermill says anything"


def test_an_executed_notebook_hides_its_code_and_forgets_where_it_was_run(tmp_path):
    notebook = run(tmp_path, "period")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.metadata.jupyter.source_hidden for cell in code)
    assert not {"input_path", "output_path"} & notebook.metadata.papermill.keys()


def test_a_failing_cell_is_named_by_its_error_and_the_cells_before_it_are_kept(tmp_path):
    with pytest.raises(PageFailed) as raised:
        run(tmp_path, "print('before')", "1 / 0", "print('after')")
    assert raised.value.cause == "A step of the notebook failed with ZeroDivisionError: division by zero."
    assert printed(nbformat.read(tmp_path / "out {braces}.ipynb", 4)) == "before\n"


def test_crmkits_own_errors_are_passed_on_as_the_sentences_they_are(tmp_path):
    with pytest.raises(PageFailed) as raised:
        run(tmp_path, "from crmkit.errors import UnknownName\nraise UnknownName('metric', 'npss', ['nps'])")
    assert raised.value.cause == "A step of the notebook failed. There is no metric 'npss'. Did you mean 'nps'?"


def test_a_kernel_that_dies_is_a_failure_although_its_notebook_looks_complete(tmp_path, capfd):
    with pytest.raises(PageFailed, match="stopped without a message") as raised:
        run(tmp_path, "import os\nos._exit(9)")
    assert "--jobs 1" in raised.value.next_step
    assert capfd.readouterr() == ("", "")


def test_a_cell_that_hangs_is_stopped_at_the_deadline(tmp_path):
    start = time.monotonic()
    with pytest.raises(PageFailed, match="did not finish within 3 seconds") as raised:
        run(tmp_path, "import time\ntime.sleep(200)", deadline=3)
    assert "--deadline" in raised.value.next_step
    assert time.monotonic() - start < 100


def test_the_deadline_is_for_the_whole_notebook_and_not_for_each_cell(tmp_path):
    with pytest.raises(PageFailed, match="did not finish within 3 seconds"):
        run(tmp_path, *["import time\ntime.sleep(0.8)"] * 12, deadline=3)


def test_no_further_cell_is_run_once_the_run_is_stopped(tmp_path):
    stop = Stop()
    stop.set()
    with pytest.raises(PageFailed):
        run(tmp_path, f"open({str(tmp_path / 'ran')!r}, 'w').close()", stop=stop)
    assert not (tmp_path / "ran").exists()


def test_a_cell_that_is_running_ends_when_the_run_is_stopped(tmp_path):
    stop = Stop()
    threading.Timer(6, stop.set).start()
    start = time.monotonic()
    with pytest.raises(PageFailed):
        run(tmp_path, "import time\ntime.sleep(120)", stop=stop, deadline=120)
    assert time.monotonic() - start < 100
