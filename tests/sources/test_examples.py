"""The examples against the figures that are known of each data set: what is loaded adds up to what was in the file."""

import csv
import io
from contextlib import redirect_stdout
from pathlib import Path

import pandas as pd
import pytest

import crmkit as ck
from crmkit.cleaning.checks.whole_tables import table_findings
from crmkit.cleaning.loading.connect import connect
from crmkit.cli.show import print_metrics
from crmkit.settings import read_settings

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def example(shared_data, tmp_path_factory):
    def opened(name: str, *files: str, personal: bool = False, find: bool = True):
        exports = tmp_path_factory.mktemp(name)
        for file in files:
            (exports / f"{file}.parquet").symlink_to(shared_data / f"{file}.parquet")
        settings = read_settings(EXAMPLES / name)
        duplicates = settings.duplicates.model_copy(update={"find": find})
        catalog = connect(exports, settings.model_copy(update={"duplicates": duplicates}), personal=personal)
        for counts in catalog.provenance["counts"].values():
            parts = ("n_kept", "n_merged", "n_folded", "n_ignored", "n_aside")
            assert counts["n_in"] == sum(counts[part] for part in parts)
        return catalog

    return opened


def printed(catalog, metrics, period=None, by=None, where=None):
    """The values that ``crmkit metrics`` prints for a period, by default all days of the data: by metric, or by group."""
    period = period or f"{catalog.data_from}..{catalog.data_through}"
    if by:
        rows = ck.evaluate(catalog, metrics, period, by=by, where=where)
    else:
        rows = ck.scorecard(catalog, period, metrics=metrics, where=where)
    with redirect_stdout(io.StringIO()) as shown:
        print_metrics(rows, "csv", currency=catalog.settings.company.currency)
    table = csv.DictReader(io.StringIO(shown.getvalue()))
    return {row[by or "metric"]: (float(row["value"]), int(row["n"])) for row in table}


def values(catalog, metrics, period=None, **options):
    return {name: value for name, (value, _) in printed(catalog, metrics, period, **options).items()}


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
    shown = printed(catalog, ["revenue", "n_orders"])
    assert shown == {
        "revenue": (pytest.approx(2_500_315.63, abs=0.005), 69_659),
        "n_orders": (69_659 - 80, 69_659 - 80),
    }


def test_maven_is_4238_deals_won_for_10005534_and_500_without_a_date_are_set_aside(example):
    catalog = example("maven", "maven_deals", "maven_accounts")
    deals = catalog.frame("deals")
    assert deals.won.value_counts(dropna=False).to_dict() == {True: 4238, False: 2473, None: 1589}
    assert deals.amount.sum() == 10_005_534
    assert aside(catalog, "deals") == {"created_at is missing": 500}
    assert "GTXPro" not in set(deals["product"])
    assert len(catalog.frame("customers")) == 85
    shown = printed(catalog, ["deals_won", "amount_won", "win_rate", "open_deals"])
    assert shown["win_rate"] == (pytest.approx(4238 / 6711), 6711)
    assert {name: value for name, (value, _) in shown.items() if name != "win_rate"} == {
        "deals_won": 4238,
        "amount_won": 10_005_534,
        "open_deals": 1589,
    }


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
    assert values(catalog, ["acquisition_spend", "revenue", "product_revenue"]) == pytest.approx(
        {"acquisition_spend": 1_253_689.79, "revenue": 1_347_427.64, "product_revenue": 1_347_427.64}, abs=0.005
    )


def test_marketing_spend_returns_40_2_percent(example):
    catalog = example("marketing_spend", "marketing_spend")
    costs, orders = catalog.frame("costs"), catalog.frame("orders")
    assert costs.amount.sum() == pytest.approx(30_590_879.82, abs=0.005)
    assert (len(orders), orders.revenue.sum()) == (8043, pytest.approx(42_889_366, abs=0.01))
    assert (orders.revenue.sum() - costs.amount.sum()) / costs.amount.sum() == pytest.approx(0.402, abs=0.0005)
    assert costs.campaign.nunique() == 11
    assert catalog.frame("web_traffic").leads.sum() == 65_579
    shown = values(catalog, ["acquisition_spend", "revenue", "return_on_ad_spend", "traffic_to_lead", "visitors"])
    assert shown["acquisition_spend"] == pytest.approx(30_590_879.82, abs=0.005)
    assert shown["revenue"] == pytest.approx(42_889_366, abs=0.01)
    assert shown["return_on_ad_spend"] - 1 == pytest.approx(0.402, abs=0.0005)
    assert shown["traffic_to_lead"] * shown["visitors"] == pytest.approx(65_579)


