"""Why a number moved: parts by hand, parts that add up for every card, and the sentences."""

import numpy as np
import pandas as pd
import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.errors import CrmkitError
from crmkit.insights.explain.explain import explain
from crmkit.insights.explain.report import report_in_words
from crmkit.insights.explain.words import cause_in_words, explanation_in_words
from crmkit.metrics.card import CARDS
from crmkit.settings import parse_settings
from tests.firms import firm


def catalog(smallest_group=1, **tables):
    settings = parse_settings({"data": {"through": "2026-10-31"}, "company": {"smallest_group": smallest_group}})
    return connect(tables, settings)


def orders(rows: list[tuple], **more) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "revenue"])
    return frame.assign(
        order_id=np.arange(len(frame)).astype(str), ordered_at=pd.to_datetime(frame["ordered_at"]), **more
    )


def parts(explanation: pd.DataFrame, part: str, by: str | None = None) -> dict[str, float]:
    rows = explanation[(explanation["part"] == part) & ((by is None) | (explanation["by"] == by))]
    return {row.group: round(row.change, 6) for row in rows.itertuples()}


FIVE = [
    ("early", "2024-01-01", 1.0),
    ("back", "2024-01-01", 1.0),
    ("stayed", "2026-09-01", 10.0),
    ("stayed", "2026-10-01", 12.0),
    ("stayed", "2026-10-02", 12.0),
    ("gone", "2026-09-05", 40.0),
    ("back", "2026-10-05", 7.0),
    ("first", "2026-10-06", 5.0),
    (None, "2026-09-06", 3.0),
    (None, "2026-10-06", 4.0),
    ("stayed", "2026-10-20", -2.0),
]


def test_who_came_who_left_orders_each_value_each_and_refunds_add_up_to_the_change_of_revenue():
    found = explain(catalog(orders=orders(FIVE)), "revenue", "2026-10")
    assert found["change"].iloc[0] == 38 - 53
    assert parts(found, "mechanism") == {
        "first-time customers": 5,
        "customers who came back": 7,
        "customers who did not order again": -40,
        "guests": 1,
        "customers of both periods: number of orders": 11,  # (2 - 1) x (12 + 10) / 2
        "customers of both periods: value of an order": 3,  # (12 - 10) x (2 + 1) / 2
        "customers of both periods: refunds": -2,
    }


def test_places_of_own_columns_add_up_and_small_groups_are_merged():
    rows = [
        (f"{shop}{n}", f"2026-{month}-03", 10.0)
        for shop, now in (("a", 6), ("b", 5), ("c", 2), ("d", 4))
        for month, many in (("09", 5), ("10", now))
        for n in range(many)
    ]
    table = orders(rows)
    table["filiale"] = table["customer_id"].str[0].where(~table["customer_id"].str.startswith("d"), None)
    by_shop = {"a": 10, "b": 0, "c": -30, "(unknown)": -10}
    assert parts(explain(catalog(orders=table), "revenue", "2026-10"), "place", "filiale") == by_shop
    table.loc[table["customer_id"].isin(["c0", "c1"]), "filiale"] = "z"
    merged = parts(explain(catalog(3, orders=table), "revenue", "2026-10"), "place", "filiale")
    assert "z" not in merged and sum(merged.values()) == -30


def test_a_rate_moves_within_and_between_by_kitagawa():
    # shop a: 1 of 4 satisfied, then 2 of 4; shop b: 3 of 4, then 9 of 12
    scores = [("a", "09", 1, 4), ("a", "10", 2, 4), ("b", "09", 3, 4), ("b", "10", 9, 12)]
    rows = [
        {"shop": shop, "responded_at": f"2026-{month}-0{1 + n % 9}", "score": 5.0 if n < good else 1.0}
        for shop, month, good, many in scores
        for n in range(many)
    ]
    answers = pd.DataFrame(rows).assign(survey="csat")
    answers["response_id"] = answers["customer_id"] = np.arange(len(answers)).astype(str)
    answers["responded_at"] = pd.to_datetime(answers["responded_at"])
    found = explain(catalog(survey_responses=answers), "csat", "2026-10")
    places = found[found["by"] == "shop"].set_index(["group", "effect"])["change"]
    assert found["change"].iloc[0] == pytest.approx(11 / 16 - 4 / 8)
    level = (11 / 16 + 4 / 8) / 2
    assert places["a", "its own rate"] == pytest.approx((1 / 4 + 1 / 2) / 2 * (1 / 2 - 1 / 4))
    assert places["b", "its own rate"] == pytest.approx(0)
    assert places["a", "its part of all"] == pytest.approx((1 / 4 - 1 / 2) * ((1 / 4 + 1 / 2) / 2 - level))
    assert places["b", "its part of all"] == pytest.approx((3 / 4 - 1 / 2) * (3 / 4 - level))
    assert places.sum() == pytest.approx(found["change"].iloc[0])


