"""Where new customers came from: the firm's record first, then the first lead, then converted leads alone."""

import ibis
import pandas as pd
import pytest

from crmkit.errors import NotMeasured
from crmkit.settings import Settings
from crmkit.tables.catalog import Catalog
from crmkit.tables.derived.orders import customer_origins


def catalog_of(**tables: pd.DataFrame) -> Catalog:
    connection = ibis.duckdb.connect()
    return Catalog({name: connection.create_table(name, frame) for name, frame in tables.items()}, Settings())


def origins_of(**tables: pd.DataFrame) -> pd.DataFrame:
    return catalog_of(**tables).call(customer_origins).execute()


def orders(**first_days: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "order_id": list(first_days),
            "ordered_at": pd.to_datetime(list(first_days.values())).astype("datetime64[us]"),
            "revenue": 10.0,
            "customer_id": list(first_days),
        }
    )


def leads(rows: list[tuple], columns: str = "lead_id created_at channel customer_id") -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=columns.split())
    times = [name for name in frame if name.endswith("_at")]
    return frame.assign(**{name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in times})


def channels(frame: pd.DataFrame) -> dict[str, str | None]:
    channel = frame.set_index("customer_id")["channel"]
    return channel.astype(object).where(channel.notna(), None).to_dict()


def test_the_firms_own_record_comes_before_the_lead():
    customers = pd.DataFrame({"customer_id": ["a", "b"], "channel": ["search", None]})
    made = leads([("1", "2026-01-01", "email", "a"), ("2", "2026-01-02", "social", "b")])
    frame = origins_of(orders=orders(a="2026-01-10", b="2026-01-11"), customers=customers, leads=made)
    assert channels(frame) == {"a": "search", "b": "social"}
    assert [str(day)[:10] for day in frame.sort_values("customer_id")["won_on"]] == ["2026-01-10", "2026-01-11"]


def test_the_first_lead_counts_and_none_made_after_the_first_order():
    made = leads(
        [
            ("1", "2026-01-05", "email", "a"),
            ("2", "2026-01-02", "social", "a"),
            ("3", "2026-01-12", "search", "b"),
        ]
    )
    frame = origins_of(orders=orders(a="2026-01-10", b="2026-01-11"), leads=made)
    assert channels(frame) == {"a": "social", "b": None}


def test_a_lead_of_the_day_of_the_first_order_counts():
    frame = origins_of(orders=orders(a="2026-01-10 08:00"), leads=leads([("1", "2026-01-10 12:00", "email", "a")]))
    assert channels(frame) == {"a": "email"}


def test_each_new_customer_is_there_once_however_many_orders_and_leads():
    twice = pd.concat([orders(a="2026-01-10"), orders(a="2026-02-10").assign(order_id="again")])
    made = leads([(str(i), "2026-01-05", "email", "a") for i in range(3)])
    frame = origins_of(orders=twice, leads=made)
    assert frame[["customer_id", "channel"]].to_dict("records") == [{"customer_id": "a", "channel": "email"}]


def test_the_landing_page_comes_from_the_lead_beside_the_channel_on_record():
    customers = pd.DataFrame({"customer_id": ["a"], "channel": ["search"], "campaign": ["spring"]})
    made = leads([("1", "2026-01-01", "email", "/gifts", "a")], "lead_id created_at channel landing_page customer_id")
    row = origins_of(orders=orders(a="2026-01-10"), customers=customers, leads=made).iloc[0]
    assert (row["channel"], row["campaign"], row["landing_page"]) == ("search", "spring", "/gifts")


def test_without_buyers_of_known_origin_new_customers_are_the_leads_that_were_converted():
    made = leads(
        [("1", "2026-01-01", "email", "2026-01-20"), ("2", "2026-01-02", "social", None)],
        "lead_id created_at channel converted_at",
    )
    customers = pd.DataFrame({"customer_id": ["a"], "region": ["SP"]})
    frame = origins_of(orders=orders(a="2026-01-10"), customers=customers, leads=made)
    assert frame["lead_id"].tolist() == ["1"]
    assert str(frame["won_on"].item())[:10] == "2026-01-20"


def test_where_no_table_has_an_origin_it_says_what_is_needed():
    with pytest.raises(NotMeasured) as missing:
        catalog_of(orders=orders(a="2026-01-10"), customers=pd.DataFrame({"customer_id": ["a"]})).call(customer_origins)
    assert missing.value.needs == "customers.channel, or leads with a channel"
