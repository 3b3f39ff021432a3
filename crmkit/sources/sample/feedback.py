"""Support cases and surveys: what customers ask, whom the firm asks, and what they answer.

The less satisfied ask for help more often, and everyone did when the beans were roasted badly. NPS is asked monthly,
CSAT after orders and terms, CES after support cases.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.comments import HOSTILE, write_comments
from crmkit.sources.sample.people import BAD_SPREAD
from crmkit.sources.sample.staff import at_work
from crmkit.sources.sample.world import World, only_where

PER_ORDER, PER_TERM, WHEN_BAD = 0.045, 0.025, 3.6  # cases per order, per paid month; times as many when it was bad
TOPICS = ("delivery", "quality", "billing", "subscription", "equipment", "other")
USUALLY, WHEN_BAD_ABOUT = (0.36, 0.12, 0.18, 0.12, 0.14, 0.08), (0.22, 0.58, 0.07, 0.06, 0.04, 0.03)
TICKET_CHANNELS, TICKET_CHANNEL_SHARES = ("email", "chat", "phone"), (0.52, 0.28, 0.20)
HOURS_TO_SOLVE = (15, 52)  # median [hours], usually and when it was bad
NPS_PER_MONTH = 400  # invitations at the usual size, at most two of three customers
AFTER_ORDER, AFTER_TERM = 0.34, 0.12  # share of orders and terms followed by a CSAT question
ANSWERING = {"email": 0.28, "sms": 0.22, "post": 0.10, "phone": 0.36}  # share of invitations
OWN_CHANNEL = 1.25  # times as many answer on the channel they prefer
ANONYMOUS = 0.07  # share of answers without a customer
SOURED = 0.8  # satisfaction lost by those who drank the bad beans
# scale, answer of the average person, points per unit of satisfaction, scatter
QUESTIONS = pd.DataFrame(
    {"nps": (0, 10, 8.15, 1.15, 1.3), "csat": (1, 5, 4.15, 0.55, 0.65), "ces": (1, 7, 5.2, 0.6, 1.15)},
    index=["scale_min", "scale_max", "average", "slope", "scatter"],
).T
TOUCHPOINTS = {"nps": "relationship", "csat": "delivery", "ces": "support"}


def simulate_tickets(world: World, people: pd.DataFrame, orders: pd.DataFrame, terms: pd.DataFrame) -> pd.DataFrame:
    """Draw the support cases after orders and during terms.

    Returns
    -------
    pandas.DataFrame
        One row per case in order of time: ticket_id, person, opened and resolved (days, NaN while open), topic, channel.
    """
    rng = world.rng("tickets")
    bought = orders.loc[(orders["person"] >= 0) & (orders["revenue"] > 0), ["person", "day"]]
    paid = terms[["person"]].assign(day=(terms["starts_at"] - world.start) / pd.Timedelta(days=1))
    chances = pd.concat([bought.assign(chance=PER_ORDER), paid.assign(chance=PER_TERM)], ignore_index=True)
    chances["day"] = world.with_time_of_day(chances["day"] + 1 + rng.gamma(1.5, 3.0, len(chances)), rng)
    bad = is_bad(world, chances["day"].to_numpy())
    mood = people["satisfaction"].loc[chances["person"]].to_numpy()
    chance = chances["chance"] * np.exp(-0.4 * mood) * np.where(bad, WHEN_BAD, 1)
    asked = (rng.random(len(chances)) < chance) & (chances["day"] < world.n_days)
    tickets, bad = chances[asked].rename(columns={"day": "opened"}), bad[asked]
    hours = np.where(bad, HOURS_TO_SOLVE[1], HOURS_TO_SOLVE[0])
    solved = at_work(tickets["opened"] + rng.lognormal(np.log(hours), 0.8) / 24)
    solved = solved.clip(lower=tickets["opened"] + 0.02)
    tickets["resolved"] = solved.where(solved < world.n_days)
    usual = rng.choice(TOPICS, len(tickets), p=USUALLY)
    tickets["topic"] = np.where(bad, rng.choice(TOPICS, len(tickets), p=WHEN_BAD_ABOUT), usual)
    tickets["channel"] = rng.choice(TICKET_CHANNELS, len(tickets), p=TICKET_CHANNEL_SHARES)
    tickets = tickets.drop(columns="chance").sort_values("opened", kind="stable", ignore_index=True)
    return tickets.assign(ticket_id=[f"T-{20_000 + number}" for number in range(1, len(tickets) + 1)])


def is_bad(world: World, days: np.ndarray) -> np.ndarray:
    """Whether the beans roasted badly were in people's cups: up to three weeks after the last departure."""
    return (days >= world.bad_day) & (days < world.bad_day + BAD_SPREAD + 20)


