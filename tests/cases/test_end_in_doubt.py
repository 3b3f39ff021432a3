"""Paid terms that prove nothing about the day of their export: the load says what is assumed, and what to write."""

from datetime import date, timedelta

import pytest

from crmkit.cleaning.loading.connect import connect

DOUBT = "nothing shows up to which day the export reaches"


def terms(rows, more=""):
    lines = [f"s{n},c{n},{start},{end},10{more and ','}{more if n == 0 else ''}" for n, (start, end) in enumerate(rows)]
    header = "subscription_id,customer_id,starts_at,ends_at,mrr" + (",cancelled_at" if more else "")
    return {"subscription_terms.csv": "\n".join([header, *lines])}


def yearly(n):
    return [(f"2026-{1 + place % 6:02d}-05", f"2027-{1 + place % 6:02d}-05") for place in range(n)]


def test_40_yearly_terms_are_told_to_prove_nothing_and_the_day_of_the_export_settles_it(company):
    firm = company(terms(yearly(40)))
    assert firm.exit_code == 0
    assert f"{DOUBT}: the last term began on 5 June 2026, and 40 run beyond that day" in firm.report
    assert "Write its last day under [data], such as through = 20" in firm.report
    assert DOUBT in " ".join(firm.run("check").stdout.split())
    settings = firm.folder / "crmkit.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "\n[data]\nthrough = 2026-10-31\n", encoding="utf-8")
    assert DOUBT not in firm.load().report
    assert str(connect(firm.folder).data_through) == "2026-10-31"


@pytest.mark.parametrize(
    "files",
    [
        terms(yearly(40), more="2026-09-20"),
        terms(yearly(40))
        | {"orders.csv": "order_id,ordered_at,revenue\n" + "".join(f"{n},2026-09-{n:02d},9.5\n" for n in range(1, 20))},
        terms([(day, day.replace(year=2027)) for n in range(40) if (day := date(2026, 5, 1) + timedelta(days=n))]),
        terms([("2025-01-05", "2025-01-31"), ("2025-02-05", "2025-02-05")]),
    ],
    ids=["a later notice", "later orders", "a start on every day", "all have ended"],
)
def test_terms_beside_which_something_shows_the_day_are_not_in_doubt(company, files):
    firm = company(files)
    assert firm.exit_code == 0, firm.message
    assert DOUBT not in firm.report


def test_renewals_prove_the_day(case):
    assert DOUBT not in case("terms_nonew").report
