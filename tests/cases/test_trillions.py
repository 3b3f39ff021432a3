"""Amounts above a trillion are words on tiles, in headlines and in the terminal, and whole numbers in JSON."""

import json
import re

import pandas as pd

import crmkit as ck
from crmkit.settings import parse_settings

# 117 orders of 22 billion each in September: 2.574 trillion.
DAYS = pd.date_range("2026-06-01", "2026-09-30", freq="6h")
ORDERS = pd.DataFrame(
    {
        "order_id": range(len(DAYS)),
        "ordered_at": DAYS,
        "revenue": [22_000_000_000 if day.month == 9 else 10_000_000_000 for day in DAYS],
        "customer_id": [f"c{n % 40}" for n in range(len(DAYS))],
    }
)
COMPANY = {"name": "Toko", "currency": "IDR", "time_zone": "Asia/Jakarta"}


def text_of(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\xa0", " ").split())


def test_the_opening_and_the_tiles_say_2_57_trillion():
    catalog = ck.connect({"orders": ORDERS}, parse_settings({"company": COMPANY}))
    card = ck.scorecard(catalog, "2026-09")
    opening = text_of(ck.pages.opening(ck.headlines(card), catalog.settings).html)
    assert "IDR 2.57 trillion" in opening and "1e" not in opening
    assert "IDR 2.57 trillion" in text_of(ck.pages.tiles(card).html)


def test_the_terminal_says_it_in_words_and_json_gives_the_whole_amount(company):
    shop = company({"orders.csv": ORDERS.to_csv(index=False)})
    settings = shop.folder / "crmkit.toml"
    settings.write_text(settings.read_text().replace('"EUR"', '"IDR"'))
    shop.load()
    table = shop.run("metrics", "revenue", "--period", "2026-09")
    assert "2.57 trillion" in table.stdout.replace("\xa0", " "), table.stdout
    (row,) = json.loads(shop.run("metrics", "revenue", "--period", "2026-09", "--format", "json").stdout)
    assert row["value"] == 2_574_000_000_000
