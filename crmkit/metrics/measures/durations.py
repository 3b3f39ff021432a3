"""Medians of durations, where for many rows the event has not happened yet (Kaplan-Meier) or never will (incidence)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.metrics.engine.intervals import Array, Z
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.base import Sums, estimate_each
from crmkit.models.subscriptions.kaplan_meier import survival_of_counts
from crmkit.tables.expressions import day, days_between, indicator, period_ordinal, union, with_periods


@dataclass(eq=False, kw_only=True)
class KaplanMeierMedian(Sums):
    """Median days from ``at`` to ``ends`` where ``event`` holds, by Kaplan-Meier on the days lived in the period.

    With ``share`` another quantile: the days in which the event would have come to that share of the rows.

    A row enters the period at the age it has on its first day (delayed entry) and leaves it at its end, or with the
    period (censored, as are ends without the event). So the estimate of a period uses only what happened in it, at every
    age, and rows that are still open count for as long as they have been open.

    References
    ----------
    Kaplan and Meier (1958), Journal of the American Statistical Association 53, 457-481; interval after Brookmeyer and
    Crowley (1982), Biometrics 38, 29-41, with Greenwood's variance on the log(-log) scale.
    """

    ends: Any
    event: Any
    share: float = 0.5

    minimum: ClassVar[int] = 20

    def lives(self, table: ir.Table, window: Window) -> ir.Table:
        """Return one row per row of ``table`` and period in which it was open; it has ``began`` and ``ended``."""
        last = max(window.bounds)
        began, ended = period_ordinal(table.began, window.grain), period_ordinal(table.ended, window.grain)
        return with_periods(table, began, ibis.coalesce(ended, last), window.bounds)

    def columns(self) -> dict[str, Any]:
        """Return the columns that :meth:`lives` and :meth:`query` need, by name."""
        began, ended = day(self.at), day(self.ends)
        return {
            "began": began,
            "ended": ibis.ifelse(ended < began, began, ended),  # a deal booked after it was won took no time
            "happened": ibis.coalesce(self.event, False),
            "other": ibis.coalesce(~self.event, False),  # ended without it; where the outcome is unknown, neither
        }

    def query_key(self) -> tuple[Any, ...]:
        """Return a key that is equal for measures that can share one query: those that differ only in the quantile."""
        columns = (self.at, self.ends, self.event, self.where)
        return self.table.op(), *(None if column is None else column.op() for column in columns)

    def query(self, lives: ir.Table, window: Window) -> ir.Table:
        """Return entries, exits, events and other ends by period, group and age [days]."""
        inside = lives.ended.notnull() & (lives.ended < lives.period_end)
        since_start = days_between(lives.began, lives.period_start)
        lives = lives.mutate(
            entry=ibis.greatest(since_start, 0).cast("int64"),
            exit=ibis.ifelse(
                inside, days_between(lives.began, lives.ended), days_between(lives.began, lives.period_end) - 1
            ).cast("int64"),
            event=indicator(inside & lives.happened),
            other=indicator(inside & lives.other),
        )
        lives = lives.filter(lives.exit >= lives.entry)
        zero = ibis.literal(0).cast("float64")
        one = ibis.literal(1).cast("float64")
        ins = lives.select(*window.keys, age=lives.entry, entries=one, exits=zero, events=zero, others=zero)
        outs = lives.select(
            *window.keys, age=lives.exit, entries=zero, exits=one, events=lives.event, others=lives.other
        )
        both = union([ins, outs])
        names = ("entries", "exits", "events", "others")
        return both.group_by([*window.keys, "age"]).aggregate(**{name: both[name].sum() for name in names})

    def estimate(self, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        """Return one row per period and group with value, low, high, n (events) and units (rows at risk)."""
        columns = ["value", "low", "high", "n", "units", "at_risk", "because"]
        return estimate_each(sums, window, self._estimate_ages, columns)

    def _estimate_ages(self, ages: pd.DataFrame) -> dict[str, Any]:
        value, low, high = self.quantile(ages)
        size = {"n": ages["events"].sum(), "units": ages["events"].sum(), "at_risk": ages["entries"].sum()}
        return {"value": value, "low": low, "high": high, "because": self.unreached()} | size

    def unreached(self) -> str:
        """Return why there is no number where rows were at risk."""
        part = {0.25: "a quarter", 0.5: "half", 0.75: "three quarters"}.get(self.share, f"{self.share:.0%}")
        return f"fewer than {part} would come to an end"

    def quantile(self, ages: pd.DataFrame) -> tuple[float, float, float]:
        """Return the quantile with its interval [days] from entries, exits, events and others by age."""
        curve = kaplan_meier(ages)
        # lifelines' own quantile compares exactly: a half that is 0.50000001 after rounding would be missed.
        most = 1 - self.share + _ROUNDING
        value, low, high = (_first_age(curve, curve[side] <= most) for side in ("survival", "low", "high"))
        return value, low, high


_ROUNDING = 1e-12  # a half that is 0.49999999 after rounding is a half
_MOST_OPEN = 0.2  # share without an outcome at the oldest age, above which the final number of events is unknown


@dataclass(eq=False, kw_only=True)
class IncidenceMedian(KaplanMeierMedian):
    """Median days from ``at`` to ``ends`` of the rows to which ``event`` happens, other ends as competing risks.

    Kaplan-Meier estimates when half of all would be won if none were ever lost; where most are lost, that is long after
    the last win, or never. Here a lost row stays lost: the cumulative incidence of wins rises to the share that is won
    in the end, and the median is the age at which it reaches half of that. Rows that are still open count for as long
    as they have been open, so that recent quick wins do not shorten the median. Other quantiles with ``share``.

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
        sides = ("relative", "high", "low")
        value, low, high = (_first_age(curve, curve[side] >= self.share - _ROUNDING) for side in sides)
        return value, low, high

    def unreached(self) -> str:
        """Return why there is no number where rows were at risk."""
        return "too many are still open to know how many will come to it"


