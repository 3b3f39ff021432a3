"""Evaluate metrics by period and group: value, interval and n, or the reason why there is no value.

The database adds up in one query per table and time column, however many metrics share it; Python estimates from the sums.
"""

from __future__ import annotations

import traceback
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from crmkit.errors import CrmkitError, NotMeasured, WrongCall
from crmkit.metrics.card import Card, apply_definitions, cards, load_own_cards
from crmkit.metrics.engine.coverage import Coverage
from crmkit.metrics.engine.event_sizes import NO_SIZE_KNOWN
from crmkit.metrics.engine.groups import (
    check_columns,
    columns_of,
    estimate_by_group,
    why_not_split,
    with_columns,
    without_small_groups,
)
from crmkit.metrics.engine.reasons import NEXT_TERMS_UNSEEN, missing_parts, needs, unmatched, without_predictions
from crmkit.metrics.engine.window import Window
from crmkit.metrics.formatting import none_of
from crmkit.metrics.measures import Combined, KaplanMeierMedian, LossRate, Measure, Median, OwnQuery, Quotient, Sums
from crmkit.periods import Period, PeriodLike, parse_periods
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize, memoize_each
from crmkit.tables.catalog import Catalog
from crmkit.tables.conditions import Where
from crmkit.tables.expressions import constant_day, day, day_of_period, period_ordinal, with_periods
from crmkit.tables.reach import changes_over_time
from crmkit.tables.unseen_renewals import unseen_of

_DAY = timedelta(days=1)
_SMALLEST_PART = 6  # cards evaluated together at least: each part has its own queries and its own file in the cache
PARTLY = "only some days: "  # so begins the reason of a number of which the data cover a part
_NUMBERS = ("value", "low", "high", "n", "units", "at_risk")


