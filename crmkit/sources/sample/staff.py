"""The colleagues who use the CRM, by pseudonym: their calls and mails, and the traces these leave in the CRM."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.world import World

# role, share of the window after which the colleague joined and left
COLLEAGUES = pd.DataFrame(
    [
        ("u01", "owner", 0.0, 1.0),
        ("u02", "sales", 0.0, 1.0),
        ("u03", "sales", 0.0, 0.72),
        ("u04", "sales", 0.35, 1.0),
        ("u05", "support", 0.0, 1.0),
        ("u06", "support", 0.5, 1.0),
        ("u07", "marketing", 0.0, 1.0),
    ],
    columns=["user_id", "role", "joined", "left"],
)
KINDS = ("email", "call", "meeting", "visit")
OF_DEALS_WON, OF_DEALS_LOST = (0.40, 0.32, 0.12, 0.16), (0.49, 0.36, 0.09, 0.06)  # a visit with a tasting helps
MEDIUM = {"email": "email", "call": "phone", "meeting": "video", "visit": "on site", "chat": "chat"}
TOUCHES_PER_DEAL = 4.0
UPDATED = 0.55  # share of touches after which the record is updated


def at_work(days: pd.Series) -> pd.Series:
    """Squeeze the time of day into working hours, 8:00 to 18:00; the order of moments stays."""
    return np.floor(days) + (8 + 10 * (days % 1)) / 24


def present(world: World, day: float) -> pd.DataFrame:
    """The colleagues who work here on that day."""
    share = min(max(day / world.n_days, 0.0), 0.999)
    return COLLEAGUES[(COLLEAGUES["joined"] <= share) & (share < COLLEAGUES["left"])]


def colleagues_for(world: World, days: np.ndarray, role: str, rng: np.random.Generator) -> np.ndarray:
    """Draw for each day a colleague of the role who works here then."""
    chosen = np.empty(len(days), dtype=object)
    months = world.month_of(days)
    for month in np.unique(months):
        here = present(world, float(world.month_edges[max(month, 0)]))
        team = here.loc[here["role"] == role, "user_id"].to_numpy()
        chosen[months == month] = rng.choice(team, (months == month).sum())
    return chosen


def simulate_interactions(
    world: World,
    people: pd.DataFrame,
    stays: pd.DataFrame,
    leads: pd.DataFrame,
    deals: pd.DataFrame,
    tickets: pd.DataFrame,
) -> pd.DataFrame:
    """Draw the touches: interaction_id, day, kind, channel, direction, user_id, person (-1), lead_id, deal_id."""
    rng = world.rng("interactions")
    touches = pd.concat(
        [
            _deal_touches(world, deals, rng),
            _lead_touches(leads, rng),
            _ticket_touches(world, tickets, rng),
            _account_calls(world, people, stays, rng),
        ],
        ignore_index=True,
    )
    touches = touches[touches["day"] < world.n_days].sort_values("day", kind="stable", ignore_index=True)
    touches["person"] = touches["person"].fillna(-1).astype(int)
    touches["channel"] = touches["kind"].map(MEDIUM)
    return touches.assign(interaction_id=[f"I-{number:06d}" for number in range(1, len(touches) + 1)])


def simulate_crm_events(
    world: World, leads: pd.DataFrame, deals: pd.DataFrame, tickets: pd.DataFrame, touches: pd.DataFrame
) -> pd.DataFrame:
    """Draw logins on working days and the records created and updated: event_id, user_id, day, action, object."""
    rng = world.rng("crm_events")
    asked = leads[leads["office"]]
    kept = touches[touches["user_id"].notna() & (rng.random(len(touches)) < UPDATED)]
    kind = np.where(kept["deal_id"].notna(), "deal", np.where(kept["lead_id"].notna(), "lead", "customer"))
    solver = colleagues_for(world, tickets["opened"].to_numpy(), "support", rng)
    events = [
        _logins(world, rng),
        _events(asked["owner"], asked["created"], "record_created", "lead"),
        _events(deals["owner"], deals["created"], "record_created", "deal"),
        _events(solver, tickets["opened"], "record_created", "ticket"),
        _events(kept["user_id"], kept["day"], "record_updated", kind),
    ]
    rows = pd.concat(events, ignore_index=True)
    rows["day"] += rng.uniform(0.001, 0.02, len(rows))  # typed in within half an hour
    rows = rows[rows["day"] < world.n_days].sort_values("day", kind="stable", ignore_index=True)
    return rows.assign(event_id=[f"E-{number:06d}" for number in range(1, len(rows) + 1)])


def _deal_touches(world: World, deals: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    deal = deals.loc[np.repeat(deals.index, 1 + rng.poisson(TOUCHES_PER_DEAL, len(deals)))].reset_index(drop=True)
    won = deal["reached"].eq(4) & deal["won"].ne(False)
    winning, losing = rng.choice(KINDS, len(deal), p=OF_DEALS_WON), rng.choice(KINDS, len(deal), p=OF_DEALS_LOST)
    moment = deal["created"] + rng.random(len(deal)) * (deal["end"] - deal["created"])
    touched = np.floor(moment) + 0.35 + 0.35 * rng.random(len(deal))
    return pd.DataFrame(
        {
            "day": np.clip(touched, deal["created"] + 0.01, np.maximum(deal["end"] - 0.01, deal["created"])),
            "kind": np.where(won, winning, losing),
            "direction": rng.choice(["outbound", "inbound"], len(deal), p=[0.65, 0.35]),
            "user_id": deal["owner"],
            "lead_id": deal["lead_id"],
            "deal_id": deal["deal_id"],
            "person": deal["person"].where(deal["lead_id"].isna(), -1),
        }
    )


def _lead_touches(leads: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    office = leads[leads["office"]]
    lead = office.loc[np.repeat(office.index, 1 + rng.poisson(0.8, len(office)))]
    until = lead[["qualified", "abandoned"]].min(axis=1).fillna(lead["created"] + 5)
    day = at_work(lead["created"] + rng.beta(1, 3, len(lead)) * (until - lead["created"]))
    day = day.clip(lower=lead["created"] + 0.02)
    kind = rng.choice(["email", "call"], len(lead))
    return pd.DataFrame(
        {"day": day, "kind": kind, "direction": "outbound", "user_id": lead["owner"], "lead_id": lead["lead_id"]}
    )


def _ticket_touches(world: World, tickets: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The customer asks, a colleague answers when the case is solved."""
    kind = tickets["channel"].replace("phone", "call")
    user = colleagues_for(world, tickets["opened"].to_numpy(), "support", rng)
    asked = pd.DataFrame({"day": tickets["opened"], "kind": kind, "direction": "inbound", "user_id": user})
    answered = asked.assign(day=tickets["resolved"], direction="outbound")
    both = [rows.assign(person=tickets["person"]) for rows in (asked, answered)]
    return pd.concat(both).dropna(subset=["day"])


