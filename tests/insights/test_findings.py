"""The sentences at the top of a page: what comes first, what is said of it, and what is said when nothing happened."""

import math
import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmkit.errors import CrmkitError
from crmkit.insights import findings, headline
from crmkit.insights.findings import in_short
from tests.reporting.factories import scorecard_frame


def told(scorecard, **options):
    return [finding.text for finding in findings(scorecard, **{"currency": "EUR"} | options)]


def quiet(scorecard=None, verdict="within noise"):
    frame = scorecard_frame() if scorecard is None else scorecard
    return frame.assign(
        verdict=frame["verdict"].replace({"real": verdict, "too few to tell": verdict}),
        direction="",
        year_verdict="within noise",
        target_verdict="",
    )


def test_the_headline_names_the_bad_news_and_then_the_good():
    assert headline(scorecard_frame()) == "October 2026: more customers left; winning a customer got cheaper"


def test_the_first_finding_says_value_before_why_it_is_real_and_the_missed_target():
    assert told(scorecard_frame())[0] == (
        "6.2 % of customers left, up from 4.3 % in September. The change is real, for the worse: with 4,742 customers at "
        "start, chance alone would rarely move it this far (95 % interval 5.5 to 6.9 %). The target of 4 % was missed."
    )


def test_the_second_real_change_is_shorter():
    assert told(scorecard_frame())[1] == (
        "€38 buys a new customer, down from €45 in September. Also real, for the better "
        "(95 % interval €36 to €41, from 903 new customers)."
    )


def test_missed_targets_follow_and_the_year_before_follows_them():
    kinds = [(finding.metric, finding.tone) for finding in findings(scorecard_frame(), currency="EUR")]
    assert kinds == [
        ("churn_rate", "worse"),
        ("customer_acquisition_cost", "better"),
        ("average_order_value", "worse"),
        ("revenue", "better"),
        ("", ""),
    ]


def test_the_last_finding_counts_what_did_not_move_and_names_what_cannot_be_decided():
    assert told(scorecard_frame())[-1] == (
        "Nothing else moved beyond chance since September. Six other numbers changed, none by more than chance would. "
        "Too few to tell: new customers and deals won. No value: sales cycle and easy to deal with. "
        "Not measured: leads that convert and referred customers."
    )


def test_one_number_within_noise_is_spoken_of_in_the_singular():
    assert "One number changed, and not by more than chance would." in told(quiet(scorecard_frame(["nps"])))[-1]


def test_a_month_without_news_states_the_numbers_an_owner_asks_for_first():
    assert headline(quiet()) == "October 2026: nothing moved beyond chance"
    first, second, last = told(quiet())
    assert (
        first
        == "Shop revenue came to €214,000 (€198,000 to €231,000, 3,011 customers), no different from €211,000 in September."
    )
    assert (
        second
        == "6.2 % of customers left (5.5 to 6.9 %, 4,742 customers at start), no different from 4.3 % in September."
    )
    assert last.startswith("Nothing moved beyond chance since September. Nine numbers changed,")


def test_with_too_few_customers_the_page_says_so_and_still_gives_the_numbers():
    scorecard = quiet(scorecard_frame(["revenue", "nps"]), verdict="too few to tell").assign(verdict="too few to tell")
    assert headline(scorecard) == "October 2026: too few customers to tell whether anything moved"
    assert (
        told(scorecard)[0].startswith("Shop revenue came to €214,000")
        and "too few to tell it from" in told(scorecard)[0]
    )


def test_a_number_that_stayed_as_it_was_is_not_counted_among_those_that_changed():
    scorecard = quiet(scorecard_frame(["nps", "csat"]))
    scorecard.loc[scorecard["metric"] == "nps", "change"] = 0.0
    assert "One number changed, and not by more than chance would." in told(scorecard)[-1]
    assert "changed" not in told(scorecard.assign(change=0.0))[-1]


def moods(verdict):
    """A page of a mood that fell for real, whose changes make no news, and of two numbers with a verdict."""
    frame = quiet(scorecard_frame(["csat", "revenue", "nps"]), verdict).assign(verdict=verdict)
    mood = {
        "metric": "post_sentiment",
        "label": "Sentiment of posts about you",
        "verdict": "real",
        "direction": "worse",
        "year_verdict": "real",
    }
    frame.loc[frame["metric"] == "csat", list(mood)] = list(mood.values())
    return frame