@checked
def evaluate(
    catalog: Catalog,
    metrics: str | Sequence[str] | None = None,
    periods: PeriodLike | Sequence[PeriodLike] | None = None,
    *,
    by: str | Sequence[str] | None = None,
    where: Where | None = None,
    first_days: int | None = None,
    definitions: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Evaluate metrics for periods, and by columns if asked.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    metrics : str or list of str, optional
        Names of metrics; all by default.
    periods : str, Period or pair of days, or list of these
        "2026-10", "2026-Q4", "2026-W43", "2026", "FY2026", "2026-03-01..2026-03-15", a range of periods
        "2026-01..2026-09", or a list of one kind.
    by : str or list of str, optional
        Columns to split by: those of the metric's own table, or of its customers.
    where : str, mapping or list, optional
        A condition on columns, such as ``"country = 'DE'"``: only what meets it counts. See
        :meth:`crmkit.tables.catalog.Catalog.where`.
    first_days : int, optional
        Count only so many days of each period [days], to compare one that is still running with earlier ones:
        ``catalog.days_so_far(period)``.
    definitions : mapping of str to str, optional
        Where a definition is disputed, the convention to follow, by metric: ``{"churn_rate": "daily_rates"}``; else
        those of the settings, else the first of the card. See :func:`crmkit.conventions`.

    Returns
    -------
    DataFrame
        One row per metric, period and group: metric, period [text], the columns of ``by``, value, low, high [unit of
        the metric; low and high are the 95 % interval], n [count], unit, status ("ok", "too few", "no data",
        "not reached", "not measured"), reason.

    Raises
    ------
    CrmkitError
        If a metric, a column, a period or a convention is not known.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1", "2"], "ordered_at": ["2026-10-02", "2026-10-09"],
    ...                        "revenue": [30.0, 50.0], "customer_id": ["a", "b"]})
    >>> numbers = ck.evaluate(ck.connect({"orders": orders}), ["revenue", "nps"], "2026-10")
    >>> numbers[["metric", "value", "n", "status", "reason"]].to_dict("records")[0]["value"]
    80.0
    >>> numbers["reason"].tolist()[1]
    'needs survey_responses'
    """
    if periods is None:
        raise WrongCall('evaluate needs the periods, such as ck.evaluate(catalog, "revenue", "2026-10").')
    asked = parse_periods(periods)  # the decorator has read them already
    _check_arguments(metrics, definitions, first_days)
    columns = columns_of(by)
    load_own_cards(catalog.settings)
    chosen = apply_definitions(cards(metrics), {**catalog.settings.definitions, **(definitions or {})})
    check_columns(catalog, columns)
    if not catalog.cache:
        return memoize(catalog, evaluate_cards, chosen, asked, columns, first_days)
    return memoize(catalog, _evaluate_shared, chosen, asked, columns, first_days, wait=False)


def check_named(metrics: object) -> None:
    """Raise CrmkitError if metrics are asked for and none is named."""
    if metrics is not None and not metrics:
        raise CrmkitError("No metric is named. Name one or several, or leave metrics out for all.")


def _check_arguments(metrics: object, definitions: object, first_days: object) -> None:
    check_named(metrics)
    if not isinstance(definitions or {}, Mapping):
        raise CrmkitError(f'definitions must be written {{"churn_rate": "daily_rates"}}; met: {definitions!r}.')
    if first_days is not None and (type(first_days) is not int or first_days < 1):
        raise CrmkitError(f"first_days must be a whole number of days, 1 or more; met: {first_days!r}.")


def _evaluate_shared(
    catalog: Catalog, chosen: Sequence[Card], asked: list[Period], columns: list[str], first_days: int | None
) -> pd.DataFrame:
    """Evaluate cards in parts, so that pages that need the same numbers at the same time share the work.

    Cards that read the same table stay together, as they share its queries.
    """
    asked_each = [(part, asked, columns, first_days) for part in parts_of(chosen)]
    numbers = dict(list(pd.concat(memoize_each(catalog, evaluate_cards, asked_each)).groupby("metric", sort=False)))
    ordered = pd.concat([numbers[card.name] for card in chosen], ignore_index=True)
    ordered.attrs["currency"] = catalog.settings.company.currency
    return ordered


def parts_of(chosen: Sequence[Card]) -> list[list[Card]]:
    """Return the cards, each once, in parts of a few; those that read the same table are together."""
    by_table: dict[tuple[str, ...], dict[str, Card]] = {}
    for card in chosen:
        by_table.setdefault(card.tables[:1], {})[card.name] = card
    parts: list[list[Card]] = []
    for part in by_table.values():
        if not parts or len(parts[-1]) >= _SMALLEST_PART:
            parts.append([])
        parts[-1] += part.values()
    return parts


def evaluate_cards(
    catalog: Catalog,
    chosen: Sequence[Card],
    periods: list[Period],
    columns: list[str],
    first_days: int | None,
) -> pd.DataFrame:
    """Evaluate cards, each under its own convention; a card may come several times. See :func:`evaluate`."""
    window = _window(catalog, periods, columns, first_days)
    found = [measure_or_reason(catalog, card, columns) for card in chosen]
    measures = [measure for measure in found if not isinstance(measure, str)]
    estimates = iter(estimate_all(catalog, measures, window) if measures else [])
    nothing = pd.DataFrame()
    estimated = [
        (card, measure, nothing if isinstance(measure, str) else next(estimates))
        for card, measure in zip(chosen, found, strict=True)
    ]
    numbers = _all_rows(estimated, periods, columns, catalog)
    numbers.attrs["currency"] = catalog.settings.company.currency  # for functions that print money
    return numbers


def _window(catalog: Catalog, asked: list[Period], columns: list[str], first_days: int | None) -> Window:
    through = catalog.data_through
    bounds = {}
    for period in asked:
        ends = [period.end]
        ends += [through + timedelta(days=1)] if through else []
        ends += [period.start + timedelta(days=first_days)] if first_days else []
        bounds[period.ordinal] = (period.start, max(period.start, min(ends)))
    smallest = catalog.settings.company.smallest_group
    running = (
        through if through and asked and max(period.end for period in asked) > through + timedelta(days=1) else None
    )
    return Window(asked[0].grain, bounds, tuple(columns), catalog.data_from, first_days, smallest, running)


def measure_or_reason(catalog: Catalog, card: Card, columns: list[str]) -> Measure | str:
    """Return the measure of a card, or the reason why it cannot be measured or split by the columns."""
    try:
        switches = {"convention": card.convention} if card.conventions else {}
        measure: Measure = catalog.call(card.function, **switches)
    except NotMeasured as missing:
        return f"needs {needs(catalog, card, missing.needs)}"
    except CrmkitError:
        raise
    except Exception as error:
        if card.function.__module__.startswith("crmkit."):
            raise
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        raise CrmkitError(f"Metric '{card.name}' fails with {type(error).__name__}: {error} ({where}).") from error
    if not hasattr(measure, "tables"):
        raise CrmkitError(f"Metric '{card.name}' returns a {type(measure).__name__}; it must return a measure.")
    return why_not_split(catalog, measure, columns) or measure


def estimate_all(catalog: Catalog, measures: Sequence[Measure], window: Window) -> list[pd.DataFrame]:
    """Estimate measures with one query for each table and time column.

    Returns
    -------
    list of DataFrame
        Per measure one row per period and group: period (ordinal), the columns of ``window.by``, value, low, high, n,
        units. Periods without a row are absent.
    """
    leaves = list({id(leaf): leaf for measure in measures for leaf in _leaves(measure)}.values())
    found: dict[int, pd.DataFrame] = {}
    combined = {id(leaf) for measure in measures if isinstance(measure, Combined) for leaf in _leaves(measure)}

    def estimate(leaf: Sums, sums: pd.DataFrame, window: Window) -> pd.DataFrame:
        # Small groups are not merged before the parts of a quotient or a sum are joined.
        return leaf.estimate(sums, window) if id(leaf) in combined else estimate_by_group(leaf, sums, window)

    fetched: dict[Any, pd.DataFrame] = {}
    for leaf in leaves:
        if isinstance(leaf, Median | KaplanMeierMedian | OwnQuery):
            asked = id(leaf) if isinstance(leaf, Median) else leaf.query_key()
            if asked not in fetched:
                fetched[asked] = fetch(_own_query(catalog, leaf, window))
            found[id(leaf)] = estimate(leaf, fetched[asked], window)
    for together in _sharing_a_query(leaf for leaf in leaves if id(leaf) not in found):
        query, names = _shared_query(catalog, together, window)
        sums = fetch(query)
        for leaf, own in zip(together, names, strict=True):
            columns = {name: sums[column] for name, column in own.items()}
            own_sums = sums[window.keys].assign(**columns)
            if isinstance(leaf, LossRate) and any(
                changes_over_time(catalog, leaf.table, column) for column in window.by
            ):
                own_sums = own_sums.merge(fetch(_at_start_query(catalog, leaf, window)), on=window.keys, how="outer")
            found[id(leaf)] = estimate(leaf, own_sums, window)
    estimates = [
        without_small_groups(measure, _asked_for(_of_measure(measure, found, window), window), window)
        for measure in measures
    ]
    for measure, rows in zip(measures, estimates, strict=True):
        if isinstance(measure, Quotient) and not window.by:
            parts = [(leaf, found[id(leaf)]) for leaf in _beside_counted(measure)]
            rows.attrs["missing"] = missing_parts(parts, window)
    return estimates


def fetch(query: ir.Table) -> pd.DataFrame:
    """Run a query; the one place where metrics bring rows to Python."""
    return query.execute()


def _leaves(measure: Measure) -> list[Sums]:
    return measure.leaves() if isinstance(measure, Combined) else [measure]  # type: ignore[list-item]


def _beside_counted(quotient: Quotient) -> list[Sums]:
    """Return the sums of a quotient without which it has no value, but for those that its card counts."""
    parts = [] if quotient.missing_is_zero else _leaves(quotient.numerator)
    return [*parts, *(_leaves(quotient.denominator) if isinstance(quotient.denominator, Combined) else [])]


def _of_measure(measure: Measure, found: dict[int, pd.DataFrame], window: Window) -> pd.DataFrame:
    if isinstance(measure, Combined):
        return measure.combine([_of_measure(part, found, window) for part in measure.parts()], window)
    return found[id(measure)]


def _asked_for(estimate: pd.DataFrame, window: Window) -> pd.DataFrame:
    return estimate[estimate["period"].isin(list(window.bounds))].reset_index(drop=True)


def _sharing_a_query(leaves: Iterable[Sums]) -> list[list[Sums]]:
    together: dict[Any, list[Sums]] = defaultdict(list)
    for leaf in leaves:
        unit = unit_of(leaf)
        key = (leaf.table.op(), leaf.at.op(), None if unit is None else unit.op())
        together[key].append(leaf)
    return list(together.values())


def _shared_query(catalog: Catalog, leaves: list[Sums], window: Window) -> tuple[ir.Table, list[dict[str, str]]]:
    """Return one query for all leaves, and per leaf the column in which each of its sums comes back.

    Metrics have many sums in common; each is selected once.
    """
    first, unit = leaves[0], unit_of(leaves[0])
    parts = _NamedColumns("part")
    part_names = [{name: parts.add(part) for name, part in leaf.parts_within(window).items()} for leaf in leaves]
    columns = {"period": period_ordinal(first.at, window.grain), **parts.columns}
    if unit is not None:
        columns["unit"] = unit
    if window.last_known is not None:
        columns["known"] = day(first.at) <= constant_day(window.last_known)
    rows = with_columns(catalog, first.table, window, columns)
    rows = rows.filter(rows.period <= max(window.bounds))
    if window.last_known is not None:  # a paid term that ends after the data do may yet be renewed
        rows = rows.filter(rows.known)
    if all(leaf.run_up >= 0 for leaf in leaves):
        rows = rows.filter(rows.period >= min(window.bounds) - max(leaf.run_up for leaf in leaves))
    if unit is not None:
        rows = rows.group_by([*window.keys, "unit"]).aggregate(**{name: rows[name].sum() for name in parts.columns})
    sums = _NamedColumns("sum")
    names = [
        {name: sums.add(total) for name, total in leaf.over_units({n: rows[p] for n, p in own.items()}).items()}
        for leaf, own in zip(leaves, part_names, strict=True)
    ]
    return rows.group_by(window.keys).aggregate(**sums.columns), names


class _NamedColumns:
    """Column expressions with generated names; equal expressions have the same name."""

    def __init__(self, prefix: str) -> None:
        self.columns: dict[str, Any] = {}
        self._prefix = prefix
        self._name_of: dict[Any, str] = {}

    def add(self, column: Any) -> str:
        name = self._name_of.setdefault(column.op(), f"{self._prefix}_{len(self._name_of)}")
        self.columns[name] = column
        return name


def _own_query(catalog: Catalog, leaf: Median | KaplanMeierMedian | OwnQuery, window: Window) -> ir.Table:
    table = leaf.table if leaf.where is None else leaf.table.filter(leaf.where)
    if isinstance(leaf, KaplanMeierMedian):
        return leaf.query(leaf.lives(with_columns(catalog, table, window, leaf.columns()), window), window)
    if isinstance(leaf, OwnQuery):
        return leaf.query(with_columns(catalog, table, window, leaf.columns(window)), window)
    unit = unit_of(leaf)
    unit = ibis.row_number().cast("string") if unit is None else unit
    columns = {"period": period_ordinal(leaf.at, window.grain), "unit": unit, "value": leaf.value.cast("float64")}
    columns["day"] = day_of_period(leaf.at, window.grain)
    rows = with_columns(catalog, table, window, columns)
    inside = rows.period.between(min(window.bounds), max(window.bounds))
    if window.first_days is not None:
        inside = inside & (rows.day < window.first_days)
    return leaf.query(rows.filter(inside & rows.value.notnull()), window)


def _at_start_query(catalog: Catalog, leaf: LossRate, window: Window) -> ir.Table:
    """Count customers at the start by group, which where groups change does not follow from sums of movements."""
    stretches = leaf.stretches()
    there = with_periods(
        stretches,
        period_ordinal(stretches.starts_on, window.grain) + 1,
        period_ordinal(stretches.ends_on, window.grain),
        window.bounds,
    )
    rows = with_columns(catalog, there, window, {"period": there.period})
    return rows.group_by(window.keys).aggregate(at_start=rows.count().cast("float64"))


def unit_of(leaf: Sums) -> Any:
    """Return the sampling unit: the customer, the row's own key where it has no customer, or None for the row itself."""
    if leaf.unit is not None:
        return leaf.unit
    columns = leaf.table.columns
    own = [name for name in columns if name.endswith("_id") and name not in ("customer_id", "user_id")]
    if "customer_id" not in columns:
        return None
    customer = leaf.table["customer_id"]
    return ibis.coalesce(customer, ibis.literal("no customer: ") + leaf.table[own[0]]) if own else customer


