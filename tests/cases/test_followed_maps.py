"""What ``crmkit map`` proposes for reports of bookkeeping programs is followed as it is printed, and gives the right numbers."""

import shutil

import pytest

from crmkit.cleaning.loading.connect import connect
from tests.cases.conftest import COMPANIES, Company


@pytest.mark.parametrize(("name", "revenue", "n_customers"), [("quickbooks", 2100, 3), ("xero", 28_000, 4)])
def test_a_report_is_mapped_as_proposed(tmp_path, name, revenue, n_customers):
    folder = tmp_path / name
    shutil.copytree(COMPANIES / name, folder)
    company = Company(folder)
    assert company.run("map", folder / "exports").exit_code == 0
    proposed = folder / "exports" / "mapping.toml"
    company.exit_code = 2
    assert company.follow(proposed.read_text(encoding="utf-8")).exit_code == 0, company.message
    assert company.number("revenue") == revenue
    assert connect(folder).frame("orders").customer_id.nunique() == n_customers
