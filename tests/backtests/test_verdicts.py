"""Are verdicts right on firms whose truth is known? Whole scorecards, over people who buy and answer more than once.

A firm in which nothing ever changes is followed for decades: each month is a scorecard of its own, and each "real" in it
is false.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from crmkit.insights.findings import headline
from crmkit.metrics import evaluate, scorecard
from crmkit.metrics.card import cards
from crmkit.metrics.engine.usual_level import LOOK_BACK
from crmkit.metrics.engine.usual_season import MOST_MONTHS
from crmkit.metrics.engine.verdict import judge_changes
from crmkit.metrics.scorecard import smallest_changes
from crmkit.periods import Period
from crmkit.tables.catalog import Catalog
from tests.backtests.firms import SETTLED, catalog_of, months, stationary_firm, subscription_firm

SIZES = (50, 150, 400, 1000, 2000)  # customers
N_EACH = 400  # months of each
# One family: the numbers of the scorecard's page; the simulated customers are not asked about effort and pay no recurring
# revenue, so that turnover is revenue alone.
NOT_SIMULATED = ("ces", "turnover", "recurring_revenue")
ON_THE_PAGE = [card.name for card in cards() if card.headline and card.name not in NOT_SIMULATED]
PARTS = ["value", "low", "high", "n", "status"]


def scorecards(catalog: Catalog, judged: list[Period], metrics: list[str]) -> pd.DataFrame:
    """Return the scorecards of months one below the other, all evaluated once and judged once: each month is a family."""
    asked = sorted({q for p in judged for q in p.run_up(MOST_MONTHS + 1)})
    chosen = {card.name: card for card in cards(metrics)}
    history = evaluate(catalog, metrics, periods=asked).set_index(["period", "metric"])
    facts = pd.DataFrame([(c.name, c.label, c.unit, c.better) for c in chosen.values()])
    facts.columns = ["metric", "label", "unit", "better"]

    def numbers_of(months: list[Period]) -> pd.DataFrame:
        rows = history.loc[pd.MultiIndex.from_product([list(map(str, months)), chosen]), PARTS].reset_index()
        return rows.merge(facts, on="metric", how="left")

    now = numbers_of(judged)
    matters = np.tile(smallest_changes(catalog.settings, list(chosen)), len(judged))

    def of_as_many_days(others: list[Period]) -> pd.DataFrame:
        then = numbers_of(others)
        longer = np.repeat([p.n_days / other.n_days for p, other in zip(judged, others, strict=True)], len(chosen))
        factor = np.where([chosen[name].additive or chosen[name].per_day for name in then["metric"]], longer, 1.0)
        return then.assign(**{name: then[name] * factor for name in ("value", "low", "high")})

    for prefix, lags in (("", range(1, MOST_MONTHS + 1)), ("year_", [12])):
        earlier = [of_as_many_days([p.shift(-lag) for p in judged]) for lag in lags]
        then = numbers_of([p.shift(-lags[0]) for p in judged])
        verdicts = judge_changes(
            now, earlier[0], matters, now["period"].to_numpy(), earlier=earlier[:LOOK_BACK], years=earlier
        )
        now[f"{prefix or 'previous_'}period"] = then["period"]
        now[f"{prefix or 'previous_'}value"] = then["value"]
        now[f"{prefix}change"] = now["value"] - then["value"]
        for name in ("verdict", "direction", "p_value", "at_most"):
            now[prefix + name] = verdicts[name]
    return now.assign(target_verdict="", days_so_far=pd.NA)


def any_real(cards: pd.DataFrame, verdict: str) -> float:
    """Return the share of scorecards on which some change is called real."""
    return float((cards[verdict] == "real").groupby([cards["firm"], cards["period"]]).any().mean())


@pytest.fixture(scope="module")
def firms() -> dict[int, dict[str, pd.DataFrame]]:
    """Tables by the number of customers."""
    return {n: stationary_firm(np.random.default_rng(n), n, SETTLED + 13 + N_EACH) for n in SIZES}


@pytest.fixture(scope="module")
def catalogs(firms) -> dict[int, Catalog]:
    return {n: catalog_of(tables, months(SETTLED + 12 + N_EACH, 1)[0]) for n, tables in firms.items()}


@pytest.fixture(scope="module")
def unchanged(catalogs) -> pd.DataFrame:
    """One row per firm, month and metric of 2,000 scorecards: nothing ever changes."""
    judged = months(SETTLED + 13, N_EACH)
    return pd.concat(
        [scorecards(catalog, judged, ON_THE_PAGE).assign(firm=n) for n, catalog in catalogs.items()], ignore_index=True
    )


@pytest.mark.parametrize("n_customers", [50, 2000])
def test_months_judged_at_once_are_what_the_scorecard_of_each_says(unchanged, catalogs, n_customers):
    together = unchanged[unchanged["firm"] == n_customers]
    for month in months(SETTLED + 13, N_EACH)[::100]:
        found = together[together["period"] == str(month)].drop(columns=["firm", "days_so_far"])
        expected = scorecard(catalogs[n_customers], month, metrics=ON_THE_PAGE)[list(found)]
        pd.testing.assert_frame_equal(found.reset_index(drop=True), expected, check_dtype=False)


@pytest.mark.slow
def test_nothing_changes_in_the_simulated_firms(unchanged):
    """The second two hundred months have the averages of the first: what is called real below is false."""
    late = unchanged["period"] >= unchanged["period"].sort_values().iloc[len(unchanged) // 2]
    large = unchanged[(unchanged["firm"] == 2000) & unchanged["value"].notna()]
    for metric, rows in large.groupby("metric"):
        first, second = rows["value"][~late], rows["value"][late]
        assert second.mean() == pytest.approx(first.mean(), rel=0.05), metric


def test_of_2000_scorecards_without_a_change_at_most_6_percent_call_one_real(unchanged):
    assert unchanged.groupby(["firm", "period"]).ngroups == 2000
    assert any_real(unchanged, "verdict") <= 0.06
    assert any_real(unchanged, "year_verdict") <= 0.06


@pytest.mark.parametrize("n_customers", SIZES)
def test_in_no_size_of_firm_are_false_calls_more_frequent(unchanged, n_customers):
    """Of 400 scorecards 6 % are 24, and chance makes up to 9 more of them."""
    cards = unchanged[unchanged["firm"] == n_customers]
    assert any_real(cards, "verdict") <= 33 / 400
    assert any_real(cards, "year_verdict") <= 33 / 400


def test_the_scorecards_put_all_metrics_to_the_test(unchanged):
    tested = unchanged[unchanged["firm"] >= 1000].groupby("metric")["p_value"].agg(lambda p: p.notna().mean())
    assert len(tested) >= 11
    assert tested.min() > 0.95


@pytest.mark.slow
@pytest.mark.parametrize("n_customers", [400, 2000])
def test_average_order_value_alone_is_called_real_in_at_most_5_percent_of_the_months(catalogs, firms, n_customers):
    cards = scorecards(catalogs[n_customers], months(SETTLED + 13, N_EACH), ["average_order_value"])
    assert cards["p_value"].notna().mean() > 0.95
    assert (cards["verdict"] == "real").mean() <= 0.05
    assert false_calls_of_a_t_test_on_orders(firms[n_customers]["orders"]) > 0.15  # what counting orders would do


def false_calls_of_a_t_test_on_orders(orders: pd.DataFrame) -> float:
    """Return how often a t-test between months calls the mean order changed, as if orders were independent."""
    bought = orders[(orders["revenue"] > 0) & (orders["ordered_at"] > SETTLED * 30.44)]
    values = [group.to_numpy() for _, group in bought["revenue"].groupby(bought["ordered_at"] // 30.44)]
    tests = [ttest_ind(now, then, equal_var=False).pvalue for now, then in zip(values[1:], values, strict=False)]
    return float(np.mean(np.array(tests) <= 0.05))


@pytest.mark.slow
def test_churn_doubled_from_5_to_10_percent_among_1000_customers_is_called_real_in_at_least_80_percent():
    """Every thirteenth month, which is no season; the scorecard judges churn among other metrics, which do not change."""
    n_times, apart = 60, 13
    churn = [0.05] * SETTLED + ([0.05] * (apart - 1) + [0.10]) * n_times
    tables = subscription_firm(np.random.default_rng(3), 1000, churn)
    catalog = catalog_of(tables, months(len(churn) - 1, 1)[0])
    judged = months(SETTLED + apart * 4 - 1, apart * (n_times - 4))[::apart]  # with three years before each
    cards = scorecards(catalog, judged, ON_THE_PAGE)
    churned = cards[cards["metric"] == "churn_rate"]
    assert (churned["n"] == 1000).all()
    assert churned["value"].mean() == pytest.approx(0.10, abs=0.003)
    assert churned["previous_value"].mean() == pytest.approx(0.05, abs=0.003)
    real = churned["verdict"] == "real"
    assert real.mean() >= 0.80
    assert (churned.loc[real, "direction"] == "worse").all()


def test_with_50_customers_it_says_too_few_to_tell_and_not_that_nothing_moved(unchanged):
    small = unchanged[unchanged["firm"] == 50]
    words = pd.concat([small["verdict"], small["year_verdict"]]).value_counts(normalize=True)
    assert words["too few to tell"] > 0.9
    assert words["too few to tell"] > 50 * words.get("within noise", 0)
    assert words.get("real", 0) < 0.005


def test_with_50_customers_the_headline_says_so_too(unchanged):
    small = unchanged[unchanged["firm"] == 50]
    told = pd.Series([headline(card).partition(": ")[2] for _, card in small.groupby("period")])
    assert (told == "too few customers to tell whether anything moved").mean() > 0.94


def test_with_2000_customers_what_could_have_been_seen_is_within_noise(unchanged):
    """The other side: where a tenth more or less would show, "too few to tell" would be idle."""
    orders = unchanged[(unchanged["firm"] == 2000) & (unchanged["metric"] == "transactions_per_customer")]
    assert (orders["verdict"] == "within noise").mean() > 0.9
