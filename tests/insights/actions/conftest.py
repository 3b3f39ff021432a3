"""A shop of 240 customers in a folder, loaded as by the command line."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crmkit.cleaning.loading.load import load
from crmkit.settings import read_settings

SETTINGS = """
[company]
name = "Shop"
currency = "EUR"
time_zone = "Europe/Berlin"
[data]
through = {through}
[value]
margin_rate = 0.5
[duplicates]
find = false
[actions.call]
title = "Call everybody"
who = "n_orders >= 1"
channel = "phone"
cost = 1.0
window_days = 28
lift = 0.3
lift_spread = 0.3
rest_days = 0
"""
N = 240


def orders(through: str, extra: pd.DataFrame | None = None) -> pd.DataFrame:
    random = np.random.default_rng(7)
    days = pd.date_range("2025-09-01", "2026-12-31", freq="D")
    rows = [
        {
            "order_id": f"o{who}-{n}",
            "customer_id": f"c{who:03}",
            "ordered_at": days[place],
            "revenue": 20.0 + who % 7 * 10,
        }
        for who in range(N)
        for n, place in enumerate(np.sort(random.choice(len(days), 14, replace=False)))
    ]
    frame = pd.concat([pd.DataFrame(rows), *([] if extra is None else [extra])], ignore_index=True)
    return frame[frame["ordered_at"] <= pd.Timestamp(through)]


def write(folder: Path, through: str, extra: pd.DataFrame | None = None, more: str = "", consent: bool = True) -> Path:
    exports = folder / "exports"
    exports.mkdir(exist_ok=True)
    (folder / "crmkit.toml").write_text(SETTINGS.format(through=through) + more)
    orders(through, extra).to_csv(exports / "orders.csv", index=False)
    people = pd.DataFrame({"customer_id": [f"c{who:03}" for who in range(N)], "acquired_at": "2025-09-01"})
    people["marketing_consent"] = [consent or who % 2 == 0 for who in range(N)]
    people.to_csv(exports / "customers.csv", index=False)
    identities = people[["customer_id"]].assign(name="=HYPERLINK(1)", email=people["customer_id"] + "@example.org")
    identities.to_csv(exports / "customer_identities.csv", index=False)
    load(read_settings(folder))
    return folder


@pytest.fixture
def shop(tmp_path):
    return write(tmp_path, "2026-08-31")
