"""Numbers for metrics by period and group, with interval and n, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

import pandas as pd

from crmkit.errors import CrmkitError, NotMeasured
from crmkit.metrics.cards import Card, cards
from crmkit.metrics.definitions import in_force
from crmkit.metrics.judging import judged
from crmkit.metrics.measures import Measure
from crmkit.metrics.own_cards import load_own_cards
from crmkit.metrics.passes import estimate_all
from crmkit.metrics.splits import check_columns, columns_of, unreachable
from crmkit.metrics.window import Window
from crmkit.periods import Period, parse_periods
from crmkit.tables.as_of import check_catalog
from crmkit.tables.catalog import Catalog
from crmkit.tables.remembering import remember, remember_each

_FEW = 6  # cards that are evaluated together at least: each part has its own questions to the database, and its file


def evaluate(
    catalog: Catalog,
    metrics: str | Sequence[str] | None = None,
    *,
    periods: str | Period | Sequence[str | Period],
    by: str | Sequence[str] | None = None,
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
    periods : str, Period or list
        "2026-10", "2026-Q4", "2026-W43", "2026", "FY2026", "2026-03-01..2026-03-15", a range of periods
        "2026-01..2026-09", or a list of one kind.
    by : str or list of str, optional
        Columns to split by: those of the metric's own table, or of its customers.
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
    >>> numbers = ck.evaluate(ck.connect({"orders": orders}), ["revenue", "nps"], periods="2026-10")
    >>> numbers[["metric", "value", "n", "status", "reason"]].to_dict("records")[0]["value"]
    80.0
    >>> numbers["reason"].tolist()[1]
    'needs survey_responses'
    """
    check_catalog(catalog, "evaluate")
    _check_asked(metrics, definitions, first_days)
    columns = columns_of(by)
    load_own_cards(catalog.settings)
    chosen = in_force(cards(metrics), {**catalog.settings.definitions, **(definitions or {})})
    asked = parse_periods(periods, catalog.settings.company.fiscal_year_start)
    check_columns(catalog, columns)
    if not catalog.cache:
        return remember(catalog, evaluate_cards, chosen, asked, columns, first_days)
    return remember(catalog, _evaluate_shared, chosen, asked, columns, first_days, in_turn=False)


def check_named(metrics: object) -> None:
    """Raise CrmkitError if metrics are asked for and none is named."""
    if metrics is not None and not metrics:
        raise CrmkitError("No metric is named. Name one or several, or leave metrics out for all.")


def _check_asked(metrics: object, definitions: object, first_days: object) -> None:
    check_named(metrics)
    if not isinstance(definitions or {}, Mapping):
        raise CrmkitError(f'definitions must be written {{"churn_rate": "daily_rates"}}; met: {definitions!r}.')
    if first_days is not None and (type(first_days) is not int or first_days < 1):
        raise CrmkitError(f"first_days must be a whole number of days, 1 or more; met: {first_days!r}.")


def _evaluate_shared(
    catalog: Catalog, chosen: Sequence[Card], asked: list[Period], columns: list[str], first_days: int | None
) -> pd.DataFrame:
    """Evaluate cards in parts, so that pages which ask for the same at the same time share the work.

    Cards that read the same table stay together: they share its queries.
    """
    asked_each = [(part, asked, columns, first_days) for part in parts_of(chosen)]
    numbers = dict(list(pd.concat(remember_each(catalog, evaluate_cards, asked_each)).groupby("metric", sort=False)))
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
        if not parts or len(parts[-1]) >= _FEW:
            parts.append([])
        parts[-1] += part.values()
    return parts


def evaluate_cards(
    catalog: Catalog, chosen: Sequence[Card], asked: list[Period], columns: list[str], first_days: int | None
) -> pd.DataFrame:
    """Evaluate cards, each under its own convention; a card may come several times. See :func:`evaluate`."""
    window = _window(catalog, asked, columns, first_days)
    found = [_bound(catalog, card, columns) for card in chosen]
    measures = [measure for measure in found if not isinstance(measure, str)]
    estimates = iter(estimate_all(catalog, measures, window) if measures else [])
    nothing = pd.DataFrame()
    told = [
        (card, of, nothing if isinstance(of, str) else next(estimates)) for card, of in zip(chosen, found, strict=True)
    ]
    numbers = judged(told, asked, columns, catalog)
    numbers.attrs["currency"] = catalog.settings.company.currency  # for those who print it
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


def _bound(catalog: Catalog, card: Card, columns: list[str]) -> Measure | str:
    try:
        switches = {"convention": card.convention} if card.conventions else {}
        measure: Measure = catalog.call(card.function, **switches)
    except NotMeasured as missing:
        return f"needs {missing.needs}"
    if not hasattr(measure, "tables"):
        raise CrmkitError(f"Metric '{card.name}' returns a {type(measure).__name__}; it must return a measure.")
    return unreachable(catalog, measure, columns) or measure
