"""Draw people for an action and its holdout: by lot within blocks, written whole or not at all, with the list to work from."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crmkit.errors import CrmkitError
from crmkit.insights.actions.book import drawn_people, draws
from crmkit.insights.actions.measure import action_results
from crmkit.insights.actions.people import people_on
from crmkit.insights.actions.propose import Eligible, belief, eligible_for, trial_size
from crmkit.insights.actions.rules import cost_of, rule_named
from crmkit.periods import DayLike, day_in_words, last_day
from crmkit.sources.spreadsheet import write_spreadsheets
from crmkit.sources.store.temporary_paths import temporary_path
from crmkit.sources.store.trial_book import book_lock, list_files, read_drawn, write_drawn
from crmkit.tables.arguments import checked
from crmkit.tables.catalog import Catalog

_A_BLOCK = 20  # people of a block, at least
_MOST_BLOCKS = 6
_CONTACTS = ("name", "email", "phone", "address")


@dataclass(frozen=True)
class Draw:
    """A trial as it was drawn.

    Attributes
    ----------
    trial, action : str
    treated : DataFrame
        One row a person to treat: customer_id, why, worth, segment, preferred_channel; contacts if they were asked for.
    n_held : int
        People held out: nothing is sent to them until the end.
    ends_on : date
        First day after the time to see an outcome.
    files : tuple of Path
        The list, as CSV and as XLSX.
    is_new : bool
        False if the trial had been drawn before.
    """

    trial: str
    action: str
    treated: pd.DataFrame
    n_held: int
    ends_on: date
    files: tuple[Path, ...]
    is_new: bool


@checked
def draw(
    catalog: Catalog,
    action: str,
    as_of: DayLike | None = None,
    *,
    treat: int | None = None,
    hold: int | None = None,
    contacts: bool = False,
) -> Draw:
    """Draw people for an action and its holdout, and write the list of those to treat.

    Where a thousand people treated have shown who responds, those of whom most is expected are taken (`ck.who_responds`).
    By lot, within blocks of people who are alike in what they are expected to bring and in their chance to leave, from a
    seed that is stored with the draw. Nobody takes part in two trials at once. The same draw again is the same draw: it
    writes the list anew. What was drawn is kept beside the store by every load.

    Parameters
    ----------
    catalog : Catalog
        Opened from a folder with settings; a catalog of frames has no place to keep a draw.
    action : str
        Name of an action, such as "reorder".
    as_of : str or date, optional
        Last day whose data is used; without it the last day of the data. The trial begins the day after.
    treat, hold : int, optional
        People to treat and to hold out; without them the size that earns most.
    contacts : bool
        Whether the list has names, addresses and telephone numbers, which then leave the store.

    Raises
    ------
    CrmkitError
        If nobody may be drawn, or too few.
    UnknownName
        If there is no such action.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "ordered_at": ["2026-09-01"], "revenue": [10.0]})
    >>> draw(ck.connect({"orders": orders}), "reorder")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: A draw is kept beside the store, and these data come from no settings file. ...
    """
    settings = catalog.settings
    if not settings.folder.is_absolute() or catalog.condition is not None:
        raise CrmkitError(
            "A draw is kept beside the store, and these data come from no settings file. Open them with "
            'ck.connect("crmkit.toml"), without a condition.'
        )
    rule_named(catalog, action)
    day = as_of or last_day(catalog.data_through, None)
    with book_lock(settings):
        drawn = read_drawn(settings)
        running = _running(drawn, action, day)
        if len(running):
            rows, is_new = running, False
        else:
            eligible = _still_free(eligible_for(catalog, action, day), drawn, day)
            rows, is_new = _drawn_now(catalog, action, eligible, day, treat, hold), True
            _check_key(drawn, rows)
            write_drawn(settings, pd.concat([each for each in (drawn, rows) if len(each)], ignore_index=True))
    return _listed(catalog, rows, contacts, is_new)


@checked
def undo_draw(catalog: Catalog, action: str) -> str:
    """Take back the latest draw of an action, as long as nothing was sent.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    action : str
        Name of an action, such as "reorder".

    Returns
    -------
    str
        What was done, in words.

    Raises
    ------
    CrmkitError
        If nothing of the action was drawn, or something was sent.

    Examples
    --------
    >>> import crmkit as ck
    >>> orders = pd.DataFrame({"order_id": ["1"], "customer_id": ["a"], "ordered_at": ["2026-09-01"], "revenue": [10.0]})
    >>> undo_draw(ck.connect({"orders": orders}), "reorder")
    Traceback (most recent call last):
    crmkit.errors.CrmkitError: crmkit has drawn nobody for 'reorder': there is nothing to undo.
    """
    settings = catalog.settings
    if read_drawn(settings).empty:
        raise CrmkitError(f"crmkit has drawn nobody for '{action}': there is nothing to undo.")
    with book_lock(settings):
        drawn = read_drawn(settings)
        own = drawn[drawn["action"] == action] if len(drawn) else drawn
        if own.empty:
            raise CrmkitError(f"crmkit has drawn nobody for '{action}': there is nothing to undo.")
        latest = own[own["assigned_at"] == own["assigned_at"].max()]
        trial = str(latest["trial"].iloc[0])
        if n_sent := _n_sent(catalog, latest):
            raise CrmkitError(
                f"{n_sent} of the {int(latest['treated'].sum())} people of '{trial}' have been written to, called or visited "
                "since the draw: it cannot be undone, or its effect would be lost. It ends by itself."
            )
        write_drawn(settings, drawn[drawn["trial"] != trial].reset_index(drop=True))
    for file in list_files(settings, trial):
        file.unlink(missing_ok=True)
    return f"'{trial}' is undone: {len(latest)} people are free again, and its list is deleted."


@checked
def trials(catalog: Catalog, as_of: DayLike | None = None) -> pd.DataFrame:
    """Return the draws of all actions, the latest first: what runs, until when, and what is due to be measured.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : str or date, optional
        The day; without it the last day of the data.

    Returns
    -------
    DataFrame
        action, trial, round, assigned_on, ends_on, n_treated, n_held [people], state ("runs", "over").

    Examples
    --------
    >>> import crmkit as ck
    >>> drawn = pd.DataFrame({"customer_id": list("ab"), "action": "voucher", "assigned_at": "2026-09-01",
    ...                       "treated": [True, False], "outcome_at": "2026-09-20", "value": [12.0, 3.0]})
    >>> catalog = ck.connect({"treatments": drawn}, ck.Settings(data={"through": "2026-10-31"}))
    >>> trials(catalog)[["trial", "n_treated", "n_held", "state"]].values.tolist()
    [['voucher 2026-09', 1, 1, 'over']]
    """
    day = as_of or last_day(catalog.data_through, None)
    listed = draws(drawn_people(catalog))
    runs = pd.to_datetime(listed["ends_on"]) > pd.Timestamp(day) + pd.Timedelta(days=1)
    listed = listed.assign(state=np.where(runs, "runs", "over"))
    return listed.sort_values(["assigned_on", "action"], ascending=[False, True], ignore_index=True)


def systematic(n: int, k: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """Return which of ``n`` people in a row are chosen: exactly ``k``, evenly spread, each with the same probability.

    Examples
    --------
    >>> chosen = systematic(10, 5, np.random.default_rng(0))
    >>> int(chosen.sum()), bool((chosen[::2] != chosen[1::2]).all())
    (5, True)
    """
    steps = np.floor(np.arange(n + 1) * k / max(n, 1) + random.random())
    return np.diff(steps) > 0


def _running(drawn: pd.DataFrame, action: str, day: date) -> pd.DataFrame:
    if drawn.empty:
        return drawn
    begins = pd.Timestamp(day) + pd.Timedelta(days=1)
    own = drawn[(drawn["action"] == action) & (drawn["assigned_at"] <= begins) & (drawn["ends_at"] > begins)]
    return own[own["assigned_at"] == own["assigned_at"].max()]


def _still_free(eligible: Eligible, drawn: pd.DataFrame, day: date) -> Eligible:
    """Return the people who are in no draw that was written since the catalog was opened."""
    if drawn.empty:
        return eligible
    busy = drawn.loc[drawn["ends_at"] > pd.Timestamp(day) + pd.Timedelta(days=1), "customer_id"]
    people = eligible.people[~eligible.people.index.isin(set(busy))]
    return Eligible(eligible.rule, people, eligible.left_out)


def _drawn_now(
    catalog: Catalog, action: str, eligible: Eligible, day: date, treat: int | None, hold: int | None
) -> pd.DataFrame:
    rule, people = eligible.rule, eligible.people.sort_index()
    n_treated, n_held = _sizes(catalog, action, eligible, day, treat, hold)
    if min(n_treated, n_held) < 2 or n_treated + n_held > len(people):
        reasons = "; ".join(f"{n} {why}" for why, n in eligible.left_out.items())
        raise CrmkitError(
            f"'{action}' has {len(people)} people who may be drawn on {day_in_words(day)}"
            f"{f' ({reasons})' if reasons else ''}: a trial needs two to treat and two to hold out"
            f"{f', and {n_treated} and {n_held} were asked for' if treat is not None or hold is not None else ''}."
        )
    if (
        "response" in people
    ):  # shown to be better than the lot: those of whom most is expected, treated or held out by lot
        people = people.sort_values("response", ascending=False, kind="stable").head(n_treated + n_held).sort_index()
    before = read_drawn(catalog.settings)
    number = 1 + (before.loc[before["action"] == action, "trial"].nunique() if len(before) else 0)
    trial = f"{action} {day + timedelta(days=1):%Y-%m-%d}"
    seed = int.from_bytes(hashlib.sha256(f"{trial}|{number}".encode()).digest()[:6], "big")
    random = np.random.default_rng(seed)
    worth, risk = people["worth"].astype(float), people["chance"].astype(float).fillna(0.0)
    block = _blocks(worth, risk, n_treated + n_held)
    order = np.lexsort((random.random(len(people)), block.to_numpy()))
    chosen = order[systematic(len(people), n_treated + n_held, random)]
    treated = systematic(len(chosen), n_treated, random)
    begins = pd.Timestamp(day) + pd.Timedelta(days=1)
    rows = pd.DataFrame(
        {
            "customer_id": people.index[chosen].astype(str),
            "action": action,
            "assigned_at": begins,
            "treated": treated,
            "trial": trial,
            "round": number,
            "block": block.to_numpy()[chosen],
            "probability": n_treated / (n_treated + n_held),
            "ends_at": begins + pd.Timedelta(days=rule.window_days),
            "cost": np.where(treated, cost_of(catalog, rule), 0.0),
            "predicted": worth.to_numpy()[chosen],
            "risk": risk.to_numpy()[chosen],
            "seed": seed,
        }
    )
    return rows.sort_values("customer_id", kind="stable", ignore_index=True)


def _sizes(
    catalog: Catalog, action: str, eligible: Eligible, day: date, treat: int | None, hold: int | None
) -> tuple[int, int]:
    n_people = len(eligible.people)
    if treat is not None and hold is not None:
        return treat, hold
    believed = belief(catalog, action, eligible, day, action_results(catalog, day))
    size = trial_size(n_people, eligible.rule, believed, cost_of(catalog, eligible.rule))
    n_held = size.n_held if hold is None else hold
    n_treated = min(size.n_treated if treat is None else treat, n_people - n_held)
    return n_treated, n_held


def _blocks(worth: pd.Series, risk: pd.Series, n_drawn: int) -> pd.Series:
    """Return the block of each person: thirds by worth, and halves by risk in each, as far as there are people for it."""
    n_blocks = int(np.clip(n_drawn // _A_BLOCK, 1, _MOST_BLOCKS))
    halves = 2 if n_blocks >= 2 and risk.nunique() > 1 else 1
    parts = max(n_blocks // halves, 1)
    by_worth = np.minimum((worth.rank(method="first").to_numpy() - 1) * parts // max(len(worth), 1), parts - 1)
    above = risk.groupby(by_worth).transform(lambda own: own > own.median()).to_numpy() if halves == 2 else 0
    labels = np.char.add(np.char.add("w", (by_worth.astype(int) + 1).astype(str)), "r")
    return pd.Series(np.char.add(labels, (np.zeros(len(worth), dtype=int) + above + 1).astype(str)), index=worth.index)


def _check_key(drawn: pd.DataFrame, rows: pd.DataFrame) -> None:
    if len(drawn) and set(rows["trial"]) & set(drawn["trial"]):
        raise CrmkitError(f"'{rows['trial'].iloc[0]}' has been drawn and is over: load newer data for the next round.")


def _listed(catalog: Catalog, rows: pd.DataFrame, contacts: bool, is_new: bool) -> Draw:
    """Write the list of those to treat, and return the draw."""
    treated, trial = rows[rows["treated"].astype(bool)], str(rows["trial"].iloc[0])
    day = rows["assigned_at"].iloc[0].date() - timedelta(days=1)
    rule = rule_named(catalog, str(rows["action"].iloc[0]))
    people = people_on(catalog, day).reindex(treated["customer_id"])
    listed = pd.DataFrame(
        {
            "customer_id": treated["customer_id"].to_numpy(),
            "why": people["why_unhappy"].where(people["why_unhappy"].notna(), rule.title).to_numpy(),
            "worth": people["worth"].round(2).to_numpy(),
            "segment": people["segment"].to_numpy(),
            "channel": people["preferred_channel"].where(people["preferred_channel"].notna(), rule.channel).to_numpy(),
            "say": rule.message,
        }
    ).sort_values(["worth", "customer_id"], ascending=[False, True], ignore_index=True)
    if contacts:
        listed = listed.merge(_contacts(catalog), on="customer_id", how="left")
    files = list_files(catalog.settings, trial)
    files[0].parent.mkdir(mode=0o700, exist_ok=True)
    for file in files:
        _write(file, listed)
    ends_on = rows["ends_at"].iloc[0].date()
    return Draw(trial, str(rows["action"].iloc[0]), listed, int((~rows["treated"]).sum()), ends_on, files, is_new)


def _write(file: Path, listed: pd.DataFrame) -> None:
    """Write a list whole or not at all, for its owner only."""
    fresh = temporary_path(file, "tmp")
    try:
        write_spreadsheets(listed, fresh, file.suffix)
        fresh.chmod(0o600)
        os.replace(fresh, file)
    finally:
        fresh.unlink(missing_ok=True)


def _contacts(catalog: Catalog) -> pd.DataFrame:
    from crmkit.cleaning.loading.connect import connect

    whole = connect(settings=catalog.settings, personal=True)
    if "customer_identities" not in whole.names:
        return pd.DataFrame(columns=["customer_id"])
    people = whole.frame("customer_identities")
    return people[["customer_id", *(name for name in _CONTACTS if name in people)]]


def _n_sent(catalog: Catalog, latest: pd.DataFrame) -> int:
    """Return how many of those to treat were contacted since the draw."""
    since, treated = latest["assigned_at"].iloc[0], set(latest.loc[latest["treated"], "customer_id"])
    met: set[str] = set()
    for table, at in (("mailings", "sent_at"), ("interactions", "occurred_at")):
        if table in catalog.names and "customer_id" in catalog.table(table).columns:
            rows = catalog.table(table)
            later = rows.filter(rows[at] >= since).select("customer_id").execute()["customer_id"]
            met |= treated & set(later)
    return len(met)
