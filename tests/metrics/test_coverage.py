"""Do nominal 95 % intervals hold the truth as often as they say, on people who answer and buy more than once?

Each simulated firm is a group of one table, so that one evaluation runs the whole path from rows to interval.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from crmkit.metrics import evaluate
from crmkit.metrics.card import CARDS, metric
from crmkit.metrics.measures import Median, Ratio
from crmkit.tables.catalog import Catalog

DAY = pd.Timestamp("2026-10-15")
SHARES = np.linspace(0.02, 0.98, 25)


def covered(numbers: pd.DataFrame, truth: float | pd.Series) -> float:
    assert (numbers["status"] == "ok").mean() > 0.95, "nearly all simulated firms must have a usable interval"
    usable = numbers[numbers["status"] == "ok"]
    slack = 1e-9
    return float(((usable["low"] <= truth + slack) & (truth - slack <= usable["high"])).mean())


def many(random: np.random.Generator, n_firms: int, n_customers: int) -> pd.DataFrame:
    """One row per answer or order: firm, customer, and the customer's number; one to five rows each."""
    rows = np.minimum(1 + random.poisson(0.8, n_firms * n_customers), 5)
    person = np.repeat(np.arange(n_firms * n_customers), rows)
    return pd.DataFrame(
        {"person": person, "firm": (person // n_customers).astype(str), "customer_id": person.astype(str)}
    )


def answers_of(random: np.random.Generator, share: float, n_firms: int, n_customers: int, survey: str) -> pd.DataFrame:
    """Answers of people whose own propensity varies around ``share``: those of one person are alike."""
    rows = many(random, n_firms, n_customers)
    propensity = random.beta(3 * share, 3 * (1 - share), n_firms * n_customers)[rows["person"]]
    good = random.random(len(rows)) < propensity
    bad = ~good & (random.random(len(rows)) < 0.5)
    scores = {"nps": (10.0, 3.0, 8.0), "csat": (5.0, 2.0, 2.0)}[survey]
    return pd.DataFrame(
        {
            "response_id": np.arange(len(rows)).astype(str),
            "responded_at": DAY,
            "survey": survey,
            "score": np.select([good, bad], scores[:2], scores[2]),
            "touchpoint": rows["firm"],
            "customer_id": rows["customer_id"],
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize("survey", ["nps", "csat"])
@pytest.mark.parametrize("n_customers", [10, 30, 150])
def test_shares_and_nps_cover_93_to_98_percent_and_nowhere_below_85(
    company: Callable[..., Catalog], survey: str, n_customers: int
) -> None:
    random = np.random.default_rng([n_customers, len(survey)])
    coverage = []
    for share in SHARES:
        firms = answers_of(random, share, 400, n_customers, survey)
        numbers = evaluate(company(survey_responses=firms), survey, periods="2026-10", by="touchpoint")
        truth = 100 * (share - (1 - share) / 2) if survey == "nps" else share
        coverage.append(covered(numbers, truth))
    assert 0.93 <= np.mean(coverage) <= 0.98
    assert min(coverage) >= 0.85


def purchases(random: np.random.Generator, n_firms: int, n_customers: int) -> tuple[pd.DataFrame, float]:
    """Orders of log-normal size, by people who spend more or less; and the true mean of an order."""
    rows = many(random, n_firms, n_customers)
    taste = random.normal(0, 0.5, n_firms * n_customers)[rows["person"]]
    frame = pd.DataFrame(
        {
            "order_id": np.arange(len(rows)).astype(str),
            "ordered_at": DAY,
            "channel": rows["firm"],
            "revenue": np.exp(3 + taste + random.normal(0, 0.7, len(rows))),
            "customer_id": rows["customer_id"],
        }
    )
    return frame.assign(margin=0.4 * frame["revenue"]), float(np.exp(3 + (0.5**2 + 0.7**2) / 2))


@pytest.mark.parametrize("n_customers", [100, 400])
def test_average_order_value_covers_at_least_90_percent(company: Callable[..., Catalog], n_customers: int) -> None:
    frame, truth = purchases(np.random.default_rng(5), 1500, n_customers)
    numbers = evaluate(company(orders=frame), "average_order_value", periods="2026-10", by="channel")
    assert covered(numbers, truth) >= 0.90


@pytest.mark.parametrize("n_customers", [100, 400])
def test_orders_per_customer_cover_at_least_90_percent(company: Callable[..., Catalog], n_customers: int) -> None:
    frame, _ = purchases(np.random.default_rng(6), 1500, n_customers)
    truth = 1 + sum(min(k, 4) * np.exp(-0.8) * 0.8**k / np.prod(range(1, k + 1)) for k in range(1, 30))
    numbers = evaluate(company(orders=frame), "transactions_per_customer", periods="2026-10", by="channel")
    assert covered(numbers, truth) >= 0.90


@pytest.mark.slow
@pytest.mark.parametrize(
    ("expected", "metric_name"), [(3, "n_orders"), (40, "n_orders"), (100, "revenue"), (400, "revenue")]
)
def test_counts_and_totals_of_chance_arrivals_cover_at_least_90_percent(
    company: Callable[..., Catalog], expected: int, metric_name: str
) -> None:
    random = np.random.default_rng(expected)
    n_firms = 1200
    frame, mean = purchases(random, n_firms, 3 * expected)
    arrives = random.random(n_firms * 3 * expected) < 1 / 3
    frame = frame[arrives[frame["customer_id"].astype(int)]]
    per_customer = 1 + sum(min(k, 4) * np.exp(-0.8) * 0.8**k / np.prod(range(1, k + 1)) for k in range(1, 30))
    truth = expected * per_customer * (mean if metric_name == "revenue" else 1)
    assert covered(evaluate(company(orders=frame), metric_name, periods="2026-10", by="channel"), truth) >= 0.90


def test_cost_of_a_new_customer_covers_at_least_93_percent(company: Callable[..., Catalog]) -> None:
    random = np.random.default_rng(8)
    n_new = random.poisson(30, 1500)
    firm = np.repeat(np.arange(1500), n_new).astype(str)
    customer = np.arange(len(firm)).astype(str)
    orders = pd.DataFrame({"order_id": customer, "ordered_at": DAY, "revenue": 1.0, "customer_id": customer})
    known = pd.DataFrame(
        {"order_id": ["x"], "ordered_at": [pd.Timestamp("2025-10-15")], "revenue": 1.0, "customer_id": ["x"]}
    )
    orders = pd.concat([orders, known])  # who is new shows only after some time of data
    customers = pd.DataFrame({"customer_id": customer, "channel": firm})
    costs = pd.DataFrame(
        {
            "spent_at": DAY,
            "amount": 900.0,
            "purpose": "acquisition",
            "channel": np.arange(1500).astype(str),
        }
    )
    tables = company(orders=orders, customers=customers, costs=costs)
    assert covered(evaluate(tables, "customer_acquisition_cost", periods="2026-10", by="channel"), 30.0) >= 0.93


@pytest.mark.parametrize("n_customers", [20, 60, 300])
def test_medians_cover_at_least_93_percent_from_20_customers(company: Callable[..., Catalog], n_customers: int) -> None:
    @metric(label="x", unit="money", better="higher", source="x", counted="orders")
    def _median_order_value(orders):
        """Median.

        median = median(revenue)
        """
        return Median(orders, at=orders.ordered_at, value=orders.revenue)

    try:
        frame, _ = purchases(np.random.default_rng(n_customers), 800, n_customers)
        numbers = evaluate(company(orders=frame), "_median_order_value", periods="2026-10", by="channel")
        assert covered(numbers, np.exp(3.0)) >= 0.93
    finally:
        CARDS.pop("_median_order_value")


def test_ratios_of_two_sums_cover_at_least_90_percent(company: Callable[..., Catalog]) -> None:
    @metric(label="x", unit="share", better="higher", source="x", counted="orders")
    def _margin_share(orders):
        """Margin.

        margin share = margin / revenue
        """
        return Ratio(orders, at=orders.ordered_at, numerator=orders.margin, denominator=orders.revenue)

    try:
        random = np.random.default_rng(2)
        frame, _ = purchases(random, 1500, 100)
        frame["margin"] = frame["revenue"] * random.uniform(0.2, 0.6, len(frame))
        numbers = evaluate(company(orders=frame), "_margin_share", periods="2026-10", by="channel")
        assert covered(numbers, 0.4) >= 0.90
    finally:
        CARDS.pop("_margin_share")


@pytest.mark.parametrize("n_customers", [10, 100])
def test_churn_covers_93_to_98_percent(company: Callable[..., Catalog], n_customers: int) -> None:
    random = np.random.default_rng(n_customers)
    coverage = []
    for rate in (0.02, 0.05, 0.1, 0.3, 0.5):
        person = np.arange(600 * n_customers)
        lost = random.random(len(person)) < rate
        terms = pd.DataFrame(
            {
                "subscription_id": person.astype(str),
                "customer_id": person.astype(str),
                "mrr": 1.0,
                "starts_at": pd.Timestamp("2026-01-01"),
                "ends_at": np.where(lost, np.datetime64("2026-10-15"), np.datetime64("2027-01-01")),
            }
        )
        customers = pd.DataFrame({"customer_id": person.astype(str), "region": (person // n_customers).astype(str)})
        tables = company(subscription_terms=terms, customers=customers, through="2026-10-31")
        coverage.append(covered(evaluate(tables, "churn_rate", periods="2026-10", by="region"), rate))
    assert 0.93 <= np.mean(coverage) <= 0.985
    assert min(coverage) >= 0.85


@pytest.mark.parametrize("n_deals", [60, 300])
def test_sales_cycle_covers_at_least_93_percent(company: Callable[..., Catalog], n_deals: int) -> None:
    """Deals opened evenly over ten months, won after days with a median of 20, judged in October."""
    random = np.random.default_rng(n_deals)
    n = 600 * n_deals
    opened = pd.Timestamp("2026-01-01") + pd.to_timedelta(random.integers(0, 304, n), unit="D")
    to_win = np.ceil(20.5 * random.weibull(1.3, n) / np.log(2) ** (1 / 1.3)) - 1
    to_lose = np.ceil(random.exponential(60, n))
    closed = opened + pd.to_timedelta(np.minimum(to_win, to_lose), unit="D")
    deals = pd.DataFrame(
        {
            "deal_id": np.arange(n).astype(str),
            "created_at": opened,
            "owner": (np.arange(n) // n_deals).astype(str),
            "closed_at": closed,
            "won": to_win <= to_lose,
        }
    )
    numbers = evaluate(company(deals=deals, through="2026-10-31"), "sales_cycle", periods="2026-Q3", by="owner")
    usable = numbers[numbers["status"].isin(["ok", "too few"]) & numbers["high"].notna()]
    assert ((usable["low"] <= 20) & (usable["high"] >= 20)).mean() >= 0.93
