"""Who leaves: judged month after month on the sample company, on real shoppers and on flat files, and at a million customers.

    PYTHONPATH=. OMP_NUM_THREADS=1 python benchmarks/churn.py sample
    PYTHONPATH=. OMP_NUM_THREADS=1 python benchmarks/churn.py retail --data DIR
    PYTHONPATH=. OMP_NUM_THREADS=1 python benchmarks/churn.py flat --data DIR
    PYTHONPATH=. OMP_NUM_THREADS=1 python benchmarks/churn.py million

Whatever is learned is learned from outcomes that were known on the day. DIR holds Online Retail, PowerCo and the leads of
an online school and a telephone company as Parquet (online_retail_2010_2011, powerco_clients, lead_scoring, telco_churn).
"""

from __future__ import annotations

import argparse
import resource
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pandas as pd
from scipy.special import logit
from sklearn.base import ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

import crmkit as ck
from crmkit.models.additive.classifier import ChurnClassifier
from crmkit.models.orders.pareto_nbd import ParetoNBD
from crmkit.models.orders.summary import order_summary
from crmkit.predictions.churn.backtest import drift, judged
from crmkit.predictions.churn.learning import churn_chances, features_of, fit_method, training_rows
from crmkit.predictions.churn.value_at_risk import total_at_risk, value_at_risk
from crmkit.tables.catalog import Catalog

STEP, N_LEARNED = 30, 4


def main() -> None:
    """Run what the command line asks for."""
    parts: dict[str, Callable[[argparse.Namespace], None]] = {
        "sample": sample_months,
        "retail": retail,
        "flat": flat_files,
        "million": million,
    }
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("part", choices=parts)
    parser.add_argument("--data", type=Path, help="folder of the public data sets")
    parser.add_argument("--customers", type=int, default=1_000_000)
    asked = parser.parse_args()
    parts[asked.part](asked)


def sample_months(_: argparse.Namespace) -> None:
    """Ten days, 30 apart, on the sample company: losses and value lost beside their intervals, lift, calibration."""
    catalog = ck.connect(ck.sample_company().tables)
    horizon = catalog.settings.company.churn_after_days
    days = [catalog.data_through - timedelta(days=horizon + STEP * i) for i in range(10)][::-1]
    rows = []
    for day in days:
        chance, then = foretold(catalog, day, "blend")
        told = judged(chance.to_numpy(), then["lost"])
        at_risk = value_at_risk(catalog, day, chance)
        earlier = pd.DataFrame(rows).assign(method="blend") if rows else pd.DataFrame(columns=["method", "expected"])
        value, low, high = total_at_risk(at_risk, drift(earlier, "blend"))
        lost_value = float((at_risk["worth"] * then["lost"].reindex(at_risk.index)).sum())
        rows.append({"day": str(day), **told, "at_risk": value, "low": low, "high": high, "lost_value": lost_value})
    table = pd.DataFrame(rows)
    table["inside"] = table["lost_value"].between(table["low"], table["high"])
    print(table.round(3).to_string(index=False))
    print(
        f"value lost inside its interval in {table['inside'].sum()} of {len(table)} months; mean lift {table['lift'].mean():.2f}"
    )


