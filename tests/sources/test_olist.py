"""A marketplace's nine export files become six tables: what is counted, what is kept aside, CSV as well as Parquet."""

import csv
import io
from contextlib import redirect_stdout
from pathlib import Path

import pandas as pd
import pytest

import crmkit as ck
from crmkit.cli.show import print_metrics
from crmkit.settings import read_settings
from crmkit.tables.catalog import Catalog

EXAMPLE = Path(__file__).parents[2] / "examples" / "olist"
#: Name of each Parquet file here, and of the CSV of the public data set.
FILES = {
    "olist_orders": "olist_orders_dataset",
    "olist_order_items": "olist_order_items_dataset",
    "olist_order_payments": "olist_order_payments_dataset",
    "olist_order_reviews": "olist_order_reviews_dataset",
    "olist_customers": "olist_customers_dataset",
    "olist_products": "olist_products_dataset",
    "olist_sellers": "olist_sellers_dataset",
    "olist_category_translation": "product_category_name_translation",
    "olist_leads": "olist_marketing_qualified_leads_dataset",
    "olist_closed_deals": "olist_closed_deals_dataset",
}
CALLED_OFF = ["canceled", "unavailable"]


@pytest.fixture(scope="module")
def marketplace(shared_data) -> Catalog:
    return ck.connect(shared_data, read_settings(EXAMPLE))


@pytest.fixture(scope="module")
def whole(shared_data) -> Catalog:
    """The same files without an end of the data: all that they hold."""
    settings = read_settings(EXAMPLE)
    endless = settings.model_copy(update={"data": settings.data.model_copy(update={"through": None})})
    return ck.connect(shared_data, endless)


@pytest.fixture(scope="module")
def raw(shared_data) -> dict[str, pd.DataFrame]:
    """The files as pandas reads them, with nothing of crmkit."""
    return {name: pd.read_parquet(shared_data / f"{name}.parquet") for name in FILES}


def findings(catalog: Catalog, table: str) -> dict[str, int]:
    return {f["finding"]: f["n_rows"] for f in catalog.provenance["findings"] if f["table"] == table}


def test_8016_people_bought_and_73_of_them_again(whole, raw):
    orders = whole.frame("orders")
    assert len(orders) == len(raw["olist_orders"]) == 8_135
    assert len(whole.frame("customers")) == orders["customer_id"].nunique() == 8_016
    assert (orders["customer_id"].value_counts() > 1).sum() == 73


def test_revenue_is_the_price_of_what_was_not_called_off(whole, raw):
    stands = raw["olist_orders"].query("order_status not in @CALLED_OFF")
    price = raw["olist_order_items"].groupby("order_id")["price"].sum().reindex(stands["order_id"]).fillna(0)
    orders = whole.frame("orders").set_index("order_id")["revenue"]
    assert orders.sum() == pytest.approx(price.sum(), abs=1e-6) == pytest.approx(996_021.39, abs=1e-6)
    assert (orders > 0).sum() == (price > 0).sum() == 6_893
    assert orders[raw["olist_orders"].query("order_status in @CALLED_OFF")["order_id"]].eq(0).all()


def test_what_is_printed_of_2017_is_the_price_of_what_was_sold_then(marketplace, raw):
    sold = raw["olist_orders"][~raw["olist_orders"]["order_status"].isin(CALLED_OFF)]
    of_2017 = sold[pd.to_datetime(sold["order_purchase_timestamp"]).dt.year == 2017]["order_id"]
    items = raw["olist_order_items"]
    with redirect_stdout(io.StringIO()) as shown:
        print_metrics(ck.scorecard(marketplace, "2017", metrics="revenue"), "csv", currency="BRL")
    (row,) = csv.DictReader(io.StringIO(shown.getvalue()))
    assert float(row["value"]) == pytest.approx(
        items[items["order_id"].isin(of_2017)]["price"].astype(float).sum(), abs=0.005
    )


def test_lines_add_up_to_their_orders_and_have_english_categories(whole, raw):
    lines = whole.frame("order_lines")
    by_order = lines.groupby("order_id")["revenue"].sum()
    orders = whole.frame("orders").set_index("order_id")["revenue"]
    pd.testing.assert_series_equal(by_order, orders[orders > 0].sort_index(), check_names=False)
    english = raw["olist_category_translation"]["product_category_name_english"]
    assert set(lines["category"].dropna()) - set(english) <= {
        "pc_gamer",
        "portateis_cozinha_e_preparadores_de_alimentos",
    }
    assert lines["product"].isin(raw["olist_products"]["product_id"]).all()