def kaplan_meier(ages: pd.DataFrame) -> pd.DataFrame:
    """Survival curve from entries, exits and events by age, by lifelines.

    Parameters
    ----------
    ages : DataFrame
        age [days], entries, exits, events [count]; who exits at an age was still at risk there.

    Returns
    -------
    DataFrame
        One row per age with an event: age, at_risk, events, survival, low, high (95 % pointwise).

    Examples
    --------
    >>> ages = pd.DataFrame({"age": [0, 2, 3, 5], "entries": [4, 0, 0, 0], "exits": [0, 1, 2, 1], "events": [0, 1, 1, 1]})
    >>> kaplan_meier(ages)["survival"].round(3).tolist()
    [0.75, 0.5, 0.0]
    """
    ordered = ages.sort_values("age")
    at_risk = ordered["entries"].cumsum() - ordered["exits"].cumsum().shift(fill_value=0)
    curve = ordered.assign(at_risk=at_risk).loc[lambda rows: rows["events"] > 0, ["age", "at_risk", "events"]]
    curve = curve.reset_index(drop=True)
    return curve.join(survival_of_counts(*(curve[name].to_numpy(float) for name in curve)))


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


def _first_age(curve: pd.DataFrame, is_reached: pd.Series) -> float:
    ages = curve.loc[is_reached, "age"]
    return float(ages.iloc[0]) if len(ages) else np.nan


def _error_of_relative(n: Array, event: Array, other: Array, before: Array, incidence: Array) -> Array:
    """Return the standard error of incidence(t) / incidence(end), by the delta method over the hazards of each age.

    At one age the numbers of events, other ends and neither are multinomial.
    """
    stays = 1 - event - other
    # [t, u]: by how much the incidence at t falls per unit of hazard at the earlier age u
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
