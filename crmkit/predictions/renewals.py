"""How many of the terms that end in the next months will be renewed, with intervals from how far past forecasts were off."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from crmkit.features.terms_ended import terms_by_end
from crmkit.models.arrays import Array
from crmkit.periods import DayLike, Period
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.unseen_renewals import unseen_of

_COLUMNS = ["month", "due", "expected", "low", "high", "share", "compared_with", "n_before"]
_FEWEST = 8  # terms that ended, with which a share is known at all
_YEAR = 12  # months
_TESTED = 24  # past months at most
_USUAL_SHIFT, _COUNTS_AS = (
    0.06,
    4,
)  # by which shares of renewals move from season to season, and how many tests that is worth

_KINDS: dict[str, Any] = {"month": float, "notice_month": float, "renewed": bool, "is_known": bool, "n": float}
_Terms = dict[str, NDArray[Any]]  # columns of terms by month of their end


@checked
def renewal_outlook(catalog: Catalog, as_of: DayLike, *, months: int = 12) -> pd.DataFrame:
    """Forecast how many of the terms that run now and end in each of the next months will be renewed.

    A month is compared with the same month of the year before, as terms that end in one season are renewed as those of
    that season; where fewer than 8 ended then, with all of two years. Terms for which notice was given by ``as_of`` are
    not due. How far shares move beyond chance is learned from forecasts of past months, made as far ahead.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date
        Last day whose data is used, such as "2026-10-31".
    months : int
        Months ahead.

    Returns
    -------
    DataFrame
        One row per month in which terms end, and a last one for their total: month, due, expected, low, high (95 %)
        [terms], share, compared_with ("the year before", "two years" or ""), n_before [terms that it is known from].
        Empty without terms, or where fewer than 8 have ended.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": list("abc"), "customer_id": list("xyz"), "revenue": 10.0, "ordered_at": "2026-09-01"})
    >>> renewal_outlook(ck.connect({"orders": orders}), "2026-09-30").empty  # nobody subscribes
    True
    """
    return memoize(catalog, _outlook, as_of, months, reads_predictions=False)


class _Forecast(NamedTuple):
    """Terms due in a month, the share renewed before, of how many terms that is known, and what it is compared with."""

    due: float
    share: float
    n_before: float
    compared_with: str

    @property
    def by_chance(self) -> float:
        """Variance of the number renewed, by chance and by that of the share [terms squared]."""
        return self.due * self.share * (1 - self.share) * (1 + self.due / self.n_before)


def _outlook(catalog: Catalog, as_of: date, months: int) -> pd.DataFrame:
    return outlook_of(_terms(catalog, as_of), as_of, months)


def outlook_of(terms: pd.DataFrame, as_of: date, months: int) -> pd.DataFrame:
    """Return :func:`renewal_outlook` from terms by the month of their end.

    Parameters
    ----------
    terms : DataFrame
        month, notice_month (of the end, and in which notice was given; NaN) [months: 12 x year + month], renewed,
        is_known (bool: whether it is decided that they renew), n [terms].
    as_of : date
    months : int

    Examples
    --------
    >>> ends = {"month": [12 * 2025 + 9, 12 * 2025 + 9, 12 * 2026 + 9], "renewed": [True, False, False], "n": [80, 20, 50]}
    >>> terms = pd.DataFrame(ends | {"notice_month": np.nan, "is_known": [True, True, False]})
    >>> outlook_of(terms, date(2026, 8, 31), 1)[["due", "expected"]].round(1).values.tolist()
    [[50.0, 39.9], [50.0, 39.9]]
    """
    ends = {name: terms[name].to_numpy(kind) for name, kind in _KINDS.items()}
    first = _month(as_of) + 1
    rows: list[list[object]] = []
    parts: list[tuple[_Forecast, float, int]] = []
    for ahead in range(1, months + 1):
        forecast = _forecast(ends, first + ahead - 1, ahead)
        if forecast is not None and forecast.due:
            parts.append((forecast, *_shift(ends, first - 1, ahead)))
            month = str(Period("month", Period.containing(as_of).ordinal + ahead))
            rows.append([month, *_interval(parts[-1:]), forecast.share, forecast.compared_with, forecast.n_before])
    if parts:
        due, expected, *sides = _interval(parts)
        rows.append(["total", due, expected, *sides, expected / due, "", np.nan])
    return pd.DataFrame(rows, columns=_COLUMNS)


def _terms(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the terms by end with month and notice_month [months], and is_known: whether it is decided if they renew."""
    terms, unseen = terms_by_end(catalog, as_of), unseen_of(catalog)
    grace = pd.Timedelta(days=catalog.settings.company.renewal_grace_days)
    known = terms["ends_on"] + grace <= pd.Timestamp(as_of)
    if unseen is not None:
        known &= terms["ends_on"] < pd.Timestamp(unseen.first)
    ended, notice = (12 * terms[name].dt.year + terms[name].dt.month for name in ("ends_on", "notice_on"))
    return terms.assign(month=ended, notice_month=notice, is_known=known)


def _month(on: date) -> int:
    return 12 * on.year + on.month


def _forecast(terms: _Terms, month: int, ahead: int) -> _Forecast | None:
    """Return the forecast of a month made at the end of the month so many before; None where too few ended before."""
    made_in, counts = month - ahead, _without_notice(terms, ahead)
    due = float(counts[terms["month"] == month].sum())
    before = np.where(terms["is_known"] & (terms["month"] <= made_in), counts, 0.0)
    same, recent = terms["month"] == month - _YEAR, terms["month"] > made_in - 2 * _YEAR
    for compared_with, own in (("the year before", same), ("two years", recent)):
        n, renewed = float(before[own].sum()), float(before[own & terms["renewed"]].sum())
        if n >= _FEWEST:
            return _Forecast(due, (renewed + 0.5) / (n + 1), n, compared_with)
    return None


def _without_notice(terms: _Terms, ahead: int) -> Array:
    """Return the terms for which no notice was given so many months before their end, as now for those to come [terms]."""
    return np.where(terms["notice_month"] <= terms["month"] - ahead, 0.0, terms["n"])


def _shift(terms: _Terms, last: int, ahead: int) -> tuple[float, int]:
    """Return by how much shares move beyond chance between forecast and outcome [share], and from how many tests."""
    renewed = np.where(terms["is_known"] & terms["renewed"], _without_notice(terms, ahead), 0.0)
    squares, n_tests = _COUNTS_AS * _USUAL_SHIFT**2, _COUNTS_AS
    for month in range(last, last - _TESTED, -1):
        own = terms["month"] == month
        forecast = _forecast(terms, month, ahead) if (own & terms["is_known"]).any() else None
        if forecast is not None and forecast.due >= _FEWEST:
            off = renewed[own].sum() - forecast.due * forecast.share
            squares += (off**2 - forecast.by_chance) / forecast.due**2
            n_tests += 1
    return float(np.sqrt(max(squares / n_tests, 0.0))), n_tests


def _interval(parts: list[tuple[_Forecast, float, int]]) -> list[float]:
    """Return terms due, expected renewals and their 95 % interval of months together: they move in one direction."""
    due, expected = (sum(each) for each in zip(*((f.due, f.due * f.share) for f, _, _ in parts), strict=True))
    error = np.sqrt(sum(f.by_chance for f, _, _ in parts) + sum(f.due * shift for f, shift, _ in parts) ** 2)
    reach = float(student.ppf(0.975, min(n for _, _, n in parts))) * error
    return [due, expected, float(np.floor(max(expected - reach, 0.0))), float(np.ceil(min(expected + reach, due)))]
