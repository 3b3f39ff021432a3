"""The tables and columns as ``crmkit tables`` lists them."""

import pytest

from crmkit.errors import UnknownName
from crmkit.tables.schema import SCHEMAS, columns_frame, tables_frame


def test_each_table_is_one_row_and_names_all_its_columns():
    listed = tables_frame().set_index("table")
    assert listed.index.tolist() == list(SCHEMAS)
    for name, row in listed.iterrows():
        named = [*row.required.split(", "), *(row.optional.split(", ") if row.optional else [])]
        assert sorted(named) == sorted(SCHEMAS[name].names)


def test_the_columns_of_orders_are_seven_and_three_are_required():
    columns = columns_frame("orders")
    assert len(columns) == 7
    assert columns.loc[columns.required == "yes", "column"].tolist() == ["order_id", "ordered_at", "revenue"]


def test_an_unknown_table_is_an_error_that_names_the_nearest_one():
    with pytest.raises(UnknownName, match="Did you mean 'orders'"):
        columns_frame("order")
