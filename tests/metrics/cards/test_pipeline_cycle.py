"""Days until deals are won, lost ones staying lost: worked by hand, against lifelines, and on deals whose truth is known."""

import numpy as np
import pandas as pd
import pytest
from lifelines import AalenJohansenFitter

from crmkit.metrics import conventions, evaluate
from crmkit.metrics.measures.durations import IncidenceMedian, cumulative_incidence

TO_WIN = ["days_to_win_first_quarter", "days_to_win_half", "days_to_win_three_quarters"]


def deals(created, closed, won) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "deal_id": [str(i) for i in range(len(closed))],
            "created_at": pd.to_datetime(created),
            "closed_at": pd.to_datetime(closed),
            "won": pd.array(won, dtype="boolean"),
        }
    )


def test_of_ten_deals_four_are_won_after_2_4_6_8_days_and_six_are_lost_half_of_the_wins_take_4(company):
    """Nobody is open: incidence .1 .2 .3 .4; its half is reached on day 4, its quarter on day 2, three quarters on day 6."""
    days = [2, 4, 6, 8, 1, 3, 5, 5, 7, 9]
    closed = pd.Timestamp("2026-10-01") + pd.to_timedelta(days, unit="D")
    catalog = company(deals=deals(["2026-10-01"] * 10, closed, [True] * 4 + [False] * 6), through="2026-10-31")
    rows = evaluate(catalog, [*TO_WIN, "sales_cycle"], periods="2026-10").set_index("metric")
    assert rows.loc[TO_WIN, "value"].tolist() == [2, 4, 6]
    assert rows.loc[TO_WIN, "n"].tolist() == [4, 4, 4]
    # Kaplan-Meier: 8/9, 6/7, 2/3, 1/2 of those left each time: .889, .762, .508, .254
    assert rows.loc["sales_cycle", "value"] == 8


def test_where_many_are_open_the_share_won_is_not_known(company):
    closed = ["2026-10-03"] * 5 + [None] * 5
    catalog = company(deals=deals(["2026-10-01"] * 10, closed, [True] * 5 + [None] * 5), through="2026-10-31")
    row = evaluate(catalog, "days_to_win_half", periods="2026-10").iloc[0]
    assert (row["status"], row["reason"]) == ("not reached", "too many are still open to know how many will come to it")


def test_a_quarter_that_is_not_reached_says_so(company):
    closed = ["2026-10-03"] * 2 + [None] * 8
    catalog = company(deals=deals(["2026-10-01"] * 10, closed, [True] * 2 + [None] * 8), through="2026-10-31")
    rows = conventions(catalog, "2026-10", metrics="days_to_win_first_quarter").set_index("convention")
    assert rows.loc["kaplan_meier", "reason"] == "fewer than a quarter would come to an end"


def random_ages(seed: int, n: int = 400) -> pd.DataFrame:
    """Deals with whole days until won or lost, and some censored: duration, outcome (0 open, 1 won, 2 lost)."""
    random = np.random.default_rng(seed)
    win, lose = np.ceil(random.gamma(3, 5, n)), np.ceil(random.exponential(9, n))
    open_until = random.integers(5, 80, n)
    end = np.minimum(win, lose)
    outcome = np.where(end > open_until, 0, np.where(win <= lose, 1, 2))
    return pd.DataFrame({"days": np.minimum(end, open_until), "outcome": outcome})


def as_ages(lives: pd.DataFrame) -> pd.DataFrame:
    outs = pd.DataFrame(
        {"age": lives["days"], "exits": 1, "events": lives["outcome"] == 1, "others": lives["outcome"] == 2}
    )
    ages = outs.groupby("age").sum().astype(float).assign(entries=0.0).reset_index()
    start = pd.DataFrame({"age": [0], "entries": [float(len(lives))], "exits": 0.0, "events": 0.0, "others": 0.0})
    return pd.concat([start, ages], ignore_index=True)


def test_the_incidence_is_that_of_lifelines(recwarn):
    lives = random_ages(5)
    curve = cumulative_incidence(as_ages(lives)).set_index("age")["incidence"]
    fitted = AalenJohansenFitter(calculate_variance=False, jitter_level=1e-9, seed=1)
    fitted.fit(lives["days"], lives["outcome"], event_of_interest=1)
    theirs = fitted.cumulative_density_.iloc[:, 0]
    for age, incidence in curve.items():
        assert theirs[theirs.index <= age + 0.5].iloc[-1] == pytest.approx(incidence, abs=0.002)  # they split ties


