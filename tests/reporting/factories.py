"""Hand-made frames in the shape of the judged scorecard: every status and verdict occurs, every figure is invented."""

from __future__ import annotations

import math
from datetime import date

import pandas as pd

from crmkit.periods import Period

NAN = math.nan
PERIOD = Period.parse("2026-10")
THROUGH = date(2026, 10, 31)

# metric, label, topic, unit, better, value, low, high, n, counted, previous, verdict, direction, year value, year verdict,
# year direction, target, target verdict
_MEASURED = [
    (
        "nps",
        "Net Promoter Score",
        "voice",
        "points",
        "higher",
        41.2,
        28.3,
        54.1,
        118,
        "answers",
        35.0,
        "within noise",
        "",
        38.4,
        "within noise",
        "",
        45.0,
        "too close to call",
    ),
    (
        "csat",
        "Satisfied customers",
        "voice",
        "share",
        "higher",
        0.858,
        0.820,
        0.889,
        391,
        "answers",
        0.846,
        "within noise",
        "",
        0.818,
        "real",
        "better",
        0.85,
        "too close to call",
    ),
    (
        "churn_rate",
        "Customers lost",
        "retention",
        "share",
        "lower",
        0.0620,
        0.0555,
        0.0692,
        4742,
        "customers at start",
        0.0430,
        "real",
        "worse",
        0.038,
        "real",
        "worse",
        0.04,
        "missed",
    ),
    (
        "revenue",
        "Revenue",
        "revenue",
        "money",
        "higher",
        214_388.2,
        198_410.0,
        231_020.0,
        3011,
        "customers",
        211_204.0,
        "within noise",
        "",
        187_900.0,
        "real",
        "better",
        NAN,
        "",
    ),
    (
        "n_orders",
        "Orders",
        "revenue",
        "count",
        "higher",
        5204,
        4990,
        5421,
        5204,
        "orders",
        5101,
        "within noise",
        "",
        4711,
        "real",
        "better",
        5000,
        "too close to call",
    ),
    (
        "average_order_value",
        "Average order value",
        "revenue",
        "money",
        "higher",
        41.2,
        39.8,
        42.7,
        3011,
        "customers",
        41.4,
        "within noise",
        "",
        39.9,
        "within noise",
        "",
        45.0,
        "missed",
    ),
    (
        "transactions_per_customer",
        "Orders per customer",
        "revenue",
        "per customer",
        "higher",
        1.73,
        1.69,
        1.77,
        3011,
        "customers",
        1.74,
        "within noise",
        "",
        1.71,
        "within noise",
        "",
        NAN,
        "",
    ),
    (
        "new_customers",
        "New customers",
        "acquisition",
        "count",
        "higher",
        903,
        845,
        965,
        903,
        "new customers",
        871,
        "too few to tell",
        "",
        NAN,
        "no comparison",
        "",
        NAN,
        "",
    ),
    (
        "customer_acquisition_cost",
        "Cost of a new customer",
        "acquisition",
        "money",
        "lower",
        38.2,
        36.1,
        40.6,
        903,
        "new customers",
        45.3,
        "real",
        "better",
        49.0,
        "real",
        "better",
        40.0,
        "too close to call",
    ),
]
_UNMEASURED = [
    ("lead_conversion", "Leads that convert", "acquisition", "share", "higher", "not measured", "needs leads"),
    (
        "referral_share",
        "Referred customers",
        "acquisition",
        "share",
        "higher",
        "not measured",
        "needs customers.referred_by",
    ),
    (
        "sales_cycle",
        "Sales cycle",
        "pipeline",
        "days",
        "lower",
        "not reached",
        "more than half of the deals are still open",
    ),
    ("win_rate", "Deals won", "pipeline", "share", "higher", "too few", "4 deals decided, at least 10 are needed"),
    ("ces", "Easy to deal with", "voice", "share", "higher", "no data", "no answers in October 2026"),
]


