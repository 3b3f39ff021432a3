"""What leaving is learned from is the same on every engine, whether it is asked of many days at once or of each."""

from datetime import date

import pytest

from crmkit.features.outcomes import churn_labels
from crmkit.features.snapshot import snapshot
from tests.engines.test_engines import AND_SPARK, assert_same


@pytest.fixture(scope="module", params=AND_SPARK)
def engine(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("asked", [snapshot, churn_labels])
def test_what_was_known_and_what_became_of_each_are_equal_to_a_billionth(engine, expected, asked):
    for day in (date(2026, 6, 30), date(2025, 12, 31)):
        found, of_duckdb = asked(engine, day).reset_index(), expected(asked, day).reset_index()
        assert len(of_duckdb) > 20
        assert_same(found, of_duckdb, ["customer_id"])
