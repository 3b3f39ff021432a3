"""Growth of what the same customers pay: by hand, on simulated truth, and where little is known."""

import numpy as np
import pandas as pd
import pytest

from crmkit.models.series.drift import Drift


def payments(amounts, who="a"):
    return pd.DataFrame({"customer_id": who, "month": np.arange(len(amounts)), "amount": amounts})


def test_ten_then_eleven_a_year_later_is_the_logarithm_of_one_point_one_over_twelve():
    many = pd.concat([payments([10.0] * 12 + [11.0] * 12, who=str(n)) for n in range(50)])
    many = many[many["month"].isin([0, 12])]
    fitted = Drift().fit(many)  # all customers alike: the only doubt is that of one rise in two half-years
    assert fitted.growth_ == pytest.approx(np.log(1.1) / 12, rel=1e-6)
    assert fitted.n_customers_ == 50


def test_who_comes_and_goes_moves_nothing():
    cheap, dear = payments([10.0] * 6, "a"), payments([90.0] * 6, "b").assign(month=np.arange(18, 24))
    assert Drift().fit(pd.concat([cheap, dear])).growth_ == 0.0


@pytest.mark.parametrize("yearly", [0.0, 0.06, -0.04])
def test_the_truth_lies_within_three_standard_errors(yearly):
    random = np.random.default_rng(3)
    who = np.repeat(np.arange(400), 12)
    month = random.uniform(0, 36, len(who))
    level = random.lognormal(3, 0.5, 400)[who]
    amount = level * np.exp(np.log1p(yearly) / 12 * month) * random.gamma(4, 0.25, len(who))
    fitted = Drift().fit(pd.DataFrame({"customer_id": who, "month": month, "amount": amount}))
    assert abs(fitted.growth_ - np.log1p(yearly) / 12) < 3 * fitted.error_
    assert 12 * fitted.error_ < 0.02


def test_of_40_firms_the_interval_holds_the_truth_in_nearly_all():
    held = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        who = np.repeat(np.arange(60), 8)
        month = random.uniform(0, 36, len(who))
        amount = np.exp(0.04 / 12 * month) * random.gamma(2, 0.5, len(who)) * random.lognormal(0, 1, 60)[who]
        fitted = Drift().fit(pd.DataFrame({"customer_id": who, "month": month, "amount": amount}))
        held.append(abs(fitted.growth_ - 0.04 / 12) < 1.96 * fitted.error_)
    assert np.mean(held) >= 0.9


@pytest.mark.parametrize("amounts", [[], [5.0], [0.0, 0.0], [-3.0, -4.0]])
def test_where_nothing_is_known_growth_is_none_give_or_take_five_percent_a_year(amounts):
    fitted = Drift().fit(payments(amounts))
    assert (fitted.growth_, 12 * fitted.error_) == (0.0, pytest.approx(0.05))
    assert np.std(fitted.draw(4000)) == pytest.approx(0.05 / 12, rel=0.05)
