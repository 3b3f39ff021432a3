"""How long it takes until something happens, when for many it has not happened yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.metrics.engine.intervals import Array, Z
from crmkit.metrics.engine.window import Window
from crmkit.metrics.measures.base import Sums
from crmkit.tables.expressions import day, days_between, indicator, period_ordinal, union, with_periods


@dataclass(eq=False, kw_only=True)
class KaplanMeierMedian(Sums):
    """Median days from ``at`` to ``ends`` where ``event`` holds, by Kaplan-Meier on the days lived in the period.

    With ``share`` another quantile: the days in which the event would have come to that share of the rows.

    A row enters the period at the age it has on its first day (delayed entry) and leaves it at its end, or with the
    period (censored, as are ends without the event). So each period is judged by what happened in it, at every age,
    and rows that are still open count for as long as they have been open.

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
        """Return one row per row and period it was open in; ``table`` has ``began``, ``ended``, ``happened``."""
        last = max(window.bounds)
        began, ended = period_ordinal(table.began, window.grain), period_ordinal(table.ended, window.grain)
        return with_periods(table, began, ibis.coalesce(ended, last), window.bounds)

    def columns(self) -> dict[str, Any]:
        """Return the columns that :meth:`lives` needs, named."""
        began, ended = day(self.at), day(self.ends)
        return {
            "began": began,
            "ended": ibis.ifelse(ended < began, began, ended),  # a deal booked after it was won took no time
            "happened": ibis.coalesce(self.event, False),
            "missed": ibis.coalesce(~self.event, False),  # ended otherwise; where the outcome is unknown, neither
        }

    def asks_the_same(self) -> tuple[Any, ...]:
        """Return what decides the query: measures that differ in the quantile alone share one."""
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
            other=indicator(inside & lives.missed),
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
        records = []
        for key, group in sums.groupby(window.keys, dropna=False):
            key = key if isinstance(key, tuple) else (key,)
            value, low, high = self.quantile(group)
            size = {"n": group["events"].sum(), "units": group["events"].sum(), "at_risk": group["entries"].sum()}
            found = {"value": value, "low": low, "high": high, "because": self.unreached()} | size
            records.append(dict(zip(window.keys, key, strict=True)) | found)
        return pd.DataFrame(records, columns=[*window.keys, "value", "low", "high", "n", "units", "at_risk", "because"])

    def unreached(self) -> str:
        """Return why there is no number where rows were at risk."""
        part = {0.25: "a quarter", 0.5: "half", 0.75: "three quarters"}.get(self.share, f"{self.share:.0%}")
        return f"fewer than {part} would come to an end"

    def quantile(self, ages: pd.DataFrame) -> tuple[float, float, float]:
        """Return the quantile with its interval [days] from entries, exits, events and others by age."""
        curve = kaplan_meier(ages)
        value, low, high = (_first_at(curve, side, 1 - self.share) for side in ("survival", "low", "high"))
        return value, low, high


def kaplan_meier(ages: pd.DataFrame) -> pd.DataFrame:
    """Survival curve from entries, exits and events by age.

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
    n, d = curve["at_risk"].to_numpy(float), curve["events"].to_numpy(float)
    survival = np.cumprod(1 - d / n)
    low, high = _log_log_band(survival, n, d)
    return curve.assign(survival=survival, low=low, high=high)


def _log_log_band(survival: Array, n: Array, d: Array) -> tuple[Array, Array]:
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(d / (n * (n - d)))
        log_survival = np.log(survival)
        reach = Z * np.sqrt(greenwood) / np.abs(log_survival)
        low = np.exp(log_survival * np.exp(reach))
        high = np.exp(log_survival * np.exp(-reach))
    return np.nan_to_num(low, nan=0.0), np.where(survival > 0, high, np.nan)


def _first_at(curve: pd.DataFrame, side: str, level: float) -> float:
    reached = curve.loc[curve[side] <= level, "age"]
    return float(reached.iloc[0]) if len(reached) else np.nan
