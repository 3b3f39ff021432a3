"""The order of stages, learned from the deals."""

import pandas as pd

from crmkit.metrics.cards.pipeline import stage_order
from crmkit.periods import Period
from crmkit.reporting.pages.metrics import group_table
from tests.reading import cells


def entered(*paths: str) -> pd.DataFrame:
    rows = [(f"d{n}", stage, day) for n, path in enumerate(paths) for day, stage in enumerate(path.split(), start=1)]
    frame = pd.DataFrame(rows, columns=["deal_id", "stage", "day"])
    return frame.assign(entered_at=pd.to_datetime("2026-10-" + frame.pop("day").astype(str)))


def test_stages_stand_as_deals_pass_them_even_if_some_skip_one_and_one_goes_back(company):
    """Places: lead 1, talk 2 2 2 1, offer 3 3 2 2 4, won 4 3; by the alphabet lead, offer, talk, won."""
    paths = ["lead talk offer won", "lead talk offer", "lead offer won", "talk offer", "lead talk zzz offer"]
    assert stage_order(company(deal_stages=entered(*paths))) == ["lead", "talk", "offer", "zzz", "won"]


def test_without_stages_there_is_no_order(company):
    assert stage_order(company()) == []


def test_the_sample_company_goes_from_qualification_to_the_outcome(sample):
    order = stage_order(sample)
    assert order[0] == "qualification" and order.index("proposal") < order.index("negotiation")
    assert set(order[-2:]) == {"won", "lost"} or order[-1] in ("won", "lost")
    html = group_table(sample, "open_deals", "stage", Period.parse("2026-10"), title="Stages").html
    shown = [text for text in cells(html) if text in order]
    assert shown == [stage for stage in order if stage in shown] and len(shown) >= 3
