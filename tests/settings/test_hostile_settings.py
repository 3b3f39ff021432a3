"""Settings from strangers: each is refused in words or does no harm; no traceback, nothing read, written or waited for."""

import time

import pytest
from typer.testing import CliRunner

from crmkit.cli.commands import app

SECRET = "canary-7f3a"
COMPANY = '[company]\nname = "Kaldi"\ncurrency = "EUR"\n'
SQL = '[tables.orders]\nsql = """{}"""\n'
FILE = "[files.orders]\npath = 'orders.csv'\n"
OUTSIDE = {
    "exports above": '[data]\nexports = "../{name}"\n',
    "exports absolute": '[data]\nexports = "{secret}"\n',
    "store above": '[data]\nstore = "../stolen"\n',
    "cache above": '[data]\ncache = "../stolen"\n',
    "duplicates above": '[duplicates]\nfile = "../stolen.csv"\n',
    "file above": "[files.orders]\npath = '../../{name}/secret.csv'\n",
    "file absolute": "[files.orders]\npath = '{secret}/secret.csv'\n",
    "file glob": "[files.orders]\npath = '../*/secret.csv'\n",
    "modules": 'metric_modules = ["os"]\n',
    "module by path": 'metric_modules = ["../evil.py"]\n',
    "environment": '[company]\nname = "${{CANARY}}"\ncurrency = "EUR"\n',
}
QUERIES = {
    "read_csv": "SELECT * FROM read_csv('{secret}/secret.csv')",
    "read_text": "SELECT content AS order_id FROM read_text('{secret}/secret.csv')",
    "file as table": "SELECT * FROM '{secret}/secret.csv'",
    "glob": "SELECT * FROM glob('{secret}/*')",
    "copy": "COPY (SELECT 1) TO '{secret}/stolen.csv'",
    "attach": "ATTACH '{secret}/stolen.db' AS other",
    "install": "INSTALL httpfs",
    "load": "LOAD httpfs",
    "set": "SET enable_external_access = true",
    "pragma": "PRAGMA database_list",
    "two": "SELECT 1; COPY (SELECT 1) TO '{secret}/stolen.csv'",
    "comment": "SELECT 1 -- ; \n; ATTACH '{secret}/stolen.db'",
    "getenv": "SELECT getenv('CANARY') AS order_id, DATE '2026-10-01' AS ordered_at, 1 AS revenue",
    "settings": "SELECT current_setting('temp_directory') AS order_id, DATE '2026-10-01' AS ordered_at, 1 AS revenue FROM duckdb_settings()",
    "no SQL": "'); DROP TABLE orders; --",
    "deep": "SELECT " + "(" * 3000 + "1" + ")" * 3000,
    "empty": "",
}
VALUES = {
    "time zone path": COMPANY + 'time_zone = "../../etc/passwd"\n',
    "time zone nul": COMPANY + 'time_zone = "Europe/\\u0000Berlin"\n',
    "name steers": '[company]\nname = "\\u001b[2J\\u202e"\ncurrency = "\\u001b[31m"\n',
    "infinite target": COMPANY + '[[targets]]\nmetric = "revenue"\nvalue = inf\n',
    "nan target": COMPANY + '[[targets]]\nmetric = "revenue"\nvalue = nan\n',
    "huge number": COMPANY + f"churn_after_days = {10**30}\n",
    "negative": COMPANY + "churn_after_days = -1\n",
    "through": COMPANY + "[data]\nthrough = 0001-01-01\n",
    "through far": COMPANY + "[data]\nthrough = 9999-12-31\n",
    "fiscal": COMPANY + "fiscal_year_start = 99999999999\n",
    "encoding zip": COMPANY + FILE + 'encoding = "zip"\n',
    "encoding rot13": COMPANY + FILE + 'encoding = "rot13"\n',
    "encoding idna": COMPANY + FILE + 'encoding = "idna"\n',
    "encoding escape": COMPANY + FILE + 'encoding = "unicode_escape"\n',
    "encoding none": COMPANY + FILE + 'encoding = "\\u0000"\n',
    "delimiter": COMPANY + FILE + 'delimiter = "\\n"\n',
    "long delimiter": COMPANY + FILE + f'delimiter = "{"x" * 1000}"\n',
    "header far": COMPANY + FILE + f"header_line = {10**18}\n",
    "skip far": COMPANY + FILE + f"skip_lines = {10**18}\n",
    "skip negative": COMPANY + FILE + "skip_lines = -5\n",
    "decimal": COMPANY + FILE + 'decimal = "\'"\n',
    "date format": COMPANY + FILE + 'date_format = "%Y%s%n%%%Q"\n',
    "names": COMPANY + FILE + f"columns = {['x'] * 20_000}\n",
    "deep array": COMPANY + "x = " + "[" * 5000 + "]" * 5000 + "\n",
    "deep table": COMPANY + "[" + ".".join("a" * 3000) + "]\nx = 1\n",
    "huge integer": COMPANY + "x = " + "9" * 10_000 + "\n",
    "not UTF-8": COMPANY + "x = '\udcff'\n",
    "a list": "company = [1, 2]\n",
    "twice": COMPANY + COMPANY,
    "empty": "",
    "spaces": "\ufeff  \n\t\n",
    "database": COMPANY + '[database]\nurl = "postgresql://u@127.0.0.1:1/x"\n',
    "database file": COMPANY + '[database]\nurl = "file:///etc/passwd"\n',
}
CASES = {
    **{f"outside: {name}": text for name, text in OUTSIDE.items()},
    **{f"sql: {name}": COMPANY + SQL.format(text) for name, text in QUERIES.items()},
    **{f"value: {name}": text for name, text in VALUES.items()},
}
NOT_READ = "outside: modules"  # a check loads no metrics


