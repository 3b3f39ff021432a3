"""Whether actions worked: the effect of each draw, of all rounds of an action together, and what to do with it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crmkit.insights.actions.book import drawn_people, draws, last_day_of
from crmkit.insights.actions.outcomes import OUTCOMES, known_before, noise_of, outcomes_of
from crmkit.metrics.formatting import counted, in_words
from crmkit.models.trials.effect import average_effect
from crmkit.models.trials.pooling import Pooled, pooled_effect
from crmkit.periods import DayLike, last_day
from crmkit.tables.arguments import checked
from crmkit.tables.caching.memoize import memoize
from crmkit.tables.catalog import Catalog

#: Standard errors from which on an effect is called real: looked at every month for two years, an action without an effect
#: gets there in less than one case of twenty.
REPEATED = 2.42
_WIDER = REPEATED / float(ndtri(0.975))
_UNBALANCED = 0.001
_TRIALS = [
    "action",
    "trial",
    "round",
    "assigned_on",
    "ends_on",
    "status",
    "outcome",
    "unit",
    "n_treated",
    "n_held",
    "treated_mean",
    "held_mean",
    "value",
    "low",
    "high",
    "error",
    "z",
    "unadjusted",
    "narrowed",
    "balance",
    "cost",
    "is_main",
]
_ACTIONS = [
    "action",
    "verdict",
    "outcome",
    "rounds",
    "n_treated",
    "n_held",
    "value",
    "low",
    "high",
    "cost",
    "gain",
    "gain_low",
    "gain_high",
    "p_pays",
    "noise",
    "next_error",
    "why",
]


@checked
def measure(catalog: Catalog, as_of: DayLike | None = None) -> pd.DataFrame:
    """Return what each draw of an action did: everybody drawn counts on the side that was drawn (intention to treat).

    Outcomes are joined from orders, paid terms, tickets and answers between the draw and its end; one that is written down
    in ``treatments`` comes first. Each is adjusted by what was known of people before the draw, weighted by the
    probability of the draw, and has a robust interval by customer. A trial whose time has not passed is preliminary.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date, optional
        Last day whose data is used; without it the last day of the data.

    Returns
    -------
    DataFrame
        One row per draw and outcome: action, trial, round, assigned_on, ends_on, status ("measured", "preliminary"),
        outcome, unit ("money", "share", "count"), n_treated, n_held [people], treated_mean, held_mean, value (effect for
        each treated), low, high (95 % interval), error, z, unadjusted, narrowed (by the adjustment [share of the interval]),
        balance (how rarely chance makes the sides as different before the draw [share]), cost (of one treated [money];
        NaN where it is not known), is_main (whether the draw is judged by this outcome).

    Examples
    --------
    >>> import crmkit as ck
    >>> drawn = pd.DataFrame({"customer_id": list("abcd"), "action": "voucher", "assigned_at": "2026-09-01",
    ...                       "treated": [True, True, False, False], "outcome_at": "2026-09-20", "value": [12.0, 8, 3, 5]})
    >>> catalog = ck.connect({"treatments": drawn}, ck.Settings(data={"through": "2026-10-31"}))
    >>> measure(catalog)[["trial", "outcome", "n_treated", "value", "status"]].head(1)
                 trial outcome  n_treated  value    status
    0  voucher 2026-09   value          2    6.0  measured
    """
    day = as_of or last_day(catalog.data_through, None)
    return memoize(catalog, _measured, day)


@checked
def action_results(catalog: Catalog, as_of: DayLike | None = None) -> pd.DataFrame:
    """Return for each action what all its rounds together say: roll out, go on, or stop, in money and cost included.

    Rounds whose time has passed are pooled: how far their effects differ is estimated from all actions. A verdict is made
    for being looked at every month: the effect less the cost must be 2.42 standard errors from nothing, so that an action
    that does nothing is called a success in less than one case of twenty, however often somebody looks.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date, optional
        Last day whose data is used; without it the last day of the data.

    Returns
    -------
    DataFrame
        One row per action: action, verdict ("roll out", "go on", "stop", "running"), outcome (that it is judged by), rounds
        (whose time has passed), n_treated, n_held [people], value, low, high (effect for each treated, with its 95 %
        interval), cost (of one treated [money]), gain, gain_low, gain_high (value less cost for each treated [money]),
        p_pays (chance that it pays [share]), noise (standard deviation of the outcome of one person), next_error
        (standard deviation of what is believed of the next round), why (a sentence).

    Examples
    --------
    >>> import crmkit as ck
    >>> drawn = pd.DataFrame({"customer_id": list("abcd"), "action": "voucher", "assigned_at": "2026-09-01",
    ...                       "treated": [True, True, False, False], "outcome_at": "2026-09-20", "value": [12.0, 8, 3, 5]})
    >>> catalog = ck.connect({"treatments": drawn}, ck.Settings(data={"through": "2026-10-31"}))
    >>> action_results(catalog).loc[0, ["action", "verdict"]].tolist()
    ['voucher', 'go on']
    """
    trials = measure(catalog, as_of)
    main = trials[trials["is_main"].astype(bool)] if len(trials) else trials
    done = main[main["status"] == "measured"]
    rows = []
    for action, own in main.groupby("action", sort=False):
        known = done[done["action"] == action]
        others = [each for name, each in done.groupby("action") if name != action and len(each) > 1]
        rows.append(_judged(catalog, str(action), known if len(known) else own, others, bool(len(known))))
    return pd.DataFrame(rows, columns=_ACTIONS)


def _measured(catalog: Catalog, day: date) -> pd.DataFrame:
    people = drawn_people(catalog)
    if len(people):
        people = people[people["assigned_on"] <= pd.Timestamp(day)]
    rows: list[dict[str, Any]] = []
    draw: Any
    for draw in draws(people).itertuples(index=False):
        own = people[(people["action"] == draw.action) & (people["trial"] == draw.trial)]
        is_over = last_day_of(draw.ends_on) <= day
        happened, before = outcomes_of(catalog, own, day), known_before(catalog, own)
        about = {
            **draw._asdict(),
            "status": "measured" if is_over else "preliminary",
            "cost": _cost(catalog, own, draw),
        }
        main = _main(happened)
        for name in map(str, happened):
            effect = average_effect(
                happened[name],
                own["treated"],
                probability=own["probability"] if own["probability"].notna().all() else None,
                before=before,
                block=own["block"] if own["block"].notna().all() else None,
            )
            rows.append(
                about
                | {
                    "outcome": name,
                    "unit": OUTCOMES[name].unit,
                    "is_main": name == main,
                    "noise": noise_of(happened[name]),
                }
                | {field: getattr(effect, field) for field in effect.__dataclass_fields__}
                | {"z": effect.z, "narrowed": effect.narrowed}
            )
    return pd.DataFrame(rows, columns=[*_TRIALS, "noise"])


def _main(happened: pd.DataFrame) -> str:
    """Return the outcome that a draw is judged by: money, as written down or as joined; else the first that there is."""
    names = [str(name) for name in happened]
    return next(iter([*(name for name in names if OUTCOMES[name].unit == "money"), *names]), "")


def _cost(catalog: Catalog, own: pd.DataFrame, draw: Any) -> float:
    """Return what treating one person cost: as drawn, else what was booked under the action's name in its time."""
    if own["cost"].notna().any():
        treated = own.loc[own["treated"], "cost"]
        return float(treated.fillna(0.0).mean()) if len(treated) else float("nan")
    if "costs" not in catalog.names or "campaign" not in catalog.table("costs").columns or not draw.n_treated:
        return float("nan")
    costs = catalog.frame("costs")
    on = pd.to_datetime(costs["spent_at"])
    since = draw.assigned_on - timedelta(days=31)
    booked = costs[(costs["campaign"] == draw.action) & (on >= since) & (on < draw.ends_on)]
    return float(booked["amount"].sum()) / draw.n_treated if len(booked) else float("nan")