def retail(asked: argparse.Namespace) -> None:
    """Online Retail at three days: log-loss beside "days since the last order" alone and the chance to be alive."""
    lines = pd.read_parquet(asked.data / "online_retail_2010_2011.parquet")
    lines["revenue"] = lines["Quantity"] * lines["UnitPrice"]
    orders = lines.groupby("InvoiceNo").agg(
        ordered_at=("InvoiceDate", "min"), revenue=("revenue", "sum"), customer_id=("CustomerID", "first")
    )
    orders = (
        orders.rename_axis("order_id").reset_index().assign(ordered_at=lambda rows: pd.to_datetime(rows["ordered_at"]))
    )
    known = orders["customer_id"].notna()
    orders["customer_id"] = (
        orders["customer_id"].where(known).map(lambda each: str(int(float(each))), na_action="ignore")
    )
    catalog = ck.connect({"orders": orders})
    rows = []
    for day in (date(2011, 7, 11), date(2011, 8, 10), date(2011, 9, 9)):
        days = [day - timedelta(days=90 + STEP * i) for i in range(N_LEARNED)]
        before, then = training_rows(catalog, days), training_rows(catalog, [day])
        told = {
            method: churn_chances(fit_method(method, features_of(before), before["lost"]), features_of(then))
            for method in ("rhythm", "logistic", "blend")
        }
        told["days since order"] = alone(before["days_since_order"], before["lost"], then["days_since_order"])
        told["P(alive)"] = alone(alive(orders, before), before["lost"], alive(orders, then))
        rows += [{"day": str(day), "method": name, **judged(each, then["lost"])} for name, each in told.items()]
    table = pd.DataFrame(rows)
    print(table.round(4).to_string(index=False))
    print(table.groupby("method")["log_loss"].mean().sort_values().round(4))


def flat_files(asked: argparse.Namespace) -> None:
    """Five folds of a telephone company, PowerCo and the leads, beside scikit-learn's models on the same columns.

    Columns that are filled in after the sale are left out.
    """
    telco = pd.read_parquet(asked.data / "telco_churn.parquet")
    telco["TotalCharges"] = pd.to_numeric(telco["TotalCharges"], errors="coerce")
    report("telco", telco.drop(columns=["Churn", "customerID"]), telco["Churn"] == "Yes")
    powerco = pd.read_parquet(asked.data / "powerco_clients.parquet")
    dates = [name for name in powerco if name.startswith("date_")]
    for name in dates:
        powerco[name] = (pd.Timestamp("2016-01-01") - pd.to_datetime(powerco[name])).dt.days
    report("powerco", powerco.drop(columns=["id", "churn"]), powerco["churn"])
    leads = pd.read_parquet(asked.data / "lead_scoring.parquet")
    after = ["Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity"]
    after += [name for name in leads if name.startswith("Asymmetrique")]
    report("leads", leads.drop(columns=["Prospect ID", "Lead Number", "Converted", *after]), leads["Converted"])


def million(asked: argparse.Namespace) -> None:
    """Features where the data is, learning from a sample of the rows, scoring in blocks."""
    random = np.random.default_rng(0)
    n = asked.customers
    each = 1 + random.poisson(3.0, n)
    who = np.repeat(np.arange(n), each)
    days = np.repeat(random.integers(0, 500, n), each) + random.exponential(60, len(who)).astype(int) * (
        random.random(len(who)) < 0.8
    )
    at = pd.Timestamp("2025-01-01") + pd.to_timedelta(np.minimum(days, 640), unit="D")
    orders = pd.DataFrame(
        {
            "order_id": np.arange(len(who)).astype(str),
            "customer_id": who.astype(str),
            "ordered_at": at,
            "revenue": random.gamma(3, 10, len(who)).round(2),
        }
    )
    catalog = ck.connect({"orders": orders})
    start, cpu = perf_counter(), process_time()
    then = training_rows(catalog, [catalog.data_through - timedelta(days=90)])
    print(
        f"{len(orders):,} orders; features and labels of {len(then):,} active customers: {perf_counter() - start:.1f} s"
    )
    drawn = then.sample(min(len(then), 50_000), random_state=0)
    start = perf_counter()
    model = fit_method("blend", features_of(drawn), drawn["lost"])
    print(f"learned from {len(drawn):,} rows: {perf_counter() - start:.1f} s")
    start = perf_counter()
    chance = churn_chances(model, features_of(then))
    print(
        f"scored {len(chance):,}: {perf_counter() - start:.1f} s; {process_time() - cpu:.1f} processor seconds in all; "
        f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB"
    )


