"""RFM: equal values get equal scores, cuts stay, ids do not matter."""

import numpy as np
import pandas as pd

from crmkit.models.segments.rfm import RFM, TOO_FEW


def firm(n: int, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "days_since_order": random.integers(0, 300, n),
            "n_orders": random.geometric(0.6, n),
            "revenue": random.lognormal(4, 1, n).round(2),
        },
        index=pd.Index([f"c{i}" for i in range(n)], name="customer_id"),
    )


def test_relabelling_and_shuffling_ids_changes_no_score():
    customers = firm(500)
    scores = RFM().fit(customers).score(customers)
    shuffled = customers.sample(frac=1, random_state=1)
    renamed = shuffled.set_axis([f"z{i}" for i in range(500)])
    again = RFM().fit(renamed).score(renamed).set_axis(shuffled.index).loc[customers.index]
    pd.testing.assert_frame_equal(scores, again)


def test_equal_values_get_equal_scores():
    customers = firm(500)
    scores = RFM().fit(customers).score(customers)
    assert (scores.groupby(customers["n_orders"])["frequency"].nunique() == 1).all()


def test_of_five_fifths_each_gets_one_score():
    customers = pd.DataFrame({"days_since_order": range(100), "n_orders": range(100), "revenue": range(100)})
    scores = RFM().fit(customers).score(customers)
    assert scores["frequency"].value_counts().to_dict() == dict.fromkeys(range(1, 6), 20)
    assert scores["recency"].iloc[[0, 99]].tolist() == [5, 1]


def test_the_cuts_stay_when_other_customers_come():
    model = RFM().fit(firm(500))
    one = firm(500).iloc[[7]]
    assert model.predict(one).tolist() == model.predict(pd.concat([one, firm(300, 5)]))[:1].tolist()


def test_one_customer_is_too_few_to_rank_and_thirty_are_not():
    assert RFM().fit(firm(1)).predict(firm(1)).tolist() == [TOO_FEW]
    assert TOO_FEW not in RFM().fit(firm(30)).predict(firm(30))


def test_a_value_that_all_share_scores_3():
    customers = firm(50).assign(revenue=10.0)
    assert RFM().fit(customers).score(customers)["spending"].unique().tolist() == [3]