def _all_rows(
    found: Sequence[tuple[Card, Measure | str, pd.DataFrame]], asked: list[Period], columns: list[str], catalog: Catalog
) -> pd.DataFrame:
    """Return a row for every period and group asked for, with status and reason, in the order of the cards.

    Status and reason are found for all cards at once: one by one, that would take as long as the queries.

    Parameters
    ----------
    found : sequence of (Card, Measure or str, DataFrame)
        Each card with its measure and its estimate, or with the reason why it cannot be measured.
    asked : list of Period
    columns : list of str
        Of the groups.
    catalog : Catalog
    """
    parts = []
    coverage = Coverage(catalog)
    for place, (card, measure, estimate) in enumerate(found):
        if isinstance(measure, str):
            part = _not_measured(card, measure, asked, columns)
        else:
            part = _on_grid(card, measure, estimate, asked, columns, coverage, catalog)
        parts.append(part.assign(place=place))
    finished = [part for part in parts if "status" in part]
    rows = [part for part in parts if "status" not in part]
    finished += [_with_status(pd.concat(rows, ignore_index=True), asked, catalog)] if rows else []
    together = pd.concat([part.astype(dict.fromkeys(("value", "low", "high"), float)) for part in finished])
    return together.sort_values("place", kind="stable", ignore_index=True)[_columns(columns)]


