"""January after December, worked by hand: standard errors of .1 on logarithms, so that a change of changes has .2."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.seasons import of_counts
from crmkit.cleaning.loading.connect import connect
from crmkit.insights.findings import findings, headline, season
from crmkit.metrics import scorecard
from crmkit.metrics.engine.verdict import judge_changes
from crmkit.reporting.display.tiles import tiles
from crmkit.settings import parse_settings
from crmkit.tables.catalog import Catalog

REACH = np.exp(0.1 * 1.959964)
BUSY = [200.0, *[100.0] * 11] * 2  # latest first: December 200, all other months 100


def month(value, unit="count"):
    sides = {"value": value, "low": value / REACH, "high": value * REACH}
    if unit == "share":
        sides |= {"low": value - 0.0196, "high": value + 0.0196}
    return pd.DataFrame([sides | {"status": "ok", "unit": unit, "better": "higher"}])


def judged(now, before, unit="count", n_years=24):
    months = [month(value, unit) for value in before]
    return judge_changes(
        month(now, unit), months[0], np.array([0.05]), earlier=months[:12], years=months[:n_years]
    ).iloc[0]


def test_january_after_december_as_in_the_year_before_is_usual_for_the_season():
    found = judged(100.0, BUSY)
    assert (found["verdict"], found["direction"], round(found["usual_change"])) == ("may be the season", "", -100)
    assert judged(100.0, BUSY, n_years=0)["verdict"] == "real"


def test_january_of_60_where_100_is_usual_is_real_with_p_01():
    """ln(60/100) = -.511 of a standard error of .2: z = 2.55, p = .0107."""
    found = judged(60.0, BUSY)
    assert (found["verdict"], found["direction"]) == ("real", "worse")
    assert found["p_value"] == pytest.approx(0.0107, abs=2e-4)


def test_january_that_fell_less_than_usual_is_no_bad_news():
    assert judged(140.0, BUSY)["verdict"] in ("may be the season", "too few to tell")
    assert judged(150.0, [230.0, *BUSY[1:]])["direction"] == ""


def test_a_fall_after_a_year_in_which_january_rose_is_real():
    found = judged(100.0, [*BUSY[:11], 300.0, *BUSY[12:]])
    assert (found["verdict"], found["direction"]) == ("real", "worse")
    assert found["usual_change"] == pytest.approx(100.0)


def test_where_last_year_had_no_such_change_the_season_explains_nothing():
    flat = [200.0, *[100.0] * 23]
    with_years, without = judged(100.0, flat), judged(100.0, flat, n_years=0)
    assert with_years["verdict"] == without["verdict"] == "real"
    assert np.isnan(with_years["usual_change"]) and with_years["p_value"] == without["p_value"]


def test_23_months_are_too_few_for_a_season():
    assert judged(100.0, BUSY, n_years=23)["verdict"] == "real"


def test_of_three_years_the_mean_of_two_januaries_is_usual():
    """December 200 to January 100, and to 141: the mean of the logarithms is 200 to 119."""
    three = [*BUSY, 200.0, *[100.0] * 11]
    three[23] = 100.0 * np.sqrt(2)
    assert judged(100.0, three, n_years=36)["usual_change"] == pytest.approx(200 * (2**-0.75 - 1), abs=0.01)


def test_growth_and_a_new_level_do_not_hide_the_season():
    """Each month 3 % above the one before, and all from last May on half as high again."""
    grown = [value * 1.03**-lag * (1.5 if lag < 8 else 1.0) for lag, value in enumerate(BUSY)]
    assert judged(100.0 * 1.03 * 1.5, grown)["verdict"] == "may be the season"


def test_shares_are_compared_by_their_differences():
    """Churn .05, of each December .15; standard error .01 each: January at .05 as usual, at 0.005 not (z = 2.25)."""
    low = [0.15, *[0.05] * 11] * 2
    assert judged(0.05, low, "share")["verdict"] == "may be the season"
    assert judged(0.05, low, "share")["usual_change"] == pytest.approx(-0.1)
    assert judged(0.005, low, "share")["verdict"] == "real"


def test_money_known_exactly_that_falls_each_january_is_usual():
    exact = [month(value).assign(low=value, high=value) for value in [100.0, *BUSY]]
    found = judge_changes(exact[0], exact[1], np.array([0.05]), earlier=exact[1:13], years=exact[1:])
    assert found["verdict"].item() == "may be the season"


def test_unrest_between_years_widens_what_is_usual():
    """The same fall to 60, where every other month differs from its year before by a factor of 1.7."""
    restless = [value * (1.7 if lag < 11 and lag % 2 else 1.0) for lag, value in enumerate(BUSY)]
    assert judged(60.0, restless)["verdict"] != "real"


def test_of_300_scorecards_of_firms_with_strong_seasons_at_most_6_percent_call_one_real():
    """Eight counts of about 400 a month that swing by a factor of 3.3: without the season 7 of 10 scorecards would."""
    found = of_counts(300, 400, 0.6, 2)
    assert found["any real, with"] <= 0.06 < 0.5 < found["any real, without"]


def test_a_fall_by_two_fifths_within_a_strong_season_is_found():
    assert of_counts(300, 400, 0.6, 2, fall=0.4)["first real, with"] > 0.6


@pytest.fixture(scope="module")
def shop() -> Catalog:
    """40 customers order once a month and three times in December; three years up to January."""
    starts = pd.date_range("2024-01-01", "2026-01-01", freq="MS")
    rows = [
        {"customer_id": f"c{i}", "ordered_at": day + pd.Timedelta(days=(i * 7 + n * 9) % 27), "revenue": 20.0 + i % 5}
        for day in starts
        for i in range(400)
        for n in range(3 if day.month == 12 else 1)
    ]
    orders = pd.DataFrame(rows).assign(order_id=lambda rows: range(len(rows)))
    return connect({"orders": orders.astype({"order_id": str})}, parse_settings({"data": {"through": "2026-01-31"}}))


def test_a_scorecard_says_that_january_is_usual_for_the_season(shop):
    card = scorecard(shop, "2026-01", metrics=["n_orders", "revenue"])
    assert card["verdict"].tolist() == ["may be the season"] * 2
    assert card.set_index("metric").loc["n_orders", "usual_change"] == pytest.approx(-800, rel=0.01)
    assert headline(card) == "January 2026: nothing moved beyond chance and the season"
    assert findings(card)[-1].text.endswith("Perhaps the season: orders and shop revenue.")
    html = str(tiles(card, settings=shop.settings)._repr_html_())
    assert "May be the season" in html and "is usual then" in html and "Real, worse" not in html


def test_a_change_that_goes_beyond_the_season_is_told_without_it(shop):
    card = scorecard(shop, "2026-01", metrics="n_orders")
    quiet = card.assign(verdict="real", direction="worse", change=-1000.0, value=200.0, year_verdict="within noise")
    (row,) = quiet.itertuples()
    assert season(row) == ""
    (unknown,) = quiet.assign(usual_change=np.nan).itertuples()
    assert season(unknown) == "noise"
