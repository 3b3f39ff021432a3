"""Cards on predictions: the value of customers, of new ones, and what that is against the cost of winning them."""

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.settings import parse_settings


@pytest.fixture
def catalog():
    """120 customers won in October 2026 for 600 in all; the model expects 40 more of each, and 50 with what came."""
    ids = [f"c{n:03d}" for n in range(120)]
    old = [f"o{n:03d}" for n in range(30)]
    orders = pd.DataFrame(
        {
            "order_id": [str(n) for n in range(150)],
            "customer_id": ids + old,
            "revenue": 10.0,
            "margin": 10.0,
            "ordered_at": pd.to_datetime(["2026-10-05"] * 120 + ["2026-01-05"] * 30),
        }
    )
    costs = pd.DataFrame(
        {
            "spent_at": pd.to_datetime(["2026-10-02"]),
            "amount": [600.0],
            "purpose": ["acquisition"],
            "category": ["media"],
        }
    )
    settings = parse_settings({"data": {"through": "2026-10-31"}})
    catalog = ck.connect({"orders": orders, "costs": costs}, settings)
    each = {"value": (40.0, ids + old), "lifetime_value": (50.0, ids + old)}
    rows = [(c, "2026-10-31", model, "1", value) for model, (value, who) in each.items() for c in who]
    rows += [(c, "2026-09-30", "value", "1", 5.0) for c in old]
    scores = pd.DataFrame(rows, columns=["customer_id", "as_of", "model", "model_version", "value"])
    return catalog.with_tables({"customer_scores": scores})


def value(catalog, metric, period="2026-10", **options):
    return ck.evaluate(catalog, metric, periods=period, **options).iloc[0]


def test_the_value_of_a_customer_is_that_of_the_months_own_valuation(catalog):
    assert value(catalog, "residual_value")["value"] == 40.0
    assert value(catalog, "residual_value", "2026-09")["value"] == 5.0


def test_a_new_customer_is_worth_what_came_and_what_is_to_come(catalog):
    got = value(catalog, "new_customer_value")
    assert (got["value"], got["n"]) == (50.0, 120)


def test_fifty_of_value_for_five_of_cost_is_ten_times(catalog):
    assert value(catalog, "customer_acquisition_cost")["value"] == 5.0
    assert value(catalog, "clv_to_cac")["value"] == pytest.approx(10.0)


def test_a_model_in_doubt_by_2_for_each_of_all_customers_widens_the_interval_to_1_96_times_2(catalog):
    sure = value(catalog, "residual_value")
    assert sure["low"] == sure["high"] == 40.0  # customers who are all worth the same
    scores = catalog.frame("customer_scores").assign(shared_error=2.0)
    doubted = value(catalog.with_tables({"customer_scores": scores}), "residual_value")
    assert (doubted["low"], doubted["high"]) == (
        pytest.approx(40 - 1.96 * 2, abs=0.001),
        pytest.approx(40 + 1.96 * 2, abs=0.001),
    )
    won = value(catalog.with_tables({"customer_scores": scores}), "new_customer_value")
    assert won["high"] - won["value"] == pytest.approx(1.96 * 2, abs=0.001)


def test_a_refit_that_moves_the_mean_by_less_than_the_models_doubt_is_not_real(catalog):
    random = np.random.default_rng(1)
    ids = [f"o{n:03d}" for n in range(400)]
    worth = random.gamma(2, 50, 400)
    frames = [
        pd.DataFrame(
            {
                "customer_id": ids,
                "as_of": day,
                "model": "value",
                "model_version": "1",
                "value": worth * level,
                "shared_error": worth * 0.05,
            }
        )
        for day, level in (("2026-09-30", 1.0), ("2026-10-31", 1.13))
    ]
    scores = pd.concat(frames)
    verdicts = {}
    for name, rows in (("doubt", scores), ("none", scores.drop(columns="shared_error"))):
        card = ck.scorecard(catalog.with_tables({"customer_scores": rows}), "2026-10", metrics=["residual_value"]).iloc[
            0
        ]
        verdicts[name] = card["verdict"]
    assert verdicts["none"] == "real" and verdicts["doubt"] != "real"


def test_without_predictions_it_says_what_is_missing(catalog):
    bare = ck.connect({"orders": catalog.frame("orders")})
    assert value(bare, "residual_value")["reason"] == "needs customer_scores: run crmkit predict"
    assert value(bare, "clv_to_cac")["reason"] == "needs costs"  # predictions alone would not do


def test_tiers_are_those_of_the_valuation_before_the_period():
    ids = [f"c{n:02d}" for n in range(60)]
    orders = pd.DataFrame(
        {"order_id": ids, "customer_id": ids, "revenue": 10.0, "ordered_at": pd.Timestamp("2026-10-05")}
    )
    scores = pd.DataFrame(
        {
            "customer_id": ids,
            "as_of": "2026-09-30",
            "model": "value",
            "model_version": "1",
            "value": [float(n) for n in range(60)],
        }
    )
    catalog = ck.connect({"orders": orders}).with_tables({"customer_scores": scores})
    spells = catalog.frame("value_tier_spells")
    assert spells["value_tier"].value_counts().to_dict() == {"3 lower half": 30, "2 upper half": 24, "1 top tenth": 6}
    by = ck.evaluate(catalog, "n_orders", periods="2026-10", by="value_tier").set_index("value_tier")["value"]
    assert by.to_dict() == {"1 top tenth": 6.0, "2 upper half": 24.0, "3 lower half": 30.0}


def test_customers_of_the_same_value_are_in_the_same_tier():
    ids = [f"c{n:02d}" for n in range(10)]
    scores = pd.DataFrame(
        {"customer_id": ids, "as_of": "2026-09-30", "model": "value", "model_version": "1", "value": 7.0}
    )
    catalog = ck.connect({"orders": pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-10-05"], "revenue": [1.0]})})
    tiers = catalog.with_tables({"customer_scores": scores}).frame("value_tier_spells")["value_tier"]
    assert set(tiers) == {"1 top tenth"}
