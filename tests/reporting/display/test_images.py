"""Figures as pictures: small, the same every time, in the colours of the page, with an alternative that says something."""

import base64
import re
from io import BytesIO, StringIO

import matplotlib
import numpy as np
import pytest
from bs4 import BeautifulSoup
from matplotlib import pyplot
from matplotlib.figure import Figure
from PIL import Image as Pillow

from crmkit.errors import CrmkitError
from crmkit.plots import plot_groups, plot_history
from crmkit.plots.hover import with_values
from crmkit.plots.palette import LIGHT
from crmkit.plots.theme import new_axes
from crmkit.reporting.display import figures as images
from crmkit.reporting.display.figures import encoded
from crmkit.reporting.pages import figure
from crmkit.reporting.runner.render import _tell_charts_apart
from tests.reporting.factories import groups_frame, history_frame
from tests.reporting.rendered_pages import HOSTILE

ALT = "Customers lost per month: near 4 percent for a year, then 6.2 percent."


def drawings(figure_):
    return BeautifulSoup(encoded(figure_, ALT).html, "html.parser").select("svg.chart")


def test_a_figure_is_a_small_part_of_the_page_with_one_for_telephones():
    wide, narrow = drawings(plot_history(history_frame("churn_rate"), target=0.04).get_figure())
    assert len(str(wide)) + len(str(narrow)) < 12_000
    assert "for-screens" in wide["class"] and "for-phones" in narrow["class"]
    assert narrow["viewbox"].startswith("0 0 252 ")
    assert {text.get_text() for text in wide.select("text")} >= {"6.2 %", "Target 4 %", "Nov"}


def test_colours_of_the_theme_are_variables_of_the_page_with_the_colour_itself_behind():
    html = str(encoded(plot_history(history_frame("churn_rate")).get_figure(), ALT).html)
    for name in ("rule", "accent", "band"):
        assert f"var(--{name},{LIGHT[name]})" in html
    assert re.findall(r":#[0-9a-f]{6}", re.sub(r"var\([^)]*\)", "", html)) == []


def test_the_same_figure_gives_the_same_bytes():
    first, second = (encoded(plot_groups(groups_frame()).get_figure(), ALT) for _ in range(2))
    assert first == second


def test_no_two_charts_have_a_name_in_common():
    figures = [plot_history(history_frame(metric)).get_figure() for metric in ("nps", "churn_rate")]
    names = [part["id"] for each in figures for drawing in drawings(each) for part in drawing.find_all(id=True)]
    assert len(names) == len(set(names)) >= 4
    html = "".join(str(encoded(plot_history(history_frame("nps")).get_figure(), ALT).html))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(re.findall(r'id="([^"]+)"', html))


def test_marks_show_their_values_and_a_path_its_own():
    figure_, ax = pyplot.subplots(facecolor="none")
    with_values(ax.plot([1, 2, 3], "o")[0], ["one", "two", "<three>"])
    with_values(ax.bar([1], [2])[0], ["a bar"])
    with_values(ax.scatter([1, 2], [1, 2]), ["first", "second"])
    wide, narrow = drawings(figure_)
    for drawing in (wide, narrow):
        assert sorted(title.get_text() for title in drawing.select("title")) == [
            "<three>",
            "a bar",
            "first",
            "one",
            "second",
            "two",
        ]


def test_steps_are_written_from_place_to_place_and_nothing_is_lost():
    figure_, ax = pyplot.subplots(facecolor="none")
    ax.step(range(500), np.linspace(0, 1, 500) ** 2)
    raw, (wide, _) = images._svg(figure_), drawings(figure_)
    longest = max((path["d"] for path in wide.select("path")), key=len)
    assert len(longest) < 0.5 * max(map(len, re.findall(r' d="([^"]+)"', raw)))
    ends = [float(number) for number in re.findall(r"-?[\d.]+", max(re.findall(r' d="([^"]+)"', raw), key=len))[-2:]]
    assert end_of(longest) == pytest.approx(ends, abs=0.06)


