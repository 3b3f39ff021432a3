"""Marketing: money spent, messages sent, visits to the website, and posts on social networks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.comments import write_comments
from crmkit.sources.sample.feedback import is_bad
from crmkit.sources.sample.people import CAMPAIGNS, CHANNELS
from crmkit.sources.sample.trials import ACTION, trial_days
from crmkit.sources.sample.world import World

PER_CUSTOMER = {"paid search": 41.0, "paid social": 58.0}  # [EUR] of media, usually
CHEAPER = 0.7  # paid social spends this share of its budget from the cheap day on, though more people come
# day of the month, amount [EUR at the usual size], purpose, category, channel; months of the year, None for all
MONTHLY = (
    (27, 1650.0, "acquisition", "staff", None, None),
    (27, 1350.0, "retention", "staff", None, None),
    (2, 240.0, "acquisition", "software", None, None),
    (2, 190.0, "retention", "software", None, None),
    (5, 95.0, "retention", "mailings", "newsletter", None),
    (14, 420.0, "acquisition", "training", None, (2, 5, 11)),
    (14, 260.0, "retention", "training", None, (3, 9)),
    (20, 1900.0, "acquisition", "fairs", "trade fair", (3, 6)),
    (12, 900.0, "retention", "gifts", None, (12,)),
)
REFERRAL_BONUS = 10.0  # [EUR] for each customer recommended, booked at the end of the month
DELIVERED, OPENED, CLICKED = 0.984, 0.38, 0.09  # share of sent, of delivered, of opened
BY_MAIL = 0.35  # share of orders within the week after that came by the mail
WEEK = 6.0  # [days]
LEAVING = 0.003  # share who unsubscribe; the discontented more often
ORIGINS = ("organic search", "paid search", "paid social", "referral", "newsletter", "direct")
WEB_PAGES = ("/", "/beans", "/subscription", "/gifts", "/office")
VISITORS = pd.DataFrame(
    {
        "organic search": (26, 15, 8, 3, 2),
        "paid search": (9, 10, 9, 2, 2),
        "paid social": (10, 7, 9, 3, 0.3),
        "referral": (5, 3, 3, 1, 1),
        "newsletter": (2, 4, 2, 1.5, 0.2),
        "direct": (18, 6, 3, 1, 1),
    },
    index=list(WEB_PAGES),
).T  # a day at the usual size, on average over the window
CLICKING, SIGNING_UP = 0.22, 0.018  # share of visitors who click an offer, who sign up for the newsletter
NETWORKS = {"instagram": 0.52, "facebook": 0.22, "tiktok": 0.16, "linkedin": 0.10}
AUDIENCE = {"instagram": 1500, "facebook": 700, "tiktok": 2100, "linkedin": 350}  # impressions of a post by the firm
BRAND_PER_DAY, CUSTOMERS_PER_DAY = 0.55, 0.75  # posts at the usual size
BRAND_TEXTS = (
    "Fresh from the roaster: Ethiopia Yirgacheffe.",
    "Neu im Shop: Cold Brew für heiße Tage.",
    "How to dial in your grinder, in 60 seconds.",
    "Sonntag ist Filterkaffeetag.",
    "Meet Aylin, who roasts your beans.",
    "Barista-Kurs am Samstag: noch drei Plätze frei.",
    "Three recipes for iced coffee.",
    "Das Weihnachtspaket ist da!",
)
BRAND_LANGUAGES = ("en", "de", "en", "de", "en", "de", "en", "de")


def simulate_costs(world: World, people: pd.DataFrame) -> pd.DataFrame:
    """Draw the bookings, in order of time: day, amount [EUR], purpose, category, channel, campaign."""
    rng = world.rng("costs")
    costs = pd.concat(
        [_media_costs(world, rng), _monthly_costs(world, rng), _referral_bonuses(world, people)], ignore_index=True
    )
    costs["amount"] = costs["amount"].round(2)
    costs.loc[_is_for_a_trial(world, costs), "campaign"] = ACTION
    return costs.sort_values("day", kind="stable", ignore_index=True)


def simulate_mailings(world: World, people: pd.DataFrame, orders: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Draw the messages.

    Returns
    -------
    pandas.DataFrame
        One row per message and customer: mailing_id, person, campaign, channel, revenue [EUR, NaN without an order],
        and days (NaN if not) sent, delivered, opened, clicked, converted, unsubscribed.
    """
    rng = world.rng("mailings")
    sent = pd.concat([_newsletters(world, people), _vouchers(world, trials)], ignore_index=True)
    n = len(sent)
    sent["sent"] = sent["sent"] + np.sort(rng.uniform(0, 0.04, n))
    preferred = people["preferred_channel"].loc[sent["person"]].to_numpy()
    sent["channel"] = np.where(preferred == "sms", "sms", "email")
    sent = _with_orders(sent, orders, rng)
    arrives = (rng.random(n) < DELIVERED) | sent["converted"].notna()
    opens = arrives & (rng.random(n) < OPENED) | sent["converted"].notna()
    clicks = opens & (rng.random(n) < CLICKED) | sent["converted"].notna()
    window = (sent["converted"] - sent["sent"]).fillna(2.0)
    sent["delivered"] = (sent["sent"] + 0.0005).where(arrives)
    sent["opened"] = (sent["sent"] + 0.001 + window * rng.uniform(0.02, 0.5, n)).where(opens)
    sent["clicked"] = (sent["opened"] + window * rng.uniform(0.01, 0.4, n)).where(clicks)
    mood = people["satisfaction"].loc[sent["person"]].to_numpy()
    leaves = arrives & (rng.random(n) < LEAVING * np.exp(-0.5 * mood))
    sent["unsubscribed"] = (sent["sent"] + 0.01 + rng.exponential(0.5, n)).where(leaves)
    for step in ("opened", "clicked", "unsubscribed"):
        sent.loc[sent[step] >= world.n_days, step] = np.nan
    return _until_unsubscribed(sent)