@pytest.fixture
def stranger(tmp_path, monkeypatch):
    """Return the folder of a company without any permission, beside a folder with a secret."""
    monkeypatch.setenv("CRMKIT_ALLOW", "")
    monkeypatch.setenv("CRMKIT_CONFIG", str(tmp_path / "configuration"))
    monkeypatch.setenv("CANARY", SECRET)
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "secret.csv").write_text(f"order_id,ordered_at,revenue\n{SECRET},2026-10-01,5\n")
    (tmp_path / "company" / "exports").mkdir(parents=True)
    (tmp_path / "company" / "exports" / "orders.csv").write_text("order_id,ordered_at,revenue\n1,2026-10-01,5\n")
    return tmp_path / "company"


def test_a_stranger_s_settings_do_no_harm(stranger):
    secret, wrong = stranger.parent / "secret", []
    for name, text in CASES.items():
        written = text.replace("{secret}", str(secret)).replace("{name}", "secret").replace("${{CANARY}}", "${CANARY}")
        (stranger / "crmkit.toml").write_bytes(written.encode("utf-8", "surrogateescape"))
        begun = time.monotonic()
        run = CliRunner().invoke(app, ["check", "--settings", str(stranger)])
        told = run.stdout + run.stderr
        if run.exception is not None and not isinstance(run.exception, SystemExit):
            wrong.append(f"{name}: {run.exception!r}"[:200])
        if SECRET in told or "\x1b" in told or "Traceback" in told:
            wrong.append(f"{name}: it says {told[:200]!r}")
        if time.monotonic() - begun > 60:
            wrong.append(f"{name}: it took {time.monotonic() - begun:.0f} s")
        if name != NOT_READ and not name.startswith("value") and run.exit_code != 2:
            wrong.append(f"{name}: accepted")
        there = sorted(path.name for path in [*secret.iterdir(), *stranger.parent.iterdir()])
        if [each for each in there if each not in ("secret.csv", "secret", "company", "configuration")]:
            wrong.append(f"{name}: wrote {there}")
    assert wrong == []
