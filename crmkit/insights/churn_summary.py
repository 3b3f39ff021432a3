"""All that the page on leaving says, computed once: chances, money, whom to call, how it did before, what leavers share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.predictions.churn import ChurnOutlook, churn_outlook
from crmkit.predictions.churn_money import call_plan, n_worth_calling, total_at_risk, value_at_risk
from crmkit.predictions.churn_review import cancel_reasons, lost_by, review
from crmkit.predictions.churn_saves import UNKNOWN, SaveRate, save_rate
from crmkit.tables.as_of import takes_day
from crmkit.tables.catalog import Catalog


@dataclass(eq=False)
class ChurnSummary:
    """What the page shows.

    Attributes
    ----------
    as_of : date
    outlook : ChurnOutlook or None
        None where nothing can be said; then ``reason`` says why.
    at_risk : DataFrame
        See :func:`crmkit.predictions.churn_money.value_at_risk`.
    total : tuple of float
        Value at risk, and the ends of its 95 % interval [money].
    save : SaveRate
        Of those who would leave, how many a contact keeps.
    plan : DataFrame
        See :func:`crmkit.predictions.churn_money.call_plan`.
    reviewed, groups, reasons_given : DataFrame
        See :mod:`crmkit.predictions.churn_review`.
    reason : str
    """

    as_of: date
    outlook: ChurnOutlook | None = None
    at_risk: pd.DataFrame = field(default_factory=pd.DataFrame)
    total: tuple[float, float, float] = (0.0, 0.0, 0.0)
    save: SaveRate = UNKNOWN
    plan: pd.DataFrame = field(default_factory=pd.DataFrame)
    reviewed: pd.DataFrame = field(default_factory=pd.DataFrame)
    groups: pd.DataFrame = field(default_factory=pd.DataFrame)
    reasons_given: pd.DataFrame = field(default_factory=pd.DataFrame)
    reason: str = ""

    @property
    def n_calls(self) -> int:
        """Customers whom it pays to contact; 0 where the chances should not be acted upon."""
        return n_worth_calling(self.plan) if len(self.plan) and self.outlook and not self.outlook.warning else 0

    @property
    def profit(self) -> float:
        """Expected of contacting them [money]."""
        return float(self.plan["profit"].iloc[self.n_calls - 1]) if self.n_calls else 0.0


@takes_day
def churn_summary(catalog: Catalog, as_of: date) -> ChurnSummary:
    """Learn who is about to leave, and gather what there is to say of it.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        Last day whose data is used.

    Examples
    --------
    >>> import crmkit as ck
    >>> book = ck.connect({"orders": pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "ordered_at": ["2026-09-01"],
    ...                                            "revenue": [10.0]})})
    >>> churn_summary(book, date(2026, 9, 30)).reason
    'a record of at least 210 days with active customers'
    """
    try:
        outlook = churn_outlook(catalog, as_of)
    except NotMeasured as missing:
        return ChurnSummary(as_of, reason=missing.needs)
    at_risk = value_at_risk(catalog, as_of, outlook.scores["value"])
    save = save_rate(catalog, as_of)
    return ChurnSummary(
        as_of=as_of,
        outlook=outlook,
        at_risk=at_risk,
        total=total_at_risk(at_risk, outlook.drift),
        save=save,
        plan=call_plan(at_risk, catalog.settings.retention.contact_cost, save.value),
        reviewed=review(catalog, as_of),
        groups=lost_by(catalog, as_of),
        reasons_given=cancel_reasons(catalog, as_of),
    )