def _on_grid(
    card: Card,
    measure: Measure,
    estimate: pd.DataFrame,
    asked: list[Period],
    columns: list[str],
    coverage: Coverage,
    catalog: Catalog,
) -> pd.DataFrame:
    """Return a row for each period and group, with the columns from which its status and reason are derived."""
    grid = pd.DataFrame({"period": [period.ordinal for period in asked]})
    if columns:
        groups = estimate.loc[estimate["n"] > 0, columns].drop_duplicates().sort_values(columns)
        if groups.empty:  # a metric that was asked for has a row in any case
            nothing = _not_measured(card, f"{none_of(card.counted)} in any group", asked, columns)
            return nothing.assign(status="no data")
        grid = grid.merge(groups, how="cross")
        rows = grid.merge(estimate, on=["period", *columns], how="left")
    else:
        rows = estimate.set_index("period").reindex(grid["period"]).reset_index()
    outside = _outside(catalog, coverage, card, measure, asked)
    absent = estimate.attrs.get("missing", {}) | without_predictions(catalog, card, asked)
    partly = {p.ordinal: coverage.of(card, p.start, p.end - _DAY).reason for p in asked if p.ordinal not in outside}
    numbers = {name: rows[name].to_numpy(dtype=float, na_value=np.nan) for name in _NUMBERS if name in rows}
    return pd.DataFrame(
        {
            **{name: rows[name] for name in ("period", *columns)},
            **dict.fromkeys(_NUMBERS, np.nan),
            **numbers,
            "because": rows["because"].fillna("") if "because" in rows else "",
            "outside": [outside.get(ordinal, "") for ordinal in rows["period"]],
            "partly": [partly.get(ordinal, "") for ordinal in rows["period"]],
            "minimum": float(measure.minimum),
            "assumes": "; ".join(filter(None, (measure.assumes, coverage.left_out(card)))),
            "nothing": [absent.get(ordinal, f"{none_of(card.counted)} in this period") for ordinal in rows["period"]],
            "rough": f"the interval is rough below {measure.minimum} {_counted_units(card, measure)}",
            "metric": card.name,
            "unit": card.unit,
        }
    )


