"""The map and the flow of segments: every customer and every move has its place, names never overlap."""

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.patches import PathPatch

from crmkit.models.segments.rfm import LADDER
from crmkit.plots import plot_segment_flow, plot_segment_map


def test_five_thousand_customers_are_500_dots_and_each_segment_a_name():
    random = np.random.default_rng(0)
    customers = pd.DataFrame(
        {
            "segment": np.repeat(["Loyal", "Lost $5"], 2500),
            "days_since_order": random.integers(0, 900, 5000),
            "revenue": random.gamma(1, 90, 5000),
        }
    )
    ax = plot_segment_map(customers, currency="EUR")
    assert sum(len(dots.get_offsets()) for dots in ax.collections) == 500
    assert {text.get_text() for text in ax.texts} == {"Loyal", "Lost $5"}
    assert ax.get_xlim()[0] < ax.get_xlim()[1] and ax.get_xticklabels()[0].get_text() == "today"


def test_on_a_telephone_the_words_of_the_axis_keep_apart():
    customers = pd.DataFrame({"segment": ["Loyal", "Lost"], "days_since_order": [3, 1400], "revenue": [12_000.0, 10.0]})
    ax = plot_segment_map(customers, currency="EUR")
    words = [label.get_text() for label in ax.get_xticklabels()]
    assert words == ["today", "a week", "2 months", "a year"]
    ax.figure.set_size_inches(3.5, 5.4)
    ax.figure.canvas.draw()
    labels = ax.get_xticklabels()
    assert [label.get_text().replace("\n", " ") for label in labels] == words
    boxes = sorted((label.get_window_extent() for label in labels), key=lambda box: box.x0)
    assert all(left.x1 + 4 < right.x0 for left, right in pairwise(boxes))


def test_a_refund_larger_than_all_orders_and_one_customer_are_drawn():
    ax = plot_segment_map(pd.DataFrame({"segment": ["Lost"], "days_since_order": [0], "revenue": [-50.0]}))
    assert np.isfinite(ax.collections[0].get_offsets()).all()


def test_ribbons_are_as_wide_as_their_moves_and_names_keep_apart():
    moves = pd.DataFrame(
        {
            "from": ["a", "a", "b", "c"],
            "to": ["a", "b", "b", "d"],
            "n": [60, 20, 18, 2],
            "direction": ["stayed", "down", "stayed", "new"],
        }
    )
    ax = plot_segment_flow(moves, order=["a", "b", "c", "d"])
    heights = [
        np.diff(patch.get_path().vertices[[0, -2], 1])[0] for patch in ax.patches if isinstance(patch, PathPatch)
    ]
    np.testing.assert_allclose(np.array(heights) / heights[0], [1, 20 / 60, 18 / 60, 2 / 60])
    right = sorted(text.xy[1] for text in ax.texts if text.xy[0] > 0.5)
    assert min(np.diff(right)) > 0.03


def test_on_a_telephone_no_name_of_the_flow_is_cut_off():
    names = ["Champions", "Potential loyalists", "Cannot lose them", "Need attention", "Hibernating"]
    moves = pd.DataFrame({"from": names, "to": names[::-1], "n": 1029, "direction": "stayed"})
    ax = plot_segment_flow(moves, order=names)
    ax.figure.set_size_inches(3.5, 6.6)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert min(box.x0 for box in boxes) >= 0 and max(box.x1 for box in boxes) <= ax.figure.bbox.width


def test_eleven_segments_have_eleven_colours_and_keep_them_where_five_are_shown():
    names = list(LADDER)
    customers = pd.DataFrame({"segment": names, "days_since_order": range(11), "revenue": np.arange(11) * 50.0})
    colours = {text.get_text(): text.get_color() for text in plot_segment_map(customers).texts}
    assert len(set(colours.values())) == len(names) == 11
    few = plot_segment_map(customers.iloc[3:8])
    assert {text.get_text(): text.get_color() for text in few.texts} == {name: colours[name] for name in names[3:8]}
