"""The labels of axes: money looks like money, and all labels of an axis have the same digits."""

import pandas as pd
import pytest

import crmkit as ck
from crmkit.plots.ticks import tick_labels


def labels(axis):
    axis.axes.figure.canvas.draw()
    low, high = sorted(axis.get_view_interval())
    return [
        text.get_text()
        for place, text in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
        if low <= place <= high
    ]


@pytest.mark.parametrize(
    ("unit", "top", "currency", "ticks", "told"),
    [
        ("money", 1.6, "EUR", [1.2, 1.4, 1.6], ["€1.20", "€1.40", "€1.60"]),
        ("money", 10, "EUR", [0, 2.5, 5, 7.5, 10], ["€0", "€2.50", "€5.00", "€7.50", "€10.00"]),
        ("money", 10, "EUR", [0, 5, 10], ["€0", "€5", "€10"]),
        ("money", 0.1, "EUR", [0.025, 0.05], ["€0.025", "€0.050"]),
        ("money", 1600, "EUR", [1400, 1450], ["€1,400", "€1,450"]),
        ("money", 8, "EUR", [-2.5, 0], ["−€2.50", "€0"]),
        ("money", 2e6, "EUR", [0, 5e5, 2e6], ["€0", "€0.5 million", "€2.0 million"]),
        ("money", 10, None, [2.5], ["2.50"]),
        ("share", 0.1, None, [0, 0.025, 0.05], ["0 %", "2.5 %", "5.0 %"]),
        ("points", 5, None, [0, 2.5, 5], ["0", "2.5", "5.0"]),
        ("count", 4000, None, [0, 2000], ["0", "2,000"]),
    ],
)
def test_the_labels_of_an_axis(unit, top, currency, ticks, told):
    assert tick_labels(unit, top, ticks, currency=currency) == told


def history(*values, unit="money"):
    return pd.DataFrame(
        {
            "period": [f"2026-{month:02d}" for month in range(1, len(values) + 1)],
            "value": values,
            "low": [value - 0.1 for value in values],
            "high": [value + 0.1 for value in values],
            "unit": unit,
        }
    )


def test_a_cost_between_1_20_and_1_60_has_cents_on_its_axis():
    told = labels(ck.plots.plot_history(history(1.3, 1.5), currency="EUR").yaxis)
    assert {"€1.20", "€1.40", "€1.60"} <= set(told) and all(len(each) == 5 for each in told)


def test_an_axis_of_yen_has_no_tick_between_two_yen():
    told = labels(ck.plots.plot_history(history(1.3, 3.5), currency="JPY").yaxis)
    assert told == ["¥1", "¥2", "¥3"]


def test_the_profit_of_contacts_is_reported_in_the_currency():
    ax = ck.plots.plot_call_profit(pd.DataFrame({"n": [1, 2, 3], "profit": [500.0, 1400.0, 900.0]}), currency="EUR")
    assert "€1,000" in labels(ax.yaxis) and set(labels(ax.xaxis)) == {"1", "2", "3"}


def test_no_label_of_a_waterfall_is_struck_through_by_the_line_at_zero():
    values = [95.0, -115.0, -477.0, 0.0, 190.0, -307.0]
    parts = pd.DataFrame({"label": list("abcdef"), "value": values, "low": values, "high": values, "unit": "money"})
    ax = ck.plots.plot_waterfall(parts, currency="EUR")
    ax.figure.set_size_inches(3.5, 3.9)
    ax.figure.canvas.draw()
    zero = ax.transData.transform((0, 0))[0]
    assert all(text.get_window_extent().x0 > zero for text in ax.texts)


def test_the_parts_of_a_waterfall_are_reported_to_the_unit_so_that_they_add_up():
    parts = pd.DataFrame(
        {
            "label": ["New", "Gone", "Net"],
            "value": [7148.0, -11334.0, -4186.0],
            "low": [6000.0, -13000.0, -9300.0],
            "high": [8200.0, -10000.0, 900.0],
            "unit": "money",
        }
    )
    assert [text.get_text() for text in ck.plots.plot_waterfall(parts, currency="EUR").texts] == [
        "€7,148",
        "−€11,334",
        "−€4,186",
    ]
