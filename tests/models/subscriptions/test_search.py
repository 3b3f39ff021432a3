"""The search for the maximum of a likelihood, and the derivatives that it uses."""

import numpy as np
import pytest

from crmkit.models.maximum_likelihood import second_derivatives
from crmkit.models.subscriptions.renewals import _Likelihood, fit_renewals, lowest
from crmkit.models.subscriptions.sbg import BetaDiscreteWeibull, ShiftedBetaGeometric
from crmkit.models.subscriptions.spells import read_spells, risk_table, spells_of_survivors
from tests.models.subscribers import HIGH_END, REGULAR

WIDE = np.full(1, -9.0), np.full(1, 9.0)


def two_valleys(x):
    """At -2 the function is 0, at 3 it is -1."""
    left, right = (x[0] + 2) ** 2, (x[0] - 3) ** 2 - 1
    return min(left, right), 2 * (x + 2) if left < right else 2 * (x - 3)


def test_of_two_valleys_the_deeper_one_counts_whichever_start_came_first():
    for starts in ([-4.0, 4.0], [4.0, -4.0]):
        found, converged = lowest(two_valleys, [np.array([each]) for each in starts], WIDE)
        assert (round(found[0], 6), round(two_valleys(found)[0], 6), converged) == (3.0, -1.0, True)


def test_a_second_search_is_over_when_it_comes_to_the_known_end():
    asked = []

    def counted(x):
        asked.append(len(x))
        return np.cosh(x[0] - 1), np.sinh(x - 1)

    once, _ = lowest(counted, [np.array([6.0])], WIDE)
    n_once = len(asked)
    twice, _ = lowest(counted, [np.array([6.0]), np.array([6.0])], WIDE)
    assert twice == once and len(asked) - n_once < 2 * n_once


def test_second_derivatives_of_a_cubic_form_are_exact_to_seven_digits():
    def cubic(at):
        x, y = at
        return x**3 + x * y**2, np.array([3 * x**2 + y**2, 2 * x * y])

    second = second_derivatives(cubic, np.array([1.5, -0.5]))
    assert second == pytest.approx(np.array([[9.0, -1.0], [-1.0, 3.0]]), rel=1e-7)


@pytest.mark.parametrize("model", [ShiftedBetaGeometric, BetaDiscreteWeibull])
def test_the_gradient_of_a_likelihood_is_that_of_finite_differences_at_every_place(model):
    likelihood = _Likelihood(
        model().log_renewal, risk_table(read_spells(spells_of_survivors(REGULAR))), len(model.names)
    )
    for place in np.random.default_rng(0).normal(0, 1.5, (20, len(model.names))):
        value, gradient = likelihood._negative(place)
        for number, move in enumerate(1e-5 * np.eye(len(model.names))):
            rise = (likelihood._negative(place + move)[0] - likelihood._negative(place - move)[0]) / 2e-5
            assert gradient[number] == pytest.approx(rise, rel=1e-5, abs=1e-4)
        assert value == pytest.approx(-likelihood.log_likelihood(place[None])[0], rel=1e-12)


@pytest.mark.parametrize("model", [ShiftedBetaGeometric, BetaDiscreteWeibull])
def test_what_is_held_out_is_as_likely_as_under_a_whole_fit(model):
    known, others = (risk_table(read_spells(spells_of_survivors(each))) for each in (REGULAR, HIGH_END))
    fitted = fit_renewals(model().log_renewal, known, model.names, 20, 0)
    risk = -np.expm1(model().log_renewal(fitted.params[None], others.period).value[0])
    expected = others.lost @ np.log(risk) + others.kept @ np.log1p(-risk)
    assert model().held_out_likelihood(known, others) == pytest.approx(expected, rel=1e-9)
