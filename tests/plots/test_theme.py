"""Colours that can be read and told apart, and settings that every figure gets."""

import subprocess
import sys

import matplotlib as mpl
import pytest
from matplotlib.colors import to_rgb

from crmkit.plots.palette import DARK, GROUPS, GROUPS_DARK, LIGHT, dark_twins
from crmkit.plots.theme import STYLE, use_theme


def luminance(colour):
    channels = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("text", ["ink", "soft", "accent", "better", "worse", "target"])
def test_text_has_a_contrast_of_four_and_a_half_on_paper_and_ground(colours, text):
    assert min(contrast(colours[text], colours["paper"]), contrast(colours[text], colours["ground"])) >= 4.5


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "wash"), [("better", "better-wash"), ("worse", "worse-wash"), ("soft", "noise-wash")])
def test_a_chip_can_be_read(colours, text, wash):
    assert contrast(colours[text], colours[wash]) >= 4.5


@pytest.mark.parametrize(("groups", "paper"), [(GROUPS, LIGHT["paper"]), (GROUPS_DARK, DARK["paper"])])
def test_names_at_the_lines_of_groups_can_be_read(groups, paper):
    assert (
        min(contrast(colour, paper) for colour in groups) >= 4.6
    )  # they may stand on a label that is not quite opaque


def seen_without_red(colour):  # Viénot, Brettel and Mollon (1999), protanopia, linear light
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour))
    return 0.1124 * red + 0.8876 * green, 0.004 * red - 0.004 * green + blue


def test_better_and_worse_differ_for_red_blind_readers():
    for colours in (LIGHT, DARK):
        better, worse = seen_without_red(colours["better"]), seen_without_red(colours["worse"])
        assert max(abs(a - b) for a, b in zip(better, worse, strict=True)) > 0.05


def test_every_colour_of_the_style_has_a_dark_twin():
    used = {value for name, value in STYLE.items() if isinstance(value, str) and value.startswith("#")}
    assert used <= set(dark_twins())
    assert len(set(dark_twins())) == len(dark_twins())


def test_light_colours_of_the_page_and_of_the_groups_are_never_the_same():
    assert not set(GROUPS) & set(LIGHT.values())


def test_the_theme_switches_mathematics_off():
    with mpl.rc_context():
        use_theme()
        assert not mpl.rcParams["text.parse_math"]
        assert mpl.rcParams["figure.facecolor"] == "none"


def test_asking_for_the_plots_does_not_load_matplotlib():
    code = "import crmkit.plots, crmkit.plots.palette, sys; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_name_is_an_attribute_error():
    import crmkit.plots

    assert "plot_history" in dir(crmkit.plots)
    with pytest.raises(AttributeError, match="plot_pie"):
        crmkit.plots.plot_pie  # noqa: B018