def _with_status(rows: pd.DataFrame, asked: list[Period], catalog: Catalog) -> pd.DataFrame:
    # Twenty visitors of two days are two units: beside n = 20, "below 10" would read as a mistake.
    few_units = "the interval is rough: too few of them came apart from each other"
    few_words = rows["rough"].where(rows["n"] < rows["minimum"].clip(lower=1), few_units)
    few_words = few_words.mask(rows["units"] == NO_SIZE_KNOWN, "none so far, so nobody knows how large one would be")
    missing = rows["value"].isna() | rows["n"].isna() | (rows["outside"] != "")
    few = ~missing & (rows["units"] < rows["minimum"])
    status = np.select([missing & (rows["at_risk"] > 0), missing, few], ["not reached", "no data", "too few"], "ok")
    reason = pd.Series(np.select([missing, few], [rows["nothing"], few_words], ""), index=rows.index)
    if missing.any() and (hint := unmatched(catalog)):
        reason = reason.mask(missing, hint)
    reason = reason.mask(missing & (rows["because"] != ""), rows["because"])  # the reason of the measure is more exact
    so_far = {p.ordinal: f"so far: {days} of {p.n_days} days" for p in asked if (days := catalog.days_so_far(p))}
    reason = reason.where(reason != "", rows["period"].map(so_far).fillna(""))
    reason = reason.where((reason != "") | (rows["partly"] == ""), PARTLY + rows["partly"])
    assumed = ~missing & (rows["assumes"] != "")  # what is not in the data is said at the number
    reason = reason.mask(assumed, (reason + "; " + rows["assumes"]).str.removeprefix("; "))
    reason = reason.mask(rows["outside"] != "", rows["outside"])
    rows.loc[missing, ["value", "low", "high"]] = np.nan
    text = {period.ordinal: str(period) for period in asked}
    return rows.assign(
        n=rows["n"].fillna(0).astype("int64"), period=rows["period"].map(text), status=status, reason=reason
    )


