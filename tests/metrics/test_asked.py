"""What an analyst writes by mistake in a notebook ends with one sentence, and never in a traceback from below."""

from datetime import date

import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import CrmkitError, UnknownName
from crmkit.insights import findings, headline

ORDERS = pd.DataFrame({"order_id": ["a", "b"], "ordered_at": ["2026-09-02", "2026-09-20"], "revenue": [10.0, 20.0]})


@pytest.fixture(scope="module")
def catalog():
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
    "function",
    [
        ck.scorecard,
        ck.conventions,
        ck.what_sells,
        ck.posting_times,
        ck.follow_up_list,
        ck.cohort_retention,
        ck.budget_report,
        ck.events_before_win,
        lambda catalog, period: ck.evaluate(catalog, periods=period),
    ],
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
def test_evaluate_says_what_it_needs(catalog, asked, message):
    with pytest.raises(CrmkitError, match=message):
        ck.evaluate(catalog, **{"metrics": "revenue", "periods": "2026-09"} | asked)


def test_a_column_named_twice_is_one(catalog):
    once, twice = (
        ck.evaluate(catalog, "revenue", periods="2026-09", by=by) for by in ("order_id", ["order_id", "order_id"])
    )
    pd.testing.assert_frame_equal(once, twice)


def test_one_prediction_may_be_named_without_a_list(catalog):
    with pytest.raises(CrmkitError, match="There is no prediction 'valeu'"):
        ck.with_predictions(catalog, only="valeu")


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


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            ck.headlines,
            "headlines needs the frame that ck.scorecard(...) returns: this one lacks headline (it has metric, ",
        ),
        (ck.goals, "goals needs the frame that ck.scorecard(...) returns: this one lacks target, target_verdict"),
        (
            lambda numbers: ck.about(numbers, "voice"),
            "about needs the frame that ck.scorecard(...) or ck.glossary() returns",
        ),
        (
            ck.at_risk_table,
            "at_risk_table needs the frame that ck.survival_curve(...) returns: this one lacks group, age",
        ),
        (ck.move_totals, "move_totals needs the frame that ck.customer_moves(...) returns: this one lacks direction"),
        (
            lambda loyal: ck.anniversaries(loyal, date(2026, 9, 30)),
            "anniversaries needs the frame that ck.loyalty(...)",
        ),
        (findings, "A headline needs the frame that ck.scorecard(...) returns: this one lacks verdict"),
        (headline, "A headline needs the frame that ck.scorecard(...) returns: this one lacks verdict"),
    ],
)
def test_a_frame_of_another_function_is_refused_with_the_one_that_makes_it(catalog, function, message):
    numbers = ck.evaluate(catalog, "revenue", periods="2026-09")
    with pytest.raises(CrmkitError) as caught:
        function(numbers)
    assert str(caught.value).startswith(message)
    with pytest.raises(CrmkitError, match="not a list"):
        function([numbers])


def test_a_history_that_scorecard_cannot_read_is_refused(catalog):
    numbers = ck.evaluate(catalog, "revenue", periods="2026-09")
    with pytest.raises(CrmkitError, match="several rows of revenue in 2026-09. Evaluate it without by, and once"):
        ck.scorecard(catalog, "2026-09", metrics="revenue", history=pd.concat([numbers, numbers]))
    with pytest.raises(CrmkitError, match="history of scorecard needs the frame that ck.evaluate.* lacks low, high"):
        ck.scorecard(catalog, "2026-09", history=numbers[["metric", "period", "value"]])


DAY = date(2026, 9, 30)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            lambda catalog: ck.what_sells(catalog, "2026-09", by="prodct"),
            "orders or customers 'prodct'. Did you mean 'product'",
        ),
        (
            lambda catalog: ck.what_sells(catalog, "2026-09", by="survey"),
            "column of order lines, orders or customers 'survey'",
        ),
        (
            lambda catalog: ck.survival_curve(catalog, DAY, by="chanel"),
            "no column of customers 'chanel'. Did you mean 'channel'",
        ),
        (
            lambda catalog: ck.tenure_curves(catalog, "plann", DAY),
            "no column of customers 'plann'. Did you mean 'plan'",
        ),
        (
            lambda catalog: ck.new_customer_values(catalog, "cohrt", DAY),
            "column of customers 'cohrt'. Did you mean 'cohort'",
        ),
        (
            lambda catalog: ck.posting_times(catalog, "2026-09", by="hour"),
            "no time of posts 'hour'. Did you mean 'hours'",
        ),
        (lambda catalog: ck.load_history(catalog, by="tabel"), "There is no history by 'tabel'. Did you mean 'table'"),
        (
            lambda catalog: ck.segment_review(catalog, DAY, model="rmf"),
            "no segment model with a reference 'rmf'. Did you mean 'rfm'",
        ),
    ],
)
def test_a_column_or_an_unknown_model_is_refused_with_the_nearest(asked, message):
    lines = pd.DataFrame({"order_id": ["a"], "product": ["tea"], "revenue": [10.0]})
    customers = pd.DataFrame({"customer_id": ["x"], "channel": ["search"]})
    with pytest.raises(UnknownName, match=message):
        asked(ck.connect({"orders": ORDERS, "order_lines": lines, "customers": customers}))


def test_what_crmkit_knows_and_the_data_lack_is_empty_as_before(catalog):
    assert ck.what_sells(catalog, "2026-09", by="category").empty
    assert ck.survival_curve(catalog, DAY, by="channel").empty
    assert ck.tenure_curves(catalog, "channel", DAY).empty
    assert ck.posting_times(catalog, "2026-09", by="weekday").empty


def test_by_that_is_no_name_and_conventions_of_no_metric_are_reported(catalog):
    with pytest.raises(
        CrmkitError, match='by must be the name of a column, such as "channel", or a list of names; met: 3'
    ):
        ck.evaluate(catalog, "revenue", periods="2026-09", by=3)
    with pytest.raises(CrmkitError, match="No metric is named"):
        ck.conventions(catalog, "2026-09", metrics=[])
