"""The engagement score of every active customer, kept by day so that it can be watched and split like any number."""

from __future__ import annotations

from datetime import date

import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.metrics.analyses.engagement_score import engagement_scores
from crmkit.predictions.runner.registry import prediction
from crmkit.tables.catalog import Catalog


@prediction(table="customer_scores", model="engagement")
def engagement(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the score of each customer active on a day: customer_id, value [0 to 100]."""
    scores = engagement_scores(catalog, as_of)
    if scores.empty:
        raise NotMeasured("orders or subscription_terms")
    return scores[["customer_id", "score"]].rename(columns={"score": "value"})