def test_one_shop_that_lost_its_customers_is_named_and_the_sentences_say_so():
    rng = np.random.default_rng(5)
    people = [(f"p{n}", "ABCDE"[n % 5], "xy"[n % 2]) for n in range(1000)]
    rows = [
        (name, f"2026-{month}-{rng.integers(1, 29):02}", float(rng.lognormal(3, 0.5)), shop, side)
        for month in ("09", "10")
        for name, shop, side in people
        if rng.random() < (0.25 if (month, shop) == ("10", "B") else 0.5)
    ]
    table = orders([row[:3] for row in rows], shop=[row[3] for row in rows], side=[row[4] for row in rows])
    found = explain(catalog(5, orders=table), "revenue", "2026-10")
    named = found[found["place"].notna()]
    assert named[["by", "group", "place"]].values.tolist() == [["shop", "B", 1]]
    said = explanation_in_words(found, "EUR")
    assert said[0].startswith("Shop revenue fell from €")
    assert said[2].startswith('Apart from all others, shop "B" went from €')
    assert said[3].startswith("What moved together need not be cause and effect")
    # B's customers are every tenth of either side, so without B nothing stands out
    steady = table[(table["shop"] != "B")]
    calm = explain(catalog(5, orders=steady), "revenue", "2026-10")
    assert calm["place"].isna().all()
    assert explanation_in_words(calm, "EUR")[-1].startswith(
        "No single cause stands out. It is spread evenly: of 6 groups of shop and side"
    )
    assert cause_in_words(calm) == "No single cause stands out."


ADD_UP = ["churn_rate", "average_order_value", "transactions_per_customer", "active_customers", "nps", "open_deals"]
ADD_UP += ["net_new_revenue", "net_revenue_retention", "revenue_change", "customer_acquisition_cost"]


@pytest.mark.parametrize("metric", ADD_UP)
def test_the_parts_of_each_column_and_mechanism_add_up_to_the_cent(metric):
    found = explain(firm(50), metric, "2026-10", against="2026-08")
    whole = found["change"].iloc[0]
    if np.isnan(whole):
        assert len(found) == 1 and found["reason"].iloc[0]
        return
    for key, rows in found.iloc[1:].groupby(["part", "by"]):
        assert rows["change"].isna().all() or rows["change"].sum() == pytest.approx(whole, abs=1e-6), key


@pytest.mark.parametrize("n_customers", [0, 1, 5, 50])
def test_every_sentence_is_whole_in_firms_of_a_few_customers(n_customers):
    for metric in ("revenue", "churn_rate", "nps", "customer_acquisition_cost"):
        for sentence in report_in_words(firm(n_customers), explain(firm(n_customers), metric, "2026-10")):
            assert sentence.endswith(".") and "nan" not in sentence and "None" not in sentence, sentence
            assert "no data" not in sentence.partition("(")[0], sentence


def test_a_median_says_that_it_cannot_be_split():
    found = explain(firm(50), "days_between_orders", "2026-10", against="year")
    said = explanation_in_words(found)
    assert any("cannot be split" in sentence or "not known" in sentence for sentence in said)
    assert found.loc[found["part"] == "place", "change"].isna().all()


def test_periods_that_share_days_are_refused():
    with pytest.raises(CrmkitError, match="2026-10 and 2026-10 share days"):
        explain(firm(5), "revenue", "2026-10", against="2026-10")
    with pytest.raises(CrmkitError, match="There is no metric"):
        explain(firm(5), "revenu", "2026-10")


def test_a_running_month_is_compared_with_as_many_days():
    rows = [("a", "2026-09-02", 10.0), ("b", "2026-09-25", 100.0), ("a", "2026-10-02", 12.0), ("c", "2026-10-09", 5.0)]
    table = orders(rows, shop=list("xyxx"))
    running = connect(
        {"orders": table}, parse_settings({"data": {"through": "2026-10-10"}, "company": {"smallest_group": 1}})
    )
    found = explain(running, "revenue", "2026-10")
    assert found["change"].iloc[0] == 7
    assert sum(parts(found, "mechanism").values()) == 7


@pytest.mark.slow
@pytest.mark.parametrize("metric", sorted(CARDS))
def test_every_card_is_explained_or_says_why_not(metric):
    found = explain(firm(50), metric, "2026-10")
    whole = found["change"].iloc[0]
    for key, rows in found.iloc[1:].groupby(["part", "by"]):
        assert rows["change"].isna().all() or rows["change"].sum() == pytest.approx(whole, abs=1e-6), key
    assert all(sentence.endswith(".") for sentence in explanation_in_words(found, "EUR"))
