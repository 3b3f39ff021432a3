"""The customers as the firm knows them, and apart from that their personal data, all of it invented."""

from __future__ import annotations

import numpy as np
import pandas as pd

from crmkit.sources.sample.comments import languages_of
from crmkit.sources.sample.gaps import only_where
from crmkit.sources.sample.world import World

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


def describe_people(world: World, people: pd.DataFrame) -> pd.DataFrame:
    """Add what the firm asks of a customer: country, region, birth_year and so on, and the language of comments."""
    rng = world.rng("customers")
    n, office = len(people), (people["kind"] == "office").to_numpy()
    country = rng.choice(list(COUNTRIES), n, p=list(COUNTRIES.values()))
    age = np.clip(rng.normal(41, 13, n), 18, 88).astype(int)
    told = rng.random(n) < 0.8
    described = people.assign(
        country=country,
        region=[REGIONS[name][int(rng.integers(len(REGIONS[name])))] for name in country],
        birth_year=np.where(told & ~office, world.end.year - age, np.nan),
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


def _referrers(people: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """Who recommended us to those who came by referral: the most content of five earlier customers, if there are any."""
    by = np.full(len(people), None, dtype=object)
    mood, ids = people["satisfaction"].to_numpy(), people["customer_id"].to_numpy()
    came = np.flatnonzero((people["channel"] == "referral").to_numpy() & ~people["future"].to_numpy())
    for row in came[came > 0]:
        earlier = rng.integers(0, row, 5)
        by[row] = ids[earlier[np.argmax(mood[earlier])]]
    return by
