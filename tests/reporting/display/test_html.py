"""What JupyterLab is given: one piece of HTML that brings its own look and touches nothing else."""

import re
import subprocess
import sys

import pytest

import crmkit.reporting.pages
from crmkit.plots.palette import DARK, LIGHT
from crmkit.reporting.display.html import THEME, component_css, kept_together, page_css, plain_text
from crmkit.reporting.pages import method, opening


def test_a_fragment_brings_its_style_to_a_notebook_and_names_itself():
    fragment = opening(title="The headline")
    assert fragment._repr_html_().startswith('<div class="crmkit"><style data-crmkit>')
    assert "<style" not in fragment.html
    assert repr(fragment) == "<crmkit opening>"


def test_every_rule_of_a_fragment_is_below_its_root():
    css = re.sub(r"@(media|container)[^{]*\{", "", component_css())
    selectors = [selector for rule in re.findall(r"([^{}]+)\{", css) for selector in rule.split(",")]
    assert len(selectors) > 100
    assert [selector for selector in selectors if ".crmkit" not in selector] == []


def test_the_colours_of_the_style_are_those_of_the_figures():
    for name, colour in LIGHT.items():
        assert f"--{name}:{colour}" in component_css() and f"--{name}:{DARK[name]}" in component_css()
    for sheet in ("crmkit.css", "page.css"):
        used = re.findall(r"var\(--([\w-]+)\)", (THEME / sheet).read_text(encoding="utf-8"))
        assert set(used) <= {
            *LIGHT,
            "font",
            "of-two",
            "of-three",
            "of-five",
            "under",
            "edge",
            "columns",
            "across",
            "share",
        }


def test_a_dark_notebook_is_dark_and_a_light_one_is_light_whatever_the_system_prefers():
    assert f"[data-jp-theme-light=false] .crmkit{{--paper:{DARK['paper']}" in component_css()
    assert f"[data-jp-theme-light=true] .crmkit{{--paper:{LIGHT['paper']}" in component_css()


def test_the_style_is_small_and_asks_for_nothing():
    assert len(page_css()) < 24_000  # with that of all charts
    assert "url(" not in page_css() and "@import" not in page_css()


def test_what_scrolls_shows_it_at_its_edge_and_paper_has_no_shadow():
    css, on_paper = page_css().split("@media print")
    assert "background-attachment:local,local,scroll,scroll" in css.replace(", ", ",").replace(": ", ":")
    assert ".crmkit .scroll, .crmkit .wide{overflow: visible;background: none}" in on_paper


def test_units_stay_with_their_numbers():
    assert kept_together("6.2 % of 12 days, 5 pts") == "6.2\xa0% of 12\xa0days, 5\xa0pts"
    assert kept_together("3 paintings") == "3 paintings" and kept_together(None) is None


def test_a_sign_stays_with_its_currency_and_nothing_invisible_gets_out_of_the_page():
    assert kept_together("−€3 to +$8, −CHF\xa04, A+ and − €2") == "−\u2060€3 to +\u2060$8, −CHF\xa04, A+ and − €2"
    assert plain_text(kept_together("−€3, 6 %")) == "−€3, 6 %"


@pytest.mark.parametrize("package", [crmkit.reporting, crmkit.reporting.pages], ids=lambda package: package.__name__)
def test_every_public_name_is_there(package):
    assert [name for name in package.__all__ if getattr(package, name) is None] == []
    assert set(package.__all__) <= set(dir(package))


def test_the_functions_win_over_modules_of_like_names():
    from crmkit.reporting.pages import figure, table, tiles

    assert all(callable(thing) for thing in (figure, table, tiles))
    with pytest.raises(AttributeError, match="charts_of_pie"):
        crmkit.reporting.pages.charts_of_pie  # noqa: B018


def test_showing_tiles_loads_neither_nbconvert_nor_matplotlib():
    code = "import sys, crmkit.reporting.pages as r; r.tiles, r.opening, r.method(); sys.exit(bool({'nbconvert', 'matplotlib', 'bs4'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_fragment_can_stand_in_another_template():
    assert method().__html__() == method().html
