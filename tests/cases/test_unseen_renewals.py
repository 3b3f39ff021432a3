"""A school whose export ends with the summer: the load says that the next terms are missing, and what grace they need."""

from datetime import date

THROUGH = "\n[data]\nthrough = 2026-10-15\n"
GRACE = "\nrenewal_grace_days = 32\n"


def terms(last):
    """60 pupils a year from September to July; every fifth leaves in summer, and a new one comes."""
    rows = [
        (f"p{pupil}-{first}", date(year, 9, 1), date(year + 1, 7, 31))
        for pupil in range(60)
        for year in range(2022, last + 1)
        for first in [max((y for y in range(2022, year + 1) if (pupil + y) % 5 == 0), default=2022)]
    ]
    lines = [f"{who},{who},{start},{end},20" for who, start, end in rows]
    return {"subscription_terms.csv": "\n".join(["subscription_id,customer_id,starts_at,ends_at,mrr", *lines])}


def test_load_and_check_name_the_season_that_is_not_in_the_file_and_the_days_of_grace(company):
    firm = company(terms(2025), settings=THROUGH)
    checked = " ".join(firm.run("check").stdout.split())
    for printed in (firm.report, checked):
        assert "of 60 terms that ended on 31 July 2026, 0 are followed by another (80% before)" in printed
        assert "write renewal_grace_days = 32 under [company]" in printed


def test_with_the_next_season_and_the_grace_that_was_advised_nothing_is_told(company):
    firm = company(terms(2026), settings=GRACE + THROUGH)
    assert firm.exit_code == 0
    assert "followed by another" not in firm.report and "renewal_grace_days" not in firm.report
    assert firm.number("renewal_rate", "2026") == 0.8