@pytest.mark.parametrize(
    ("verdict", "last"),
    [
        (
            "within noise",
            "Apart from sentiment of posts about you, nothing moved beyond chance since September. Two numbers "
            "changed, none by more than chance would.",
        ),
        (
            "too few to tell",
            "Apart from sentiment of posts about you, no change since September is certain. Too few to tell: Net "
            "Promoter Score and revenue.",
        ),
    ],
)
def test_a_change_that_makes_no_news_is_not_denied_and_not_reported_against_the_year_before(verdict, last):
    assert headline(moods(verdict)) == "October 2026: no certain news since September"
    texts = told(moods(verdict))
    assert texts[-1] == last and not any("entiment" in text for text in texts[:-1])


@pytest.mark.parametrize(
    ("statuses", "words"),
    [
        (["no data", "not measured"], "no data"),
        (["too few", "no data"], "too few customers to tell anything"),
        (["ok", "no data"], "nothing to compare with yet"),
    ],
)
def test_without_a_comparison_the_headline_says_what_is_lacking(statuses, words):
    frame = scorecard_frame(["nps", "csat"]).assign(status=statuses, verdict="no comparison", target_verdict="")
    assert headline(frame) == f"October 2026: {words}"


def test_a_missed_target_makes_the_headline_when_nothing_moved():
    assert headline(quiet().assign(target_verdict="missed")).endswith(
        "nothing moved beyond chance; nine targets missed"
    )


def test_a_target_missed_by_one_answer_is_not_news():
    scorecard = quiet(scorecard_frame(["csat"])).assign(target_verdict="missed", status="too few")
    assert "target" not in headline(scorecard) + " ".join(told(scorecard))


def test_many_real_changes_leave_room_for_good_news_and_the_rest_is_named_in_one_line():
    real = scorecard_frame().query("status == 'ok'").assign(verdict="real")
    real["direction"] = ["worse"] * 6 + ["better"] * 3
    found = findings(real, currency="EUR")
    assert [finding.tone for finding in found] == ["worse", "worse", "better", "", ""]
    assert found[3].bold == "Also real:" and found[3].rest.count(" and ") == 1
    assert "shop revenue fell" in found[3].rest or "shop revenue rose (€214,000, +€3,000)" in found[3].rest
    assert headline(real).count(";") == 2


def test_a_change_that_is_neither_good_nor_bad_is_real_without_a_judgement():
    frame = scorecard_frame(["n_orders"]).assign(verdict="real", direction="changed")
    assert "The change is real: with 5,204 orders" in told(frame.assign(n=5204.5))[0]


def test_worse_news_that_is_larger_in_proportion_comes_first():
    frame = scorecard_frame(["revenue", "n_orders"]).assign(verdict="real", direction="worse")
    frame["change"] = [-0.4 * 211_204, -0.5 * 5101]
    assert [finding.metric for finding in findings(frame)][:2] == ["n_orders", "revenue"]


def test_a_card_of_the_analyst_is_reported_by_its_label_even_with_braces_in_it():
    frame = scorecard_frame(["csat"]).assign(metric="late", label="Late parcels {0}", verdict="real", direction="worse")
    assert told(frame)[0].startswith("Late parcels {0}: 86 %, up from 85 % in September.")
    assert headline(frame) == "October 2026: late parcels {0} rose"


def test_the_currency_may_stand_on_the_frame():
    frame = scorecard_frame(["customer_acquisition_cost"])
    frame.attrs["currency"] = "JPY"
    assert findings(frame)[0].bold == "¥38 buys a new customer"


def test_an_empty_scorecard_is_an_error_that_says_what_to_do():
    with pytest.raises(CrmkitError, match="Ask for at least one metric"):
        headline(scorecard_frame([]))


@pytest.mark.parametrize("n", [0, 1, 5, 50, 5000])
def test_one_order_and_many_orders_both_read_well(n):
    frame = scorecard_frame(["n_orders"]).assign(value=float(n), n=n, verdict="real", direction="better")
    assert (
        findings(frame)[0].bold
        == {0: "No orders", 1: "1 order", 5: "5 orders", 50: "50 orders", 5000: "5,000 orders"}[n] + " came in"
    )


