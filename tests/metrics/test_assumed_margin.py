"""Where orders have no margin, margin_rate of the settings stands for it, and every number that uses it says so."""

import pandas as pd
import pytest

import crmkit as ck
from crmkit.metrics.card import CARDS

SAYS = "margin taken as 25 % of revenue: margin_rate in crmkit.toml"


def tables():
    days = pd.date_range("2025-01-01", "2026-10-31", freq="5D")
    people = [f"c{n if n > len(days) - 4 else n % 30}" for n in range(len(days))]  # the last three are new
    orders = pd.DataFrame(
        {
            "order_id": [str(n) for n in range(len(days))],
            "ordered_at": days,
            "revenue": 100.0,
            "customer_id": people,
            "campaign": "spring",
        }
    )
    costs = pd.concat(
        pd.DataFrame(
            {
                "spent_at": pd.date_range("2025-01-01", "2026-10-01", freq="MS"),
                "amount": 50.0,
                "purpose": purpose,
                "campaign": name,
            }
        )
        for purpose, name in (("acquisition", "spring"), ("retention", "call"))
    )
    drawn = pd.DataFrame(
        {"customer_id": people[:30], "action": "call", "treated": [n % 2 == 0 for n in range(30)], "value": 1.0}
    )
    drawn = drawn.assign(assigned_at=pd.Timestamp("2026-08-20"), outcome_at=pd.Timestamp("2026-10-10"))
    return {"orders": orders, "costs": costs, "treatments": drawn}


def needs_margin(rows):
    return set(rows.loc[rows["reason"].str.contains("orders.margin"), "metric"])


@pytest.fixture(scope="module")
def numbers():
    def evaluated(**value):
        names = sorted(
            name
            for name in CARDS
            if "margin" in name
            or name in ("marketing_roi", "payback_months", "retention_break_even", "incremental_roi")
        )
        return ck.evaluate(ck.connect(tables(), ck.Settings(value=value)), names, "2026-10").set_index("metric")

    return evaluated(), evaluated(margin_rate=0.25)


def test_without_a_margin_and_a_rate_all_of_them_say_what_they_need(numbers):
    without, _ = numbers
    assert set(without["status"]) == {"not measured"}
    assert set(without["reason"]) == {"needs orders.margin, or margin_rate under [value] in crmkit.toml"}


def test_with_a_rate_of_25_percent_each_has_a_value_and_says_so(numbers):
    without, with_rate = numbers
    assert set(with_rate.index) == set(without.index) and with_rate["value"].notna().all()
    assert with_rate["reason"].str.contains(SAYS, regex=False).all(), with_rate["reason"].tolist()


def test_six_orders_of_100_bring_a_margin_of_150_and_a_return_of_200_percent_on_50_spent(numbers):
    value = numbers[1]["value"]
    n_orders = ck.evaluate(ck.connect(tables()), "n_orders", "2026-10")["value"].item()
    assert value["margin"] == 25 * n_orders
    assert value["marketing_roi"] == pytest.approx((25 * n_orders - 50) / 50)
    assert value["margin_rate"] == pytest.approx(0.25)


def test_no_card_needs_a_margin_when_there_is_a_rate():
    rows = ck.evaluate(ck.connect(tables(), ck.Settings(value={"margin_rate": 0.25})), None, "2026-10")
    assert needs_margin(rows) == set()


def test_the_rate_is_said_on_the_tile_and_in_the_printed_table(capsys):
    from crmkit.cli.show import print_metrics

    catalog = ck.connect(tables(), ck.Settings(value={"margin_rate": 0.25}))
    card = ck.scorecard(catalog, "2026-10", metrics="marketing_roi")
    assert "argin taken as 25 % of revenue" in ck.pages.tiles(card).html.replace("\N{NO-BREAK SPACE}", " ")
    print_metrics(card, "table", currency="EUR")
    assert "margin taken as 25 %" in " ".join(capsys.readouterr().out.split())


def test_a_margin_of_the_orders_comes_first():
    own = tables()
    own["orders"]["margin"] = 10.0
    row = ck.evaluate(ck.connect(own, ck.Settings(value={"margin_rate": 0.25})), "margin_rate", "2026-10").iloc[0]
    assert row["value"] == pytest.approx(0.1) and SAYS not in row["reason"]
