"""Small companies to measure."""

from collections.abc import Callable

import ibis
import pandas as pd
import pytest

from crmkit.settings import parse_settings
from crmkit.tables.catalog import Catalog


@pytest.fixture
def company() -> Callable[..., Catalog]:
    """Make a catalogue of frames; text that looks like a time stays text, so give timestamps."""

    def make(
        through: str | None = None, churn_after_days: int = 90, smallest_group: int = 1, **tables: pd.DataFrame
    ) -> Catalog:
        connection = ibis.duckdb.connect()
        data = {"data": {"through": through}} if through else {}
        settings = parse_settings(
            data | {"company": {"churn_after_days": churn_after_days, "smallest_group": smallest_group}}
        )
        stamped = {name: frame.apply(_microseconds) for name, frame in tables.items()}
        return Catalog({name: connection.create_table(name, frame) for name, frame in stamped.items()}, settings)

    return make


def _microseconds(column: pd.Series) -> pd.Series:
    return column.astype("datetime64[us]") if pd.api.types.is_datetime64_any_dtype(column) else column


@pytest.fixture
def answers() -> Callable[..., pd.DataFrame]:
    """Make survey answers of October 2026 from a list of scores, one customer each unless told."""

    def make(
        survey: str, scores: list[float], customers: list[str] | None = None, day: str = "2026-10-15"
    ) -> pd.DataFrame:
        people = customers or [f"c{i}" for i in range(len(scores))]
        return pd.DataFrame(
            {
                "response_id": [f"{survey}-{day}-{i}" for i in range(len(scores))],
                "responded_at": pd.Timestamp(day),
                "survey": survey,
                "score": pd.Series(scores, dtype=float),
                "customer_id": people,
            }
        )

    return make


@pytest.fixture(scope="session")
def sample_tables() -> dict[str, pd.DataFrame]:
    """The clean tables of the sample company, as frames."""
    from crmkit.sources.sample import sample_company

    return sample_company().tables


@pytest.fixture(scope="session")
def sample(sample_tables: dict[str, pd.DataFrame]) -> Catalog:
    """The sample company, connected; by the end of its last month."""
    from crmkit.cleaning.loading.connect import connect

    return connect(sample_tables, parse_settings({"data": {"through": "2026-10-31"}}))
