"""One metric by group, as it is drawn."""

import pytest
from matplotlib.collections import PathCollection

from crmkit.errors import CrmkitError
from crmkit.plots import plot_groups
from tests.reporting.factories import groups_frame


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_groups_stand_in_the_order_of_their_values_with_the_same_digits():
    shown = texts(plot_groups(groups_frame()))
    assert [text for text in shown if text.endswith("%")] == ["9.4 %", "5.8 %", "5.1 %", "3.1 %"]


def test_unsorted_groups_keep_the_order_of_the_rows():
    shown = texts(plot_groups(groups_frame(), sort=False))
    assert [text for text in shown if text.endswith("%")] == ["9.4 %", "5.1 %", "3.1 %", "5.8 %"]


def test_a_long_name_is_cut_and_an_unknown_group_is_named():
    shown = texts(plot_groups(groups_frame()))
    assert "Recommended by a friend who already…" in shown
    assert "(not known)" in shown


def test_a_group_too_small_to_measure_says_so_instead_of_a_dot():
    ax = plot_groups(groups_frame())
    assert "too few" in texts(ax)
    dots = [each for each in ax.collections if isinstance(each, PathCollection)]
    assert sum(len(each.get_offsets()) for each in dots) == 4


def test_a_rough_value_is_marked_as_too_few():
    rough = groups_frame().assign(status="too few").head(1)
    assert texts(plot_groups(rough))[0] == "9 %, too few"


def test_a_dollar_sign_in_a_name_is_no_mathematics():
    groups = groups_frame().assign(channel=["$x^2$ and $y_1$"] * 5)
    ax = plot_groups(groups)
    ax.figure.canvas.draw()
    assert not any(text.get_parse_math() for text in ax.texts)


def test_the_value_over_all_is_a_line_with_its_number():
    assert "all: 6.2 %" in texts(plot_groups(groups_frame(), overall=0.062))


def test_more_groups_make_a_taller_figure():
    few, many = (plot_groups(groups_frame().head(n)).get_figure().get_size_inches()[1] for n in (2, 5))
    assert many > few + 1


def test_groups_of_two_columns_have_both_names():
    groups = groups_frame().assign(plan="monthly")
    assert "Search · monthly" in texts(plot_groups(groups))


def test_a_frame_without_groups_is_refused_with_a_hint():
    with pytest.raises(CrmkitError, match="by='channel'"):
        plot_groups(groups_frame().drop(columns="channel"))
