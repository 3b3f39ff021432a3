"""Whether the terms that follow the latest ends are in the file, and how many days of grace renewals need.

A season, a school year or a year of contracts ends, and the export with the next one is not loaded yet, or only a part of
it: most terms that have ended are followed by none, and hardly any new ones began. Who reads that as a loss is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom, poisson

from crmkit.periods import day_in_words
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog
from crmkit.tables.data_span import BOOKED_AHEAD
from crmkit.tables.expressions import constant_day, day, days_between, value_after, value_before

_FEWEST = 8  # ended terms, with fewer nothing is said
_LEAST_USUAL = 0.2  # share renewed before; below, terms end anyway
_OF_USUAL = 0.6  # as many are renewed, and begin, at most where the file is incomplete
_SURELY = 0.001  # chance of so few, if they were as many
_YEAR = 365
_LATEST = date(2200, 1, 1)
_SAME_DAYS = 7  # a season may begin so many days earlier or later than the year before
_LONGEST_GAP = 120  # days after which a next term is a return, not a late renewal
_LATE = 0.1  # of the terms that are followed by another, as a share: fewer late ones are exceptions
_SPREAD = 45  # days that hold nine tenths of late renewals; returns come at any time
_Days = NDArray[np.int64]


class TermEnd(NamedTuple):
    """Terms that end on one day: days until the next one began (None: none did), and how many terms."""

    on: date
    gap: int | None
    n: int


@dataclass(frozen=True)
class UnseenRenewals:
    """Ends of terms whose next terms are not in the data yet.

    Parameters
    ----------
    first, last : date
        Of the ends.
    n_terms, n_renewed : int
        Terms that ended, and those of them that were renewed [terms].
    usual : float
        Renewed before [share].
    n_begun : int
        New subscriptions that began since [terms].
    """

    first: date
    last: date
    n_terms: int
    n_renewed: int
    usual: float
    n_begun: int

    @property
    def words(self) -> str:
        """What was found, as a part of a sentence."""
        first, last = day_in_words(self.first), day_in_words(self.last)
        span = f"on {first}" if first == last else f"from {first} to {last}"
        return (
            f"of {self.n_terms:,} terms that ended {span}, {self.n_renewed:,} are followed by another "
            f"({self.usual:.0%} before), and {self.n_begun:,} new subscriptions began since: the next terms are "
            "probably not in the files yet"
        )


def unseen_of(catalog: Catalog) -> UnseenRenewals | None:
    """Return the latest ends of terms whose next ones the data do not hold yet; None where there is no sign of it.

    Terms for which notice was given count neither way.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-06-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> unseen_of(ck.connect({"orders": orders})) is None
    True
    """
    known = catalog.data_through
    if known is None or BOOKED_AHEAD not in catalog.whole.names:
        return None
    ends, begun = _ends_and_starts(catalog.whole)
    grace = catalog.settings.company.renewal_grace_days
    return unseen_renewals(ends, begun, known, suggested_grace(ends, grace) or grace)


def grace_of(catalog: Catalog) -> tuple[int, int] | None:
    """Return the days of grace within which late renewals come, and how many there are; None where the settings do.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-06-02"], "revenue": [30.0], "customer_id": ["a"]})
    >>> grace_of(ck.connect({"orders": orders})) is None
    True
    """
    if BOOKED_AHEAD not in catalog.whole.names:
        return None
    grace, (ends, _) = catalog.settings.company.renewal_grace_days, _ends_and_starts(catalog.whole)
    wanted = suggested_grace(ends, grace)
    return (
        None if wanted is None else (wanted, sum(n for _, gap, n in ends if gap is not None and grace < gap <= wanted))
    )


def unseen_renewals(
    ends: Iterable[TermEnd], begun: Iterable[tuple[date, int]], known: date, grace: int = 0
) -> UnseenRenewals | None:
    """Return the latest ends whose next terms are not in the data, or None if they are or too little says so.

    Two things must hold for the ends since some day: hardly any were renewed, by more than chance, though before most were
    (a year before, if terms ended then); and hardly any new subscriptions began. A firm whose subscribers leave still wins
    some.

    Parameters
    ----------
    ends : iterable of TermEnd
        Of all terms.
    begun : iterable of (date, int)
        Days on which subscriptions began that were not there before, and how many.
    known : date
        Last day with data.
    grace : int
        Days after its end within which a term is still renewed [days].

    Examples
    --------
    >>> seasons = [TermEnd(date(year, 7, 31), 32, 80) for year in (2023, 2024, 2025)]
    >>> new = [(date(year, 9, 1), 30) for year in (2022, 2023, 2024, 2025)]
    >>> found = unseen_renewals([*seasons, TermEnd(date(2026, 7, 31), None, 80)], new, date(2026, 9, 30), grace=32)
    >>> found.first, found.n_terms, found.usual
    (datetime.date(2026, 7, 31), 80, 1.0)
    >>> unseen_renewals(seasons, new, date(2025, 9, 30), grace=32) is None
    True
    """
    decided = [end for end in ends if end.on + timedelta(days=grace) <= known]
    rows = pd.DataFrame({"on": [end.on.toordinal() for end in decided], "n": [end.n for end in decided]})
    rows["renewed"] = [end.n * (end.gap is not None and end.gap <= grace) for end in decided]
    by_day = rows.groupby("on")[["n", "renewed"]].sum()
    day_of, sums = by_day.index.to_numpy(), np.vstack([np.zeros((1, 2)), by_day.cumsum().to_numpy()])
    best: tuple[float, UnseenRenewals] | None = None
    for first in day_of[day_of > known.toordinal() - grace - _YEAR]:
        n_terms, n_renewed = sums[-1] - sums[np.searchsorted(day_of, first)]
        n_before, usual = _usual(day_of, sums, int(first), known.toordinal())
        if min(n_terms, n_before) < _FEWEST or usual < _LEAST_USUAL:
            continue
        by_chance = float(binom.logcdf(n_renewed, n_terms, _OF_USUAL * usual))
        if by_chance < np.log(_SURELY) and (best is None or by_chance < best[0]):
            span = date.fromordinal(int(first)), date.fromordinal(int(day_of[-1]))
            best = by_chance, UnseenRenewals(*span, int(n_terms), int(n_renewed), usual, 0)
    return None if best is None else _if_few_began(best[1], list(begun), known)


def suggested_grace(ends: Iterable[TermEnd], grace: int = 0) -> int | None:
    """Return the days of grace within which late renewals come, or None if there is no reason for more than now [days].

    Parameters
    ----------
    ends : iterable of TermEnd
        Of all terms.
    grace : int
        Days of grace in the settings [days].

    Examples
    --------
    >>> suggested_grace([TermEnd(date(2025, 7, 31), 32, 80), TermEnd(date(2024, 7, 31), 33, 60)])
    33
    >>> suggested_grace([TermEnd(date(2025, 7, 31), 0, 80), TermEnd(date(2025, 7, 31), 90, 3)]) is None
    True
    """
    gaps = [(end.gap, end.n) for end in ends if end.gap is not None and end.gap <= _LONGEST_GAP]
    late = np.repeat(*np.array([each for each in gaps if each[0] > grace], dtype=int).reshape(-1, 2).T)
    if len(late) < max(_FEWEST, _LATE * sum(n for _, n in gaps)):
        return None
    least, most = np.quantile(late, [0.05, 0.95])
    return ceil(most) if most - least <= _SPREAD else None


def _usual(day_of: _Days, sums: NDArray[np.float64], first: int, known: int) -> tuple[float, float]:
    """Return terms that ended before, and the share renewed: on the same days a year before, or if few, in two years."""
    before = np.searchsorted(day_of, first)
    spans = (
        np.searchsorted(day_of, [first - _YEAR - _SAME_DAYS, known - _YEAR + _SAME_DAYS + 1]),
        (np.searchsorted(day_of, first - 2 * _YEAR), before),
    )
    for start, end in spans:
        n, renewed = sums[min(end, before)] - sums[min(start, before)]
        if n >= _FEWEST:
            break
    return float(n), float(np.divide(renewed, n)) if n else 0.0


def _if_few_began(unseen: UnseenRenewals, begun: list[tuple[date, int]], known: date) -> UnseenRenewals | None:
    """Return it with the new subscriptions since, unless as many began as usual; where few ever do, none may have."""
    first, year = unseen.first, timedelta(days=_YEAR)
    earliest = min((on for on, _ in begun), default=known)
    came = sum(n for on, n in begun if first < on <= known)
    if earliest <= first - year:
        expected = float(sum(n for on, n in begun if first - year < on <= known - year))
    else:
        days = max((first - earliest).days, 1)
        pace = np.divide(sum(n for on, n in begun if earliest < on <= first), days)
        expected = float(pace) * (known - first).days
    fewest = _OF_USUAL * expected
    few = came == 0 if fewest < 5 else poisson.cdf(came, fewest) < 0.05
    return replace(unseen, n_begun=came) if few else None


def _ends_and_starts(catalog: Catalog) -> tuple[list[TermEnd], list[tuple[date, int]]]:
    rows = memoize(catalog, _counted_ends)
    days = pd.to_datetime(rows["on"]).dt.date
    ends = [
        TermEnd(on, None if pd.isna(gap) else int(gap), int(n))
        for on, gap, n, kind in zip(days, rows["gap"], rows["n"], rows["kind"], strict=True)
        if kind == "end"
    ]
    return ends, [(on, int(n)) for on, n, kind in zip(days, rows["n"], rows["kind"], strict=True) if kind == "start"]


def _counted_ends(catalog: Catalog) -> pd.DataFrame:
    """Return ends by day and gap to the next start, and first starts by day: kind, on, gap [days], n [terms]."""
    terms = followed_terms(catalog.table(BOOKED_AHEAD))
    still = terms.filter(
        terms.notice_at.isnull() & (terms.ends_on <= constant_day(_LATEST))
    )  # later ones stand for no end
    ends = still.group_by(on=still.ends_on, gap=still.gap).aggregate(n=still.count()).execute()
    first = terms.filter(terms.before.isnull())
    starts = first.group_by(on=first.starts_on).aggregate(n=first.count()).execute()
    both = pd.concat([ends.assign(kind="end"), starts.assign(kind="start", gap=float("nan"))], ignore_index=True)
    return both.assign(on=both["on"].astype(str), gap=both["gap"].astype(float))[["kind", "on", "gap", "n"]]


def followed_terms(terms: ir.Table) -> ir.Table:
    """Return one row per term: starts_on, ends_on, notice_at, before (start of the one before), gap (days to the next one).

    Terms follow each other within a subscription, or within a customer where each term has an id of its own.
    """
    notice = terms.cancelled_at if "cancelled_at" in terms.columns else ibis.null("timestamp")
    key = _key(terms)
    rows = terms.select(who=terms[key], starts_on=day(terms.starts_at), ends_on=day(terms.ends_at), notice_at=notice)
    rows = rows.filter(rows.starts_on < rows.ends_on)
    order: dict[str, Any] = {"within": "who", "order_by": ["starts_on", "ends_on"]}
    rows = rows.mutate(next_on=value_after(rows, "starts_on", **order), before=value_before(rows, "starts_on", **order))
    return rows.mutate(gap=days_between(rows.ends_on, rows.next_on).cast("int64")).drop("who", "next_on")


def _key(terms: ir.Table) -> str:
    """Return what tells that a term follows another: the subscription, or the customer where each term has an id of its own."""
    counts = terms.aggregate(n=terms.count(), ids=terms.subscription_id.nunique(), people=terms.customer_id.nunique())
    n, ids, people = map(int, counts.execute().iloc[0])
    return "customer_id" if ids == n and people < n else "subscription_id"