def simulate_invitations(
    world: World,
    people: pd.DataFrame,
    stays: pd.DataFrame,
    orders: pd.DataFrame,
    terms: pd.DataFrame,
    tickets: pd.DataFrame,
) -> pd.DataFrame:
    """Draw who is asked what: invitation_id, survey, day, person, channel."""
    rng = world.rng("invitations")
    bought = orders.loc[(orders["person"] >= 0) & (orders["revenue"] > 0), ["person", "day"]]
    paid = terms[["person"]].assign(day=(terms["starts_at"] - world.start) / pd.Timedelta(days=1))
    csat = pd.concat([_random_share(bought, AFTER_ORDER, rng), _random_share(paid, AFTER_TERM, rng)], ignore_index=True)
    ces = tickets.dropna(subset=["resolved"])[["person", "resolved"]].rename(columns={"resolved": "day"})
    asked = pd.concat(
        [
            _monthly_nps_sample(world, stays, rng).assign(survey="nps"),
            csat.assign(survey="csat", day=csat["day"] + rng.integers(3, 8, len(csat))),
            ces.assign(survey="ces", day=ces["day"] + 1),
        ],
        ignore_index=True,
    )
    asked["day"] = np.floor(asked["day"]) + 0.27 + 0.1 * rng.random(len(asked))  # the tool sends in the morning
    asked = asked[asked["day"] < world.n_days].sort_values("day", kind="stable", ignore_index=True)
    preferred = people["preferred_channel"].loc[asked["person"]].to_numpy()
    asked["channel"] = np.where(rng.random(len(asked)) < 0.5, preferred, "email")
    return asked.assign(invitation_id=[f"V-{number:06d}" for number in range(1, len(asked) + 1)])


def simulate_responses(world: World, people: pd.DataFrame, invitations: pd.DataFrame) -> pd.DataFrame:
    """Draw the answers: response_id, survey, day, person (-1 if anonymous), score, touchpoint, comment, language."""
    rng = world.rng("responses")
    person = people.loc[invitations["person"]]
    likely = invitations["channel"].map(ANSWERING).to_numpy() * np.where(
        person["preferred_channel"].to_numpy() == invitations["channel"].to_numpy(), OWN_CHANNEL, 1
    )
    answered = rng.random(len(invitations)) < likely
    answers, person = invitations[answered].copy(), person[answered]
    answers["day"] = world.with_time_of_day(answers["day"] + rng.geometric(0.6, len(answers)) - 1, rng)
    answers["day"] = np.maximum(answers["day"], invitations["day"] + 0.01)  # not before the question
    question = QUESTIONS.loc[answers["survey"]].reset_index(drop=True)
    mood = person["satisfaction"].to_numpy() - SOURED * is_bad(world, answers["day"].to_numpy())
    felt = question["average"] + question["slope"] * mood + question["scatter"] * rng.normal(size=len(answers))
    answers["score"] = felt.round().clip(question["scale_min"], question["scale_max"]).to_numpy()
    answers["low_is_good"], answers["weight"] = False, 1.0
    answers["touchpoint"] = answers["survey"].map(TOUCHPOINTS)
    answers[["scale_min", "scale_max"]] = question[["scale_min", "scale_max"]].to_numpy()
    answers = _commented(world, answers, person["language"].to_numpy(), rng)
    answers["person"] = answers["person"].where(rng.random(len(answers)) >= ANONYMOUS, -1)
    answers = answers[answers["day"] < world.n_days].sort_values("day", kind="stable", ignore_index=True)
    return answers.assign(response_id=[f"A-{number:06d}" for number in range(1, len(answers) + 1)])


def _random_share(events: pd.DataFrame, share: float, rng: np.random.Generator) -> pd.DataFrame:
    return events[rng.random(len(events)) < share]


def _monthly_nps_sample(world: World, stays: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Each month a sample of those who are customers on the first and of those who came since, spread over 28 days."""
    found = []
    for first in world.month_edges[:-1]:
        here = stays.loc[(stays["starts"] < first + 14) & (stays["leaves"] > first), ["person", "starts"]]
        here = here.drop_duplicates("person")
        quota = min(round(NPS_PER_MONTH * world.scale), (2 * len(here) + 2) // 3)
        sample = here.sample(quota, random_state=rng)
        day = np.maximum(first + rng.integers(0, 28, quota), np.floor(sample["starts"]) + 3)
        found.append(pd.DataFrame({"person": sample["person"], "day": day}))
    return pd.concat(found, ignore_index=True)


def _commented(world: World, answers: pd.DataFrame, languages: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    share = ((answers["score"] - answers["scale_min"]) / (answers["scale_max"] - answers["scale_min"])).to_numpy()
    mood = np.select([share >= 0.85, share >= 0.65], ["good", "fair"], "poor").astype(object)
    angry = (mood == "poor") & is_bad(world, answers["day"].to_numpy()) & (rng.random(len(answers)) < 0.75)
    mood[angry] = "burnt"
    writes = rng.random(len(answers)) < np.where(share < 0.65, 0.5, 0.25)
    texts = np.full(len(answers), None, dtype=object)
    texts[writes] = write_comments(languages[writes], mood[writes], rng)
    hostile = rng.choice(np.flatnonzero(writes), min(len(HOSTILE), writes.sum()), replace=False)
    texts[hostile] = HOSTILE[: len(hostile)]
    return answers.assign(comment=texts, language=only_where(writes, languages))
