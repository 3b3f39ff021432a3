"""The examples against the figures that are known of each data set: what is loaded adds up to what was in the file."""

from pathlib import Path

import pandas as pd
import pytest

from crmkit.cleaning.connect import connect
from crmkit.settings import read_settings

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def example(shared_data, tmp_path_factory):
    def opened(name: str, *files: str):
        exports = tmp_path_factory.mktemp(name)
        for file in files:
            (exports / f"{file}.parquet").symlink_to(shared_data / f"{file}.parquet")
        catalog = connect(exports, read_settings(EXAMPLES / name))
        for counts in catalog.provenance["counts"].values():
            parts = ("n_kept", "n_merged", "n_folded", "n_ignored", "n_aside")
            assert counts["n_in"] == sum(counts[part] for part in parts)
        return catalog

    return opened


def aside(catalog, table):
    return {
        f["finding"]: f["n_rows"]
        for f in catalog.provenance["findings"]
        if f["table"] == table and f["severity"] == "rejected"
    }


def test_cdnow_is_23570_customers_and_2500315_63_dollars(example):
    catalog = example("cdnow", "cdnow_master")
    orders = catalog.frame("orders")
    assert (len(orders), orders.customer_id.nunique(), len(catalog.frame("customers"))) == (69_659, 23_570, 23_570)
    assert orders.revenue.sum() == pytest.approx(2_500_315.63, abs=0.005)
    assert (orders.revenue == 0).sum() == 80


def test_maven_is_4238_deals_won_for_10005534_and_500_without_a_date_are_kept_aside(example):
    catalog = example("maven", "maven_deals", "maven_accounts")
    deals = catalog.frame("deals")
    assert deals.won.value_counts(dropna=False).to_dict() == {True: 4238, False: 2473, None: 1589}
    assert deals.amount.sum() == 10_005_534
    assert aside(catalog, "deals") == {"created_at is missing": 500}
    assert "GTXPro" not in set(deals["product"])
    assert len(catalog.frame("customers")) == 85


def test_eightfit_spent_1253689_79_and_earned_1347427_64_with_110502_subscriptions(example):
    catalog = example("eightfit", "eightfit_spend", "eightfit_subscriptions")
    costs, orders, lines = (catalog.frame(name) for name in ("costs", "orders", "order_lines"))
    assert len(costs) == 59_450 and costs.amount.sum() == pytest.approx(1_253_689.79, abs=0.005)
    assert (costs.amount < 0).sum() == 2
    assert len(orders) == 29_823 and orders.revenue.sum() == pytest.approx(1_347_427.64, abs=0.005)
    assert (orders.revenue < 0).sum() == 43
    assert lines.quantity.sum() == 110_502 and lines.revenue.sum() == pytest.approx(1_347_427.64, abs=0.005)
    assert orders.channel.isna().sum() == 3915
    assert "NA" in set(lines.category)


def test_marketing_spend_returns_40_2_percent(example):
    catalog = example("marketing_spend", "marketing_spend")
    costs, orders = catalog.frame("costs"), catalog.frame("orders")
    assert costs.amount.sum() == pytest.approx(30_590_879.82, abs=0.005)
    assert (len(orders), orders.revenue.sum()) == (8043, pytest.approx(42_889_366, abs=0.01))
    assert (orders.revenue.sum() - costs.amount.sum()) / costs.amount.sum() == pytest.approx(0.402, abs=0.0005)
    assert costs.campaign.nunique() == 11
    assert catalog.frame("web_traffic").leads.sum() == 65_579


def test_sfo_has_an_nps_of_39_84_of_2746_answers_and_40_40_weighted(example):
    answers = example("sfo_survey", "sfo_survey_2017").frame("survey_responses")
    nps = answers[answers.survey == "nps"]
    side = (nps.score >= 9).astype(int) - (nps.score <= 6).astype(int)
    assert len(nps) == 2746
    assert 100 * side.mean() == pytest.approx(39.84, abs=0.005)
    assert 100 * (side * nps.weight).sum() / nps.weight.sum() == pytest.approx(40.40, abs=0.005)
    assert (answers.survey == "csat").sum() == 2688


def test_lead_scoring_has_3561_of_9240_leads_converted(example):
    leads = example("lead_scoring", "lead_scoring").frame("leads")
    assert (len(leads), leads.converted_at.notna().sum()) == (9240, 3561)


def test_powerco_has_14606_contracts_of_which_1419_were_cancelled(example):
    catalog = example("powerco", "powerco_clients")
    terms = catalog.frame("subscription_terms")
    assert (len(terms), terms.cancelled_at.notna().sum(), len(catalog.frame("customers"))) == (14_606, 1419, 14_606)


def test_facebook_posts_are_6997_and_every_one_of_1622326_reactions_is_kept_merged_or_aside(example, shared_data):
    catalog = example("facebook_posts", "facebook_posts")
    posts, counts = catalog.frame("social_posts"), catalog.provenance["counts"]["social_posts"]
    raw = pd.read_parquet(shared_data / "facebook_posts.parquet")
    assert (counts["n_in"], counts["n_kept"], counts["n_merged"], counts["n_aside"]) == (7050, 6997, 51, 2)
    dropped = raw[raw.status_id.duplicated(keep=False)].num_reactions.sum() - posts[
        posts.post_id.isin(raw.status_id[raw.status_id.duplicated()])].likes.sum()  # fmt: skip
    assert posts.likes.sum() + dropped == raw.num_reactions.sum() == 1_622_326
    assert posts.likes.sum() == 1_573_989


def test_telco_has_1869_of_7043_customers_gone(example):
    terms = example("telco", "telco_churn").frame("subscription_terms")
    assert (len(terms), terms.cancelled_at.notna().sum()) == (7043, 1869)
    assert (terms.starts_at == terms.ends_at).sum() == 0


def test_web_sessions_are_37887_visits_and_1510_orders(example):
    catalog = example("web_sessions", "web_sessions")
    assert catalog.frame("web_traffic").visitors.sum() == 37_887
    assert len(catalog.frame("orders")) == 1510
    assert catalog.frame("orders").revenue.sum() == pytest.approx(189_136.31, abs=0.01)


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir()))
def test_each_example_is_a_mapping_and_a_text_and_no_data(name):
    assert {path.name for path in (EXAMPLES / name).iterdir()} <= {
        "README.md",
        "crmkit.toml",
        "exports",
        "store",
        "cache",
        "reports",
    }
    assert read_settings(EXAMPLES / name).tables
    assert f"examples/{name}/crmkit.toml" in (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
