"""The reason printed beside a number that is missing is the true one, and says what to do."""

import pandas as pd
import pytest

import crmkit as ck
from crmkit.errors import CrmkitError

DAYS = pd.date_range("2025-01-01", "2026-10-31", freq="3D")


def orders():
    return pd.DataFrame(
        {
            "order_id": [str(n) for n in range(len(DAYS))],
            "ordered_at": DAYS,
            "revenue": 10.0,
            "customer_id": [f"c{n}" for n in range(len(DAYS))],
            "channel": ["shop", "web"] * (len(DAYS) // 2) + ["web"] * (len(DAYS) % 2),
        }
    )


def scores(day, model="lifetime_value"):
    return pd.DataFrame(
        {"customer_id": ["c0"], "as_of": [day], "model": [model], "model_version": ["1"], "value": [5.0]}
    )


def costs(*days, purpose="acquisition"):
    return pd.DataFrame({"spent_at": pd.to_datetime(list(days)), "amount": 30.0, "purpose": purpose})


def reason(catalog, metric, period="2026-10", **options):
    return ck.evaluate(catalog, metric, period, **options)["reason"].item()


@pytest.mark.parametrize("metric", ["new_customer_value", "residual_value", "engagement_score", "clv_to_cac"])
def test_without_predictions_of_the_month_it_says_so_and_not_that_nobody_is_new(metric):
    catalog = ck.connect({"orders": orders(), "customer_scores": scores("2026-09-30"), "costs": costs("2026-10-01")})
    assert ck.evaluate(catalog, "new_customers", "2026-10")["value"].item() > 5
    assert reason(catalog, metric) == "no predictions of 2026-10: run crmkit predict --period 2026-10"


def test_without_any_predictions_it_says_how_to_make_them():
    catalog = ck.connect({"orders": orders()})
    assert reason(catalog, "residual_value") == "needs customer_scores: run crmkit predict"


def test_where_predictions_cannot_be_made_it_says_what_they_are_made_from():
    answers = pd.DataFrame({"response_id": ["a"], "responded_at": ["2026-10-01"], "survey": ["nps"], "score": [9]})
    catalog = ck.connect({"survey_responses": answers})
    assert reason(catalog, "residual_value") == "needs orders or subscription_terms"
    assert reason(ck.connect({"orders": orders()}), "post_sentiment") == "needs social_posts"
    assert reason(catalog, "comment_sentiment") == "needs text_sentiments: run crmkit predict"


def test_a_month_without_acquisition_costs_has_no_cost_of_a_customer_although_customers_are_new():
    booked = pd.concat(
        [costs(*pd.date_range("2025-01-01", "2026-09-01", freq="MS")), costs("2026-10-01", purpose="retention")]
    )
    catalog = ck.connect({"orders": orders(), "costs": booked})
    assert reason(catalog, "customer_acquisition_cost") == "no costs that count for it in this period"


def test_a_value_that_no_row_has_is_named_with_the_nearest_one():
    catalog = ck.connect({"orders": orders()})
    assert reason(catalog, "revenue", where="channel = 'webb'") == "no row has channel 'webb'. Did you mean 'web'?"
    assert reason(catalog, "revenue", "2026-09", where="channel in ('webb', 'web')") == ""
    assert reason(catalog, "revenue", where="channel = 'WEB'") == "no row has channel 'WEB'. Did you mean 'web'?"


def test_values_of_a_column_of_ones_own_are_not_shown():
    own = orders().assign(contact=[f"Ann Miller {n}" for n in range(len(DAYS))])
    said = reason(ck.connect({"orders": own}), "revenue", where="contact = 'Ann Miler 1'")
    assert said == "no row has contact 'Ann Miler 1'."


def test_a_month_with_one_digit_and_a_range_of_months_are_told_how_to_be_written():
    catalog = ck.connect({"orders": orders()})
    with pytest.raises(CrmkitError, match=r"'2026-9' is not a period. Did you mean 2026-09\?"):
        ck.scorecard(catalog, "2026-9")
    with pytest.raises(
        CrmkitError,
        match="'2026-01..2026-09' is not a period but several, and one is asked for: write one, such as 2026-09",
    ):
        ck.scorecard(catalog, "2026-01..2026-09")
    assert len(ck.evaluate(catalog, "revenue", "2026-01..2026-09")) == 9


def test_a_file_of_data_is_no_file_of_settings(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("order_id,ordered_at,revenue\n1,2026-10-01,9\n", encoding="utf-8")
    with pytest.raises(CrmkitError, match="x.csv is a file of data, not of settings"):
        ck.connect(file)
