"""The published figures of CDNOW, to the digits printed."""

import pytest

from crmkit.models.orders.beta_geometric import BGNBD, MBGNBD
from crmkit.models.orders.gamma_gamma import GammaGamma
from crmkit.models.orders.pareto_nbd import ParetoNBD
from tests.models.shoppers import cdnow, customers


def test_the_sample_has_2357_customers_with_2457_repeat_orders_and_1882_to_come(shared_data):
    X, later = cdnow(shared_data)
    assert (len(X), X["n_repeats"].sum(), later.sum()) == (2357, 2457, 1882)


@pytest.mark.parametrize(
    ("model", "params", "digits", "log_likelihood", "ll_digits"),
    [
        (BGNBD, [0.243, 4.414, 0.793, 2.426], 3, -9582.4, 1),
        (MBGNBD, [0.525, 6.183, 0.891, 1.614], 3, -9582.13, 2),
        (ParetoNBD, [0.553, 10.578, 0.606, 11.669], 3, -9595.0, 1),
    ],
)
def test_cdnow_gives_the_published_parameters(shared_data, model, params, digits, log_likelihood, ll_digits):
    X = cdnow(shared_data)[0].round(2) if model is MBGNBD else cdnow(shared_data)[0]
    fitted = model().fit(X)
    assert fitted.params_.round(digits).tolist() == params
    assert round(fitted.log_likelihood_, ll_digits) == log_likelihood
    assert (fitted.converged_, fitted.simpler_model_, fitted.n_customers_) == (True, None, 2357)


def test_the_file_rounded_to_hundredths_of_a_week_gives_minus_9582_4256(shared_data):
    assert round(BGNBD().fit(cdnow(shared_data)[0].round(2)).log_likelihood_, 4) == -9582.4256


def test_a_customer_with_two_orders_the_last_at_30_43_of_38_86_weeks_will_order_1_226_times(shared_data):
    model = BGNBD().fit(cdnow(shared_data)[0].round(2))
    assert model.expected_orders(customers([2], 30.43, 38.86), 39).round(3).tolist() == [1.226]


def test_of_1882_orders_held_out_bg_nbd_expects_1653_with_a_mean_error_of_785_thousandths(shared_data):
    X, later = cdnow(shared_data)
    expected = BGNBD().fit(X).expected_orders(X, 39)
    assert round(expected.sum()) == 1653
    assert round((expected - later).abs().mean(), 3) == 0.785


@pytest.mark.parametrize("model", [BGNBD, ParetoNBD])
def test_cdnow_held_out_lies_in_the_intervals_of_95_percent_of_customers(shared_data, model):
    X, later = cdnow(shared_data)
    ranges = model().fit(X).predict_interval(X, 39)
    assert 0.93 <= ((ranges["low"] <= later) & (later <= ranges["high"])).mean() <= 0.98


def test_the_total_of_cdnow_by_pareto_nbd_holds_1882(shared_data):
    X, _ = cdnow(shared_data)
    total = ParetoNBD().fit(X).predict_total(X, 39, n_draws=400)
    assert total["low"] < 1882 < total["high"]


def test_gamma_gamma_on_cdnow_gives_6_25_and_3_74_and_15_44_from_946_repeat_buyers(shared_data):
    fitted = GammaGamma().fit(cdnow(shared_data)[0])
    assert fitted.params_.round(2).tolist() == [6.25, 3.74, 15.44]
    assert fitted.n_customers_ == 946