def scorecard_frame(metrics: list[str] | None = None, **changes: object) -> pd.DataFrame:
    """One row per metric; keyword arguments overwrite a column in every row."""
    rows = [_measured(*row) for row in _MEASURED] + [_unmeasured(*row) for row in _UNMEASURED]
    frame = pd.DataFrame(rows)
    if metrics is not None:
        frame = frame[frame["metric"].isin(metrics)].reset_index(drop=True)
    for name, value in changes.items():
        frame[name] = value
    return frame


def history_frame(metric: str | None = None, n_periods: int = 13) -> pd.DataFrame:
    """One row per metric and period, oldest first; values sway about the scorecard's and end on it."""
    frames = []
    for row in scorecard_frame().itertuples(index=False):
        if row.status == "not measured":
            continue
        for step, period in enumerate(PERIOD.run_up(n_periods)):
            to_go = n_periods - 1 - step
            shift = (
                0.0 if to_go == 0 else (row.previous_value - row.value) + (row.high - row.low) * 0.25 * math.sin(step)
            )
            frames.append(
                {
                    "metric": row.metric,
                    "period": str(period),
                    "value": row.value + shift,
                    "low": row.low + shift,
                    "high": row.high + shift,
                    "n": row.n,
                    "unit": row.unit,
                    "status": row.status,
                    "reason": row.reason,
                }
            )
    frame = pd.DataFrame(frames)
    return frame if metric is None else frame[frame["metric"] == metric].reset_index(drop=True)


def groups_frame() -> pd.DataFrame:
    """Churn of one period by channel, with a long name, an unknown group and one that is too small."""
    rows = [
        ("Paid social", 0.094, 0.078, 0.113, 1102, "ok"),
        ("Search", 0.051, 0.042, 0.062, 2210, "ok"),
        ("Recommended by a friend who already buys from us every month", 0.031, 0.021, 0.045, 804, "ok"),
        (None, 0.058, 0.041, 0.081, 519, "ok"),
        ("Trade fair", NAN, NAN, NAN, 7, "too few"),
    ]
    frame = pd.DataFrame(rows, columns=["channel", "value", "low", "high", "n", "status"])
    return frame.assign(metric="churn_rate", period="2026-10", unit="share", reason="")


def glossary_frame() -> pd.DataFrame:
    """One row per metric of the scorecard with invented definitions."""
    frame = scorecard_frame()[["metric", "label", "topic", "unit", "better"]]
    return frame.assign(
        definition=[f"What “{label}” counts, in one sentence." for label in frame["label"]],
        formula=[f"{metric} = part / whole" for metric in frame["metric"]],
        source="Reichheld (2003), Harvard Business Review 81(12)",
        tables="survey_responses",
    )


def _measured(
    metric,
    label,
    topic,
    unit,
    better,
    value,
    low,
    high,
    n,
    counted,
    previous,
    verdict,
    direction,
    year,
    year_verdict,
    year_direction,
    target,
    target_verdict,
):
    return {
        "metric": metric,
        "label": label,
        "topic": topic,
        "period": "2026-10",
        "unit": unit,
        "better": better,
        "value": value,
        "low": low,
        "high": high,
        "n": n,
        "counted": counted,
        "status": "ok",
        "reason": "",
        "previous_period": "2026-09",
        "previous_value": previous,
        "change": value - previous,
        "verdict": verdict,
        "direction": direction,
        "p_value": 0.0004 if verdict == "real" else 0.4,
        "year_period": "2025-10",
        "year_value": year,
        "year_change": value - year,
        "year_verdict": year_verdict,
        "year_direction": year_direction,
        "target": target,
        "target_verdict": target_verdict,
    }


def _unmeasured(metric, label, topic, unit, better, status, reason):
    row = _measured(
        metric,
        label,
        topic,
        unit,
        better,
        NAN,
        NAN,
        NAN,
        NAN,
        "",
        NAN,
        "no comparison",
        "",
        NAN,
        "no comparison",
        "",
        NAN,
        "",
    )
    return row | {"status": status, "reason": reason, "p_value": NAN}
