"""Who upgraded and who slid: worked by hand on orders of a few customers among forty others."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.models.segments.rfm import _NAMES, LADDER
from crmkit.predictions.segments.migration import customer_moves, move_totals, segment_flow, segments_best_first
from crmkit.settings import parse_settings

BEFORE, NOW = date(2026, 8, 31), date(2026, 9, 30)
RULES = {"Large": "revenue >= 100", "Small": "revenue > 0"}


@pytest.fixture(scope="module")
def catalog():
    """By rules: u goes from 60 to 110, s from 100 to 0 (a year has passed), n orders first, c stays at 20."""
    rows = [
        ("u", "2026-07-01", 60),
        ("u", "2026-09-10", 50),
        ("s", "2025-09-15", 100),
        ("n", "2026-09-02", 30),
        ("c", "2026-03-01", 20),
    ]
    orders = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "revenue"])
    orders = orders.assign(ordered_at=pd.to_datetime(orders["ordered_at"]), order_id=list("12345"))
    return ck.connect(
        {"orders": orders}, parse_settings({"company": {"segment_rules": RULES, "segment_model": "rules"}})
    )


def test_one_upgrades_one_slides_one_is_new_and_one_stays(catalog):
    moves = customer_moves(catalog, BEFORE, NOW, model="rules")
    assert moves["direction"].to_dict() == {"c": "stayed", "n": "new", "s": "down", "u": "up"}
    assert moves["gained"].to_dict() == {"c": 0.0, "n": 30.0, "s": -100.0, "u": 50.0}
    assert segment_flow(moves)["n"].sum() == 4


def test_what_moves_brought_adds_up_to_the_change_of_revenue_and_intervals_hold_it(catalog):
    totals = move_totals(customer_moves(catalog, BEFORE, NOW, model="rules"))
    assert totals.set_index("direction")["gained"].to_dict() == {"up": 50.0, "down": -100.0, "new": 30.0, "stayed": 0.0}
    assert ((totals["low"] <= totals["gained"]) & (totals["gained"] <= totals["high"])).all()


def test_intervals_of_what_upgrades_bring_hold_the_truth_in_93_of_100_firms():
    random, hits = np.random.default_rng(1), 0
    for _ in range(200):
        gained = random.gamma(2, 30, random.poisson(60))
        row = move_totals(pd.DataFrame({"direction": "up", "gained": gained})).iloc[0]
        hits += row["low"] <= 60 * 60 <= row["high"]
    assert hits >= 186


def test_segments_stand_from_the_best_down(catalog):
    assert segments_best_first(catalog, NOW, "rules") == ["Large", "Small", "Others"]
    assert set(LADDER) == {name for row in _NAMES for name in row}
