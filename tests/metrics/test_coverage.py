"""How far the tables of a metric cover a period decides whether its number is compared."""

from datetime import date

import pandas as pd
import pytest

import crmkit as ck


def daily(table, first, last, **columns):
    days = pd.date_range(first, last)
    key, clock = {"orders": ("order_id", "ordered_at"), "survey_responses": ("response_id", "responded_at")}[table]
    return pd.DataFrame({key: days.astype(str), clock: days, **columns})


def orders(first, last, revenue=9.0):
    return daily(
        "orders",
        first,
        last,
        revenue=revenue,
        customer_id=[f"c{n % 40}" for n in range(len(pd.date_range(first, last)))],
    )


def answers(first, last, every=(9, 9, 3)):
    n = len(pd.date_range(first, last))
    return daily("survey_responses", first, last, survey="nps", score=[every[i % len(every)] for i in range(n)])


def row(catalog, metric, period):
    return ck.scorecard(catalog, period, metrics=metric).iloc[0]


def test_answers_of_half_a_year_are_not_compared_with_those_of_twenty_days():
    early = answers("2025-12-12", "2025-12-31", every=(0, 1, 2))
    both = pd.concat([early, answers("2026-01-01", "2026-10-31", every=(9, 10))])
    catalog = ck.connect({"orders": orders("2024-01-01", "2026-10-31"), "survey_responses": both})
    nps = row(catalog, "nps", "2026")
    assert (nps["verdict"], nps["previous_reason"]) == ("no comparison", "survey responses begin on 2025-12-12")
    assert pd.isna(nps["previous_value"])
    assert row(catalog, "nps", "2026-10")["verdict"] != "no comparison"


@pytest.mark.parametrize("period", ["2026-04", "2026-Q2", "2026-W12"])
def test_the_first_month_of_orders_that_began_in_its_middle_is_not_compared(period):
    catalog = ck.connect({"orders": orders("2026-03-12", "2026-06-30", revenue=9.0)})
    revenue = row(catalog, "revenue", period)
    assert (revenue["verdict"], revenue["previous_reason"]) == ("no comparison", "orders begin on 2026-03-12")


def test_orders_that_begin_on_the_second_of_a_month_cover_it():
    catalog = ck.connect({"orders": orders("2026-03-02", "2026-06-30")})
    assert row(catalog, "n_orders", "2026-04")["previous_value"] == 30


def test_the_year_before_is_not_compared_where_the_data_cover_a_part_of_it():
    catalog = ck.connect({"orders": orders("2025-06-10", "2026-12-31")})
    revenue = row(catalog, "revenue", "2026")
    assert (revenue["year_verdict"], revenue["year_reason"]) == ("no comparison", "orders begin on 2025-06-10")


def test_a_survey_that_stopped_in_june_says_so_and_not_that_nobody_answered():
    catalog = ck.connect(
        {"orders": orders("2025-01-01", "2026-10-31"), "survey_responses": answers("2025-01-01", "2026-06-20")}
    )
    october, june, may = (row(catalog, "nps", period) for period in ("2026-10", "2026-06", "2026-05"))
    assert (october["status"], october["reason"]) == ("no data", "survey responses end on 2026-06-20")
    assert (june["reason"], june["verdict"]) == ("only some days: survey responses end on 2026-06-20", "no comparison")
    assert (may["reason"], may["verdict"]) == ("", "too few to tell")


def test_monthly_costs_cover_the_month_in_which_they_are_booked():
    costs = pd.DataFrame(
        {"spent_at": pd.date_range("2025-01-01", "2026-10-01", freq="MS"), "amount": 300.0, "purpose": "acquisition"}
    )
    catalog = ck.connect({"orders": orders("2025-01-01", "2026-10-31"), "costs": costs})
    assert row(catalog, "acquisition_spend", "2026-10")[["value", "previous_value", "reason"]].tolist() == [
        300,
        300,
        "",
    ]
    stopped = ck.connect({"orders": orders("2025-01-01", "2026-10-31"), "costs": costs[:-2]})
    spent = row(stopped, "acquisition_spend", "2026-10")
    assert (spent["status"], spent["reason"]) == ("no data", "costs end on 2026-08-01")


def test_what_the_settings_say_of_the_end_is_believed_of_every_table():
    tables = {"orders": orders("2025-01-01", "2026-10-31"), "survey_responses": answers("2025-01-01", "2026-10-10")}
    declared = ck.connect(tables, ck.Settings(data={"through": "2026-10-31"}))
    assert row(declared, "nps", "2026-10")["verdict"] == "too few to tell"
    assert row(ck.connect(tables), "nps", "2026-10")["verdict"] == "no comparison"


def test_seldom_rows_may_pause_at_either_end():
    deals = pd.DataFrame(
        {"deal_id": [str(n) for n in range(24)], "created_at": pd.date_range("2025-01-20", periods=24, freq="27D")}
    )
    catalog = ck.connect(
        {"orders": orders("2025-01-01", "2026-10-31"), "deals": deals.assign(won=True, closed_at=deals["created_at"])}
    )
    assert row(catalog, "win_rate", "2026-Q3")["previous_reason"] == ""


def test_products_are_not_compared_with_a_part_of_a_month():
    some = orders("2026-03-12", "2026-04-30")
    lines = pd.DataFrame({"order_id": some["order_id"], "product": "tea", "revenue": 9.0})
    catalog = ck.connect({"orders": some, "order_lines": lines}, ck.Settings(company={"smallest_group": 1}))
    assert ck.what_sells(catalog, "2026-04")["verdict"].tolist() == ["no comparison"]


def test_a_deal_that_was_won_after_the_last_one_was_opened_prolongs_the_data_and_an_expected_close_does_not():
    deals = pd.DataFrame(
        {
            "deal_id": ["a", "b", "c"],
            "created_at": pd.to_datetime(["2026-05-02", "2026-06-10", "2026-06-20"]),
            "closed_at": pd.to_datetime(["2026-09-18", "2026-09-29", "2027-03-31"]),
            "won": [True, False, None],
        }
    )
    catalog = ck.connect({"deals": deals})
    assert catalog.data_through == date(2026, 9, 29)
    assert row(catalog, "deals_won", "2026-09")["value"] == 1


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("tickets", {"ticket_id": "t", "customer_id": "c", "opened_at": "2026-06-05", "resolved_at": "2026-09-12"}),
        ("leads", {"lead_id": "l", "created_at": "2026-06-05", "abandoned_at": "2026-09-12"}),
        ("mailings", {"mailing_id": "m", "customer_id": "c", "sent_at": "2026-06-05", "clicked_at": "2026-09-12"}),
        (
            "treatments",
            {
                "customer_id": "c",
                "action": "call",
                "assigned_at": "2026-06-05",
                "treated": True,
                "outcome_at": "2026-09-12",
                "value": 3.0,
            },
        ),
        (
            "subscription_terms",
            {
                "subscription_id": "s",
                "customer_id": "c",
                "starts_at": "2026-06-05",
                "ends_at": "2027-06-05",
                "mrr": 9.0,
                "cancelled_at": "2026-09-12",
            },
        ),
    ],
)
def test_a_later_event_of_an_earlier_row_shows_how_far_the_data_reach(table, columns):
    assert ck.connect({table: pd.DataFrame([columns])}).data_through == date(2026, 9, 12)
