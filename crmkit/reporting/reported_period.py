"""Which period a report is about: the last whole month of the data, or a period asked for on which there are data."""

from __future__ import annotations

from datetime import date

from crmkit.errors import CrmkitError
from crmkit.periods import Period, day_in_words
from crmkit.sources.store.summary import CompanyData


def covered_period(catalog: CompanyData, text: str | None = None) -> Period:
    """Return the period asked for, or the last whole month of the data.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    text : str, optional
        Such as ``2026-10``, ``2026-Q4``, ``2026-W43``, ``2026``, ``FY2026`` or ``2026-03-01..2026-03-15``; empty or
        None for the last whole month.

    Raises
    ------
    CrmkitError
        If there are no dated rows at all, or none on any day of the period.

    Examples
    --------
    >>> import pandas as pd, crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1", "2"], "customer_id": ["7", "7"], "revenue": [20.0, 30.0],
    ...                        "ordered_at": pd.to_datetime(["2026-08-03", "2026-10-31"])})
    >>> str(covered_period(ck.connect({"orders": orders})))
    '2026-10'
    >>> covered_period(ck.connect({"orders": orders}), "2027-01")
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: There is no data for January 2027: the data runs from 3 August 2026 to 31 October 2026.
    """
    if not hasattr(catalog, "data_through"):  # a run of reports gives the summary of a store, which is no catalog
        from crmkit.tables.arguments import check_catalog

        check_catalog(catalog, "covered_period")
    first, last = catalog.data_from, catalog.data_through
    if last is None:
        raise CrmkitError("There is no data: no table has a row with a date. Run `crmkit load`, then `crmkit check`.")
    if not text:
        month = Period.containing(last)
        whole = month if _last_day(month) <= last else month.previous
        return whole if first is None or first < whole.end else month
    period = Period.parse(text, catalog.settings.company.fiscal_year_start)
    if period.start > last or (first is not None and period.end <= first):
        since = f"runs from {day_in_words(first)} to" if first else "ends on"
        raise CrmkitError(f"There is no data for {period.label}: the data {since} {day_in_words(last)}.")
    return period


def _last_day(period: Period) -> date:
    return date.fromordinal(period.end.toordinal() - 1)
