"""A prediction is a registered function; its rows are checked before they are written."""

from datetime import date

import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import CrmkitError, UnknownName
from crmkit.periods import last_day
from crmkit.predictions.runner.registry import PREDICTIONS, checked_rows, prediction, registered_predictions


@pytest.fixture(autouse=True)
def register(monkeypatch):
    """A register that is as before after each test."""
    registered_predictions()
    kept = dict(PREDICTIONS)
    yield PREDICTIONS
    PREDICTIONS.clear()
    PREDICTIONS.update(kept)


def scores(**columns):
    return pd.DataFrame({"customer_id": ["a", "b"], "value": [1.0, 2.0]} | columns)


def test_a_prediction_is_found_by_the_name_of_its_model():
    @ck.prediction(table="customer_scores", model="luck")
    def luck(catalog, as_of):
        return scores()

    (found,) = registered_predictions(["luck"])
    assert (found.model, found.table, found.function) == ("luck", "customer_scores", luck)
    with pytest.raises(UnknownName, match="There is no prediction 'lick'. Did you mean 'luck'"):
        registered_predictions(["lick"])


def test_a_table_that_predictions_do_not_fill_is_refused():
    with pytest.raises(UnknownName, match="Known: customer_scores, segment_assignments"):
        prediction(table="orders", model="x")


def test_columns_that_the_table_does_not_have_are_left_out():
    rows = checked_rows(scores(low=[0.5, 1], high=[1.5, 3], within_12=1.0, model="other"), "customer_scores")
    assert list(rows) == ["customer_id", "value", "low", "high"]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (scores().drop(columns="value"), "lacks the column value"),
        (scores(customer_id=["a", None]), "1 of 2 rows without a customer_id"),
        (scores(customer_id=["a", "a"]), "1 of 2 rows of a customer who is there already"),
        (scores(value=[1.0, None]), "1 of 2 rows without a value"),
        (scores(value=[1.0, float("inf")]), "1 of 2 rows with an infinite number"),
        (scores(low=[2.0, 1.0], high=[3.0, 3.0]), "1 of 2 rows whose interval does not hold its value"),
    ],
)
def test_rows_that_cannot_be_are_refused(rows, fault):
    with pytest.raises(CrmkitError, match=fault):
        checked_rows(rows, "customer_scores")


def test_all_faults_are_reported_at_once():
    with pytest.raises(CrmkitError, match=r"without a customer_id\. 1 of 2 rows without a value"):
        checked_rows(scores(customer_id=["a", None], value=[None, 2.0]), "customer_scores")


def test_segments_need_a_name():
    rows = pd.DataFrame({"customer_id": ["a", "b"], "segment": ["Loyal", None]})
    with pytest.raises(CrmkitError, match="1 of 2 rows without a segment"):
        checked_rows(rows, "segment_assignments")


def test_a_running_month_is_predicted_from_its_last_day_with_data():
    october = ck.Period.parse("2026-10")
    assert last_day(date(2026, 10, 9), october) == date(2026, 10, 9)
    assert last_day(date(2026, 12, 24), october) == date(2026, 10, 31)
    assert last_day(date(2026, 12, 24), None) == date(2026, 12, 24)


def test_without_data_there_is_no_day():
    with pytest.raises(CrmkitError, match="There is no data"):
        last_day(None, None)
