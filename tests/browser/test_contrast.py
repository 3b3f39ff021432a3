"""Every text of a page stands out from what lies beneath it, in pictures too, on light, dark and printed pages."""

import numpy as np
import pandas as pd
import pytest
from nbformat.v4 import new_markdown_cell

from crmkit import plots
from crmkit.reporting.display.tables import table
from crmkit.reporting.pages import figure
from tests.contrast import contrasts, too_faint
from tests.reporting.factories import groups_frame, history_frame
from tests.reporting.rendered_pages import rendered, shown

ALT = "A chart of invented numbers, to see whether its words can be read."


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    """A page with a chart of each kind, and a table."""
    months = pd.DataFrame({"month": range(25), "value": 900 * 0.97 ** np.arange(25)})
    months = months.assign(low=0.9 * months["value"], high=1.1 * months["value"], at_risk=40.0, extrapolated=False)
    shares = months.assign(value=months["value"] / 1000, low=months["low"] / 1000, high=months["high"] / 1000)
    names = ("Office", "Home", "Fair", "Search", "Press", "Mail")
    tenure = pd.concat([shares.assign(group=name, value=shares["value"] - n / 20) for n, name in enumerate(names)])
    tenths = pd.DataFrame({"tenth": range(1, 11), "chance": 0.2, "low": 0.1, "high": 0.3, "lost": 0.25})
    customers = pd.DataFrame(
        {"segment": ["Loyal", "New", "Lost"] * 50, "days_since_order": range(150), "revenue": 90.0}
    )
    moves = pd.DataFrame({"from": ["a", "a"], "to": ["a", "b"], "n": [8, 4], "direction": ["stayed", "down"]})
    parts = pd.DataFrame({"label": ["New", "Lost", "Net"], "value": [5.0, -2.0, 3.0], "low": 0.0, "high": 1.0})
    history = history_frame("churn_rate")
    history.loc[3, ["value", "low", "high"]] = np.nan
    charts = [
        plots.plot_history(history, target=0.04, tone="worse"),
        plots.plot_groups(groups_frame(), overall=0.06),
        plots.plot_tenure(tenure),
        plots.plot_reliability(tenths),
        plots.plot_remaining(months),
        plots.plot_calibration(tenths.rename(columns={"chance": "predicted", "lost": "actual"})),
        plots.plot_segment_map(customers),
        plots.plot_segment_flow(moves),
        plots.plot_waterfall(parts.assign(unit="money")),
    ]
    cells = [shown(figure(chart, f"Chart {place}", alt=ALT)) for place, chart in enumerate(charts)]
    cells.append(shown(table(groups_frame()[["channel", "value"]], "A table")))
    return rendered(tmp_path_factory.mktemp("gallery"), new_markdown_cell("# Gallery\n\nQ?"), *cells, name="gallery")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("kind", ["gallery", "scorecard"])
def test_every_text_stands_out(visit, gallery, scorecard, kind, width, scheme):
    page = visit({"gallery": gallery, "scorecard": scorecard}[kind], width=width, scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    assert len(contrasts(page)) > 80
    assert too_faint(page) == []


def test_on_paper_every_text_stands_out_even_from_a_dark_screen(visit, gallery):
    page = visit(gallery, scheme="dark")
    page.emulate_media(media="print")
    assert too_faint(page) == []


def test_a_faint_text_is_found_in_a_picture_and_outside(visit, gallery):
    page = visit(gallery)
    page.evaluate("document.querySelector('svg.for-screens text').style.fill = '#b0b0b0'")
    page.evaluate("document.querySelector('h1').style.color = '#c0c0c0'")
    assert len(too_faint(page)) == 2


def test_at_twice_the_size_nothing_scrolls_sideways_and_no_text_is_cut(visit, gallery):
    page = visit(gallery, width=640)  # a window of 1280 at 200 %
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    cut = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)"
    assert page.locator("h1, h2, h3, p, .chip").evaluate_all(cut) == []


def test_no_two_elements_of_a_page_have_one_id(visit, gallery):
    page = visit(gallery)
    ids = page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert len(ids) == len(set(ids)) > 5
