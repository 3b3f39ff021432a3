"""What segments, tastes and next orders are made from is the same on every engine."""

from datetime import date

import pytest

from crmkit.features.customer_summaries import (
    category_counts,
    channel_counts,
    interpurchase_times,
    last_recommendation,
    order_span,
    purchase_summary,
    weekday_counts,
)
from tests.engines.test_engines import AND_SPARK, assert_same

DAY, BEGUN = date(2026, 6, 30), date(1900, 1, 1)
FEATURES = {
    purchase_summary: {"as_of": DAY},
    last_recommendation: {"as_of": DAY},
    interpurchase_times: {"as_of": DAY, "horizon": 90},
    order_span: {"as_of": DAY},
    category_counts: {"since": BEGUN, "as_of": DAY},
    channel_counts: {"since": BEGUN, "as_of": DAY},
    weekday_counts: {"since": BEGUN, "as_of": DAY},
}


@pytest.fixture(scope="module", params=AND_SPARK)
def engine(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.__name__)
def test_features_are_equal_to_a_billionth(engine, clean, feature):
    found, expected = (catalog.call(feature, **FEATURES[feature]).execute() for catalog in (engine, clean))
    keys = [name for name in ("customer_id", "level") if name in expected]
    assert len(expected) > 20
    assert_same(found, expected, keys)
