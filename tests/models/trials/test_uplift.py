"""Who responds: found where people differ, and not where they do not."""

import numpy as np
import pandas as pd
import pytest

from crmkit.models.trials.uplift import UpliftModel, targeting


def trial(n, seed, *, effects=(0.0, 2.0), share=0.5):
    """Return people of two plans with known effects, who was treated, and what they brought."""
    random = np.random.default_rng(seed)
    people = pd.DataFrame(
        {
            "plan": random.choice(["basic", "pro"], n),
            "age": random.uniform(20, 70, n),
            "orders": random.poisson(3, n).astype(float),
        }
    )
    treated = random.permutation(np.arange(n) < share * n)
    effect = np.where(people["plan"] == "pro", effects[1], effects[0])
    return people, 0.1 * people["age"] + random.normal(0, 3, n) + treated * effect, treated


def test_an_effect_of_0_and_of_2_is_expected_of_people_not_seen():
    model = UpliftModel().fit(*trial(8000, 1))
    people, _, _ = trial(1000, 2)
    expected = model.predict(people).groupby(people["plan"]).mean()
    assert expected["basic"] == pytest.approx(0.0, abs=0.25)
    assert expected["pro"] == pytest.approx(2.0, abs=0.25)
    assert model.effect_ == pytest.approx(1.0, abs=0.2)
    assert model.columns_["column"].iloc[0].startswith("plan")


def test_ranking_half_by_an_effect_of_2_and_of_0_is_worth_a_quarter():
    # The gain curve rises to 1 over the half of the pros and stays there: its area is .75, that of the lot .5.
    found = targeting(*trial(20000, 3))
    assert found.low < 0.25 < found.high
    assert found.beats_random
    assert found.best_half == pytest.approx(2.0, abs=0.3)
    assert found.curve["at_random"].tolist() == pytest.approx(
        [each * found.curve["gain"].iloc[-1] for each in (0.1, 0.25, 0.5, 0.75, 1)]
    )


def test_unequal_probabilities_of_the_draw_are_weighted_for():
    people, outcome, _ = trial(20000, 4, effects=(0.0, 0.0))
    often = np.where(people["age"] > 45, 0.8, 0.4)
    treated = np.random.default_rng(0).random(20000) < often
    found = targeting(people, outcome + 2.0 * (treated & (people["plan"] == "pro")), treated, probability=often)
    assert found.low < 0.25 < found.high
    assert found.beats_random


def test_a_person_drawn_twice_does_not_count_as_two():
    people, outcome, treated = trial(2000, 5)
    once = targeting(people, outcome, treated)
    twice = targeting(
        pd.concat([people, people], ignore_index=True),
        np.tile(outcome, 2),
        np.tile(treated, 2),
        person=np.tile(np.arange(2000), 2),
    )
    assert twice.high - twice.low == pytest.approx(once.high - once.low, rel=0.1)


def test_gaps_rare_values_and_columns_of_one_value_do_no_harm():
    people, outcome, treated = trial(2000, 6)
    people.loc[::7, "age"] = np.nan
    people["empty"], people["same"] = np.nan, 1.0
    people["town"] = [f"town {n % 400}" for n in range(2000)]
    assert np.isfinite(targeting(people, outcome, treated).qini)
    later = people.assign(town="one that was not there", plan="gold")
    assert UpliftModel().fit(people, outcome, treated).predict(later).notna().all()


@pytest.mark.slow
def test_where_all_respond_alike_the_lot_is_said_to_be_beaten_in_at_most_5_of_100_trials():
    beaten = [targeting(*trial(1500, seed, effects=(1.0, 1.0), share=0.7)).beats_random for seed in range(200)]
    assert np.mean(beaten) <= 0.05
