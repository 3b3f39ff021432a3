"""Marks are drawn by seaborn, and a name keeps its colour."""

import subprocess
import sys

import pandas as pd
from matplotlib import pyplot

from crmkit.plots import marks
from crmkit.plots.palette import GROUPS, colours_of

ROWS = pd.DataFrame({"x": [1, 2, 3], "y": [2.0, 4.0, 3.0], "low": [1.0, 3.0, None], "high": [3.0, 5.0, None]})


def test_intervals_go_from_low_to_high_and_a_row_without_them_has_none():
    ax = pyplot.subplots()[1]
    marks.intervals(ax, ROWS, "x", color="#123456", width=5)
    marks.intervals(ax, ROWS, "y", color="#123456", width=5, along="x")
    upright, level = (each.get_segments() for each in ax.collections)
    assert [segment.tolist() for segment in upright] == [[[1, 1], [1, 3]], [[2, 3], [2, 5]]]
    assert [segment.tolist() for segment in level] == [[[1, 2], [3, 2]], [[3, 4], [5, 4]]]


def test_names_of_columns_do_not_become_names_of_axes():
    ax = pyplot.subplots()[1]
    ax.set_ylabel("customers")
    marks.line(ax, ROWS, "x", "y", color="#123456")
    marks.dots(ax, ROWS, "x", "y", color="#123456", size=4)
    marks.bars(ax, ROWS, "x", "y", color="#123456")
    marks.band(ax, ROWS.dropna(), "x", color="#123456")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("", "customers")


def test_a_name_has_one_colour_whoever_stands_beside_it():
    names = ["search", "social", "fair", "friend", "mail", "press"]
    colours = colours_of(names)
    assert sorted(colours.values()) == sorted(GROUPS[:6])  # that readers of any colour blindness tell apart
    assert colours_of(reversed(names)) == colours
    assert colours_of(["mail", "fair"], known=names) == {name: colours[name] for name in ("mail", "fair")}


def test_nine_names_still_have_a_colour_each():
    colours = colours_of(f"plan {number}" for number in range(9))
    assert len(colours) == len(set(colours.values())) == 9


def test_seaborn_is_loaded_by_the_first_mark_and_not_before():
    code = "import crmkit.plots.history, sys; sys.exit('seaborn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
