"""What an analyst writes by mistake in a notebook ends with one sentence, and never in a traceback from below."""

import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import CrmkitError

ORDERS = pd.DataFrame({"order_id": ["a", "b"], "ordered_at": ["2026-09-02", "2026-09-20"], "revenue": [10.0, 20.0]})


@pytest.fixture(scope="module")
def book():
    return ck.connect({"orders": ORDERS})


@pytest.mark.parametrize(
    ("source", "settings", "message"),
    [
        (ORDERS, None, "connect needs a path, or frames by the names of their tables, not a DataFrame"),
        ([ORDERS], None, "not a list"),
        (5, None, "not a int"),
        ({"orders": ORDERS}, {"company": {}}, r"connect needs settings made by ck\.Settings\(\.\.\.\), not a dict"),
        ({"orders": ORDERS}, "crmkit.toml", "not a str"),
    ],
)
def test_connect_says_what_it_needs(source, settings, message):
    with pytest.raises(CrmkitError, match=message):
        ck.connect(source, settings)


@pytest.mark.parametrize(
    "function", [ck.scorecard, ck.conventions, lambda book, period: ck.evaluate(book, periods=period)]
)
def test_frames_are_no_catalog_yet(function):
    with pytest.raises(CrmkitError, match=r"needs a catalog, not a dict\. Write ck\.\w+\(ck\.connect"):
        function({"orders": ORDERS}, "2026-09")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"metrics": []}, "No metric is named"),
        ({"first_days": 0}, "first_days must be a whole number of days, 1 or more; met: 0"),
        ({"first_days": -3}, "met: -3"),
        ({"first_days": 5.5}, "met: 5.5"),
        ({"first_days": "3"}, "met: '3'"),
        ({"first_days": True}, "met: True"),
        ({"definitions": "daily_rates"}, "definitions must be written"),
    ],
)
def test_evaluate_says_what_it_needs(book, asked, message):
    with pytest.raises(CrmkitError, match=message):
        ck.evaluate(book, **{"metrics": "revenue", "periods": "2026-09"} | asked)


def test_a_column_named_twice_is_one(book):
    once, twice = (
        ck.evaluate(book, "revenue", periods="2026-09", by=by) for by in ("order_id", ["order_id", "order_id"])
    )
    pd.testing.assert_frame_equal(once, twice)


def test_one_prediction_may_be_named_without_a_list(book):
    with pytest.raises(CrmkitError, match="There is no prediction 'valeu'"):
        ck.with_predictions(book, only="valeu")


def test_a_metric_of_a_unit_or_direction_that_there_is_not_is_refused():
    register = ck.metric(label="Large", unit="percent", better="up", source="House", counted="orders")

    def large(orders):
        """Orders above 100.

        large = orders above 100
        """

    with pytest.raises(
        CrmkitError, match=r"(?s)Metric 'large'.*unit 'percent' is none of them: .*share.*better 'up'.*higher"
    ):
        register(large)
    with pytest.raises(CrmkitError, match="There is no metric 'large'"):
        ck.cards("large")