def test_the_data_ends_with_the_last_order_that_was_not_called_off(marketplace, raw):
    orders = raw["olist_orders"]
    day = orders["order_purchase_timestamp"].dt.normalize()
    stands = ~orders["order_status"].isin(CALLED_OFF)
    through = pd.Timestamp(marketplace.data_through)
    assert day[stands & (day <= "2018-08-31")].max() == through == pd.Timestamp("2018-08-28")
    assert (stands & (day > through)).sum() == 1  # shipped on 3 September, between called-off ones
    after = (day > through).sum()
    assert findings(marketplace, "orders") == {"ordered_at lies after 2018-08-28, the end of the data": after}
    assert len(marketplace.frame("orders")) == len(orders) - after


def test_each_review_of_an_order_is_one_answer_of_its_buyer(whole, raw):
    reviews = raw["olist_order_reviews"]
    answers = whole.frame("survey_responses")
    assert len(answers) == len(reviews) == len(reviews.drop_duplicates(["review_id", "order_id"])) == 8_225
    assert answers["score"].value_counts().to_dict() == reviews["review_score"].value_counts().to_dict()
    assert (answers["survey"] == "csat").all()
    assert answers["customer_id"].notna().all()
    stood = reviews.set_index(reviews["review_id"] + " " + reviews["order_id"])["review_answer_timestamp"]
    told = answers.set_index("response_id")["responded_at"]
    pd.testing.assert_series_equal(told.sort_index(), stood.sort_index(), check_names=False)


def test_a_comment_is_title_and_message_in_portuguese(whole, raw):
    reviews = raw["olist_order_reviews"]
    answers = whole.frame("survey_responses").set_index("response_id")
    both = reviews[reviews["review_comment_title"].notna() & reviews["review_comment_message"].notna()].iloc[0]
    text = answers.loc[f"{both['review_id']} {both['order_id']}", "comment"]
    assert text == f"{both['review_comment_title'].strip()}. {both['review_comment_message'].strip()}"
    commented = answers["comment"].notna()
    assert commented.sum() >= reviews["review_comment_message"].str.strip().replace("", None).notna().sum()
    assert (answers.loc[commented, "language"] == "pt").all()


def test_10_525_percent_of_the_leads_were_won(whole, marketplace, raw):
    leads, won = whole.frame("leads"), raw["olist_closed_deals"]
    assert len(leads) == 8_000
    assert leads["converted_at"].notna().mean() == len(won) / len(raw["olist_leads"]) == 0.10525
    by_the_end = (won["won_date"] < "2018-08-29").sum()
    assert marketplace.frame("leads")["converted_at"].notna().sum() == by_the_end == 789


def test_an_unknown_origin_is_empty(whole, raw):
    origin = raw["olist_leads"].set_index("mql_id")["origin"]
    channel = whole.frame("leads").set_index("lead_id")["channel"]
    expected = origin.where(origin != "unknown")
    assert channel.isna().sum() == expected.isna().sum() == 1_159
    assert channel.dropna().to_dict() == expected.dropna().to_dict()


def test_deals_are_those_decided_while_both_wins_and_first_contacts_were_recorded(marketplace, raw):
    leads, won = raw["olist_leads"], raw["olist_closed_deals"].set_index("mql_id")["won_date"]
    deals = marketplace.frame("deals").set_index("deal_id")
    starts, last_day = pd.Timestamp("2018-01-01"), leads["first_contact_date"].max()
    assert last_day == pd.Timestamp("2018-05-31")
    inside, later = won.dt.normalize().between(starts, last_day), won.dt.normalize() > last_day
    assert set(deals.index[deals["won"].eq(True)]) == set(won.index[inside])
    assert set(deals.index[deals["won"].isna()]) == set(won.index[later])
    assert (inside.sum(), later.sum()) == (662, 177)
    assert deals.loc[deals["won"].isna(), "closed_at"].eq(last_day).all()
    lost_on = leads.set_index("mql_id")["first_contact_date"] + pd.Timedelta(days=14)
    lost_on = lost_on[~lost_on.index.isin(won.index) & lost_on.between(starts, last_day)]
    lost = deals[deals["won"].eq(False)]
    assert lost["closed_at"].to_dict() == lost["created_at"].to_dict() == lost_on.to_dict()


def test_the_win_two_days_before_its_first_contact_is_kept_and_named(marketplace):
    assert findings(marketplace, "deals")["closed_at lies before created_at"] == 1
    deals = marketplace.frame("deals")
    days = (deals["closed_at"].dt.normalize() - deals["created_at"].dt.normalize()).dt.days
    assert days.min() == -2


def test_the_csv_files_of_the_data_set_give_the_same_tables(marketplace, raw, tmp_path):
    for name, file in FILES.items():
        raw[name].to_csv(tmp_path / f"{file}.csv", index=False)
    from_csv = ck.connect(tmp_path, read_settings(EXAMPLE))
    assert from_csv.names == marketplace.names
    for name in marketplace.names:
        one, other = marketplace.frame(name), from_csv.frame(name)
        by = list(one.columns)
        pd.testing.assert_frame_equal(
            one.sort_values(by, ignore_index=True), other[by].sort_values(by, ignore_index=True)
        )
