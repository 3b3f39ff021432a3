"""The people of the sample company: who comes and when, what the firm knows of them, and how long they stay.

Satisfaction and buying rate come from no family that crmkit's models assume. All personal data are invented.

A *stay* is one unbroken time as a customer; a subscriber who left may return for a second one. Lengths of stays are a
mixture of Weibull distributions that satisfaction and channel stretch, cut short by two events. The hazard of a stay is

    H(t) = (age / scale)^shape + price_eta G((t - price_day) / 45) + bad_eta G((t - bad_day) / 28)

with G(u) = 1 - (1 - u)^2 on 0 to 1: most of those whom an event drives away go soon.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from crmkit.sources.sample.comments import languages_of
from crmkit.sources.sample.world import Days, World, only_where

OFFICES, SUBSCRIBERS = 0.10, 0.39  # offices as a share of all in ordinary times, subscribers as a share of consumers
# share of consumers, share of offices, satisfaction added, log of lifetime added, share that was a lead first
CHANNELS = pd.DataFrame(
    {
        "organic search": (0.27, 0.24, 0.05, 0.05, 0.45),
        "paid search": (0.21, 0.18, 0.00, -0.10, 0.45),
        "paid social": (0.20, 0.00, -0.15, -0.25, 0.60),
        "referral": (0.12, 0.30, 0.25, 0.25, 0.30),
        "newsletter": (0.08, 0.00, 0.10, 0.15, 1.00),
        "direct": (0.12, 0.10, 0.00, 0.00, 0.20),
        "trade fair": (0.00, 0.18, 0.05, 0.10, 1.00),
    },
    index=["consumers", "offices", "satisfaction", "log_lifetime", "leads"],
).T
CAMPAIGNS = {
    "paid search": ("brand terms", "coffee beans", "coffee subscription"),
    "paid social": ("latte art reels", "meet the roaster"),
    "newsletter": ("welcome series",),
    "trade fair": ("coffee days",),
}
LANDING_PAGES = {
    "shopper": ("/", "/beans", "/gifts"),
    "subscriber": ("/subscription", "/", "/beans"),
    "office": ("/office", "/office", "/"),
}
CHEAP_PAID_SOCIAL = 3.4  # times as many people by paid social from the cheap day on
COUNTRIES = {"Germany": 0.80, "Austria": 0.08, "Switzerland": 0.04, "Netherlands": 0.04, "France": 0.02, "Italy": 0.02}
REGIONS = {
    "Germany": ("Berlin", "Berlin", "Brandenburg", "Hamburg", "Bavaria", "Saxony", "Hesse", "North Rhine-Westphalia"),
    "Austria": ("Vienna", "Tyrol", "Styria"),
    "Switzerland": ("Zurich", "Basel", "Ticino"),
    "Netherlands": ("North Holland", "Utrecht"),
    "France": ("Alsace", "Île-de-France"),
    "Italy": ("South Tyrol", "Lazio"),
}
INDUSTRIES = ("software", "design", "law", "health", "education", "crafts", "public sector")
SIZES = ("1-9", "10-49", "50-249", "250+")
PREFERRED = {"email": 0.70, "sms": 0.14, "phone": 0.09, "post": 0.07}
FIRST_NAMES = (
    "Mia",
    "Jonas",
    "Aylin",
    "Paul",
    "Emma",
    "Luca",
    "Sofia",
    "Noah",
    "Lena",
    "Emre",
    "Clara",
    "Felix",
    "Zoë",
    "Anton",
    "Marie",
    "Kerem",
    "Ida",
    "Ben",
    "Giulia",
    "Oskar",
    "Jule",
    "Théo",
    "Nina",
    "Bram",
    "Käthe",
)
LAST_NAMES = (
    "Müller",
    "Schmidt",
    "Yılmaz",
    "Weber",
    "Rossi",
    "Hoffmann",
    "Becker",
    "de Vries",
    "Krüger",
    "Lefèvre",
    "Schäfer",
    "Demir",
    "Vogel",
    "Brandt",
    "Jansen",
    "Lorenz",
    "Huber",
    "Strauß",
    "Bianchi",
    "Albrecht",
    "Fuchs",
    "Gruber",
    "Keller",
    "Nowak",
    "Öztürk",
    "Peters",
    "Roth",
    "Sommer",
    "Thiel",
    "Winter",
)
STREETS = ("Lindenallee", "Hauptstraße", "Bahnhofstraße", "Am Hafen", "Gartenweg", "Schillerstraße", "Ringstraße")
_PLAIN = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "ë": "e",
        "é": "e",
        "è": "e",
        "ı": "i",
        "ş": "s",
        "Ö": "Oe",
        "Ä": "Ae",
        "Ü": "Ue",
        " ": "",
    }
)
PRICE_SPREAD, BAD_SPREAD = 45, 28  # [days]
# share that soon quits; shape and scale [days] of the quick, of the steady; log-hazard weight of the two events
STAYS = pd.DataFrame(
    {
        "shopper": (0.19, 0.80, 22, 1.5, 440, 0.00, 0.06),
        "subscriber": (0.18, 1.25, 60, 1.35, 640, 0.07, 0.17),
        "office": (0.06, 1.10, 70, 1.50, 1250, 0.04, 0.04),
    },
    index=["quitters", "quick_shape", "quick_scale", "shape", "scale", "price_eta", "bad_eta"],
).T
TERM_AT_MOST = 31  # [days] a paid term runs on after the notice
RETURNING = 0.08  # of the subscribers who left, after 40 to 200 days


def simulate_people(world: World) -> pd.DataFrame:
    """Draw all who come in the window, exactly ``n_customers``, and those of the months after it (``future``).

    Returns
    -------
    pandas.DataFrame
        One row per person in the order in which they come: kind, channel, campaign, landing_page, day, future,
        satisfaction [latent, about -3 to 2], rate [orders per 30 days].
    """
    rng = world.rng("people")
    weights = _arrival_weights(world)
    inside = weights[: world.n_days]
    n_future = rng.poisson(world.n_customers * (weights.sum() - inside.sum()) / inside.sum())
    cells = np.concatenate(
        [
            rng.choice(inside.size, world.n_customers, p=inside.ravel() / inside.sum()),
            inside.size + rng.choice(weights[world.n_days :].size, n_future, p=_shares(weights[world.n_days :])),
        ]
    )
    people = pd.DataFrame({"day": cells // len(CHANNELS), "channel": cells % len(CHANNELS)})
    people["kind"] = np.where(rng.random(len(people)) < SUBSCRIBERS, "subscriber", "shopper")
    usual = world.arrival_season[people["day"]] / weights.sum(axis=1)[people["day"]]  # an advert brings no office
    chosen = rng.choice(len(people), round(OFFICES * len(people)), replace=False, p=_shares(usual))
    people.loc[chosen, "kind"] = "office"
    people["day"] = world.with_time_of_day(people["day"], rng)
    people["channel"] = CHANNELS.index.to_numpy()[people["channel"]]
    offices = people["kind"] == "office"
    people.loc[offices, "channel"] = rng.choice(CHANNELS.index, offices.sum(), p=CHANNELS["offices"])
    people = people.sort_values("day", kind="stable", ignore_index=True)
    people["future"] = people["day"] >= world.n_days
    people["campaign"] = [_one_of(CAMPAIGNS.get(channel, (None,)), rng) for channel in people["channel"]]
    people["landing_page"] = [_one_of(LANDING_PAGES[kind], rng) for kind in people["kind"]]
    people["satisfaction"] = _satisfactions(people, rng)
    return people.assign(rate=_rates(people, rng))


def describe_people(world: World, people: pd.DataFrame) -> pd.DataFrame:
    """Add what the firm asks of a customer: country, region, birth_year and so on, and the language of comments."""
    rng = world.rng("customers")
    n, office = len(people), (people["kind"] == "office").to_numpy()
    country = rng.choice(list(COUNTRIES), n, p=list(COUNTRIES.values()))
    age = np.clip(rng.normal(41, 13, n), 18, 88).astype(int)
    known = rng.random(n) < 0.8
    described = people.assign(
        country=country,
        region=[REGIONS[name][int(rng.integers(len(REGIONS[name])))] for name in country],
        birth_year=np.where(known & ~office, world.end.year - age, np.nan),
        gender=only_where(
            ~office & (rng.random(n) < 0.84), rng.choice(["female", "male", "diverse"], n, p=[0.54, 0.44, 0.02])
        ),
        industry=only_where(office, rng.choice(INDUSTRIES, n)),
        company_size=only_where(office, rng.choice(SIZES, n, p=[0.42, 0.38, 0.16, 0.04])),
        preferred_channel=rng.choice(list(PREFERRED), n, p=list(PREFERRED.values())),
        marketing_consent=rng.random(n) < 0.62,
        language=languages_of(country, rng),
    )
    now = ~people["future"].to_numpy()
    described["customer_id"] = only_where(now, [f"C-{10_000 + number}" for number in range(1, n + 1)])
    return described.assign(referred_by=_referrers(described, rng))


def identities(world: World, people: pd.DataFrame) -> pd.DataFrame:
    """Invent name, e-mail, phone, address and date of birth of each customer."""
    rng = world.rng("identities")
    known = people[~people["future"]]
    n = len(known)
    first, last = rng.choice(FIRST_NAMES, n), rng.choice(LAST_NAMES, n)
    number = known["customer_id"].str.slice(2)
    host = rng.choice(["example.com", "example.org"], n)
    mailbox = [f"{a}.{b}{c}".translate(_PLAIN).lower() for a, b, c in zip(first, last, number, strict=True)]
    birthday = pd.to_timedelta(rng.integers(0, 365, n), unit="D")
    born = pd.to_datetime(known["birth_year"].astype("Int64").astype("string") + "-01-01").to_numpy() + birthday
    lines = rng.permutation(n)  # extensions of a number that is kept for films
    house, code = rng.integers(1, 120, n).astype(str), rng.integers(10_000, 99_999, n).astype(str)
    return pd.DataFrame(
        {
            "customer_id": known["customer_id"],
            "name": [f"{a} {b}" for a, b in zip(first, last, strict=True)],
            "email": [f"{box}@{at}" for box, at in zip(mailbox, host, strict=True)],
            "phone": [f"+49 30 23125{line // 100:03d}-{line % 100:02d}" for line in lines],
            "address": [f"{s} {h}, {c}" for s, h, c in zip(rng.choice(STREETS, n), house, code, strict=True)],
            "birth_date": born,
        }
    )


def simulate_stays(world: World, people: pd.DataFrame) -> pd.DataFrame:
    """Draw every person's stays.

    Returns
    -------
    pandas.DataFrame
        One row per stay: person (row number in ``people``), kind, starts [day], leaves [day, may lie after the
        window], lifetime [days without the events], cause (lifetime, price, bad month), and the hazard's shape,
        scale, price_eta, bad_eta.
    """
    rng = world.rng("stays")
    first = _stays(world, people, people["day"].to_numpy(), rng, returning=False)
    back = first.loc[(first["kind"] == "subscriber") & (rng.random(len(first)) < RETURNING), ["person", "leaves"]]
    day = world.with_time_of_day(back["leaves"] + TERM_AT_MOST + rng.uniform(10, 170, len(back)), rng)
    again = people.loc[back["person"]].set_index(back["person"].to_numpy())
    second = _stays(world, again, day, rng, returning=True)
    return pd.concat([first, second[second["starts"] < world.n_days]], ignore_index=True)


def cumulative_hazard(world: World, stays: pd.DataFrame, day: ArrayLike) -> Days:
    """Return the hazard gathered from the start of each stay to ``day``; the chance to be still here is exp(-H)."""
    days = np.maximum(np.asarray(day, dtype=float), stays["starts"].to_numpy())
    age = days - stays["starts"].to_numpy()
    total = (age / stays["scale"].to_numpy()) ** stays["shape"].to_numpy()
    for eta, begins, spread in _events(world):
        gone = _spread((days - begins) / spread) - _spread((stays["starts"].to_numpy() - begins) / spread)
        total = total + stays[eta].to_numpy() * gone
    return np.asarray(total)


def _arrival_weights(world: World) -> np.ndarray:
    weights = np.outer(world.arrival_season, CHANNELS["consumers"])
    weights[world.cheap_day :, CHANNELS.index.get_loc("paid social")] *= CHEAP_PAID_SOCIAL
    return weights


def _shares(weights: np.ndarray) -> np.ndarray:
    return np.asarray(weights.ravel() / weights.sum())


def _one_of(choices: tuple[str | None, ...], rng: np.random.Generator) -> str | None:
    return choices[int(rng.integers(len(choices)))]


def _satisfactions(people: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Most are content, one in five is not: a mixture of two normals with a long left tail."""
    content = rng.random(len(people)) < 0.8
    level = np.where(content, rng.normal(0.35, 0.55, len(people)), rng.normal(-1.1, 0.7, len(people)))
    return np.asarray(level + CHANNELS["satisfaction"].loc[people["channel"]].to_numpy())


