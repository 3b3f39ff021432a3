"""On which terms a customer's value is stated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crmkit.errors import Problems
from crmkit.models.subscriptions.spells import Array
from crmkit.models.value import Pays, convention, discount_factors, rate_per_period


@dataclass(frozen=True, kw_only=True)
class Terms:
    """On which terms a value is stated.

    Parameters
    ----------
    discount_rate : float
        Per year [share].
    periods_per_year : float
        12 for months.
    pays : {"start", "end", "renewal", "due"}
        Who pays when, see :func:`~crmkit.models.value.present_value`.
    horizons : sequence of int
        The value of the next so many payments is shown beside the whole [periods].
    longest : int
        The whole ends here: so many payments [periods].
    n_draws : int
        Draws of the parameters behind intervals [count].
    seed : int
        Of the chance in totals.

    Examples
    --------
    >>> Terms(discount_rate=0.1, pays="renewal").factors[:2].round(4).tolist()
    [0.9921, 0.9842]
    """

    discount_rate: float = 0.10
    periods_per_year: float = 12
    pays: Pays = "start"
    horizons: Sequence[int] = (12, 24, 36)
    longest: int = 120
    n_draws: int = 400
    seed: int = 0

    def __post_init__(self) -> None:
        convention(self.pays)
        rules = [
            (self.discount_rate > -1, f"discount_rate is {self.discount_rate}; give a share per year, such as 0.10."),
            (self.periods_per_year > 0, f"periods_per_year is {self.periods_per_year}; give 12 for months."),
            (min(self.horizons, default=0) >= 1, f"horizons are {self.horizons}; give one or more, each at least 1."),
            (self.longest >= 1, f"longest is {self.longest}; give at least 1 period."),
            (self.n_draws >= 1, f"n_draws is {self.n_draws}; give at least 1, better 400."),
        ]
        broken = [sentence for holds, sentence in rules if not holds]
        if broken:
            raise Problems("The terms of a value", broken)

    @property
    def factors(self) -> Array:
        """Present value of each payment of 1."""
        return discount_factors(self.longest, rate_per_period(self.discount_rate, self.periods_per_year), self.pays)
