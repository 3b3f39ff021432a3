"""Proposals: what to do next, for whom, what it is expected to bring, and how many to try it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.insights.actions.book import drawn_people, running_on
from crmkit.insights.actions.measure import action_results
from crmkit.insights.actions.outcomes import noise_of
from crmkit.insights.actions.people import people_on
from crmkit.insights.actions.responders import expected_response
from crmkit.insights.actions.rules import cost_of, rule_named, rules
from crmkit.insights.actions.saving import save_rate
from crmkit.metrics.formatting import counted, in_words
from crmkit.models.trials.sizes import Prior, TrialSize, best_size, estimated_prior
from crmkit.periods import DayLike, last_day
from crmkit.predictions.segments.assignment import by_rules
from crmkit.predictions.value.payments import payments_until
from crmkit.settings.models import ActionRule
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

_FEWEST = 4  # people
_YEAR = 365
_MOST_TO_BE_SURE = 10  # people
_BACK = 90  # days: one past day serves most rules
_Z = 1.96
_COLUMNS = [
    "action",
    "title",
    "channel",
    "message",
    "cost",
    "n_people",
    "n_treated",
    "n_held",
    "gain",
    "gain_low",
    "gain_high",
    "gain_of_year",
    "verdict",
    "earlier",
    "advice",
]


@dataclass(frozen=True)
class Eligible:
    """The people an action is for on a day.

    Attributes
    ----------
    rule : ActionRule
    people : DataFrame
        From :func:`crmkit.insights.actions.people.people_on`, those who may be drawn; with response (expected effect on
        each) where it has been shown who responds.
    left_out : dict of str to int
        How many meet the rule and may not be drawn, by reason.
    """

    rule: ActionRule
    people: pd.DataFrame
    left_out: dict[str, int]


@checked
def propose(catalog: Catalog, as_of: DayLike | None = None) -> pd.DataFrame:
    """Return what to do next, the most valuable first.

    What an action brings is first what its rule expects of it; every round that was measured moves it towards what was
    found. The size of a trial is the one that earns most for the firm's own number of people (Test & Roll). Nobody is
    proposed who does not allow marketing, was contacted within the days that the rule lets people rest, or takes part in
    a trial that runs.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`; with predictions the rules on value and leaving have people too.
    as_of : str or date, optional
        Last day whose data is used; without it the last day of the data.

    Returns
    -------
    DataFrame
        One row per action that somebody may be drawn for: action, title, channel, message, cost (of one person [money]),
        n_people (who may be drawn), n_treated, n_held (size of the trial to draw), gain, gain_low, gain_high (expected of
        treating n_treated, cost included, with its 95 % interval [money]), gain_of_year (of trying it, and then giving it
        to all such people of a year if it pays [money]), verdict (of earlier rounds; "untried"), earlier (what they showed),
        advice ("draw", "roll out", "stop").

    Examples
    --------
    >>> import crmkit as ck
    >>> ids = [f"c{n:03}" for n in range(200)]
    >>> orders = pd.DataFrame({"order_id": ids, "customer_id": ids, "ordered_at": "2026-09-20", "revenue": 40.0})
    >>> settings = ck.Settings(data={"through": "2026-10-31"}, value={"margin_rate": 0.5})
    >>> propose(ck.connect({"orders": orders}, settings))[["action", "n_people"]].values.tolist()
    [['second-order', 200]]
    """
    return memoize(catalog, _proposed, as_of or last_day(catalog.data_through, None))


def _proposed(catalog: Catalog, day: date) -> pd.DataFrame:
    try:
        people_on(catalog, day)
    except NotMeasured:
        return pd.DataFrame(columns=_COLUMNS)
    results = action_results(catalog, day)
    rows = []
    for name, rule in rules(catalog).items():
        eligible = eligible_for(catalog, name, day)
        if rule.propose and len(eligible.people) >= _FEWEST:
            rows.append(_proposal(catalog, name, eligible, day, results))
    found = pd.DataFrame(rows, columns=_COLUMNS)
    return found.sort_values(["gain_of_year", "action"], ascending=[False, True], ignore_index=True)


def eligible_for(catalog: Catalog, name: str, day: date) -> Eligible:
    """Return the people that an action is for on a day and who may be drawn.

    Raises
    ------
    UnknownName
        If there is no such action.
    Problems
        If its rule cannot be read.
    """
    rule = rule_named(catalog, name)
    people = people_on(catalog, day)
    chosen = people[(by_rules(people, {name: rule.who}, "[actions]") == name).to_numpy()]
    if rule.who.strip() and not len(chosen):
        return Eligible(rule, chosen, {})
    reasons = pd.Series("", index=chosen.index)
    runs = set(running_on(drawn_people(catalog), day)["customer_id"])
    reasons[chosen.index.isin(runs)] = "take part in a trial that runs"
    rests = chosen["days_since_contact"] < rule.rest_days
    reasons[rests & reasons.eq("")] = f"were contacted within {rule.rest_days} days"
    if rule.needs_consent and chosen["consent"].notna().any():
        refuses = ~chosen["consent"].eq(True)  # no answer is no consent
        reasons[refuses & reasons.eq("")] = "have not agreed to marketing"
    response = expected_response(catalog, name, chosen, day)
    if response is not None:
        chosen = chosen.assign(response=response)
        reasons[(response <= cost_of(catalog, rule)) & reasons.eq("")] = "are not expected to respond"
    left_out = reasons[reasons != ""].value_counts()
    return Eligible(rule, chosen[reasons == ""], {str(reason): int(n) for reason, n in left_out.items()})


def belief(catalog: Catalog, name: str, eligible: Eligible, day: date, results: pd.DataFrame) -> Prior:
    """Return what is believed of the effect of an action: what its rule expects, moved by what was measured."""
    base, noise = _usual(catalog, name, eligible, day)
    usual = Prior(eligible.rule.lift * base, max(eligible.rule.lift_spread * base, 1e-9), noise)
    if eligible.rule.saves:
        saved = save_rate(catalog, day).value * float(eligible.people["at_risk"].mean())
        usual = Prior(saved, max(saved, 1e-9), noise)
    known = results[(results["verdict"] != "running") & results["value"].notna() & results["outcome"].isin(_MONEY)]
    others = known[known["action"] != name]
    error = (others["high"] - others["low"]) / (2 * _Z)
    prior = estimated_prior(others["value"], error, noise, usual)
    own = known[known["action"] == name]
    if own.empty:
        return prior
    found, its_error = float(own["value"].iloc[0]), float((own["high"] - own["low"]).iloc[0]) / (2 * _Z)
    weight = prior.spread**2 / (prior.spread**2 + its_error**2)
    if "response" in eligible.people:  # those who may be drawn respond more than the average of earlier rounds
        found = float(eligible.people["response"].mean())
    return Prior((1 - weight) * prior.mean + weight * found, (1 - weight) ** 0.5 * prior.spread, noise)


_MONEY = ("margin", "value", "revenue")


def _proposal(catalog: Catalog, name: str, eligible: Eligible, day: date, results: pd.DataFrame) -> dict[str, Any]:
    rule, n_people, cost = eligible.rule, len(eligible.people), cost_of(catalog, eligible.rule)
    believed = belief(catalog, name, eligible, day, results)
    size = trial_size(n_people, rule, believed, cost)
    own = results[results["action"] == name]
    verdict = "untried" if own.empty else str(own["verdict"].iloc[0])
    n = n_people - size.n_held if verdict == "roll out" else size.n_treated
    gain = n * (believed.mean - cost)
    reach = _Z * n * believed.spread
    advice = (
        "stop" if verdict == "stop" else "roll out" if verdict == "roll out" else "draw" if size.gain > 0 else "stop"
    )
    return {
        "action": name,
        "title": rule.title,
        "channel": rule.channel,
        "message": rule.message,
        "cost": cost,
        "n_people": n_people,
        "n_treated": n,
        "n_held": size.n_held,
        "gain": gain,
        "gain_low": gain - reach,
        "gain_high": gain + reach,
        "gain_of_year": size.gain,
        "verdict": verdict,
        "earlier": "Never tried here." if own.empty else str(own["why"].iloc[0]),
        "advice": advice,
    }


def trial_size(n_people: int, rule: ActionRule, believed: Prior, cost: float) -> TrialSize:
    """Return the size of a trial that earns most over a year of rounds, with enough held out to measure it at all.

    What is believed of an action that was never tried is a guess: where it is as good as sure to pay, one person in ten is
    held out nevertheless, up to ten people.
    """
    rounds = max(_YEAR // max(rule.window_days, 30), 1)
    size = best_size(n_people * rounds, believed, cost, at_hand=n_people)
    n_held = max(size.n_held, min(_MOST_TO_BE_SURE, round(n_people / 10)))
    return TrialSize(min(size.n_treated, n_people - n_held), n_held, size.gain)


def _usual(catalog: Catalog, name: str, eligible: Eligible, day: date) -> tuple[float, float]:
    """Return mean and standard deviation of what such people bring in the time of a trial [money].

    Taken from those whom the rule would have chosen on a past day, as far as it could be known then; where they are few,
    from all customers of that day.
    """
    rule, then = eligible.rule, day - timedelta(days=max(eligible.rule.window_days, _BACK))
    try:
        before = people_on(catalog, then)
        chosen = before.index[(by_rules(before, {name: rule.who}, "[actions]") == name).to_numpy()]
        paid = payments_until(catalog, then + timedelta(days=rule.window_days), since=then).rows
    except NotMeasured:
        return 0.0, 1.0
    ids = chosen if len(chosen) >= 10 * _FEWEST else before.index
    brought = paid.groupby("customer_id")["money"].sum().reindex(ids).fillna(0.0)
    return max(float(brought.mean()), 0.0) if len(brought) else 0.0, max(noise_of(brought), 1e-6)


def proposal_sentence(row: Mapping[str, Any], currency: str) -> str:
    """Return a proposal in one sentence.

    Examples
    --------
    >>> row = {"title": "Remind who is due", "n_treated": 80, "n_held": 20, "gain": 50.0, "gain_low": -20.0, "gain_high": 120.0,
    ...        "channel": "email", "advice": "draw"}
    >>> proposal_sentence(row, "EUR")
    'Remind who is due: write to 80 people, hold out 20; expected to bring €50 (−€20 to €120), cost included'
    """
    gain = in_words(row["gain"], "money", low=row["gain_low"], high=row["gain_high"], currency=currency)
    low, high = (
        in_words(row[f"gain_{end}"], "money", low=row["gain_low"], high=row["gain_high"], currency=currency)
        for end in ("low", "high")
    )
    does = "call" if row["channel"] == "phone" else "write to"
    who = f"{row['title']}: {does} {counted(row['n_treated'], 'people')}, hold out {row['n_held']}; "
    if row["gain"] < 0:  # worth trying all the same, as it is given to others only if it pays
        worth = in_words(row["gain_of_year"], "money", currency=currency)
        later = f"and {worth} over a year, as it goes on only if it pays"
        return f"{who}expected to bring {gain} ({low} to {high}) this time, cost included, {later}"
    return f"{who}expected to bring {gain} ({low} to {high}), cost included"
