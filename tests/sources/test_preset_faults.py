"""A faulty preset file gives a sentence that names it and its faults, and no traceback."""

import pytest

from crmkit.cleaning.loading.load import load
from crmkit.errors import CrmkitError
from crmkit.sources.presets.model import presets, read_preset

PLAIN = """
system = "Plain"
export = "orders"
prefix = "plain"
confidence = "columns"
detect = ["number", "paid"]
[fields.id]
number = "Plain number"
[fields.money]
paid = "Plain amount"
[fields.timestamp]
placed = "Placed on"
[[takes]]
table = "orders"
[takes.columns]
order_id = "number"
ordered_at = "placed"
revenue = "paid"
"""


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("[[takes]]", "[[takes]"), "plain.toml is not valid TOML"),
        (('table = "orders"', 'table = "order"'), r"takes\[1\].table: 'order' is no canonical table"),
        (('detect = ["number", "paid"]', 'detect = ["numbr"]'), "there is no field numbr"),
        (("[fields.money]", "[fields.amount]"), "fields.amount"),
        (('prefix = "plain"', 'prefixes = "plain"'), "prefix is missing; there is no setting prefixes in a preset"),
    ],
)
def test_a_fault_of_the_file_is_a_sentence_that_names_it(change, said):
    with pytest.raises(CrmkitError, match=said):
        read_preset("plain", PLAIN.replace(*change).encode())


@pytest.mark.parametrize(
    "change",
    [
        ('revenue = "paid"', 'revenue = "paid - fee"'),
        ('revenue = "paid"', 'revenue = "paid -"'),
        ("[[takes]]", '[[ignore]]\nwhere = "paidd > 0"\nbecause = "x"\n[[takes]]'),
    ],
)
def test_sql_that_cannot_run_is_a_sentence_with_the_file_and_the_preset(company, monkeypatch, change):
    monkeypatch.setitem(presets(), "plain", read_preset("plain", PLAIN.replace(*change).encode()))
    with pytest.raises(CrmkitError, match=r"shop.csv.*the preset plain.toml has SQL that cannot run"):
        load(company({"shop.csv": "Plain number,Plain amount,Placed on\n1,2.50,2026-09-01\n"}))
