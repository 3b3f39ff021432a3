"""Months do not vanish unseen: a file that covers other days than the one it replaced stops the load."""

import pytest

from crmkit.cleaning.loading.connect import connect
from crmkit.cleaning.loading.history import load_history
from crmkit.cleaning.loading.load import load
from crmkit.errors import Problems


def orders(*months: int, n: int = 10) -> str:
    rows = [f"{month}-{number},2026-{month:02}-{number + 1:02},{number}.5\n" for month in months for number in range(n)]
    return "order_id,ordered_at,revenue\n" + "".join(rows)


def n_orders(settings) -> int:
    return len(connect(settings=settings).frame("orders"))


def test_next_months_file_under_the_same_name_stops_the_load_and_says_what_to_do(company):
    settings = company({"orders.csv": orders(8, 9)})
    load(settings)
    company({"orders.csv": orders(10)})
    with pytest.raises(Problems) as refused:
        load(settings)
    assert refused.value.problems == [
        "orders: 20 of the 20 rows of the last load, from 2026-08-01 to 2026-09-10, are in no file any more.",
        "Nothing was changed. Since the last load: orders.csv (changed). If a file holds the next month only, put the earlier "
        "one back beside it under a name of its own, such as orders_2026-10.csv: files may overlap. If the rows are to go, run "
        "`crmkit load --drop`.",
    ]
    assert n_orders(settings) == 20
    report = load(settings, drop=True)
    assert n_orders(settings) == 10
    assert any(hint.startswith("orders: 20 of the 20 rows of the last load") for hint in report.hints)
    assert load_history(settings).n_vanished.tolist() == [0, 20]


def test_a_month_that_leaves_the_window_of_an_export_stops_the_load(company):
    load(company({"orders.csv": orders(*range(1, 11))}))
    with pytest.raises(Problems, match="orders: 10 of the 100 rows of the last load, from 2026-01-01 to 2026-01-10"):
        load(company({"orders.csv": orders(*range(2, 12))}))


def test_a_file_taken_away_stops_the_load_and_one_that_others_make_up_for_does_not(company):
    files = {"orders": {"path": "orders*.csv"}}
    settings = company(
        {
            "orders_1.csv": orders(8),
            "orders_2.csv": orders(9),
            "leads.csv": "lead_id,created_at\n" + "".join(f"l{n},2026-10-0{n}\n" for n in range(1, 7)),
        },
        files=files,
    )
    load(settings)
    for name in ("orders_1.csv", "leads.csv"):
        (settings.path("exports") / name).unlink()
    with pytest.raises(Problems, match=r"orders: 10 of the 20 rows .*\n.*leads: 6 of the 6 rows"):
        load(settings)
    load(
        company(
            {
                "orders_3.csv": orders(8, 10),
                "leads.csv": "lead_id,created_at\n" + "".join(f"l{n},2026-10-0{n}\n" for n in range(1, 9)),
            },
            files=files,
        )
    )
    assert n_orders(settings) == 30


def test_a_correction_that_takes_out_a_few_rows_loads_and_says_so(company):
    load(company({"orders.csv": orders(8, 9, 10)}))
    corrected = orders(8, 9, 10).replace("9-3,2026-09-04,3.5\n", "").replace("8-1,2026-08-02,1.5", "8-1,2026-08-02,15")
    report = load(company({"orders.csv": corrected}))
    assert "Note: orders: 1 of the 30 rows of the last load, of 2026-09-04, is in no file any more" in str(report)


def test_costs_have_no_key_and_vanish_by_their_days(company):
    def costs(*months: int) -> str:
        return "spent_at,amount,purpose\n" + "".join(
            f"2026-{m:02}-{d:02},10,acquisition\n" for m in months for d in range(1, 9)
        )

    load(company({"costs.csv": costs(8, 9)}))
    assert not [hint for hint in load(company({"costs.csv": costs(8, 9, 10)})).hints if "in no file" in hint]
    with pytest.raises(Problems, match="costs: 8 of the 24 rows of the last load, from 2026-08-01 to 2026-08-08"):
        load(company({"costs.csv": costs(9, 10)}))


def test_rows_that_the_new_file_has_and_cannot_use_are_reported_as_such_and_have_not_vanished(company):
    load(company({"orders.csv": orders(8, 9)}))
    broken = orders(8, 9)
    for number in range(6):
        broken = broken.replace(f"8-{number},2026-08-0{number + 1}", f"8-{number},never")
    report = load(company({"orders.csv": broken}))
    assert report.counts["orders"].n_aside == 6
    assert not [hint for hint in report.hints if "in no file" in hint]