def _judged(
    catalog: Catalog, action: str, rounds: pd.DataFrame, others: list[pd.DataFrame], is_over: bool
) -> dict[str, Any]:
    # Rounds judged by different outcomes cannot be pooled: the latest decides.
    rounds = rounds[rounds["outcome"] == rounds["outcome"].iloc[-1]]
    cost = float(np.average(rounds["cost"].fillna(0.0), weights=rounds["n_treated"].clip(lower=1)))
    is_money = rounds["unit"].iloc[-1] == "money"
    threshold = cost if is_money else 0.0
    scaled = [(each["value"], _sureness(each)) for each in others if (each["unit"] == rounds["unit"].iloc[-1]).all()]
    like = scaled if len(rounds) > 1 else ()
    pooled = pooled_effect(rounds["value"], _sureness(rounds), like=like, threshold=threshold)
    verdict = _verdict(pooled, threshold) if is_over else "running"
    judged = {
        "action": action,
        "verdict": verdict,
        "outcome": rounds["outcome"].iloc[-1],
        "rounds": len(rounds) if is_over else 0,
        "n_treated": int(rounds["n_treated"].sum()),
        "n_held": int(rounds["n_held"].sum()),
        "value": pooled.value,
        "low": pooled.low if len(rounds) > 1 else float(rounds["low"].iloc[-1]),
        "high": pooled.high if len(rounds) > 1 else float(rounds["high"].iloc[-1]),
        "cost": float("nan") if rounds["cost"].isna().all() else cost,
        "p_pays": pooled.above,
        "noise": float(rounds["noise"].iloc[-1]),
        "next_error": pooled.next_error,
    }
    for end in ("", "_low", "_high"):
        judged[f"gain{end}"] = judged[end[1:] or "value"] - threshold if is_money else float("nan")
    return judged | {"why": _why(judged, rounds, catalog.settings.company.currency)}