def test_sfo_has_an_nps_of_39_84_of_2746_answers_and_40_40_weighted(example):
    catalog = example("sfo_survey", "sfo_survey_2017")
    answers = catalog.frame("survey_responses")
    nps = answers[answers.survey == "nps"]
    side = (nps.score >= 9).astype(int) - (nps.score <= 6).astype(int)
    assert len(nps) == 2746
    assert 100 * side.mean() == pytest.approx(39.84, abs=0.005)
    assert 100 * (side * nps.weight).sum() / nps.weight.sum() == pytest.approx(40.40, abs=0.005)
    assert (answers.survey == "csat").sum() == 2688
    shown = printed(catalog, ["nps", "csat"])
    assert shown["nps"] == (pytest.approx(39.84, abs=0.005), 2746) and shown["csat"][1] == 2688
    weighted = ck.evaluate(catalog, "nps", "2017-05", definitions={"nps": "weighted"}).iloc[0]
    assert (weighted["value"], weighted["n"]) == (pytest.approx(40.40, abs=0.005), 2746)


def test_lead_scoring_has_3561_of_9240_leads_converted(example):
    catalog = example("lead_scoring", "lead_scoring")
    leads = catalog.frame("leads")
    assert (len(leads), leads.converted_at.notna().sum()) == (9240, 3561)
    assert printed(catalog, "lead_conversion") == {"lead_conversion": (pytest.approx(3561 / 9240), 9240)}


def test_powerco_has_14606_contracts_of_which_1419_were_cancelled(example):
    catalog = example("powerco", "powerco_clients")
    terms = catalog.frame("subscription_terms")
    assert (len(terms), terms.cancelled_at.notna().sum(), len(catalog.frame("customers"))) == (14_606, 1419, 14_606)
    of_2016 = terms[terms.cancelled_at < "2017-01-01"]  # the others left on the first days of 2017
    assert printed(catalog, "churn_rate", "2016") == {"churn_rate": (pytest.approx(len(of_2016) / 14_606), 14_606)}
    assert len(of_2016) == 1318


def test_facebook_posts_are_6997_and_every_one_of_1622326_reactions_is_kept_merged_or_set_aside(example, shared_data):
    catalog = example("facebook_posts", "facebook_posts")
    posts, counts = catalog.frame("social_posts"), catalog.provenance["counts"]["social_posts"]
    raw = pd.read_parquet(shared_data / "facebook_posts.parquet")
    assert (counts["n_in"], counts["n_kept"], counts["n_merged"], counts["n_aside"]) == (7050, 6997, 51, 2)
    dropped = (
        raw[raw.status_id.duplicated(keep=False)].num_reactions.sum()
        - posts[posts.post_id.isin(raw.status_id[raw.status_id.duplicated()])].likes.sum()
    )
    assert posts.likes.sum() + dropped == raw.num_reactions.sum() == 1_622_326
    assert posts.likes.sum() == 1_573_989
    assert printed(catalog, ["n_posts", "reactions"]) == {"n_posts": (6997, 6997), "reactions": (1_573_989, 6997)}


def test_telco_has_1869_of_7043_customers_gone(example):
    catalog = example("telco", "telco_churn")
    terms = catalog.frame("subscription_terms")
    assert (len(terms), terms.cancelled_at.notna().sum()) == (7043, 1869)
    assert (terms.starts_at == terms.ends_at).sum() == 0
    # Eleven are new in the month of the file: they were no customers at its start.
    assert printed(catalog, "churn_rate", "2018-01") == {"churn_rate": (pytest.approx(1869 / 7032), 7043 - 11)}
    assert values(catalog, "churned_mrr", "2018-01") == {"churned_mrr": pytest.approx(139_130.85)}


