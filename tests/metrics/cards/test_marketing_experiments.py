"""What actions brought against a holdout: by hand, by SciPy on the sample company, and against the planted truth."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from crmkit.metrics import evaluate
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures import Uplift

CARDS = ["incremental_value_per_customer", "incremental_value", "incremental_margin", "incremental_roi"]


def drawn(
    values: list[tuple[bool, float]], action: str = "voucher", day: str = "2026-09-07", first: int = 0
) -> pd.DataFrame:
    at = pd.Timestamp(day)
    return pd.DataFrame(
        {
            "customer_id": [f"c{first + n}" for n in range(len(values))],
            "action": action,
            "assigned_at": at,
            "treated": [treated for treated, _ in values],
            "outcome_at": at + pd.Timedelta(days=30),
            "value": [v for _, v in values],
        }
    )


def test_12_and_8_against_3_and_5_brought_6_each_and_12_in_all(company):
    """Means 10 and 4; variances 8 / 2 and 2 / 2, so the error of the difference is the root of 5 with 1.47 degrees of freedom."""
    catalog = company(treatments=drawn([(True, 12.0), (True, 8.0), (False, 3.0), (False, 5.0)]), through="2026-12-31")
    rows = evaluate(catalog, CARDS[:2], periods="2026-10").set_index("metric")
    assert rows["value"].to_dict() == {"incremental_value_per_customer": 6, "incremental_value": 12}
    reach = stats.t.ppf(0.975, 25 / 17) * 5**0.5
    assert rows.loc["incremental_value_per_customer", ["low", "high"]].tolist() == pytest.approx([6 - reach, 6 + reach])
    assert rows["n"].tolist() == [4, 4]
    assert rows["status"].tolist() == ["too few"] * 2


def test_two_draws_with_unlike_holdouts_are_not_pooled(company):
    """In each draw the action brought 1; pooled, the rich draw with its small holdout would make it look like 46."""
    rich = drawn([(True, 101.0)] * 9 + [(False, 100.0)] * 2)
    poor = drawn([(True, 1.0)] * 2 + [(False, 0.0)] * 9, action="mail", first=20)
    rows = evaluate(company(treatments=pd.concat([rich, poor]), through="2026-12-31"), CARDS[:2], periods="2026-10")
    assert rows["value"].tolist() == pytest.approx([1, 11])
    assert rows["low"].isna().all()  # outcomes all alike leave no scatter to learn from, which is not certainty


def test_without_a_holdout_nothing_is_known_and_an_outcome_of_november_is_not_looked_at(company):
    catalog = company(treatments=drawn([(True, 12.0), (True, 8.0)]), through="2026-12-31")
    row = evaluate(catalog, "incremental_value", periods="2026-10").iloc[0]
    assert (row["status"], row["reason"]) == (
        "no data",
        "nobody was held out, or nobody treated: what it did is not known",
    )
    late = company(treatments=drawn([(True, 12.0)] * 2 + [(False, 3.0)] * 2, day="2026-10-07"), through="2026-10-31")
    assert evaluate(late, "incremental_value", periods="2026-11")["status"].tolist() == ["no data"]
    assert evaluate(late, "incremental_value", periods="2026")["status"].tolist() == ["no data"]


def test_margin_of_50_brought_for_a_cost_of_20_is_a_return_of_150_percent(company):
    """Orders count from the draw to the outcome: those of the day before and of the day after do not."""
    people = drawn([(True, 0.0)] * 2 + [(False, 0.0)] * 2)
    days = ["2026-09-10", "2026-10-06", "2026-09-20", "2026-09-06", "2026-10-07"]
    orders = pd.DataFrame(
        {
            "order_id": list("abcde"),
            "customer_id": ["c0", "c1", "c2", "c0", "c1"],
            "revenue": 100.0,
            "margin": [40.0, 20.0, 10.0, 99.0, 99.0],
            "ordered_at": pd.to_datetime(days),
        }
    )
    costs = pd.DataFrame(
        {
            "spent_at": pd.to_datetime(["2026-09-05", "2026-10-20"]),
            "amount": [20.0, 7.0],
            "purpose": "retention",
            "campaign": "voucher",
        }
    )
    catalog = company(treatments=people, orders=orders, costs=costs, through="2026-12-31")
    rows = evaluate(catalog, CARDS[2:], periods="2026-10").set_index("metric")["value"]
    assert rows.to_dict() == pytest.approx({"incremental_margin": 50, "incremental_roi": 50 / 20 - 1})
    by_action = evaluate(catalog, CARDS[2:], periods="2026-10", by="action")
    assert by_action["action"].tolist() == ["voucher", "voucher"]


def test_what_the_voucher_brought_equals_plain_pandas_and_welch_on_the_sample_company(sample, sample_tables):
    rows = evaluate(sample, CARDS, periods="2026-10").set_index("metric")
    people = sample_tables["treatments"]
    people = people[people["outcome_at"].dt.strftime("%Y-%m") == "2026-10"]
    arms = [people.loc[people["treated"] == side, "value"].to_numpy(float) for side in (True, False)]
    each = stats.ttest_ind(*arms, equal_var=False)
    interval = each.confidence_interval(0.95)
    row = rows.loc["incremental_value_per_customer"]
    expected = [arms[0].mean() - arms[1].mean(), interval.low, interval.high]
    assert row[["value", "low", "high"]].tolist() == pytest.approx(expected)
    assert rows.loc["incremental_value", "value"] == pytest.approx(expected[0] * len(arms[0]))
    orders = people.merge(sample_tables["orders"], on="customer_id")
    orders = orders[orders["ordered_at"].between(orders["assigned_at"], orders["outcome_at"], inclusive="left")]
    margin = people["customer_id"].map(orders.groupby("customer_id")["margin"].sum()).fillna(0)
    mean = margin.groupby(people["treated"].astype(bool)).mean()
    brought = (mean[True] - mean[False]) * len(arms[0])
    assert rows.loc["incremental_margin", "value"] == pytest.approx(brought)
    costs = sample_tables["costs"]
    paid = costs[(costs["campaign"] == "win-back voucher") & (costs["spent_at"] >= "2026-07-01")]["amount"].sum()
    assert rows.loc["incremental_roi", "value"] == pytest.approx((brought - paid) / paid)


def test_the_interval_of_both_trials_holds_what_the_voucher_truly_did(sample):
    from crmkit.sources.sample import sample_company

    truth = sample_company().truth["effects"]["effect"].to_numpy()
    rows = evaluate(sample, "incremental_value_per_customer", periods=["2026-06", "2026-10"])
    assert ((rows["low"] < truth) & (truth < rows["high"])).all()


@pytest.mark.parametrize(("share_treated", "least"), [(0.5, 0.93), (0.9, 0.90)])
def test_95_of_100_intervals_hold_the_truth_and_90_with_only_30_held_out_whose_outcomes_are_skewed(
    share_treated, least
):
    random = np.random.default_rng(7)
    treated = random.random((2000, 300)) < share_treated
    value = random.exponential(20.0, (2000, 300)) * (random.random((2000, 300)) < 0.4) + 3.0 * treated
    sums = pd.DataFrame({"period": range(2000), "draw": "voucher"})
    for arm, there in (("treated", treated), ("held", ~treated)):
        for name, column in (("n", 1.0), ("x", value), ("xx", value**2)):
            sums[f"{name}_{arm}"] = (there * column).sum(axis=1)
    measure = Uplift(None, at=None, value=None, treated=None, draw=None, each=True)
    found = measure.estimate(sums, Window("month", {}))
    assert least <= ((found["low"] <= 3.0) & (found["high"] >= 3.0)).mean() <= 0.97


def with_blanks(treated, held, day="2026-09-07", action="voucher", first=0):
    """Customers of whom some showed an outcome, so many days after the draw: (days, value), or None for nothing."""
    sides = [(True, each) for each in treated] + [(False, each) for each in held]
    at = pd.Timestamp(day)
    return pd.DataFrame(
        {
            "customer_id": [f"c{first + n}" for n in range(len(sides))],
            "action": action,
            "assigned_at": at,
            "treated": [side for side, _ in sides],
            "outcome_at": [pd.NaT if each is None else at + pd.Timedelta(days=each[0]) for _, each in sides],
            "value": [np.nan if each is None else each[1] for _, each in sides],
        }
    )


def test_who_showed_no_outcome_counts_with_nothing(company):
    """Responders spent 20 on either side; of four treated two responded, of four held out one: 10 less 5, not 20 less 20."""
    people = with_blanks([(3, 20.0), (20, 20.0), None, None], [(9, 20.0), None, None, None])
    rows = evaluate(company(treatments=people, through="2026-12-31"), CARDS[:2], periods="2026-08..2026-10")
    known = rows[rows["value"].notna()]
    assert known["period"].tolist() == ["2026-09"] * 2  # nobody is in a period of his own
    assert (known["value"].tolist(), known["n"].tolist()) == ([5, 20], [8, 8])


def test_a_draw_is_not_known_before_the_time_to_see_its_outcome_has_passed(company):
    """The first draw took up to 20 days; of the second, on the 20th of October, 11 have passed."""
    first = with_blanks([(3, 20.0), (20, 20.0)], [(9, 20.0), None])
    second = with_blanks([(2, 50.0), None], [None, None], day="2026-10-20", first=10)
    rows = evaluate(company(treatments=pd.concat([first, second]), through="2026-10-31"), CARDS[0], periods="2026-10")
    assert rows["status"].tolist() == ["no data"]
    later = company(treatments=pd.concat([first, second]), through="2026-11-30")
    assert evaluate(later, CARDS[0], periods="2026-11")[["value", "n"]].values.tolist() == [[25, 4]]


def test_the_end_of_a_trial_is_believed_where_it_is_given(company):
    people = with_blanks([(3, 20.0), None], [None, None]).assign(ends_at=pd.Timestamp("2026-10-15"))
    rows = evaluate(company(treatments=people, through="2026-12-31"), CARDS[0], periods="2026-09..2026-10")
    assert rows["value"].tolist()[1] == 10 and np.isnan(rows["value"].tolist()[0])


def test_a_draw_whose_values_are_not_filled_in_yet_brought_nothing_that_is_known(company):
    people = drawn([(True, np.nan)] * 3 + [(False, np.nan)] * 3)
    assert evaluate(company(treatments=people, through="2026-12-31"), CARDS[0], periods="2026-10")["n"].item() == 0


def test_orders_of_who_showed_no_outcome_count_as_long(company):
    people = with_blanks([(20, 1.0), None], [None, None])
    orders = pd.DataFrame(
        {
            "order_id": ["a", "b"],
            "customer_id": ["c1", "c2"],
            "revenue": 100.0,
            "margin": [40.0, 10.0],
            "ordered_at": pd.to_datetime(["2026-09-20", "2026-09-21"]),
        }
    )
    catalog = company(treatments=people, orders=orders, through="2026-12-31")
    assert evaluate(catalog, "incremental_margin", periods="2026-09")["value"].item() == 40 - 10
