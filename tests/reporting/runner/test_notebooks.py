"""Which notebooks are pages, and how one is chosen."""

import pytest

from crmkit.errors import CrmkitError, UnknownName
from crmkit.reporting.runner.notebooks import Notebook, choose, find_notebooks
from tests.reporting.tiny import write_notebook


def test_pages_come_in_the_order_of_their_numbers_and_drafts_are_left_out(tmp_path):
    for name in ("10_last", "01_first", "draft", "02_second_page"):
        write_notebook(tmp_path, name)
    assert [notebook.page for notebook in find_notebooks(tmp_path)] == ["first", "second_page", "last"]


def test_crmkits_own_pages_begin_with_data_quality_and_scorecard():
    assert [notebook.page for notebook in find_notebooks()][:2] == ["data_quality", "scorecard"]


def test_a_folder_without_notebooks_is_named(tmp_path):
    with pytest.raises(CrmkitError, match=r"no notebooks in .*such as 01_scorecard\.ipynb"):
        find_notebooks(tmp_path)


def test_a_page_is_chosen_by_its_name_or_by_its_file_name(tmp_path):
    notebooks = [Notebook(write_notebook(tmp_path, name)) for name in ("00_data_quality", "01_scorecard")]
    assert choose(notebooks, None) == notebooks
    assert choose(notebooks, ["scorecard"]) == choose(notebooks, ["01_scorecard.ipynb"]) == notebooks[1:]


def test_a_page_misspelt_is_answered_with_the_nearest(tmp_path):
    notebooks = [Notebook(write_notebook(tmp_path, "01_scorecard"))]
    with pytest.raises(UnknownName, match=r"There is no page 'scorcard'\. Did you mean 'scorecard'\?"):
        choose(notebooks, ["scorcard"])


def test_a_page_is_titled_with_the_first_heading_of_its_notebook(tmp_path):
    assert Notebook(write_notebook(tmp_path, "01_scorecard")).title == "Page 01_scorecard"
    assert Notebook(tmp_path / "02_who_leaves.ipynb").title == "Who leaves"