def foretold(catalog: Catalog, day: date, method: str) -> tuple[pd.Series, pd.DataFrame]:
    """Return each customer's chance, learned from four days whose outcome was known, and what became of her."""
    horizon = catalog.settings.company.churn_after_days
    before = training_rows(catalog, [day - timedelta(days=horizon + STEP * i) for i in range(N_LEARNED)])
    then = training_rows(catalog, [day])
    model = fit_method(method, features_of(before), before["lost"])
    return pd.Series(churn_chances(model, features_of(then)), index=then.index), then


def alone(x: pd.Series, lost: pd.Series, then: pd.Series) -> np.ndarray:
    """Return chances by a logistic regression on one number."""
    model = LogisticRegression(C=1e6).fit(x.to_numpy()[:, None], lost)
    return model.predict_proba(then.to_numpy()[:, None])[:, 1]


def alive(orders: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Return the log odds to be alive on the day of each row, by a Pareto/NBD of the orders until that day."""
    parts = []
    for day, own in rows.groupby("day", sort=False):
        histories = order_summary(orders.dropna(subset=["customer_id"]), date.fromisoformat(str(day)), money="revenue")
        p = ParetoNBD().fit(histories).probability_alive(histories).reindex(own.index).fillna(0.5).clip(1e-6, 1 - 1e-6)
        parts.append(np.log(p / (1 - p)))
    return pd.concat(parts)


def peers(X: pd.DataFrame) -> dict[str, ClassifierMixin]:
    """Return crmkit's classifier and scikit-learn's, with their default parameters, for the columns of a frame."""
    texts = [name for name in X if not pd.api.types.is_numeric_dtype(X[name])]
    numbers = [name for name in X if name not in texts]
    levels = OneHotEncoder(handle_unknown="ignore", min_frequency=5)
    scaled = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=200)
    return {
        "crmkit": ChurnClassifier(),
        "logistic regression": make_pipeline(
            ColumnTransformer([("numbers", scaled, numbers), ("texts", levels, texts)]),
            LogisticRegression(max_iter=2000),
        ),
        "boosting": make_pipeline(
            ColumnTransformer([("texts", codes, texts), ("numbers", "passthrough", numbers)]),
            HistGradientBoostingClassifier(categorical_features=list(range(len(texts))), random_state=0),
        ),
    }


def report(name: str, X: pd.DataFrame, y: pd.Series) -> None:
    """Print AUC, Brier score, slope of the calibration with its bootstrap interval, and cost of five folds."""
    texts = [each for each in X if not pd.api.types.is_numeric_dtype(X[each])]
    X, y = (
        X.assign(**{each: X[each].astype(object).fillna("unknown").astype(str) for each in texts}),
        y.to_numpy(dtype=int),
    )
    for who, model in peers(X).items():
        chance, start = np.zeros(len(y)), process_time()
        for learned, judge in StratifiedKFold(5, shuffle=True, random_state=42).split(X, y):
            chance[judge] = model.fit(X.iloc[learned], y[learned]).predict_proba(X.iloc[judge])[:, 1]
        seconds = process_time() - start
        slope, low, high = calibration_slope(chance, y)
        print(
            f"{name:8} {who:20} AUC {roc_auc_score(y, chance):.4f}  Brier {brier_score_loss(y, chance):.4f}  "
            f"slope {slope:.3f} ({low:.3f} to {high:.3f})  {seconds / 5:.1f} CPU-seconds a fit"
        )


def calibration_slope(chance: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
    """Return the slope of a logistic regression of the outcomes on the log odds, with a bootstrap interval of 95 %."""
    odds, random = logit(np.clip(chance, 1e-6, 1 - 1e-6))[:, None], np.random.default_rng(0)

    def slope(rows: np.ndarray) -> float:
        return float(LogisticRegression(C=1e6).fit(odds[rows], y[rows]).coef_[0, 0])

    drawn = [slope(random.integers(0, len(y), len(y))) for _ in range(200)]
    return (slope(np.arange(len(y))), *np.quantile(drawn, [0.025, 0.975]))


if __name__ == "__main__":
    main()