def test_web_sessions_are_37887_visits_and_1510_orders(example):
    catalog = example("web_sessions", "web_sessions")
    assert catalog.frame("web_traffic").visitors.sum() == 37_887
    assert len(catalog.frame("orders")) == 1510
    assert catalog.frame("orders").revenue.sum() == pytest.approx(189_136.31, abs=0.01)
    shown = values(catalog, ["visitors", "n_orders", "revenue"])
    assert shown == pytest.approx({"visitors": 37_887, "n_orders": 1510, "revenue": 189_136.31}, abs=0.01)


def test_the_sample_of_cdnow_is_2357_customers_who_bought_1882_times_in_the_last_39_weeks(example):
    catalog = example("cdnow_sample", "cdnow_sample")
    orders = catalog.frame("orders")
    assert (len(orders), orders.customer_id.nunique()) == (6919, 2357)
    assert orders.revenue.sum() == pytest.approx(244_091.94, abs=0.005)
    days = orders.assign(day=orders.ordered_at.dt.normalize()).drop_duplicates(["customer_id", "day"])
    assert (days.day > "1997-09-30").sum() == 1882
    assert printed(catalog, "revenue") == {"revenue": (pytest.approx(244_091.94, abs=0.005), 6919)}


def test_the_airport_of_2016_was_rated_by_2919_passengers(example):
    catalog = example("sfo_survey_2016", "sfo_survey_2016")
    answers = catalog.frame("survey_responses")
    assert answers.score.value_counts().to_dict() == {4: 1633, 5: 731, 3: 497, 2: 51, 1: 7}
    assert answers.responded_at.between("2016-05-01", "2016-05-31").all()
    assert printed(catalog, "csat") == {"csat": (pytest.approx((1633 + 731) / 2919), 2919)}


def test_1908_of_12330_sessions_ended_with_a_purchase(example):
    catalog = example("online_shoppers", "online_shoppers")
    traffic = catalog.frame("web_traffic")
    assert (traffic.visitors.sum(), traffic.converted_clicks.sum()) == (12_330, 1908)
    assert traffic.groupby(traffic.visited_on.astype("datetime64[ns]").dt.month).visitors.sum()[
        [2, 5, 6, 11]
    ].tolist() == [184, 3364, 288, 2998]
    shown = values(catalog, ["visitors", "landing_page_conversion", "clicks_without_conversion"])
    assert shown == pytest.approx(
        {"visitors": 12_330, "landing_page_conversion": 1908 / 12_330, "clicks_without_conversion": 12_330 - 1908}
    )


def test_5400_reviews_have_their_stars_and_comments(example):
    catalog = example("indonesian_reviews", "indonesian_reviews")
    answers = catalog.frame("survey_responses")
    assert answers.score.value_counts().to_dict() == {5: 2150, 1: 1832, 2: 561, 3: 462, 4: 395}
    assert answers.comment.notna().sum() == 5400
    assert printed(catalog, "csat") == {"csat": (pytest.approx((2150 + 395) / 5400), 5400)}


