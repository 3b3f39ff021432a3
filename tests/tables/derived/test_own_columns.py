"""Derived tables keep the own columns of the table that gives their rows, and no number changes by it."""

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.sources.sample import sample_company

SETTINGS = ck.Settings(company={"smallest_group": 1})
WAREHOUSES = ["Berlin", "Hamburg", "Ulm"]
BY_TABLE = {
    "orders": [
        "revenue",
        "repeat_rate",
        "product_revenue",
        "revenue_change",
        "revenue_from_new",
        "revenue_lost_to_gone",
        "revenue_per_referred_customer",
    ],
    "deals": ["open_deals", "open_amount", "time_in_stage", "touches_to_close", "win_rate"],
    "deal_stages": ["time_in_stage"],
    "subscription_terms": ["renewal_rate"],
    "survey_invitations": ["response_rate"],
}


@pytest.fixture(scope="module")
def frames():
    return dict(sample_company(n_customers=1500).tables)


@pytest.fixture(scope="module")
def with_own(frames):
    random = np.random.default_rng(1)
    own = {
        name: frames[name].assign(**{f"hub_of_{name}": random.choice(WAREHOUSES, len(frames[name]))})
        for name in BY_TABLE
    }
    return ck.connect({**frames, **own}, SETTINGS)


@pytest.mark.parametrize("table", BY_TABLE)
def test_metrics_are_split_by_the_own_columns_of_the_table_of_their_rows(with_own, table):
    by = f"hub_of_{table}"
    numbers = ck.evaluate(with_own, BY_TABLE[table], "2026-09", by=by)
    shown = numbers[numbers[by].isin(WAREHOUSES)].groupby("metric")[by].nunique()
    assert shown.to_dict() == dict.fromkeys(BY_TABLE[table], 3)


def test_parts_by_an_own_column_add_up_to_the_whole(with_own):
    metrics = ["product_revenue", "revenue_change"]
    whole = ck.evaluate(with_own, metrics, "2026-09")["value"]
    parts = ck.evaluate(with_own, metrics, "2026-09", by="hub_of_orders").groupby("metric", sort=False)["value"].sum()
    assert parts.tolist() == pytest.approx(whole.tolist())


def test_no_number_changes_by_own_columns(frames, with_own):
    expected = ck.evaluate(ck.connect(frames, SETTINGS), periods="2026-09")
    pd.testing.assert_frame_equal(ck.evaluate(with_own, periods="2026-09"), expected)