def _account_calls(world: World, people: pd.DataFrame, stays: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Each quarter a call with every office."""
    offices = stays[(stays["kind"] == "office") & (stays["starts"] < world.n_days)]
    until = np.minimum(offices["leaves"], world.n_days)
    n_calls = np.floor((until - offices["starts"]) / 91).astype(int)
    office = offices.loc[np.repeat(offices.index, n_calls)]
    nth = office.groupby("person").cumcount() + 1
    day = world.with_time_of_day(office["starts"] + 91 * nth - rng.integers(0, 20, len(office)), rng)
    user = colleagues_for(world, day, "sales", rng)
    return pd.DataFrame(
        {"day": day, "kind": "call", "direction": "outbound", "user_id": user, "person": office["person"]}
    )


def _logins(world: World, rng: np.random.Generator) -> pd.DataFrame:
    workdays = np.flatnonzero(world.dates[: world.n_days].dayofweek < 5)
    rows = []
    for user_id, role, joined, left in COLLEAGUES.itertuples(index=False, name=None):
        days = workdays[rng.random(workdays.size) < (0.45 if role == "owner" else 0.92)]
        days = days[(days >= joined * world.n_days) & (days < left * world.n_days)]
        rows.append(_events(user_id, pd.Series(days + rng.uniform(0.33, 0.42, days.size)), "login", None))
    return pd.concat(rows, ignore_index=True)


def _events(user: object, day: pd.Series, action: str, object_: object) -> pd.DataFrame:
    return pd.DataFrame({"user_id": user, "day": day.to_numpy(), "action": action, "object": object_})
