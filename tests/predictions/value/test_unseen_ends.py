"""Ends of terms whose next ones are not in the files yet are no losses that predictions of value are judged by."""

from datetime import date

import pandas as pd

import crmkit as ck
from tests.tables.test_unseen_renewals import THROUGH, firm, monthly


def test_predictions_are_judged_up_to_the_last_end_whose_next_terms_could_be_seen():
    cut = ck.value_backtest(firm(monthly(until=date(2026, 7, 1))), THROUGH)
    latest = pd.to_datetime(cut["day"]) + pd.offsets.DateOffset(months=int(cut["months"].iloc[0]))
    assert latest.max() == pd.Timestamp("2026-07-31")  # 60 terms end on 1 August, and none of the next is there
    ours = cut[cut["method"] == "This page"]
    assert ours["actual"].between(ours["low"], ours["high"]).all()
