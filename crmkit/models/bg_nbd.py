"""The BG/NBD model: a customer may leave after any repeat order, each time with a probability of her own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from crmkit.models.beta_geometric import BetaGeometricModel


@dataclass(eq=False, kw_only=True)
class BGNBD(BetaGeometricModel):
    """Beta-geometric / negative binomial model of repeat orders.

    While she stays, a customer orders at random times at a rate lambda of her own; after each repeat order she leaves
    for good with a probability p of her own. Among customers lambda is Gamma(r, alpha) and p is Beta(a, b) distributed,
    independently. With x repeat orders, the last one at age t, observed until age T ::

        L = B(a, b + x) / B(a, b)  Gamma(r + x) / Gamma(r)  alpha^r / (alpha + T)^(r + x)
          + [x > 0]  B(a + 1, b + x - 1) / B(a, b)  Gamma(r + x) / Gamma(r)  alpha^r / (alpha + t)^(r + x)

    The first term is that she is still there. A customer without a repeat order is there for certain: where many buy
    once and are gone, see MBGNBD.

    See Also
    --------
    RepeatBuyingModel : parameters, learned attributes, and what the methods return.
    MBGNBD : she may also leave after the first order.
    ParetoNBD : she may leave at any time.

    References
    ----------
    Fader, Hardie and Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2), 275-284:
    equation 6 (likelihood), 9 and 10 (expected orders).

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"n_repeats": [0, 1, 3, 8], "last_age": [0.0, 2.0, 30.1, 20.0], "age": 38.9})
    >>> model = BGNBD(penalty=1.0).fit(X)
    >>> model.probability_alive(X).round(2).tolist()
    [1.0, 0.11, 0.68, 0.08]
    >>> model.expected_orders(X, 26).round(2).tolist()
    [0.52, 0.11, 1.29, 0.32]
    """

    first_chance: ClassVar[int] = 0