def simulate_traffic(world: World, people: pd.DataFrame, leads: pd.DataFrame) -> pd.DataFrame:
    """Draw the visits: day, origin, landing_page, visitors, clicks, converted_clicks, sign_ups, leads."""
    rng = world.rng("web")
    cells = pd.MultiIndex.from_product(
        [range(world.n_days), ORIGINS, WEB_PAGES], names=["day", "origin", "landing_page"]
    )
    n_leads = _counts_by_page(leads, "created", cells)
    n_bought = _counts_by_page(people[~people["future"]], "day", cells)
    season = world.arrival_season[: world.n_days] / world.arrival_season[: world.n_days].mean()
    usual = VISITORS.loc[list(ORIGINS)].to_numpy().ravel() * world.scale
    expected = np.outer(season, usual)
    social = np.repeat(np.array(ORIGINS) == "paid social", len(WEB_PAGES))
    expected[world.cheap_day :, social] *= 2.8
    others = rng.poisson(expected.ravel() * rng.lognormal(0, 0.1, len(cells)))
    visitors = others + np.maximum(n_leads, n_bought)
    traffic = pd.DataFrame(
        {
            "visitors": visitors,
            "clicks": n_bought + rng.binomial(visitors - n_bought, CLICKING),
            "converted_clicks": n_bought,
            "sign_ups": rng.binomial(visitors, SIGNING_UP),
            "leads": n_leads,
        },
        index=cells,
    )
    return traffic[traffic["visitors"] > 0].reset_index()


def simulate_posts(world: World, people: pd.DataFrame, stays: pd.DataFrame) -> pd.DataFrame:
    """Draw the posts in order of time, with every column of ``social_posts`` except that they have day and person."""
    rng = world.rng("social")
    days = np.arange(world.n_days)
    growth = 0.6 + 0.8 * days / world.n_days
    by_brand = np.repeat(days, rng.poisson(BRAND_PER_DAY * world.scale * growth))
    louder = np.where(is_bad(world, days), 2.0, 1.0)
    by_customers = np.repeat(days, rng.poisson(CUSTOMERS_PER_DAY * world.scale * growth * louder))
    posts = pd.concat(
        [_brand_posts(world, by_brand, rng), _customer_posts(world, by_customers, people, stays, rng)],
        ignore_index=True,
    )
    posts["network"] = rng.choice(list(NETWORKS), len(posts), p=list(NETWORKS.values()))
    posts = _with_reach(posts, growth, rng).sort_values("day", kind="stable", ignore_index=True)
    return posts.assign(post_id=[f"P-{number:05d}" for number in range(1, len(posts) + 1)])


