"""Figures as pictures: small, the same every time, dark on a dark page, with a text alternative that says something."""

import base64
import re
from io import BytesIO, StringIO
from urllib.parse import unquote

import matplotlib
import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib import pyplot
from matplotlib.figure import Figure
from PIL import Image as Pillow

from crmkit.errors import CrmkitError
from crmkit.plots import plot_groups, plot_history
from crmkit.plots.palette import DARK, LIGHT
from crmkit.plots.theme import new_axes
from crmkit.reporting.display import figures as images
from crmkit.reporting.display.figures import encoded
from crmkit.reporting.pages import figure
from tests.reporting.factories import groups_frame, history_frame
from tests.reporting.rendered_pages import HOSTILE

ALT = "Customers lost per month: near 4 percent for a year, then 6.2 percent."


def text_of(uri):
    kind, _, content = uri.partition(",")
    return base64.b64decode(content).decode() if kind.endswith("base64") else unquote(content)


def test_a_figure_is_a_small_vector_picture_with_one_for_telephones():
    image = encoded(plot_history(history_frame("churn_rate"), target=0.04).get_figure())
    assert image.uri.startswith("data:image/svg+xml") and image.narrow_uri.startswith("data:image/svg+xml")
    assert len(image.uri) + len(image.narrow_uri) < 60_000
    assert 'viewBox="0 0 252 ' in text_of(image.narrow_uri)


def test_the_picture_carries_both_sets_of_colours():
    svg = text_of(encoded(plot_history(history_frame("churn_rate")).get_figure()).uri)
    style = svg[svg.index("<style>") : svg.index("</style>")]
    for name in ("soft", "accent", "band"):
        assert LIGHT[name] in style and DARK[name] in style
        assert LIGHT[name] not in svg.replace(style, "")
    assert "prefers-color-scheme:dark" in style


def test_the_same_figure_gives_the_same_bytes():
    first, second = (encoded(plot_groups(groups_frame()).get_figure()) for _ in range(2))
    assert first == second


def test_the_figure_keeps_its_size():
    figure_ = plot_history(history_frame("nps")).get_figure()
    before = figure_.get_size_inches().tolist()
    encoded(figure_)
    assert figure_.get_size_inches().tolist() == before


def test_a_figure_of_many_points_is_lossless_webp_at_200_dpi():
    ax = new_axes((4, 3))
    random = np.random.default_rng(0)
    ax.scatter(random.normal(size=20_000), random.normal(size=20_000))
    image = encoded(ax.get_figure())
    assert image.uri.startswith("data:image/webp;base64,") and not image.follows_theme
    picture = Pillow.open(BytesIO(base64.b64decode(image.uri.partition(",")[2])))
    assert picture.size == (800, 600)
    assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_a_figure_that_was_not_themed_keeps_its_colours_and_gets_a_light_card():
    figure_, ax = pyplot.subplots(facecolor="white")
    ax.plot([1, 2])
    assert not encoded(figure_).follows_theme
    assert 'class="card light"' in figure(figure_, "Two points", alt=ALT).html


def test_several_axes_are_not_squeezed_but_scroll():
    figure_, axes = pyplot.subplots(1, 3)
    for ax in axes:
        ax.plot([1, 2])
    assert encoded(figure_).narrow_uri == ""
    assert 'class="wide"' in figure(figure_, "Three charts", alt=ALT).html


def test_a_name_in_a_figure_cannot_leave_the_picture():
    groups = groups_frame().assign(channel=["</text><script>alert(1)</script>"] * 5)
    svg = text_of(encoded(plot_groups(groups).get_figure()).uri)
    assert "<script" not in svg and "&lt;script&gt;" in svg


def test_the_message_is_the_heading_and_the_numbers_are_behind_a_fold():
    history = history_frame("churn_rate")
    shown = figure(
        plot_history(history), "Customers left faster", "Share lost", alt=ALT, caption="A caveat", data=history
    )
    page = BeautifulSoup(shown.html, "html.parser")
    assert page.h2.get_text() == "Customers left faster"
    assert page.img["alt"] == ALT
    assert page.figcaption.get_text() == "A caveat"
    assert len(page.select("details tbody tr")) == 13
    assert repr(shown) == "<crmkit figure: Customers left faster>"


@pytest.mark.parametrize("alt", ["", "   ", "chart", "churn by month"])
def test_a_text_alternative_that_says_nothing_is_refused(alt):
    with pytest.raises(CrmkitError, match="as you would say it on the telephone"):
        figure(plot_history(history_frame("nps")), "Title", alt=alt)


def test_title_alternative_and_caption_are_text():
    html = figure(plot_history(history_frame("nps")), HOSTILE, HOSTILE, alt=HOSTILE, caption=HOSTILE).html
    assert "<script" not in html and "<img src=x" not in html
    assert BeautifulSoup(html, "html.parser").img["alt"] == HOSTILE


def test_a_figure_is_closed_so_that_a_notebook_does_not_show_it_twice():
    pyplot.close("all")
    figure(plot_history(history_frame("nps")), "Title", alt=ALT)
    assert pyplot.get_fignums() == []


def test_grids_of_seaborn_can_be_shown():
    import seaborn

    grid = seaborn.relplot(history_frame("nps"), x="n", y="value")
    assert figure(grid, "A grid", alt=ALT).html.count("<img") == 1


def test_a_figure_is_laid_out_as_savefig_does_and_drawn_once(monkeypatch):
    drawing = Figure(figsize=(4, 3), layout="constrained")
    drawing.subplots().plot([1, 2, 4], label="orders")
    drawing.axes[0].set_ylabel("Orders")
    drawn, draw = [], Figure.draw
    monkeypatch.setattr(Figure, "draw", lambda self, renderer: (drawn.append(1), draw(self, renderer)))
    ours = images._svg(drawing)
    assert len(drawn) == 1
    theirs = StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none"}):
        drawing.savefig(theirs, format="svg", metadata={"Date": None})
    for own, other in zip(places(ours), places(theirs.getvalue()), strict=True):
        assert own == pytest.approx(other, abs=0.6)


def places(svg):
    """Where the paths of a picture go, in points."""
    paths = re.findall(r'<path[^>]* d="([^"]+)"', svg)
    return [[float(number) for number in re.findall(r"-?[0-9.]+", path)] for path in paths]
