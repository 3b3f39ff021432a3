"""What tests of several folders share: the real data, and a company made of a few export files."""

import os
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pandas as pd
import pytest

from crmkit.settings import Settings, parse_settings

ROOT = Path(__file__).parents[1]

# What must hold before a change lands is the same each time; on a desk every run looks elsewhere.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CRMKIT_CI"):
    hypothesis.settings.load_profile("ci")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of public data sets; they are not part of the project."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the public data sets are not beside the project (../shared/data)")
    return folder


@pytest.fixture
def company(tmp_path: Path) -> Callable[..., Settings]:
    """Return a function that writes export files and returns the settings of their company."""

    def written(files: dict[str, str | bytes | pd.DataFrame], /, **sections: dict) -> Settings:
        exports = tmp_path / "exports"
        exports.mkdir(exist_ok=True)
        for name, content in files.items():
            if isinstance(content, pd.DataFrame):
                content.to_parquet(exports / name)
            else:
                (exports / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return parse_settings(sections, folder=tmp_path)

    return written
