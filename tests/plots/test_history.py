"""The history of one metric, as it is drawn: what stands there, and what happens where data is missing."""

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex

from crmkit.errors import CrmkitError
from crmkit.plots import plot_history
from crmkit.plots.hover import values_of
from crmkit.plots.palette import LIGHT
from tests.reporting.factories import history_frame


def points(ax):
    """Place, height and colour of each dot."""
    collections = [each for each in ax.collections if isinstance(each, PathCollection)]
    return [(*at, to_hex(each.get_facecolor()[0])) for each in collections for at in each.get_offsets().tolist()]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def tick_texts(ax):
    ax.figure.canvas.draw()
    return [tick.get_text() for tick in ax.get_xticklabels()]


def test_thirteen_periods_give_thirteen_points_and_the_last_is_named():
    ax = plot_history(history_frame("churn_rate"), target=0.04)
    assert len(points(ax)) == 13
    assert texts(ax) == ["6.2 %", "Target 4 %"]
    assert tick_texts(ax)[0] == "Oct\n2025" and tick_texts(ax)[3] == "Jan\n2026" and tick_texts(ax)[-1] == "Oct"


def test_the_whiskers_are_the_intervals_to_the_digit():
    history = history_frame("churn_rate")
    ax = plot_history(history)
    lines = [each for each in ax.collections if isinstance(each, LineCollection)]
    whiskers = [segment[:, 1] for each in lines for segment in each.get_segments()]
    assert np.allclose(whiskers, history[["low", "high"]].to_numpy())


def test_a_worse_last_point_has_the_colour_of_worse():
    ax = plot_history(history_frame("churn_rate"), tone="worse")
    assert points(ax)[-1][2] == LIGHT["worse"]
    assert points(ax)[0][2] == LIGHT["accent"]


def test_a_missing_period_breaks_the_line_and_is_said():
    history = history_frame("nps")
    history.loc[4, ["value", "low", "high"]] = np.nan
    ax = plot_history(history)
    assert len(points(ax)) == 12
    assert "no data" in texts(ax)
    assert [each.get_xdata().tolist() for each in ax.lines] == [[0, 1, 2, 3], [5, 6, 7, 8, 9, 10, 11, 12]]


def test_counts_begin_at_zero_and_shares_may_not():
    history = history_frame("churn_rate")
    assert plot_history(history).get_ylim()[0] > 0
    counts = history.assign(unit="count", value=900.0, low=880.0, high=930.0)
    assert plot_history(counts).get_ylim()[0] == 0


def test_each_point_says_its_period_value_and_interval_when_it_is_pointed_at():
    said = [
        words for each in values_of(plot_history(history_frame("churn_rate")).get_figure()).values() for words in each
    ]
    assert len(said) == 13
    assert said[-1] == "October 2026: 6.2 % (5.5 to 6.9 %)"


def test_one_period_alone_is_a_point_with_its_name():
    ax = plot_history(history_frame("nps", n_periods=1))
    assert len(points(ax)) == 1 and texts(ax) == ["41 points"]


@pytest.mark.parametrize("n_periods", [1, 13])
def test_no_data_at_all_is_said_in_words(n_periods):
    history = history_frame("nps", n_periods=n_periods)
    history[["value", "low", "high"]] = np.nan
    ax = plot_history(history, target=45)
    assert texts(ax) == ["No data in this period" if n_periods == 1 else "No data in these 13 periods"]


def test_an_interval_that_is_not_known_is_not_drawn():
    history = history_frame("sales_cycle", n_periods=3).assign(value=[30.0, 35.0, 38.0], low=20.0, high=np.nan)
    assert points(plot_history(history))[-1][1] == 38.0


def test_money_has_its_currency_on_the_axis_and_at_the_point():
    ax = plot_history(history_frame("customer_acquisition_cost"), currency="EUR", target=40)
    ax.figure.canvas.draw()
    assert "€38" in texts(ax)
    assert all(tick.get_text().startswith("€") for tick in ax.get_yticklabels())


def test_a_narrow_figure_has_fewer_labels_and_keeps_the_last():
    ax = plot_history(history_frame("churn_rate"))
    wide = tick_texts(ax)
    ax.figure.set_size_inches(3.5, 3)
    narrow = tick_texts(ax)
    assert len(narrow) < len(wide) == 13 and narrow[-1] == "Oct"


def test_quarters_and_weeks_have_labels_too():
    quarters = history_frame("nps", n_periods=3).assign(period=["2026-Q2", "2026-Q3", "2026-Q4"])
    assert tick_texts(plot_history(quarters)) == ["Q2\n2026", "Q3", "Q4"]
    weeks = history_frame("nps", n_periods=3).assign(period=["2026-W52", "2026-W53", "2027-W01"])
    assert tick_texts(plot_history(weeks)) == ["W52\n2026", "W53", "W01\n2027"]


def test_it_draws_on_axes_that_are_given():
    figure, ax = pyplot.subplots()
    assert plot_history(history_frame("nps"), ax) is ax
    assert pyplot.get_fignums() == [figure.number]


def test_two_metrics_in_one_frame_are_refused():
    with pytest.raises(CrmkitError, match="draws one metric"):
        plot_history(history_frame())


def test_the_target_label_does_not_sit_on_the_label_of_the_last_point():
    history = history_frame("churn_rate")
    ax = plot_history(history, target=0.0625)
    ax.figure.canvas.draw()
    last, target = (text.get_window_extent() for text in ax.texts)
    assert not last.overlaps(target)
