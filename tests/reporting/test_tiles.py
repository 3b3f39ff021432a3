"""The tiles: every status and verdict in words, on hand-made scorecards."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from crmkit.insights.sentiment import Remark
from crmkit.reporting.pages import tiles
from tests.reporting.factories import history_frame, scorecard_frame
from tests.reporting.rendered_pages import HOSTILE, SETTINGS


def tile(metric, scorecard=None, history=None):
    scorecard = scorecard_frame() if scorecard is None else scorecard
    page = BeautifulSoup(tiles(scorecard, history, SETTINGS).html, "html.parser")
    return page.select_one(f"#tile-{metric}")


def words(tag):
    return " ".join(tag.get_text(" ", strip=True).replace("\xa0", " ").split())


def test_a_tile_states_value_interval_count_changes_and_target():
    assert words(tile("churn_rate")) == (
        "Customers lost 6.2 % 5.5 to 6.9 %, 4,742 customers at start +1.9 pts on September ▲ Real, worse "
        "+2.4 pts on October 2025 ▲ Real, worse Target 4 % ✕ Missed"
    )


def test_the_arrow_shows_the_way_and_the_word_the_judgement():
    cheaper = tile("customer_acquisition_cost").select_one(".chip")
    assert words(cheaper) == "▼ Real, better" and "better" in cheaper["class"]


@pytest.mark.parametrize(
    ("verdict", "direction", "chip"),
    [
        ("real", "better", "▲ Real, better"),
        ("real", "worse", "▲ Real, worse"),
        ("real", "changed", "▲ Real"),
        ("within noise", "", "≈ Within noise"),
        ("no large change", "", "≈ No large change"),
        ("too few to tell", "", "? Too few to tell"),
    ],
)
def test_each_verdict_has_a_sign_and_a_word(verdict, direction, chip):
    frame = scorecard_frame(["nps"]).assign(verdict=verdict, direction=direction, year_verdict="no comparison")
    assert words(tile("nps", frame).select_one(".chip")) == chip


def test_a_change_that_may_be_the_season_is_real_and_neither_better_nor_worse():
    frame = scorecard_frame(["nps"]).assign(verdict="real", direction="worse", year_verdict="within noise")
    shown = tile("nps", frame)
    assert [words(chip) for chip in shown.select(".chip")][:1] == ["▲ Real"] and "worse" not in str(shown)
    assert "≈ Within noise" in words(shown)


def test_where_there_was_no_large_change_the_tile_says_how_large_it_is_at_most():
    frame = scorecard_frame(["nps"]).assign(verdict="no large change", direction="", at_most=7.4)
    assert words(tile("nps", frame).select_one(".chip")) == "≈ No large change"


@pytest.mark.parametrize(
    ("target_verdict", "word"),
    [("met", "✓ Met"), ("missed", "✕ Missed"), ("too close to call", "≈ Too close to call"), ("", "")],
)
def test_each_verdict_on_a_target_has_a_sign_and_a_word(target_verdict, word):
    frame = scorecard_frame(["nps"]).assign(target_verdict=target_verdict)
    assert words(tile("nps", frame).select("li")[-1]) == f"Target 45 points {word}".strip()


def test_without_a_comparison_the_tile_says_what_is_missing():
    assert "No value for October 2025 to compare with" in words(tile("new_customers"))
    assert tile("new_customers").select("li")[-1].select_one(".word") is None


@pytest.mark.parametrize(
    ("metric", "text"),
    [
        ("ces", "Easy to deal with No data No answers in October 2026"),
        ("sales_cycle", "Sales cycle Not reached More than half of the deals are still open"),
        ("win_rate", "Deals won Too few to say 4 deals decided, at least 10 are needed"),
    ],
)
def test_a_number_without_a_value_says_why(metric, text):
    assert words(tile(metric)) == text


def test_a_rough_value_is_shown_with_its_caveat_and_judges_no_target():
    frame = scorecard_frame(["csat"]).assign(
        status="too few", reason="the interval is rough below 10 answers", target_verdict="missed"
    )
    shown = words(tile("csat", frame))
    assert "86 % 82 to 89 %, 391 answers Too few: the interval is rough below 10 answers" in shown
    assert "Target 85 % ? Too few to tell" in shown and "Missed" not in shown


@pytest.mark.parametrize("is_doubt", [True, False])
def test_a_number_that_is_not_to_be_acted_on_says_so_and_keeps_its_verdict_without_colour(is_doubt):
    remarks = {"churn_rate": Remark("Do not act on it: so far it is a guess", is_doubt)}
    page = BeautifulSoup(tiles(scorecard_frame(), None, SETTINGS, remarks=remarks).html, "html.parser")
    doubted, other = page.select_one("#tile-churn_rate"), page.select_one("#tile-nps")
    assert "Do not act on it: so far it is a guess" in words(doubted) and "Do not act" not in words(other)
    real = "▲ Real +" if is_doubt else "▲ Real, worse"
    assert real in words(doubted) and words(doubted).endswith("✕ Missed")
    assert bool(doubted.select(".worse") or "worse" in doubted["class"]) is not is_doubt


def test_what_is_not_measured_stands_in_one_list_and_in_no_tile():
    page = BeautifulSoup(tiles(scorecard_frame(), None, SETTINGS).html, "html.parser")
    assert words(page.select_one(".unmeasured")) == (
        "Not measured yet: Leads that convert needs leads Referred customers needs customers.referred_by"
    )
    assert page.select_one("#tile-lead_conversion") is None
    assert len(page.select(".tile")) == 12


def test_topics_have_headings_in_the_order_of_the_house_and_unknown_ones_come_last():
    frame = scorecard_frame(["revenue", "nps", "churn_rate"])
    frame.loc[frame["metric"] == "revenue", "topic"] = "weather"
    page = BeautifulSoup(tiles(frame).html, "html.parser")
    assert [words(head) for head in page.select("h2")] == ["What customers say", "Staying and leaving", "Weather"]


def test_a_count_does_not_repeat_itself_and_its_interval_is_chance_not_doubt():
    assert tile("new_customers").select_one(".interval").get_text() == "845 to 965 by chance"


def test_money_without_settings_has_no_sign_and_never_a_wrong_one():
    page = BeautifulSoup(tiles(scorecard_frame(["customer_acquisition_cost"])).html, "html.parser")
    assert words(page.select_one(".value")) == "38"


def test_the_sparkline_says_in_words_what_it_shows():
    spark = tile("churn_rate", history=history_frame()).select_one("svg")
    assert spark["role"] == "img"
    assert spark["aria-label"].startswith("Customers lost, October 2025 to October 2026: ")
    assert "6.2 % at last" in spark["aria-label"] and "highest 6.2 % (October 2026)" in spark["aria-label"]
    assert spark["aria-label"].endswith("; target 4.0 %")


def test_the_sparkline_fills_its_tile_whatever_its_width():
    assert tile("nps", history=history_frame()).select_one("svg")["preserveaspectratio"] == "none"


def test_a_gap_in_the_history_is_a_gap_in_line_and_band():
    history = history_frame("nps")
    history.loc[6, ["value", "low", "high"]] = np.nan
    spark = tile("nps", history=history).select_one("svg")
    assert len(spark.select("polyline")) == 2 and len(spark.select("polygon")) == 2
    assert "no value in 1 period" in spark["aria-label"]


def test_a_lone_period_between_gaps_is_a_dot_with_a_whisker():
    history = history_frame("nps")
    history.loc[[5, 7], ["value", "low", "high"]] = np.nan
    spark = tile("nps", history=history).select_one("svg")
    assert len(spark.select(".whisker")) == 1 and len(spark.select(".lone")) == 1


@pytest.mark.parametrize("n_periods", [1, 2, 13])
def test_one_period_has_no_line_and_two_have_one(n_periods):
    spark = tile("nps", history=history_frame(n_periods=n_periods)).select_one("svg")
    assert (spark is None) == (n_periods == 1)


def test_a_history_without_any_value_draws_nothing():
    history = history_frame("nps").assign(value=np.nan)
    assert tile("nps", history=history).select_one("svg") is None


def test_an_endless_interval_does_not_flatten_the_line():
    history = history_frame("nps")
    history.loc[3, "high"] = 10_000.0
    points = tile("nps", history=history).select_one("polyline")["points"].split()
    heights = [float(point.split(",")[1]) for point in points]
    assert max(heights) - min(heights) > 5


def test_a_target_far_away_is_left_to_the_words():
    frame = scorecard_frame(["nps"]).assign(target=4500.0)
    assert tile("nps", frame, history_frame()).select_one(".target") is None
    assert "Target 4,500 points" in words(tile("nps", frame))


def test_text_of_customers_is_text():
    frame = scorecard_frame(["nps", "ces"]).assign(label=HOSTILE, reason=HOSTILE)
    html = tiles(frame, history_frame(), SETTINGS).html
    assert "<script" not in html and "<img" not in html
    assert HOSTILE in BeautifulSoup(html, "html.parser").get_text()


@pytest.mark.parametrize("n", [0, 1, 5, 50, 5000])
def test_a_tile_reads_well_at_every_size(n):
    frame = scorecard_frame(["n_orders", "nps"]).assign(n=n, counted="answers")
    frame["value"] = frame["value"].where(frame["metric"] == "nps", float(n))
    text = words(tile("nps", frame)) + words(tile("n_orders", frame))
    assert not any(broken in text.lower() for broken in ("nan", "none", "inf ", "-0", " 1 answers"))
    assert {0: "no answers", 1: "1 answer", 5: "5 answers", 50: "50 answers", 5000: "5,000 answers"}[n] in text


def test_no_metric_at_all_gives_an_empty_grid():
    assert tiles(pd.DataFrame(columns=scorecard_frame().columns)).html.count("<article") == 0
