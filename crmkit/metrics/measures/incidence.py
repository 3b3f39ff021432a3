"""How long it takes those to whom something happens, when to many others it never will."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from crmkit.metrics.engine.intervals import Array, Z
from crmkit.metrics.measures.survival import KaplanMeierMedian

_MOST_OPEN = 0.2  # share without an outcome at the oldest age, above which nobody knows how many will still come


@dataclass(eq=False, kw_only=True)
class IncidenceMedian(KaplanMeierMedian):
    """Median days from ``at`` to ``ends`` of the rows to which ``event`` happens, the others as competing ends.

    Kaplan-Meier asks when half of all would be won if none were ever lost, and where most are lost that is long after
    the last win, or never. Here who is lost stays lost: the cumulative incidence of wins rises to the share that is won
    in the end, and the median is where it has come to half of that. Rows that are still open count for as long as they
    have been open, so that recent quick wins do not make the median short. Other quantiles with ``share``.

    References
    ----------
    Aalen and Johansen (1978), Scandinavian Journal of Statistics 5, 141-150; Putter, Fiocco and Geskus (2007),
    Statistics in Medicine 26, 2389-2430 (competing risks); the interval inverts the delta method's band of the
    incidence relative to its height, on the logit scale.

    Examples
    --------
    >>> import crmkit as ck
    >>> deals = pd.DataFrame({"deal_id": list("abcd"), "created_at": ["2026-10-01"] * 4, "won": [True, True, False, False],
    ...                       "closed_at": ["2026-10-05", "2026-10-09", "2026-10-03", "2026-10-20"]})
    >>> table = ck.connect({"deals": deals}).table("deals")
    >>> to_win = ck.IncidenceMedian(table, at=table.created_at, ends=table.closed_at, event=table.won)
    >>> to_win.minimum  # wins below which the interval is too rough
    20
    """

    def quantile(self, ages: pd.DataFrame) -> tuple[float, float, float]:
        """Return the quantile with its interval [days] from entries, exits, events and others by age."""
        curve = cumulative_incidence(ages)
        if curve.empty or curve["incidence"].iloc[-1] <= 0 or curve["survival"].iloc[-1] > _MOST_OPEN:
            return np.nan, np.nan, np.nan
        value, low, high = (_first_reaching(curve, side, self.share) for side in ("relative", "high", "low"))
        return value, low, high

    def unreached(self) -> str:
        """Return why there is no number where rows were at risk."""
        return "too many are still open to know how many will come to it"


def cumulative_incidence(ages: pd.DataFrame) -> pd.DataFrame:
    """Aalen-Johansen curve from entries, exits, events and other ends by age.

    Parameters
    ----------
    ages : DataFrame
        age [days], entries, exits, events, others [count]; who exits at an age was still at risk there.

    Returns
    -------
    DataFrame
        One row per age with an end: age, at_risk, events, others, survival (share without any end yet), incidence
        (share with the event), relative (incidence over that at the oldest age), low, high (of relative, 95 %).

    Examples
    --------
    >>> ages = pd.DataFrame({"age": [0, 2, 3, 5], "entries": [4, 0, 0, 0], "exits": [0, 1, 2, 1],
    ...                      "events": [0, 1, 0, 1], "others": [0, 0, 2, 0]})
    >>> cumulative_incidence(ages)[["age", "incidence", "relative"]].values.tolist()
    [[2.0, 0.25, 0.5], [3.0, 0.25, 0.5], [5.0, 0.5, 1.0]]
    """
    ordered = ages.sort_values("age")
    at_risk = ordered["entries"].cumsum() - ordered["exits"].cumsum().shift(fill_value=0)
    ends = (ordered["events"] + ordered["others"]) > 0
    curve = ordered.assign(at_risk=at_risk).loc[ends, ["age", "at_risk", "events", "others"]]
    n, d, o = (curve[name].to_numpy(float) for name in ("at_risk", "events", "others"))
    survival = np.cumprod(1 - (d + o) / n)
    before = np.concatenate([[1.0], survival[:-1]])
    incidence = np.cumsum(before * d / n)
    relative = incidence / incidence[-1] if len(incidence) and incidence[-1] > 0 else np.full(len(incidence), np.nan)
    low, high = _logit_band(relative, _error_of_relative(n, d / n, o / n, before, incidence))
    return curve.assign(survival=survival, incidence=incidence, relative=relative, low=low, high=high)


def _error_of_relative(n: Array, event: Array, other: Array, before: Array, incidence: Array) -> Array:
    """Standard error of incidence(t) / incidence(end): delta method over the hazards of each age, multinomial there."""
    stays = 1 - event - other
    # [t, u]: what the incidence at t loses per unit of hazard at the earlier age u, of those who would still come to it
    later = np.tril(incidence[:, None] - incidence[None, :])
    lost = np.divide(later, stays[None, :], out=np.zeros_like(later), where=stays[None, :] > 0)
    by_event, by_other = np.tril(before[None, :] - lost), -lost
    relative = incidence / incidence[-1] if incidence.size and incidence[-1] > 0 else incidence * np.nan
    by_event, by_other = (each - relative[:, None] * each[-1:] for each in (by_event, by_other))
    spread = by_event**2 * event + by_other**2 * other - (by_event * event + by_other * other) ** 2
    variance = np.maximum((spread / n[None, :]).sum(axis=1), 0)
    return np.sqrt(variance) / incidence[-1] if incidence.size else variance


def _logit_band(relative: Array, error: Array) -> tuple[Array, Array]:
    with np.errstate(divide="ignore", invalid="ignore"):
        logit = np.log(relative / (1 - relative))
        reach = Z * error / (relative * (1 - relative))
        low, high = 1 / (1 + np.exp(reach - logit)), 1 / (1 + np.exp(-reach - logit))
    at_end = (relative <= 0) | (relative >= 1)
    return np.where(at_end, relative, low), np.where(at_end, relative, high)


def _first_reaching(curve: pd.DataFrame, side: str, level: float) -> float:
    reached = curve.loc[curve[side] >= level - 1e-12, "age"]  # a half that is 0.49999999 after rounding is a half
    return float(reached.iloc[0]) if len(reached) else np.nan
