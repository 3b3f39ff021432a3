"""The MBG/NBD model: a customer may leave after any order, the first included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from crmkit.models.beta_geometric import BetaGeometricModel


@dataclass(eq=False, kw_only=True)
class MBGNBD(BetaGeometricModel):
    """Modified BG/NBD model: as BG/NBD, but a customer may leave after her first order too.

    With x repeat orders, the last one at age t, observed until age T ::

        L = Gamma(r + x) / Gamma(r)  alpha^r / B(a, b)
            {B(a, b + x + 1) / (alpha + T)^(r + x)  +  B(a + 1, b + x) / (alpha + t)^(r + x)}

    See Also
    --------
    RepeatBuyingModel : parameters, learned attributes, and what the methods return.
    BGNBD : nobody leaves before a repeat order.

    References
    ----------
    Batislam, Denizel and Filiztekin (2007), Empirical validation and comparison of models for customer base analysis,
    International Journal of Research in Marketing 24(3), 201-209; Hoppe and Wagner (2007), Customer base analysis: the
    case for a central variant of the betageometric/NBD model, Marketing: Journal of Research and Management 3(2), 75-90.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"n_repeats": [0, 1, 3, 8], "last_age": [0.0, 2.0, 30.1, 20.0], "age": 38.9})
    >>> MBGNBD(penalty=1.0).fit(X).probability_alive(X).round(2).tolist()
    [0.12, 0.05, 0.67, 0.06]
    """

    first_chance: ClassVar[int] = 1
