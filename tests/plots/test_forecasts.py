"""Curves with numbers at risk, forecasts beside what came, money over a life."""

from itertools import pairwise

import pandas as pd
import pytest

from crmkit.plots import plot_calibration, plot_life, plot_tenure


def curve(name, end, guessed=True):
    seen = pd.DataFrame({"month": [0, 6, 12], "value": [1, 0.8, end], "at_risk": [50, 40, 20], "extrapolated": False})
    ahead = pd.DataFrame({"month": [12, 18], "value": [end, end * 0.9], "at_risk": None, "extrapolated": True})
    rows = pd.concat([seen, ahead] if guessed else [seen], ignore_index=True)
    return rows.assign(group=name, low=rows["value"] * 0.9, high=rows["value"])


def test_what_is_observed_is_a_whole_line_and_the_rest_is_dashed():
    ax = plot_tenure(curve("Small", 0.6))
    observed, ahead = ax.lines
    assert observed.get_linestyle() == "-" and ahead.get_linestyle() == "--"
    assert plot_tenure(curve("Small", 0.6, guessed=False)).lines[0].get_linestyle() == "-"


def test_the_numbers_at_risk_stand_below_and_names_that_end_together_do_not_overlap():
    ax = plot_tenure(pd.concat([curve("Small", 0.60), curve("Large", 0.61)]))
    texts = [text.get_text() for text in ax.texts]
    assert texts.count("50") == 2 and texts.count("20") == 2 and {"Small", "Large"} <= set(texts)
    heights = sorted(text.xy[1] for text in ax.texts if text.get_text() in ("Small", "Large"))
    assert heights[1] - heights[0] == pytest.approx(0.06)


def test_on_a_telephone_the_numbers_at_risk_do_not_overlap():
    months = range(0, 37, 6)
    years = pd.DataFrame(
        {"month": months, "value": 0.5, "low": 0.4, "high": 0.6, "at_risk": 1796, "extrapolated": False}
    )
    ax = plot_tenure(years.assign(group="Small"))
    ax.figure.set_size_inches(3.5, 4.2)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts if text.get_text() == "1,796"]
    assert len(boxes) == 4
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_bars_are_what_came_and_dots_what_was_foreseen():
    ax = plot_calibration(pd.DataFrame({"tenth": [1, 2], "predicted": [90.0, 20.0], "actual": [85.0, 22.0]}))
    assert [bar.get_height() for bar in ax.patches] == [85.0, 22.0]
    assert ax.collections[0].get_offsets().tolist() == [[1, 90.0], [2, 20.0]]


def test_the_line_ends_at_the_value_of_three_years():
    ax = plot_life(pd.DataFrame({"month": [0, 36], "value": [20.0, 90.0], "observed": [1.0, 0.5]}), currency="EUR")
    assert ax.lines[0].get_ydata().tolist() == [20.0, 90.0]