def test_the_error_of_the_relative_incidence_is_its_scatter_over_many_draws():
    middle = []
    for seed in range(300):
        curve = cumulative_incidence(as_ages(random_ages(seed))).set_index("age")
        middle.append(curve.loc[curve.index <= 7].iloc[-1][["relative", "low", "high"]].to_numpy(float))
    relative, low, high = np.array(middle).T
    logit = np.log(relative / (1 - relative))
    error = (np.log(high / (1 - high)) - np.log(low / (1 - low))) / 2 / 1.959964
    assert error.mean() == pytest.approx(logit.std(), rel=0.1)


@pytest.mark.parametrize("n", [60, 300])
def test_the_interval_holds_the_true_median_of_wins_in_93_to_99_percent_of_draws(n):
    big = random_ages(99, 200_000)
    whole = big[big["outcome"] > 0]  # censored by a clock of their own: enough wins are seen at every age
    truth = IncidenceMedian.quantile(_only_share(), as_ages(big))[0]
    assert whole["outcome"].eq(1).mean() < 0.35
    held = []
    for seed in range(300):
        _value, low, high = IncidenceMedian.quantile(_only_share(), as_ages(random_ages(1000 + seed, n)))
        held.append(low <= truth <= (high if np.isfinite(high) else np.inf))
    assert 0.93 <= np.mean(held) <= 0.995


def _only_share() -> IncidenceMedian:
    measure = object.__new__(IncidenceMedian)
    measure.share = 0.5
    return measure


def test_recent_quick_wins_do_not_make_the_cycle_short(company):
    """Wins take 10 or 30 days, half each; of the deals of the last three weeks only the quick ones are won yet."""
    created = pd.date_range("2026-07-01", "2026-10-31").repeat(20)
    days = np.tile([10, 30, 12, 14], len(created) // 4)  # the last two are lost
    won = np.tile([True, True, False, False], len(created) // 4)
    closed = created + pd.to_timedelta(days, unit="D")
    known = closed <= "2026-10-31"
    frame = deals(created, pd.Series(closed).where(known), np.where(known, won, None))
    rows = evaluate(company(deals=frame, through="2026-10-31"), "days_to_win_three_quarters", periods="2026")
    assert rows["value"].item() == 30
    taken = pd.Series(days)[known & won]
    assert taken.quantile(0.4) == 10 and (taken == 10).mean() > 0.53  # the wins so far are too many quick ones


def test_conventions_that_differ_in_the_quantile_alone_share_one_query(sample, monkeypatch):
    from crmkit.metrics.engine import evaluate as passes

    asked = []
    fetch = passes.fetch
    monkeypatch.setattr(passes, "fetch", lambda query: asked.append(query) or fetch(query))
    evaluate(sample, ["sales_cycle", *TO_WIN], periods="2026-10")
    assert len(asked) == 1


def test_it_equals_a_plain_aalen_johansen_on_the_sample_company(sample, sample_tables):
    rows = evaluate(sample, TO_WIN, periods="2026").set_index("metric")["value"]
    frame = sample_tables["deals"]
    start, end = pd.Timestamp("2026-01-01"), pd.Timestamp("2026-11-01")
    opened, closed = frame["created_at"].dt.normalize(), frame["closed_at"].dt.normalize()
    inside = ~(closed < start)
    entry = (start - opened[inside]).dt.days.clip(lower=0)
    left = (closed[inside].fillna(end - pd.Timedelta(days=1)) - opened[inside]).dt.days
    won, lost = ((frame.loc[inside, "won"] == outcome).fillna(False) for outcome in (True, False))
    survival, incidence, path = 1.0, 0.0, {}
    for age in range(int(left.max()) + 1):
        at_risk = ((entry <= age) & (left >= age)).sum()
        wins, losses = ((left == age) & outcome for outcome in (won, lost))
        incidence += survival * wins.sum() / at_risk if at_risk else 0
        survival *= 1 - (wins.sum() + losses.sum()) / at_risk if at_risk else 1
        path[age] = incidence
    curve = pd.Series(path) / incidence
    assert rows.tolist() == [curve[curve >= share].index[0] for share in (0.25, 0.5, 0.75)]
