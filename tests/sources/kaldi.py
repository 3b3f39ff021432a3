"""The default sample company, simulated once for all tests that look at it, and months to count by."""

from functools import cache

import numpy as np
import pandas as pd

from crmkit.sources.sample import SampleCompany, sample_company
from crmkit.sources.sample.exports import export_texts

MONTHS = [str(month) for month in pd.period_range("2023-11", "2026-10", freq="M")]
SUMMER = ["2026-06", "2026-07", "2026-08", "2026-09"]


@cache
def kaldi() -> SampleCompany:
    return sample_company()


@cache
def kaldi_files() -> dict[str, bytes]:
    return export_texts(kaldi())


def table(name: str) -> pd.DataFrame:
    return kaldi().tables[name]


def month_of(moments: pd.Series) -> pd.Series:
    return moments.dt.strftime("%Y-%m")


def churn_of_subscribers(company: SampleCompany, month: str) -> float:
    """Customers with a running term at the month's first instant and none at its end, as a share of the former."""
    terms = company.tables["subscription_terms"]
    begins = pd.Timestamp(f"{month}-01")
    ends = begins + pd.offsets.MonthBegin(1)
    running = [
        set(terms.loc[(terms["starts_at"] <= at) & (terms["ends_at"] > at), "customer_id"]) for at in (begins, ends)
    ]
    return len(running[0] - running[1]) / len(running[0])


def nps_of(company: SampleCompany, month: str) -> float:
    answers = company.tables["survey_responses"]
    scores = answers.loc[(answers["survey"] == "nps") & (month_of(answers["responded_at"]) == month), "score"]
    return float(100 * (np.mean(scores >= 9) - np.mean(scores <= 6)))


def cac_of(company: SampleCompany, month: str) -> float:
    costs, customers = company.tables["costs"], company.tables["customers"]
    spent = costs.loc[(costs["purpose"] == "acquisition") & (month_of(costs["spent_at"]) == month), "amount"].sum()
    return float(spent / (month_of(customers["acquired_at"]) == month).sum())