verdicts = st.sampled_from(
    ["real", "may be the season", "within noise", "no large change", "too few to tell", "no comparison"]
)
values = st.one_of(st.floats(0, 1e6), st.just(math.nan), st.just(0.0))


@given(data=st.data())
def test_whatever_the_figures_the_sentences_are_whole(data):
    frame = scorecard_frame()
    for name in ("value", "low", "high", "previous_value", "change", "n"):
        frame[name] = data.draw(st.lists(values, min_size=len(frame), max_size=len(frame)))
    frame["verdict"] = data.draw(st.lists(verdicts, min_size=len(frame), max_size=len(frame)))
    frame.loc[frame["change"].isna() | frame["value"].isna(), "verdict"] = "no comparison"
    found = findings(frame, currency="EUR")
    assert 1 <= len(found) <= 5
    for finding in found:
        assert re.fullmatch(r"[A-Z0-9€−].*[.]", finding.text), finding.text
        assert not re.search(r"nan|None|inf\b|\(\)|  |-0|\b1 (orders|customers)\b", finding.text), finding.text


def test_findings_of_a_frame_do_not_depend_on_the_order_of_its_rows():
    frame = scorecard_frame()
    turned = pd.concat([frame.iloc[::-1]], ignore_index=True)
    assert [finding.metric for finding in findings(frame)][:4] == [finding.metric for finding in findings(turned)][:4]


def test_a_period_that_is_still_running_says_so_in_the_headline():
    running = scorecard_frame(days_so_far=9)
    assert headline(running).startswith("October 2026 so far: ")
    assert headline(scorecard_frame(days_so_far=None)).startswith("October 2026: ")


def january(year_verdict, year_change, **changes):
    """A January in which revenue fell for real from December; the year before says ``year_verdict``."""
    frame = scorecard_frame(["revenue"], period="2026-01", previous_period="2025-12", year_period="2025-01", **changes)
    fell = {"value": 200_000.0, "low": 190_000.0, "high": 210_000.0, "previous_value": 300_000.0, "change": -100_000.0}
    year = {"year_value": 200_000.0 - year_change, "year_change": year_change, "year_verdict": year_verdict}
    return frame.assign(**fell, **year, verdict="real", direction="worse", year_direction="", target_verdict="")


@pytest.mark.parametrize(
    ("verdict", "change", "words"),
    [
        ("within noise", 1_000.0, "shop revenue fell since December, but not against January 2025"),
        ("no large change", 9_000.0, "shop revenue fell since December, but not by much against January 2025"),
        ("too few to tell", -9_000.0, "shop revenue fell since December, but not for certain against January 2025"),
        ("real", 30_000.0, "shop revenue fell since December, but the other way against January 2025"),
        ("real", -30_000.0, "shop revenue fell"),
        ("no comparison", math.nan, "shop revenue fell"),
    ],
)
def test_a_january_below_december_is_told_with_the_january_before(verdict, change, words):
    assert headline(january(verdict, change)) == f"January 2026: {words}"


def test_the_change_stands_beside_the_month_that_it_is_against():
    row = next(january("within noise", 1_000.0).itertuples())
    assert (
        in_short(row, "EUR") == "shop revenue fell since December (€200,000, −€100,000), but not against January 2025"
    )


def test_what_may_be_the_season_is_neither_for_the_better_nor_for_the_worse():
    first = findings(january("within noise", 1_000.0), currency="EUR")[0]
    assert first.tone == "changed"
    assert first.text == (
        "Shop revenue came to €200,000, down from €300,000 in December. That is real against December, but not "
        "against January 2025 (€199,000 then): it may be the season (95 % interval €190,000 to €210,000, from 3,011 "
        "customers)."
    )
    assert findings(january("real", -30_000.0), currency="EUR")[0].tone == "worse"


def test_a_change_that_the_year_before_confirms_comes_first():
    season = january("within noise", 1_000.0)
    lasting = january("real", -1.0).assign(metric="nps", label="Net Promoter Score", unit="points", change=-0.1)
    both = pd.concat([season, lasting], ignore_index=True)
    assert [finding.metric for finding in findings(both, currency="EUR")][:2] == ["nps", "revenue"]
    assert "since December" not in headline(both)
