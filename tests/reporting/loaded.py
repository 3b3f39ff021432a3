"""A company of a few orders, loaded, for tests that run notebooks against it."""

from pathlib import Path

from crmkit.cleaning.loading.load import load
from crmkit.settings import read_settings

SETTINGS = '[company]\nname = "Kaldi Coffee"\nchurn_after_days = {churn}\n[data]\nthrough = 2026-10-31\n'


def orders(*days: str, revenue: float = 20) -> str:
    """Export file of one order a day."""
    lines = [f"{number},{day},{revenue},{number % 3}" for number, day in enumerate(days, start=1)]
    return "\n".join(["order_id,ordered_at,revenue,customer_id", *lines, ""])


def write_company(folder: Path, exported: str, churn: int = 90, own: str = "") -> Path:
    """Write settings and exports and load them; again for other data or settings."""
    (folder / "exports").mkdir(parents=True, exist_ok=True)
    (folder / "exports/orders.csv").write_text(exported)
    (folder / "crmkit.toml").write_text(own + SETTINGS.format(churn=churn))
    load(read_settings(folder), fresh=True)
    return folder
