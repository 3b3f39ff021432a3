"""One number, one name, one rounding: the reader of all pages finds what does not agree, on pages made by hand."""

import pytest

from tests.notebooks.one_number import disagreements

TILE = """<article class="card tile" id="tile-{metric}"><h3>{metric}</h3><p class="value">{value}<span class="unit"> %</span></p>
<p class="interval">5 to 7 %, {basis}</p></article>"""
CHART = """<figure><figcaption><p class="subtitle">Satisfied customers by channel, October 2026, with 95 % intervals.</p></figcaption>
<table><tbody><tr><th>shop</th><td>{value}</td></tr></tbody></table></figure>"""


def pages(folder, first, second):
    (folder / "scorecard.html").write_text(first, encoding="utf-8")
    (folder / "retention.html").write_text(second, encoding="utf-8")
    return disagreements(folder)


def tile(value, basis="900 orders"):
    return TILE.format(metric="churn_rate", value=value, basis=basis)


def finding(value):
    return f'<div class="findings"><p><b>{value} of customers left</b>, up from 4 %.</p></div>'


def test_equal_numbers_agree(tmp_path):
    assert pages(tmp_path, tile("48.3") + CHART.format(value="86 %"), tile("48.3") + finding("48.3 %")) == []


@pytest.mark.parametrize(
    ("first", "second", "what"),
    [
        (tile("48.3"), tile("48"), "churn_rate: "),
        (tile("48.3"), finding("48 %"), "churn_rate: "),
        (tile("5", "2,216 active customers"), tile("5", "2,308 active customers"), "active customers: 2,"),
        (CHART.format(value="86 %"), CHART.format(value="85.8 %"), "Satisfied customers by channel shop, October 2026"),
    ],
)
def test_what_does_not_agree_is_named_with_its_pages(tmp_path, first, second, what):
    (found,) = pages(tmp_path, first, second)
    assert found.startswith(what) and "scorecard" in found and "retention" in found