def test_mens_mail_brought_7_659_more_visits_and_76_98_dollars_per_100_and_womens_4_523_and_42_44(example):
    catalog = example("hillstrom_email", "hillstrom_email")
    treatments = catalog.frame("treatments").assign(visited=lambda rows: rows.outcome_at.notna())
    assert len(catalog.frame("customers")) == 64_000 and len(catalog.frame("mailings")) == 42_694
    assert catalog.frame("orders").revenue.sum() == pytest.approx(67_258.13, abs=0.005)
    for action, visits, z_visits, spend, z_spend in [
        ("mens e-mail", 0.07659, 22.6, 0.7698, 5.3),
        ("womens e-mail", 0.04523, 14.0, 0.4244, 3.3),
    ]:
        treated, held_out = (
            treatments[(treatments.action == action) & (treatments.treated == side)] for side in (True, False)
        )
        for column, expected, z_expected in [("visited", visits, z_visits), ("value", spend, z_spend)]:
            one, other = treated[column].astype(float), held_out[column].astype(float)
            error = (one.var() / len(one) + other.var() / len(other)) ** 0.5
            assert one.mean() - other.mean() == pytest.approx(expected, abs=6e-5)
            assert (one.mean() - other.mean()) / error == pytest.approx(z_expected, abs=0.06)
    shown = printed(catalog, "incremental_value_per_customer", by="action")
    assert shown == {
        "mens e-mail": (pytest.approx(0.7698, abs=6e-5), 42_613),
        "womens e-mail": (pytest.approx(0.4244, abs=6e-5), 42_693),
    }
    assert values(catalog, "revenue") == {"revenue": pytest.approx(67_258.13, abs=0.005)}
    rows = ck.evaluate(catalog, "incremental_value_per_customer", "2008-04", by="action").set_index("action")
    z = 1.96 * rows["value"] / (rows["high"] - rows["value"])
    assert z.to_dict() == pytest.approx({"mens e-mail": 5.3, "womens e-mail": 3.3}, abs=0.06)


def test_the_service_desk_had_3804_cases_with_13710_activities(example):
    catalog = example("helpdesk", "helpdesk")
    tickets = catalog.frame("tickets")
    assert (len(tickets), len(catalog.frame("interactions"))) == (3804, 13_710)
    assert (tickets.resolved_at >= tickets.opened_at).all()


@pytest.mark.parametrize(
    ("name", "file", "n_people"),
    [
        ("febrl", "febrl_1", 1000),
        ("febrl", "febrl_3", 5000),
        ("rldata", "rldata10000", 10_000),
        ("fake_1000", "fake_1000", 1000),
    ],
)
def test_everyone_of_a_list_of_people_arrives_with_a_name(example, shared_data, name, file, n_people):
    catalog = example(name, file, personal=True, find=False)  # who is in there twice: tests/cleaning/test_linkage.py
    people = catalog.frame("customer_identities")
    raw = pd.read_parquet(shared_data / f"{file}.parquet")
    born = next(column for column in ("date_of_birth", "bd", "dob") if column in raw)
    assert len(people) == len(catalog.frame("customers")) == len(raw) == n_people
    assert people.name.notna().sum() > 0.95 * n_people
    assert 0.9 * raw[born].notna().sum() < people.birth_date.notna().sum() <= raw[born].notna().sum()


def test_1425_deals_of_maven_have_no_account(example, shared_data):
    deals = example("maven", "maven_deals", "maven_accounts")
    raw = pd.read_parquet(shared_data / "maven_deals.parquet")
    assert raw.account.isna().sum() == 1425
    assert deals.frame("deals").customer_id.isna().sum() == 1425 - raw[raw.engage_date.isna()].account.isna().sum()


@pytest.mark.parametrize(
    ("name", "files", "expected"),
    [
        ("marketing_spend", ["marketing_spend"], []),
        ("maven", ["maven_deals", "maven_accounts"], []),
        ("powerco", ["powerco_clients"], []),
        ("sfo_survey", ["sfo_survey_2017"], []),
        ("sfo_survey_2016", ["sfo_survey_2016"], []),
        ("web_sessions", ["web_sessions"], []),
        ("eightfit", ["eightfit_spend", "eightfit_subscriptions"], []),
        ("online_shoppers", ["online_shoppers"], ["no row from 2 March to 30 April 2017 (60 days)"]),  # it has no April
        ("facebook_posts", ["facebook_posts"], ["no row from 19 November to 12 December 2012 (24 days)"]),
        (
            "helpdesk",
            ["helpdesk"],
            ["the rows end 39 days before 6 November 2012"],
        ),  # cases that were still open are not in it
    ],
)
def test_only_what_is_odd_in_real_data_is_marked_to_be_looked_into(example, name, files, expected):
    found = table_findings(example(name, *files))
    told = [finding.finding for finding in found if finding.severity == "warning"]
    assert len(told) == len(expected) and all(map(str.startswith, told, expected)), told


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