def _rates(people: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Two log-normal habits, the weekly drinker's and the occasional one's: not gamma."""
    heavy = rng.random(len(people)) < 0.25
    log_rate = np.where(heavy, rng.normal(np.log(1.45), 0.25, len(people)), rng.normal(np.log(0.6), 0.22, len(people)))
    return np.asarray(np.exp(log_rate + 0.08 * people["satisfaction"]))


def _referrers(people: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Return who recommended the firm to those who came by referral: the most content of five earlier customers."""
    by = np.full(len(people), None, dtype=object)
    mood, ids = people["satisfaction"].to_numpy(), people["customer_id"].to_numpy()
    came = np.flatnonzero((people["channel"] == "referral").to_numpy() & ~people["future"].to_numpy())
    for row in came[came > 0]:
        earlier = rng.integers(0, row, 5)
        by[row] = ids[earlier[np.argmax(mood[earlier])]]
    return by


def _stays(
    world: World, people: pd.DataFrame, starts: Days, rng: np.random.Generator, *, returning: bool
) -> pd.DataFrame:
    kinds = STAYS.loc[people["kind"]].reset_index(drop=True)
    mood = people["satisfaction"].to_numpy()
    quits = (rng.random(len(people)) < kinds["quitters"] * np.exp(-0.25 * mood)) & (not returning)
    stretch = np.exp(0.4 * mood + CHANNELS["log_lifetime"].loc[people["channel"]].to_numpy())
    stays = pd.DataFrame({"person": people.index, "kind": people["kind"].to_numpy(), "starts": starts})
    stays["shape"] = np.where(quits, kinds["quick_shape"], kinds["shape"])
    stays["scale"] = np.where(quits, kinds["quick_scale"], kinds["scale"] * stretch)
    stays["price_eta"] = kinds["price_eta"] * np.exp(-0.4 * mood)
    stays["bad_eta"] = kinds["bad_eta"] * np.exp(-0.4 * mood)
    stays["lifetime"] = stays["scale"] * rng.exponential(size=len(stays)) ** (1 / stays["shape"])
    stays["leaves"] = stays["starts"] + stays["lifetime"]
    stays["cause"] = "lifetime"
    for cause, (eta, begins, spread) in zip(("price", "bad month"), _events(world), strict=True):
        driven = _driven_away(stays, eta, begins, spread, rng)
        sooner = driven < stays["leaves"]
        stays.loc[sooner, "cause"] = cause
        stays.loc[sooner, "leaves"] = driven[sooner]
    return stays


def _events(world: World) -> tuple[tuple[str, int, int], ...]:
    return ("price_eta", world.price_day, PRICE_SPREAD), ("bad_eta", world.bad_day, BAD_SPREAD)


def _driven_away(stays: pd.DataFrame, eta: str, begins: float, spread: float, rng: np.random.Generator) -> Days:
    """Day on which an event drives each away, infinity for those it spares: the inverse of its part of the hazard."""
    reached = _spread((stays["starts"].to_numpy() - begins) / spread)
    with np.errstate(divide="ignore"):
        share = reached + rng.exponential(size=len(stays)) / stays[eta].to_numpy()
    return np.where(share < 1, begins + spread * (1 - np.sqrt(np.maximum(1 - share, 0))), np.inf)


def _spread(share: Days) -> Days:
    return np.asarray(1 - (1 - np.clip(share, 0, 1)) ** 2)
