"""Survival curves: what is written below them can be read on a telephone too."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from crmkit.plots import plot_survival


def curve(group, months, n):
    days = np.arange(0, months * 30.4375 + 1, 7)
    left = np.linspace(1, 0.2, len(days))
    return pd.DataFrame(
        {
            "group": group,
            "age": days,
            "at_risk": np.maximum(n * left**3, 10.0),
            "events": 1.0,
            "survival": left,
            "low": left * 0.9,
            "high": left,
        }
    )


def below(ax, row):
    """Boxes of the ticks' labels, or of a row of numbers, as drawn on a telephone, from the left."""
    ax.figure.set_size_inches(3.5, 5.2)
    ax.figure.canvas.draw()
    texts = ax.get_xticklabels() if row is None else [t for t in ax.texts if t.get_text().replace(",", "").isdigit()]
    boxes = [text.get_window_extent() for text in texts if row is None or text.xyann[1] == row]
    return sorted(boxes, key=lambda box: box.x0)


@pytest.mark.parametrize("months", [7.5, 17, 31, 35, 70])
@pytest.mark.parametrize("groups", [["all"], ["direct", "organic search"]])
def test_on_a_telephone_months_and_numbers_at_risk_keep_apart(groups, months):
    ax = plot_survival(pd.concat([curve(group, months, 5186) for group in groups]))
    for row in (None, *(-46 - 15 * place for place in range(len(groups)))):
        boxes = below(ax, row)
        assert len(boxes) >= 2 and all(left.x1 + 2 < right.x0 for left, right in pairwise(boxes))


def test_months_of_ones_own_are_kept_and_the_unit_is_said_once():
    ax = plot_survival(curve("all", 30, 500), months=(0, 6, 36))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["start", "6"]
    assert ax.get_xlabel() == "months"
    usual = plot_survival(curve("all", 30, 500))
    assert [label.get_text() for label in usual.get_xticklabels()] == ["start", "12", "24"]


def test_a_curve_of_too_few_customers_is_empty_and_no_error():
    assert not plot_survival(curve("all", 12, 500).assign(at_risk=5.0)).lines
