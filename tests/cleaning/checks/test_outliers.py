"""Amounts typed in cents or without their comma, and large ones that are how the firm sells."""

import ibis
import numpy as np
import pandas as pd
import pytest

from crmkit.cleaning.checks.whole_tables import outliers


@pytest.fixture(scope="module")
def con():
    return ibis.duckdb.connect()


def found(con, amounts):
    at = pd.date_range("2026-01-01", periods=len(amounts), freq="h")
    rows = pd.DataFrame({"ordered_at": at, "revenue": amounts})
    return outliers(con.create_table("orders", rows, overwrite=True), "revenue", "ordered_at")


def usual(n=1000, spread=0.7, seed=0):
    return np.round(np.exp(np.random.default_rng(seed).normal(4, spread, n)), 2)


@pytest.mark.parametrize("factor", [100, 1000])
def test_one_amount_of_a_thousand_that_was_typed_in_cents_is_found(con, factor):
    amounts = usual()
    amounts[500] = 80.0 * factor
    odd = found(con, amounts)
    assert (odd.n_rows, odd.largest, odd.on.isoformat()) == (1, 80.0 * factor, "2026-01-21")
    assert odd.usual == pytest.approx(np.median(amounts), rel=0.01)


def test_a_refund_that_lost_its_comma_is_found_with_its_sign(con):
    amounts = usual()
    amounts[3] = -90_000
    assert found(con, amounts).largest == -90_000


@pytest.mark.parametrize("spread", [0.3, 0.7, 1.0, 1.5, 2.0])
def test_no_amount_of_an_honest_firm_is_found_however_widely_its_orders_spread(con, spread):
    assert all(found(con, usual(2000, spread, seed)) is None for seed in range(5))


def test_two_price_lists_are_no_slips(con):
    assert found(con, [9.0] * 500 + [900.0] * 5) is None  # the fifth plan is for large firms
    assert found(con, [9.0] * 500 + [900.0]).n_rows == 1


def test_an_amount_whose_comma_was_lost_stands_apart_from_the_largest_honest_ones(con):
    amounts = usual(20_000, 0.8)
    amounts[7] = 150 * np.median(amounts)  # no more than chance could do, and yet alone
    odd = found(con, amounts)
    assert (odd.n_rows, odd.largest) == (1, amounts[7])


@pytest.mark.parametrize("seed", range(10))
def test_the_largest_amounts_of_a_heavy_tail_are_no_slips(con, seed):
    assert found(con, 20 * (1 + np.random.default_rng(seed).pareto(2, 2000))) is None


def test_where_large_amounts_are_frequent_they_are_how_the_firm_sells(con):
    rng = np.random.default_rng(2)
    assert found(con, np.concatenate([usual(1000, 0.4), np.exp(rng.normal(10, 0.5, 50))])) is None


def test_thirty_amounts_are_needed_and_zeros_are_none(con):
    assert found(con, [10.0] * 28 + [99_999.0]) is None
    assert found(con, [0.0] * 500 + [10.0] * 28 + [99_999.0]) is None
