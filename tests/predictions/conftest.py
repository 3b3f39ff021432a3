"""A register of its own for each test, and a company of a few orders."""

import pytest

from crmkit.predictions.runner import registry as register_module
from crmkit.predictions.runner.registry import PREDICTIONS, registered_predictions
from crmkit.tables.caching import cache as cache_module
from tests.reporting.loaded import orders, write_company


@pytest.fixture
def register(monkeypatch):
    """An empty register, as it was before after the test; the code stays what it is, whoever edits it meanwhile."""
    registered_predictions()
    kept = dict(PREDICTIONS)
    PREDICTIONS.clear()
    monkeypatch.setattr(register_module, "MODULES", ())
    monkeypatch.setattr(cache_module, "code_digest", lambda: "this code")
    yield PREDICTIONS
    PREDICTIONS.clear()
    PREDICTIONS.update(kept)


@pytest.fixture
def company(tmp_path):
    """Folder of a loaded company: customers 1, 2 and 0 with four orders from August to October 2026."""
    return write_company(tmp_path / "kaldi", orders("2026-08-03", "2026-09-05", "2026-10-05", "2026-10-09"))
