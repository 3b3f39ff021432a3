"""The shifted-beta-geometric model (sBG): each customer has a risk of her own that never changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from crmkit.models.renewal_likelihood import Steps
from crmkit.models.renewals import RenewalModel
from crmkit.models.spells import Array


@dataclass(eq=False, kw_only=True)
class ShiftedBetaGeometric(RenewalModel):
    """Shifted-beta-geometric lifetimes of subscribers, by maximum likelihood with delayed entry and right censoring.

    A customer is lost at each renewal with a probability theta of her own, and theta is Beta(alpha, beta) distributed
    among customers. So ::

        S(t) = B(alpha, beta + t) / B(alpha, beta)
        S(t) / S(t - 1) = (beta + t - 1) / (alpha + beta + t - 1)

    and retention rises with tenure although nobody changes: those likely to leave leave first.

    See Also
    --------
    RenewalModel : parameters, learned attributes, and what the methods return.
    BetaDiscreteWeibull : the same where a customer's own risk rises or falls with time.

    References
    ----------
    Fader and Hardie (2007), How to project customer retention, Journal of Interactive Marketing 21(1), 76-90,
    equations 5 to 8.

    Examples
    --------
    >>> from crmkit.models.spells import spells_of_survivors
    >>> high_end = spells_of_survivors([1000, 869, 743, 653, 593, 551, 517, 491])
    >>> model = ShiftedBetaGeometric().fit(high_end)
    >>> model.params_.round(3).to_dict(), round(model.log_likelihood_, 2)
    ({'alpha': 0.668, 'beta': 3.806}, -1611.16)
    >>> round(float(model.survival(12).loc[12, "value"]), 3)
    0.378
    """

    names: ClassVar[tuple[str, ...]] = ("alpha", "beta")

    def log_renewal(self, params: Array, period: Array) -> Steps:
        alpha, beta = params[:, 0, None], params[:, 1, None]
        before = beta + period - 1
        after = alpha + before
        return Steps(-np.log1p(alpha / before), (-1 / after, alpha / (before * after)))