def end_of(d):
    """Where a path of relative steps ends."""
    x = y = 0.0
    for kind, text in re.findall(r"([Mlhv])([^Mlhv]*)", d):
        numbers = [float(number) for number in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", text)]
        x, y = (
            numbers
            if kind == "M"
            else (x + (numbers[0] if kind != "v" else 0), y + (numbers[-1] if kind != "h" else 0))
        )
    return x, y


def test_many_dots_that_say_nothing_are_one_path():
    ax = new_axes((4, 3))
    ax.scatter(range(300), range(300), s=9, color=LIGHT["accent"], alpha=0.3, linewidths=0)
    wide, _ = drawings(ax.get_figure())
    assert not wide.select("use, defs") and len(str(wide)) < 6_000
    (dots,) = (path for path in wide.select("path") if path["d"].count("h0") > 1)
    assert dots["d"].count("M") == 300 and "stroke-opacity:0.3" in dots["style"] and "stroke-width:3" in dots["style"]


def test_what_leaves_its_axes_is_still_cut():
    figure_, ax = pyplot.subplots(facecolor="none")
    ax.plot([0, 1, 2], [0, 50, 1])
    ax.set_ylim(0, 2)
    (cut,) = drawings(figure_)[0].select("[clip-path]")
    assert drawings(figure_)[0].find(id=re.search(r"#([^)]+)", cut["clip-path"])[1]).name == "clippath"


def test_a_chart_that_is_on_the_page_twice_has_names_of_its_own():
    once = str(encoded(plot_history(history_frame("nps")).get_figure(), ALT).html)
    soup = BeautifulSoup(once + once, "html.parser")
    _tell_charts_apart(soup)
    names = [part["id"] for part in soup.find_all(id=True)]
    assert len(names) == len(set(names))
    for chart in soup.select("svg.chart"):
        inside = {part["id"] for part in chart.find_all(id=True)}
        assert {use["href"][1:] for use in chart.select("use")} == inside


def test_the_figure_keeps_its_size():
    figure_ = plot_history(history_frame("nps")).get_figure()
    before = figure_.get_size_inches().tolist()
    encoded(figure_, ALT)
    assert figure_.get_size_inches().tolist() == before


def test_a_figure_of_many_points_is_lossless_webp_at_200_dpi():
    ax = new_axes((4, 3))
    random = np.random.default_rng(0)
    ax.scatter(random.normal(size=20_000), random.normal(size=20_000))
    image = encoded(ax.get_figure(), ALT)
    shown = BeautifulSoup(image.html, "html.parser").img
    assert shown["src"].startswith("data:image/webp;base64,") and shown["alt"] == ALT and not image.follows_theme
    picture = Pillow.open(BytesIO(base64.b64decode(shown["src"].partition(",")[2])))
    assert picture.size == (800, 600)
    assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_a_figure_that_was_not_themed_keeps_its_colours_and_gets_a_light_card():
    figure_, ax = pyplot.subplots(facecolor="white")
    ax.plot([1, 2], color=LIGHT["accent"])
    image = encoded(figure_, ALT)
    assert not image.follows_theme and "var(" not in image.html
    assert 'class="card light"' in figure(figure_, "Two points", alt=ALT).html


def test_several_axes_are_not_squeezed_but_scroll():
    figure_, axes = pyplot.subplots(1, 3)
    for ax in axes:
        ax.plot([1, 2])
    assert not encoded(figure_, ALT).is_for_phones
    assert 'class="wide"' in figure(figure_, "Three charts", alt=ALT).html


def test_a_name_in_a_figure_cannot_leave_the_picture():
    groups = groups_frame().assign(channel=["</text><script>alert(1)</script>"] * 5)
    svg = str(encoded(plot_groups(groups).get_figure(), ALT).html)
    assert "<script" not in svg and "&lt;script&gt;" in svg


def test_the_message_is_the_heading_and_the_numbers_are_behind_a_fold():
    history = history_frame("churn_rate")
    shown = figure(
        plot_history(history), "Customers left faster", "Share lost", alt=ALT, caption="A caveat", data=history
    )
    page = BeautifulSoup(shown.html, "html.parser")
    assert page.h2.get_text() == "Customers left faster"
    assert {drawing["aria-label"] for drawing in page.select("svg.chart")} == {ALT}
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
    assert BeautifulSoup(html, "html.parser").svg["aria-label"] == HOSTILE


def test_a_figure_is_closed_so_that_a_notebook_does_not_show_it_twice():
    pyplot.close("all")
    figure(plot_history(history_frame("nps")), "Title", alt=ALT)
    assert pyplot.get_fignums() == []


def test_grids_of_seaborn_can_be_shown():
    import seaborn

    grid = seaborn.relplot(history_frame("nps"), x="n", y="value")
    assert figure(grid, "A grid", alt=ALT).html.count('<svg class="chart') == 2


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