def _sureness(rounds: pd.DataFrame) -> pd.Series:
    """Return the standard error of each round, larger where few people make it uncertain itself (Student's t)."""
    width = (rounds["high"] - rounds["low"]).astype(float)
    return width / (2 * float(ndtri(0.975)))


def _verdict(pooled: Pooled, threshold: float) -> str:
    if not np.isfinite(pooled.error):
        return "go on"
    # The interval of several rounds is not symmetric: each end is moved out by as much as repeated looks ask for.
    low = pooled.value - (pooled.value - pooled.low) * _WIDER
    high = pooled.value + (pooled.high - pooled.value) * _WIDER
    return "roll out" if low > threshold else "stop" if high < threshold else "go on"


def _why(judged: dict[str, Any], rounds: pd.DataFrame, currency: str) -> str:
    """Return what was found and what follows, in one or two sentences."""
    unit = rounds["unit"].iloc[-1]
    if not np.isfinite(judged["value"]):
        return "Nobody was held out, or nobody treated: what it did is not known."
    low, high = judged["low"], judged["high"]
    value = in_words(judged["value"], unit, low=low, high=high, currency=currency)
    between = f"{in_words(low, unit, low=low, high=high, currency=currency)} to "
    between += in_words(high, unit, low=low, high=high, currency=currency)
    what = OUTCOMES[judged["outcome"]].label
    over = f"over {counted(judged['rounds'], 'rounds')}" if judged["rounds"] > 1 else "in one round"
    if judged["verdict"] == "running":
        end = rounds["ends_on"].max().date() - timedelta(days=1)
        return (
            f"Preliminary, as its time runs to {end:%-d %B %Y}: {value} of {what} for each treated so far ({between})."
        )
    cost = judged["cost"]
    paid = (
        f", at a cost of {in_words(cost, 'money', currency=currency)}" if np.isfinite(cost) and unit == "money" else ""
    )
    found = f"{value} of {what} for each treated ({between}) {over}{paid}."
    doubt = rounds["balance"].min()
    if doubt < _UNBALANCED:
        found += " The two sides were unlike before the draw: check how the draw was made."
    endings = {
        "roll out": "It pays: give it to everybody it is meant for.",
        "stop": "It does not pay: stop it.",
        "go on": f"Not sure yet: the chance that it pays is {100 * judged['p_pays']:.0f} %. Draw another round.",
    }
    return f"{found} {endings[judged['verdict']]}"
