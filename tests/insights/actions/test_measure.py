"""Whether actions worked, as analysts read it: numbers worked by hand, and the trials whose answer is known."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import crmkit as ck

ROOT = Path(__file__).parents[3]


def drawn(values, treated, action="voucher", day="2026-09-01", **more):
    return pd.DataFrame(
        {
            "customer_id": [f"{action}{day}{n}" for n in range(len(values))],
            "action": action,
            "assigned_at": day,
            "treated": treated,
            "ends_at": "2026-10-01",
            "outcome_at": "2026-09-20",
            "value": values,
            **more,
        }
    )


def company(through="2026-12-31", **tables):
    return ck.connect(tables, ck.Settings(data={"through": through}, company={"currency": "EUR"}))


def test_orders_terms_tickets_and_answers_in_the_window_are_joined():
    people = pd.DataFrame(
        {
            "customer_id": list("abcd"),
            "action": "call",
            "assigned_at": "2026-09-10",
            "treated": [True, True, False, False],
            "trial": "call 2026-09-10",
            "ends_at": "2026-10-10",
        }
    )
    orders = pd.DataFrame(
        {
            "order_id": list("12345"),
            "customer_id": ["a", "a", "a", "c", "b"],
            "ordered_at": ["2026-09-09", "2026-09-10", "2026-10-09", "2026-10-10", "2026-10-01"],
            "revenue": [1000.0, 10.0, 30.0, 500.0, 20.0],
        }
    )
    terms = pd.DataFrame(
        {
            "subscription_id": ["s"],
            "customer_id": ["d"],
            "starts_at": ["2026-09-15"],
            "ends_at": ["2026-10-15"],
            "mrr": [16.0],
        }
    )
    tickets = pd.DataFrame({"ticket_id": ["t"], "customer_id": ["d"], "opened_at": ["2026-09-12"]})
    answers = pd.DataFrame(
        {
            "response_id": ["r", "q"],
            "customer_id": ["c", "a"],
            "responded_at": ["2026-09-30", "2026-09-30"],
            "survey": "nps",
            "score": [1.0, 9.0],
            "scale_min": 0,
            "scale_max": 10,
        }
    )
    catalog = company(
        treatments=people, orders=orders, subscription_terms=terms, tickets=tickets, survey_responses=answers
    )
    rows = ck.measure(catalog).set_index("outcome")
    # Turnover in the time of the trial: a 40, b 20 against c 0, d 16.
    assert rows.loc["revenue", ["treated_mean", "held_mean", "value"]].tolist() == [30.0, 8.0, 22.0]
    assert rows.loc["ordered", "value"] == 0.5
    assert rows.loc["tickets", "value"] == -0.5
    assert rows.loc["low_answers", "value"] == -0.5
    assert rows["is_main"].to_dict()["revenue"]


def test_a_trial_whose_time_runs_is_preliminary_and_has_no_verdict():
    people = drawn([np.nan] * 4, [True, True, False, False], outcome_at=None, trial="v1")
    orders = pd.DataFrame(
        {"order_id": ["1"], "customer_id": people["customer_id"][:1], "ordered_at": "2026-09-05", "revenue": 10.0}
    )
    catalog = company("2026-09-15", treatments=people, orders=orders)
    assert set(ck.measure(catalog)["status"]) == {"preliminary"}
    results = ck.action_results(catalog)
    assert results["verdict"].tolist() == ["running"]
    assert results["why"].item().startswith("Preliminary, as its time runs to 30 September 2026")


def test_margin_before_turnover_and_cost_decide_in_money():
    treated = [True, False] * 200
    values = np.tile([10.0, 4.0], 200) + np.random.default_rng(0).normal(0, 3, 400)
    rich = ck.action_results(company(treatments=drawn(values, treated, cost=2.0)))
    dear = ck.action_results(company(treatments=drawn(values, treated, cost=9.0)))
    even = ck.action_results(company(treatments=drawn(values, treated, cost=6.0)))
    assert [each["verdict"].item() for each in (rich, dear, even)] == ["roll out", "stop", "go on"]
    assert rich["gain"].item() == pytest.approx(rich["value"].item() - 2.0)
    assert "It pays: give it to everybody it is meant for." in rich["why"].item()
    assert "It does not pay: stop it." in dear["why"].item()
    assert "Draw another round" in even["why"].item()


def test_rounds_of_an_action_are_pooled():
    random = np.random.default_rng(1)
    rounds = [
        drawn(random.normal(5, 5, 60) + np.tile([1.5, 0.0], 30), [True, False] * 30, day=f"2026-0{month}-01")
        for month in range(3, 9)
    ]
    rounds = [each.assign(ends_at=each["assigned_at"].str.replace("-01", "-28")) for each in rounds]
    catalog = company(treatments=pd.concat([each.assign(outcome_at=each["ends_at"]) for each in rounds]))
    results, single = ck.action_results(catalog), ck.measure(catalog)
    assert results[["rounds", "n_treated"]].values.tolist() == [[6, 180]]
    assert (results["high"] - results["low"]).item() < 0.7 * (single["high"] - single["low"]).mean()
    assert results["low"].item() < 1.5 < results["high"].item()


def test_a_person_on_both_sides_of_a_draw_counts_on_none():
    people = drawn([5.0, 6.0, 1.0, 2.0, 100.0, 0.0], [True, True, False, False, True, False])
    people["customer_id"] = ["a", "b", "c", "d", "twin", "twin"]
    people["assigned_at"] = ["2026-09-01"] * 5 + ["2026-09-02"]
    row = ck.measure(company(treatments=people)).iloc[0]
    assert (row["n_treated"], row["n_held"], row["value"]) == (2, 2, 4.0)


def test_draws_that_nobody_was_held_out_of_say_so():
    results = ck.action_results(company(treatments=drawn([5.0, 6.0], [True, True])))
    assert results["verdict"].item() == "go on"
    assert results["why"].item() == "Nobody was held out, or nobody treated: what it did is not known."


def test_without_treatments_there_are_no_rows():
    orders = pd.DataFrame({"order_id": ["1"], "ordered_at": ["2026-09-01"], "revenue": [5.0]})
    assert ck.measure(company(orders=orders)).empty
    assert ck.action_results(company(orders=orders)).empty


def test_hillstrom_visits_and_spend_are_those_of_the_trial(shared_data, tmp_path):
    from crmkit.cleaning.loading.load import load
    from crmkit.settings import read_settings

    settings = tmp_path / "crmkit.toml"
    settings.write_text((ROOT / "examples/hillstrom_email/crmkit.toml").read_text())
    (tmp_path / "exports").mkdir()
    source = shared_data / "hillstrom_email.parquet"
    (tmp_path / "exports" / source.name).symlink_to(source)
    load(read_settings(settings))
    catalog = ck.connect(settings)
    rows = ck.measure(catalog).set_index(["action", "outcome"])
    assert rows.loc[("mens e-mail", "responded"), "value"] == pytest.approx(0.0766, abs=5e-5)
    assert rows.loc[("womens e-mail", "responded"), "value"] == pytest.approx(0.0452, abs=5e-5)
    men, women = (rows.loc[(f"{who} e-mail", "value")] for who in ("mens", "womens"))
    assert (men["value"], men["z"]) == (pytest.approx(0.7698, abs=5e-5), pytest.approx(5.3, abs=0.05))
    assert (women["value"], women["z"]) == (pytest.approx(0.4244, abs=5e-5), pytest.approx(3.3, abs=0.05))
    assert ck.action_results(catalog)["verdict"].tolist() == ["roll out", "roll out"]
    responds = ck.who_responds(catalog).set_index(["action", "outcome"])
    visits, spent = (responds.loc[("womens e-mail", name)] for name in ("responded", "value"))
    assert "womens" in visits["columns"]  # who bought women's wear before
    assert visits["low"] > 0.005  # known of this trial: visits can be told, what is spent cannot
    assert "The money does not show it yet, so the next draw is by lot." in visits["why"]
    assert spent["low"] < 0 < spent["high"]
    assert spent["why"].endswith("which may be chance. The next draw is by lot.")
    assert not responds["used"].any()
