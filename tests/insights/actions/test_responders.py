"""Who responds, as the product says it: from the trial book to the next draw."""

import re

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.insights.actions.propose import eligible_for
from crmkit.insights.actions.report import actions_in_words

N = 4000


def company(effects, cost=0.5):
    """Return a shop whose customers of two channels were drawn for a call, with a known effect on each, in two rounds."""
    random = np.random.default_rng(5)
    ids = [f"c{n:05}" for n in range(N)]
    people = pd.DataFrame(
        {"customer_id": ids, "channel": random.choice(["search", "shop"], N), "age": random.integers(20, 70, N)}
    )
    people["called_back"] = 0.0
    rounds = []
    for day in ("2026-07-01", "2026-09-01"):
        treated = random.permutation(np.arange(N) % 2 == 0)
        effect = np.where(people["channel"] == "search", *effects)
        value = random.gamma(2, 5, N) + treated * effect
        ends = pd.Timestamp(day) + pd.Timedelta(days=30)
        rounds.append(
            pd.DataFrame(
                {
                    "customer_id": ids,
                    "action": "call",
                    "assigned_at": day,
                    "treated": treated,
                    "ends_at": ends,
                    "cost": cost,
                }
            ).assign(outcome_at=ends - pd.Timedelta(days=9), value=value)
        )
    people["called_back"] = rounds[1]["treated"] * (random.random(N) < 0.9)  # written after the draw: tells the side
    orders = pd.DataFrame(
        {"order_id": ids, "customer_id": ids, "ordered_at": "2026-06-01", "revenue": random.gamma(2, 20, N)}
    )
    rule = {"title": "Call", "who": "n_orders >= 1", "cost": cost, "window_days": 30, "lift": 0.1, "lift_spread": 0.1}
    settings = ck.Settings(
        data={"through": "2026-10-31"}, company={"currency": "EUR"}, actions={"call": rule}, value={"margin_rate": 0.5}
    )
    return ck.connect({"customers": people, "treatments": pd.concat(rounds), "orders": orders}, settings), people


def test_customers_who_bring_4_and_0_are_told_apart_and_the_next_draw_chooses():
    catalog, people = company((4.0, 0.0))
    row = ck.who_responds(catalog).iloc[0]
    assert (row["action"], row["n_treated"], row["n_held"], row["used"]) == ("call", N, N, True)
    assert row["low"] < 0.5 < row["high"]  # half of 4 over half of the people, less the lot: 4 x (.375 - .25)
    assert "channel" in row["columns"] and "called_back" not in row["columns"]
    eligible = eligible_for(catalog, "call", pd.Timestamp("2026-10-31").date())
    chosen = people.set_index("customer_id")["channel"].reindex(eligible.people.index)
    assert (chosen == "search").all()
    assert eligible.left_out["are not expected to respond"] == pytest.approx(N / 2, rel=0.1)
    groups = ck.response_by_group(catalog).set_index(["column", "group"])
    assert groups.loc[("channel", "search"), "value"] == pytest.approx(4.0, abs=0.4)
    assert groups.loc[("channel", "shop"), "differs"]
    proposal = ck.propose(catalog).set_index("action").loc["call"]
    assert proposal["n_people"] == len(chosen)
    said = actions_in_words(catalog, ck.propose(catalog))
    assert "Who responds\n  call: Who responds can be told (value written down, 4,000 treated): €" in said
    told = re.search(r"4,000 treated\): €([\d.]+) for each treated in the half chosen", said)
    assert float(told[1]) == pytest.approx(4.0, abs=0.4)
    assert "The next draw chooses by it." in said


def test_where_all_respond_alike_the_next_draw_is_by_lot():
    catalog, _ = company((2.0, 2.0))
    row = ck.who_responds(catalog).iloc[0]
    assert not row["used"]
    assert row["low"] < 0 < row["high"] or row["high"] < 0
    assert row["why"].endswith("The next draw is by lot.")
    assert len(eligible_for(catalog, "call", pd.Timestamp("2026-10-31").date()).people) == N
    assert not ck.response_by_group(catalog)["differs"].any()


def test_the_page_says_it_in_a_sentence_and_a_table():
    catalog, _ = company((4.0, 0.0))
    page = ck.pages.responder_table(catalog, "2026-10").html + ck.pages.response_table(catalog, "2026-10").html
    assert "The next draw chooses by it." in page
    assert "2 groups respond differently from all others by more than chance" in page
    assert not ck.pages.responder_table(ck.connect({"orders": catalog.frame("orders")}), "2026-10").html