def _media_costs(world: World, rng: np.random.Generator) -> pd.DataFrame:
    """Budgets follow the arrivals that each channel can be expected to bring, unevenly split between its campaigns."""
    season = world.arrival_season[: world.n_days]
    expected = world.n_customers * season / season.sum()
    rows = []
    for channel, price in PER_CUSTOMER.items():
        budget = price * expected * CHANNELS.loc[channel, "consumers"]
        if channel == "paid social":
            budget = np.where(np.arange(world.n_days) >= world.cheap_day, CHEAPER, 1) * budget
        campaigns = CAMPAIGNS[channel]
        split = rng.dirichlet(np.full(len(campaigns), 40.0), world.n_days)
        for nth, campaign in enumerate(campaigns):
            amount = budget * split[:, nth] * rng.lognormal(0, 0.12, world.n_days)
            day = np.arange(world.n_days, dtype=float)
            rows.append(pd.DataFrame({"day": day, "amount": amount, "channel": channel, "campaign": campaign}))
    return pd.concat(rows).assign(purpose="acquisition", category="media")


def _monthly_costs(world: World, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for first in world.month_edges[:-1]:
        for day, amount, purpose, category, channel, only in MONTHLY:
            if only is None or world.dates[first].month in only:
                paid = amount * world.scale * rng.lognormal(0, 0.03)
                rows.append((float(first + day - 1), paid, purpose, category, channel))
    return pd.DataFrame(rows, columns=["day", "amount", "purpose", "category", "channel"])


def _referral_bonuses(world: World, people: pd.DataFrame) -> pd.DataFrame:
    referred = people[people["referred_by"].notna()]
    n_referred = np.bincount(world.month_of(referred["day"]), minlength=world.months)
    bonuses = pd.DataFrame({"day": world.month_edges[1:] - 1.0, "amount": REFERRAL_BONUS * n_referred})
    bonuses = bonuses.assign(purpose="acquisition", category="referral bonus", channel="referral")
    return bonuses[bonuses["amount"] > 0]


def _is_for_a_trial(world: World, costs: pd.DataFrame) -> pd.Series:
    """In the month of a trial the mailing service is booked on the voucher, which it sends."""
    months = world.month_of(np.array(trial_days(world), dtype=float))
    return (costs["category"] == "mailings") & np.isin(world.month_of(costs["day"]), months)


def _newsletters(world: World, people: pd.DataFrame) -> pd.DataFrame:
    """One on the second Tuesday of each month, to everyone who has come, allowed it and is still on the list."""
    listed = people[~people["future"] & people["marketing_consent"]]
    rows = []
    for first in world.month_edges[:-1]:
        day = first + (8 - world.dates[first].dayofweek) % 7 + 7 + 0.4
        name = world.dates[first].strftime("newsletter %Y-%m")
        person = listed.index[listed["day"] < day].to_numpy()
        rows.append(pd.DataFrame({"person": person, "sent": day, "mailing_id": name, "campaign": "newsletter"}))
    return pd.concat(rows, ignore_index=True)


def _vouchers(world: World, trials: pd.DataFrame) -> pd.DataFrame:
    got = trials.loc[trials["treated"], ["person", "assigned"]].rename(columns={"assigned": "sent"})
    months = world.dates[np.floor(got["sent"]).astype(int)].strftime("voucher %Y-%m")
    return got.assign(mailing_id=months, campaign="win-back voucher", sent=got["sent"] + 0.1)


def _with_orders(sent: pd.DataFrame, orders: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Credit a message with the first order within the week after it, if that came by the mail."""
    bought = orders[(orders["person"] >= 0) & (orders["revenue"] > 0)].sort_values(["person", "day"])
    far = 1e5  # more days than any window: one sorted axis for person and day
    axis = bought["person"].to_numpy() * far + bought["day"].to_numpy()
    begins = sent["person"].to_numpy() * far + sent["sent"].to_numpy() + 0.1
    at = np.searchsorted(axis, begins)
    found = np.minimum(at, len(axis) - 1)
    hit = (at < len(axis)) & (axis[found] - begins < WEEK) & (axis[found] >= begins) & (rng.random(len(sent)) < BY_MAIL)
    return sent.assign(
        converted=np.where(hit, bought["day"].to_numpy()[found], np.nan),
        revenue=np.where(hit, bought["revenue"].to_numpy()[found], np.nan),
    )


def _until_unsubscribed(sent: pd.DataFrame) -> pd.DataFrame:
    first_no = sent["person"].map(sent.groupby("person")["unsubscribed"].min())
    kept = sent[~(sent["sent"] > first_no)]
    return kept.sort_values(["sent", "mailing_id", "person"], kind="stable", ignore_index=True)


def _counts_by_page(rows: pd.DataFrame, day: str, cells: pd.MultiIndex) -> np.ndarray:
    keys = [np.floor(rows[day]).astype(int), rows["channel"], rows["landing_page"]]
    return rows.groupby(keys).size().reindex(cells, fill_value=0).to_numpy()


def _brand_posts(world: World, days: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    text = rng.integers(0, len(BRAND_TEXTS), days.size)
    return pd.DataFrame(
        {
            "day": world.with_time_of_day(days, rng),
            "person": -1,
            "author": "brand",
            "kind": rng.choice(["photo", "video", "carousel", "text"], days.size, p=[0.45, 0.3, 0.15, 0.1]),
            "text": np.array(BRAND_TEXTS, dtype=object)[text],
            "language": np.array(BRAND_LANGUAGES, dtype=object)[text],
        }
    )


def _customer_posts(
    world: World, days: np.ndarray, people: pd.DataFrame, stays: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Posts by people who are customers on the day; those with strong feelings post more, four in ten are recognised."""
    writers = []
    for day in days:
        here = stays["person"].to_numpy()[(stays["starts"].to_numpy() <= day) & (stays["leaves"].to_numpy() > day)]
        few = rng.choice(here, 3) if here.size else np.array([0])
        writers.append(few[np.argmax(np.abs(people["satisfaction"].to_numpy()[few]))])
    writer = people.iloc[np.array(writers, dtype=int)]
    burnt = is_bad(world, days) & (rng.random(days.size) < 0.6)
    felt = writer["satisfaction"].to_numpy() + rng.normal(0.2, 0.5, days.size)
    mood = np.select([burnt, felt > 0.3, felt > -0.4], ["burnt", "good", "fair"], "poor")
    recognised = (rng.random(days.size) < 0.4) & (writer["day"].to_numpy() <= days)
    return pd.DataFrame(
        {
            "day": world.with_time_of_day(days, rng),
            "person": np.where(recognised, writer.index, -1),
            "author": "customer",
            "kind": rng.choice(["photo", "text", "video"], days.size, p=[0.5, 0.35, 0.15]),
            "text": write_comments(writer["language"].to_numpy(), mood, rng),
            "language": writer["language"].to_numpy(),
        }
    )


def _with_reach(posts: pd.DataFrame, growth: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    brand = (posts["author"] == "brand").to_numpy()
    usual = posts["network"].map(AUDIENCE).to_numpy() * np.where(brand, 1, 0.15) * growth[posts["day"].astype(int)]
    impressions = np.maximum(rng.poisson(usual * rng.lognormal(0, 0.6, len(posts))), 1)
    reach = np.maximum(rng.binomial(impressions, 0.78), 1)
    liked = rng.binomial(reach, rng.beta(3, 70, len(posts)))
    return posts.assign(
        impressions=impressions,
        reach=reach,
        likes=liked,
        comments=rng.binomial(reach, 0.004),
        shares=rng.binomial(reach, 0.003),
        clicks=np.where(brand, rng.binomial(reach, 0.012), 0),
    )
