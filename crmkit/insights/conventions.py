"""The values of disputed metrics under each convention, in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from crmkit.insights.phrases import sentence_case
from crmkit.metrics.analyses.conventions import conventions
from crmkit.metrics.formatting import adding_up, common_scale, is_number, joined
from crmkit.periods import Period
from crmkit.tables.arguments import checked
from crmkit.tables.catalog import Catalog
from crmkit.tables.validate import check_made_by
from crmkit.words import say


@checked
def convention_sentences(catalog: Catalog, scorecard: pd.DataFrame) -> list[str]:
    """Return one paragraph per disputed metric of a scorecard: the convention in force and the values under the others.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    scorecard : DataFrame
        From :func:`crmkit.scorecard`: its metrics and its period.

    Returns
    -------
    list of str
        Plain text, for :func:`crmkit.reporting.pages.method`. Metrics without a value are left out.

    Examples
    --------
    >>> import crmkit as ck
    >>> terms = pd.DataFrame({"subscription_id": ["a", "b"], "customer_id": ["a", "b"], "mrr": [9.0, 9.0],
    ...     "starts_at": pd.to_datetime(["2026-01-01"] * 2), "ends_at": pd.to_datetime(["2026-12-01", "2026-10-09"])})
    >>> catalog = ck.connect({"subscription_terms": terms}, ck.Settings(data={"through": "2026-10-31"}))
    >>> convention_sentences(catalog, ck.scorecard(catalog, "2026-09", metrics="churn_rate"))[0][:72]
    'Customers lost (churn) is counted in several ways, which agree here: 0 %'
    """
    check_made_by("ck.scorecard(...)", scorecard, ["metric", "period"], "convention_sentences")
    if scorecard.empty:
        return []
    period = Period.parse(scorecard["period"].iloc[0], catalog.settings.company.fiscal_year_start)
    rows = conventions(catalog, period, metrics=scorecard["metric"].tolist())
    currency = catalog.settings.company.currency
    groups = (list(part.itertuples(index=False)) for _, part in rows.groupby("metric", sort=False))
    return [sentence for group in groups if (sentence := _sentence(group, currency))]


def _sentence(rows: list[Any], currency: str) -> str:
    ours, *others = rows
    others = [row for row in others if is_number(row.value)]
    if not is_number(ours.value) or not others:
        return ""
    scale = adding_up(common_scale([ours, *others], currency), [(row.value, ours.value) for row in others], currency)
    value, formula = scale.words(ours.value), _right_side(ours)
    apart = [row for row in others if scale.words(row.value) != value]
    if not apart:
        return say("convention-agree", label=sentence_case(ours.label), value=value, formula=formula)
    different = [
        say(
            "convention-other",
            formula=_right_side(row),
            value=scale.words(row.value),
            change=scale.change(row.difference, (row.value, ours.value)),
        )
        for row in apart
    ]
    told = say(
        "convention-differ",
        label=sentence_case(ours.label),
        formula=formula,
        value=value,
        others="; ".join(different),
    )
    same = [_right_side(row) for row in others if scale.words(row.value) == value]
    return f"{told} {say('convention-same', value=value, formulas=joined(same))}" if same else told


def _right_side(row: Any) -> str:
    return str(row.formula.partition(" = ")[2])
