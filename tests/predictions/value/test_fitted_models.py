"""Fitted models that are read back from the cache are the same, and so are their forecasts."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.models.orders.gamma_gamma import GammaGamma
from crmkit.models.orders.pareto_nbd import ParetoNBD
from crmkit.models.subscriptions.sbg import BetaDiscreteWeibull
from crmkit.models.subscriptions.spells import spells_of_survivors
from crmkit.predictions.value import fitted_models as module
from crmkit.predictions.value import tenure
from crmkit.predictions.value.customer_values import valuation
from crmkit.predictions.value.fitted_models import fitted_models, model_from_json, model_from_row, model_row, to_json
from crmkit.predictions.value.forecast import choose_renewal_model
from crmkit.predictions.value.payments import payments_until
from crmkit.settings import parse_settings
from crmkit.tables.caching.cache import Cache
from crmkit.tables.catalog import Catalog
from tests.models.subscribers import REGULAR
from tests.predictions.value_firms import firm

END = date(2026, 10, 31)


@pytest.fixture(scope="module")
def tables():
    return firm("growing", 500, 3)


def connected(tables):
    return ck.connect(tables, parse_settings({"data": {"through": END}}))


def row(what, model):
    return next(
        pd.DataFrame([model_row(what, model)], columns=["what", "name", "model", "held_out", "reason"]).itertuples()
    )


def test_a_model_of_orders_comes_back_and_draws_the_same_futures():
    random = np.random.default_rng(0)
    X = pd.DataFrame({"n_repeats": random.poisson(2.0, 400).astype(float), "age": random.uniform(5, 40, 400)})
    X["last_age"] = np.where(X["n_repeats"] > 0, X["age"] * random.random(400), 0.0)
    model = ParetoNBD(penalty=0.3).fit(X)
    again = model_from_json(ParetoNBD, to_json(model))
    pd.testing.assert_series_equal(again.params_, model.params_)
    assert again.simulate_orders(X, 12.0, 20).equals(model.simulate_orders(X, 12.0, 20))


def test_a_chosen_model_of_renewals_comes_back_with_its_scores_and_curves():
    spells = spells_of_survivors(REGULAR)
    chosen = choose_renewal_model(spells.loc[spells.index.repeat(spells["n"].astype(int)), ["entry", "exit", "lost"]])
    assert len(chosen.held_out) == 2
    again = model_from_row(row("renewals", chosen))
    assert (again.name, again.model.simpler_model_) == (chosen.name, chosen.model.simpler_model_)
    pd.testing.assert_frame_equal(again.held_out, chosen.held_out)
    pd.testing.assert_frame_equal(again.model.survival(24), chosen.model.survival(24))


def test_a_model_of_amounts_comes_back_even_where_a_number_is_infinite():
    model = GammaGamma(penalty=0.1).fit(pd.DataFrame({"n_values": [2.0, 1.0, 3.0], "mean_value": [10.0, 20.0, 30.0]}))
    model.interval_.loc["p", "high"] = np.inf
    again = model_from_json(GammaGamma, to_json(model))
    pd.testing.assert_frame_equal(again.interval_, model.interval_)
    pd.testing.assert_frame_equal(again.covariance_, model.covariance_)


def test_what_is_no_number_frame_or_word_is_not_written_down():
    model = BetaDiscreteWeibull()
    model.params_ = object()
    with pytest.raises(TypeError, match="object"):
        to_json(model)


def test_a_second_look_reads_what_the_first_one_kept_and_says_the_same(tables, tmp_path, monkeypatch):
    first = valuation(kept_book(tables, tmp_path), END)
    monkeypatch.setattr("crmkit.predictions.value.fitted_models.choose_renewal_model", never)
    monkeypatch.setattr("crmkit.predictions.value.fitted_models.fit_order_model", never)
    monkeypatch.setattr(module, "forecast_from", never)
    second = valuation(kept_book(tables, tmp_path), END)
    assert np.array_equal(first.forecast.draws, second.forecast.draws)
    assert np.array_equal(first.forecast.expected, second.forecast.expected)
    assert first.forecast.customers.equals(second.forecast.customers) and first.forecast.few == second.forecast.few
    assert first.forecast.notes == second.forecast.notes
    assert [(what, each.name) for what, each in first.forecast.chosen] == [
        (what, each.name) for what, each in second.forecast.chosen
    ]


def test_more_futures_than_are_worth_their_room_are_drawn_each_time(tables, monkeypatch):
    kept = valuation(connected(tables), END)
    monkeypatch.setattr(module, "_MOST_CACHED", 0)
    assert np.array_equal(kept.forecast.draws, valuation(connected(tables), END).forecast.draws)


def test_a_plan_of_which_a_model_is_known_has_the_curve_of_a_fit_of_its_own(tables, monkeypatch):
    catalog = connected({**tables, "subscription_terms": tables["subscription_terms"].assign(plan="Small")})
    known = tenure.tenure_curves(catalog, "plan", END)
    assert len(known) and fitted_models(catalog, END).renewals
    monkeypatch.setattr(tenure, "fitted_models", lambda *_: type("Nothing", (), {"renewals": []}))
    pd.testing.assert_frame_equal(known, tenure.tenure_curves(catalog, "plan", END))


def test_money_of_a_past_day_is_a_part_of_all_and_changing_it_changes_nothing_else(tables):
    catalog = connected(tables)
    early = payments_until(catalog, date(2025, 10, 31)).rows
    early["money"] = 0.0
    assert payments_until(catalog, date(2025, 10, 31)).rows["money"].sum() > 0
    assert payments_until(catalog, END).rows["on"].max() > early["on"].max()


def kept_book(tables, folder):
    """The same tables with results kept in a folder, as those of a store are."""
    opened = connected(tables)
    cache = Cache(folder / "kept", [], opened.settings, {"tables": "the same"})
    return Catalog({name: opened.table(name) for name in tables}, opened.settings, cache=cache)


def never(*_, **__):
    raise AssertionError("computed again")
