"""``crmkit load FOLDER``: a company's folder, or one of export files, and what is said where it is neither."""

import pytest

ORDERS = "order_id,ordered_at,revenue\n1,2026-09-01,5\n2,2026-09-02,7\n"


@pytest.fixture
def firm(tmp_path):
    folder = tmp_path / "firm"
    (folder / "exports").mkdir(parents=True)
    (folder / "crmkit.toml").write_text('[company]\nname = "Test"\ncurrency = "EUR"\ntime_zone = "UTC"\n')
    (folder / "exports" / "orders.csv").write_text(ORDERS)
    return folder


@pytest.mark.parametrize("command", ["load", "check"])
@pytest.mark.parametrize("inside", ["", "exports"])
def test_a_folder_is_that_of_the_settings_or_of_the_exports(crmkit, firm, command, inside):
    run = crmkit(command, firm / inside)
    assert run.exit_code == 0, run.stderr
    assert "orders: 2 rows in, 2 kept" in run.stdout
    assert bool(inside) == (
        f"The export files of {firm / 'exports'}, with the settings {firm / 'crmkit.toml'}." in run.stderr
    )


def test_exports_elsewhere_are_loaded_with_the_settings_named(crmkit, firm, tmp_path):
    other = tmp_path / "downloads"
    other.mkdir()
    (other / "orders.csv").write_text(ORDERS + "3,2026-09-03,9\n")
    run = crmkit("load", other, "--settings", firm)
    assert run.exit_code == 0 and "orders: 3 rows in" in run.stdout


def test_what_is_no_folder_or_has_no_settings_is_said_in_one_sentence(crmkit, firm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for place, said in (
        (firm / "exports" / "orders.csv", "is a file, and load takes a folder"),
        (tmp_path / "nothing", "is not there"),
        (tmp_path, "There is no crmkit.toml"),
    ):
        run = crmkit("load", place)
        assert run.exit_code == 2 and said in run.stderr and "Traceback" not in run.stderr
