"""Models of repeat orders on data held out in time: total and mean absolute error beside the naive rate.

    PYTHONPATH=. python benchmarks/shopper_backtest.py --data ../shared/data

The naive rate lets every customer go on as before: her repeat orders divided by her age. A data set whose file is not
there is left out; the sample company always runs.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from crmkit.models.orders.beta_geometric import BGNBD, MBGNBD
from crmkit.models.orders.choose import choose_orders
from crmkit.models.orders.pareto_nbd import ParetoNBD
from crmkit.models.orders.summary import order_days_between, order_summary
from crmkit.sources.sample import sample_company


class Held(NamedTuple):
    """Orders of a firm, the last day to learn from, and the last day to judge by."""

    name: str
    orders: pd.DataFrame
    cut: date
    end: date


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    print(pd.concat([judged(held) for held in data_sets(parser.parse_args().data)]).to_string(index=False))


def judged(held: Held) -> pd.DataFrame:
    """One row per model: total expected and seen, mean absolute error."""
    X = order_summary(held.orders, held.cut)
    later = order_days_between(held.orders, held.cut, held.end).reindex(X.index, fill_value=0)
    horizon = (held.end - held.cut).days / 7
    default = choose_orders(held.orders, held.cut)
    expected = {model.__name__: model().fit(X).expected_orders(X, horizon) for model in (BGNBD, MBGNBD, ParetoNBD)}
    expected["naive rate"] = X["n_repeats"] / X["age"].clip(lower=1 / 7) * horizon
    expected[f"default ({default.name})"] = default.model.expected_orders(X, horizon)
    return pd.DataFrame(
        {
            "data": held.name,
            "customers": len(X),
            "model": list(expected),
            "expected": [round(each.sum()) for each in expected.values()],
            "seen": later.sum(),
            "error %": [round(100 * (each.sum() / later.sum() - 1), 1) for each in expected.values()],
            "MAE": [round((each - later).abs().mean(), 4) for each in expected.values()],
        }
    )


def data_sets(folder: Path) -> Iterator[Held]:
    """Yield the firms."""
    for name, identity in (("cdnow_sample", "sample_id"), ("cdnow_master", "customer_id")):
        if (folder / f"{name}.parquet").exists():
            raw = pd.read_parquet(folder / f"{name}.parquet")
            orders = raw.assign(
                customer_id=raw[identity], ordered_at=pd.to_datetime(raw["date"]), revenue=raw["dollar_value"] + 0.01
            )  # an order of 0 dollars is an order in the published figures
            yield Held(name, orders, date(1997, 9, 30), date(1998, 6, 30))
    if (folder / "online_retail_2010_2011.parquet").exists():
        lines = pd.read_parquet(folder / "online_retail_2010_2011.parquet")
        yield Held("online_retail", invoices(lines), date(2011, 6, 9), date(2011, 12, 8))
    orders = sample_company().tables["orders"]
    yield Held("sample company", orders, date(2025, 10, 31), date(2026, 10, 31))


def invoices(lines: pd.DataFrame) -> pd.DataFrame:
    """Orders and refunds of customers who are known."""
    columns = {name.lower().replace("_", "").replace(" ", ""): name for name in lines}
    number, who, when = (
        columns["invoiceno" if "invoiceno" in columns else "invoice"],
        columns["customerid"],
        columns["invoicedate"],
    )
    price = columns["unitprice" if "unitprice" in columns else "price"]
    known = lines[lines[who].notna()].assign(revenue=lines[columns["quantity"]] * lines[price])
    each = known.groupby(number).agg(customer_id=(who, "first"), ordered_at=(when, "first"), revenue=("revenue", "sum"))
    return each.assign(ordered_at=pd.to_datetime(each["ordered_at"]))


if __name__ == "__main__":
    main()