def _outside(catalog: Catalog, coverage: Coverage, card: Card, measure: Measure, asked: list[Period]) -> dict[int, str]:
    """Return the reason why some of the periods have no data, by ordinal."""
    through, first = catalog.data_through, catalog.data_from
    unseen = unseen_of(catalog) if "renewals" in card.tables else None
    grace = timedelta(days=catalog.settings.company.renewal_grace_days)
    reasons = {}
    for period in asked:
        if through and period.start > through:
            reasons[period.ordinal] = f"the data end on {through}"
        elif first and period.end <= first:
            reasons[period.ordinal] = f"the data begin on {first}"
        elif first and measure.unseen_days and period.start < first + timedelta(days=measure.unseen_days):
            reasons[period.ordinal] = f"this shows only after {measure.unseen_days} days of data"
        elif (covered := coverage.of(card, period.start, period.end - _DAY)).first is None:
            reasons[period.ordinal] = covered.reason
        elif unseen and period.start <= unseen.last + grace and period.end > unseen.first + grace:
            reasons[period.ordinal] = NEXT_TERMS_UNSEEN
    return reasons


def _counted_units(card: Card, measure: Measure) -> str:
    return "customers" if measure.minimum >= 100 else card.counted


def _not_measured(card: Card, reason: str, asked: list[Period], columns: list[str]) -> pd.DataFrame:
    """Return a row without a number for each period, with the reason."""
    empty = {"value": np.nan, "low": np.nan, "high": np.nan, "n": 0, "unit": card.unit}
    groups = dict.fromkeys(columns, "")
    rows = pd.DataFrame({"period": [str(period) for period in asked]})
    return rows.assign(metric=card.name, **groups, **empty, status="not measured", reason=reason)[_columns(columns)]


def _columns(by: list[str]) -> list[str]:
    return ["metric", "period", *by, "value", "low", "high", "n", "unit", "status", "reason"]
