"""What is said of parameters that do not fit, before any kernel starts."""

import pytest

from crmkit.errors import Problems
from crmkit.reporting.runner.notebooks import Notebook, checked_parameters
from tests.reporting.tiny import write_notebook

GIVEN = {"period": "2026-10", "settings": "crmkit.toml"}


def problems_of(notebooks, given):
    with pytest.raises(Problems) as raised:
        checked_parameters(notebooks, given)
    return raised.value.problems


def test_text_from_a_command_line_takes_the_type_of_the_notebooks_default(tmp_path):
    lines = 'period = "2026-01"  # month\nsettings = None  # file\nhistory = 13  # months\nshare = 0.5  # part\nshort = False  # brief'
    notebook = Notebook(write_notebook(tmp_path, "01_page", parameters=lines))
    given = GIVEN | {"period": "2026", "history": "25", "share": "1", "short": "true"}
    assert checked_parameters([notebook], given)[notebook] == {
        "period": "2026",
        "settings": "crmkit.toml",
        "history": 25,
        "share": 1.0,
        "short": True,
    }


@pytest.mark.parametrize(
    ("default", "value", "message"),
    [
        ("13", "ten", "history must be a whole number, not 'ten'."),
        ("13", "2.5", "history must be a whole number, not '2.5'."),
        ("0.5", "half", "history must be a number, not 'half'."),
        ("False", "yes", "history must be true or false, not 'yes'."),
        ('"a"', 5, "history must be text, not 5."),
        ("13", True, "history must be a whole number, not True."),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_the_value(tmp_path, default, value, message):
    lines = f'period = "2026-01"  # month\nsettings = None  # file\nhistory = {default}  # months'
    notebook = Notebook(write_notebook(tmp_path, "01_page", parameters=lines))
    assert problems_of([notebook], GIVEN | {"history": value}) == [f"01_page.ipynb: {message}"]


def test_a_parameter_goes_to_the_pages_that_have_it(tmp_path):
    long = Notebook(
        write_notebook(tmp_path, "01_long", parameters='period = ""  # m\nsettings = ""  # s\nhistory = 13  # n')
    )
    short = Notebook(write_notebook(tmp_path, "02_short"))
    checked = checked_parameters([long, short], GIVEN | {"history": "6"})
    assert checked[long]["history"] == 6
    assert "history" not in checked[short]


def test_a_parameter_that_no_page_has_is_answered_with_the_nearest(tmp_path):
    lines = 'period = "2026-01"  # month\nsettings = None  # file\nhistory = 13  # months'
    notebook = Notebook(write_notebook(tmp_path, "01_page", parameters=lines))
    assert problems_of([notebook], GIVEN | {"histroy": "6"}) == [
        "no page has a parameter 'histroy'. Did you mean 'history'?"
    ]


def test_all_faults_of_all_pages_are_listed_at_once(tmp_path):
    misspelt = write_notebook(tmp_path, "01_misspelt", parameters='perod = "2026-01"  # month\nsettings = None  # file')
    number = write_notebook(tmp_path, "02_number", parameters="period = 2026  # month\nsettings = None  # file")
    without = write_notebook(tmp_path, "03_without", parameters="")
    computed = write_notebook(
        tmp_path, "04_computed", parameters="period = str(2026)  # month\nsettings = None  # file"
    )
    broken = tmp_path / "05_broken.ipynb"
    broken.write_text("{ not a notebook")
    found = problems_of([Notebook(path) for path in (misspelt, number, without, computed, broken)], GIVEN)
    assert "01_misspelt.ipynb has no parameter 'period'. Did you mean 'perod'?" in found
    assert "02_number.ipynb: period = 2026 must be text, in quotes." in found
    assert any(text.startswith("03_without.ipynb has no cell tagged 'parameters'") for text in found)
    assert "04_computed.ipynb: period = str(2026) is not a plain value." in found
    assert any(text.startswith("05_broken.ipynb cannot be read as a notebook") for text in found)


def test_a_page_that_cannot_show_some_customers_only_is_refused_where_others_can(tmp_path):
    able = write_notebook(tmp_path, "01_able", parameters='period = ""  # p\nsettings = ""  # s\nwhere = ""  # w')
    unable = write_notebook(tmp_path, "02_unable", parameters='period = ""  # p\nsettings = ""  # s')
    pages = [Notebook(able), Notebook(unable)]
    with pytest.raises(Problems, match="02_unable.ipynb has no parameter 'where'"):
        checked_parameters(pages, {"period": "2026-10", "settings": "x", "where": "country = 'DE'"})
    assert "where" in checked_parameters(pages[:1], {"period": "2026-10", "where": "country = 'DE'"})[pages[0]]
    assert checked_parameters(pages, {"period": "2026-10", "settings": "x"})
