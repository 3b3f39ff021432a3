"""What segments, tastes and next orders are made from is the same on every engine."""

from datetime import date

import pytest

from crmkit.features.behaviour import behaviour
from crmkit.features.opinion import recommendation
from crmkit.features.rhythm import rhythm, rhythm_span
from crmkit.features.tastes import category_counts, channel_counts, weekday_counts
from tests.engines.test_engines import ENGINES, assert_same

DAY, BEGUN = date(2026, 6, 30), date(1900, 1, 1)
FEATURES = {
    behaviour: {"as_of": DAY},
    recommendation: {"as_of": DAY},
    rhythm: {"as_of": DAY, "horizon": 90},
    rhythm_span: {"as_of": DAY},
    category_counts: {"since": BEGUN, "as_of": DAY},
    channel_counts: {"since": BEGUN, "as_of": DAY},
    weekday_counts: {"since": BEGUN, "as_of": DAY},
}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.__name__)
def test_features_are_equal_to_a_billionth(engine, clean, feature):
    found, expected = (catalog.call(feature, **FEATURES[feature]).execute() for catalog in (engine, clean))
    keys = [name for name in ("customer_id", "level") if name in expected]
    assert len(expected) > 20
    assert_same(found, expected, keys)
