"""Companies whose reports the shipped notebooks make."""

import shutil
from pathlib import Path

import pytest

from crmkit.cleaning.loading.load import load
from crmkit.settings import read_settings
from crmkit.sources.sample import write_exports

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def kaldi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sample company, loaded."""
    folder = tmp_path_factory.mktemp("kaldi") / "sample"
    write_exports(folder)
    load(read_settings(folder))
    return folder


@pytest.fixture(scope="session")
def retailer(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Path:
    """The folder of the Online Retail example, loaded from the real file."""
    folder = tmp_path_factory.mktemp("retailer")
    shutil.copy(EXAMPLES / "online_retail" / "crmkit.toml", folder)
    load(read_settings(folder), exports=shared_data)
    return folder
