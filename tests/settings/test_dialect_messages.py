"""What is declared of a file and cannot be so is told in words, with what fits."""

import pytest

from crmkit.cleaning.loading.load import load
from crmkit.errors import Problems
from crmkit.settings import parse_settings


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"decimal": "?"}, 'files.orders.decimal: must be "." or ",", the mark before the cents (it is \'?\')'),
        ({"decimal": ""}, 'files.orders.decimal: must be "." or ",", the mark before the cents (it is \'\')'),
        ({"date_format": "?"}, "files.orders.date_format: must say how a day is written"),
        ({"date_format": ""}, "files.orders.date_format: must say how a day is written"),
        ({"date_format": "%Q"}, "files.orders.date_format: must say how a day is written"),
        ({"date_format": "dd.mm.yyyy"}, "files.orders.date_format: must say how a day is written"),
        ({"source": "?"}, "files.orders.source: must be a name of letters"),
        ({"scale": "ten"}, 'files.orders.scale: must be the lowest and the highest answer, such as "0-10"'),
        ({"scale": {"nps": "x"}}, "files.orders.scale: must be the lowest and the highest answer"),
    ],
)
def test_a_declaration_that_cannot_be_is_one_problem_in_words(written, told):
    with pytest.raises(Problems) as raised:
        parse_settings({"files": {"orders": {"path": "orders.csv"} | written}})
    (problem,) = raised.value.problems
    assert told in problem and "pattern" not in problem


@pytest.mark.parametrize(
    "form", ["%d.%m.%Y", "%Y-%m-%d %H:%M:%S", "%-d/%-m/%y", "%d %B %Y", "%b %d, %Y %I:%M %p", "%j %Y"]
)
def test_formats_of_days_are_taken(form):
    settings = parse_settings({"files": {"orders": {"path": "orders.csv", "date_format": form, "scale": "0-10"}}})
    assert settings.files["orders"].date_format == form


def test_totals_left_out_are_counted_for_a_table_made_by_sql(tmp_path):
    (tmp_path / "exports").mkdir()
    rows = "".join(f"{n},2026-09-{n:02d},{n}\n" for n in range(1, 11))
    (tmp_path / "exports" / "sales.csv").write_text(f"order_id,ordered_at,revenue\n{rows}Total,,55\n")
    report = load(parse_settings({"tables": {"orders": {"sql": "SELECT * FROM sales"}}}, folder=tmp_path))
    assert "orders: 11 rows in, 10 kept, 1 ignored" in str(report)
    assert "totals: their amounts are the sums of other rows: 1 row" in str(report)
