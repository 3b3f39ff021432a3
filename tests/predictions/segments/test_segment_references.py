"""The reference of the segments is kept in the store, applies to late orders and later days, and changes when asked."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.cleaning.loading.load import load
from crmkit.errors import CrmkitError, Problems
from crmkit.predictions.runner.run_log import REFERENCE_FILE, predictions_hash, read_references, read_run_log
from crmkit.predictions.segments.assignment import is_kept, learned_on, rfm_for, segmentation_for
from crmkit.predictions.segments.stability import segment_review
from crmkit.settings import read_settings
from crmkit.sources.store.integrity import remove_copies

BEGUN, SEPTEMBER = pd.Timestamp(2024, 12, 20), date(2026, 9, 30)


def exported(dearer_from: int = 10_000) -> str:
    """Orders of 120 customers over 649 days, three times as large from a day on."""
    random = np.random.default_rng(0)
    lines = ["order_id,ordered_at,revenue,customer_id"]
    for customer in range(120):
        days = np.cumsum(random.exponential(10 + 40 * (customer % 3), 90)).astype(int)
        for each in days[days <= 649]:
            amount = (20 + customer % 5) * (3 if each >= dearer_from else 1)
            lines.append(f"o{len(lines)},{(BEGUN + pd.Timedelta(days=each)).date()},{amount},c{customer:03}")
    return "\n".join(lines)


def write(folder, orders: str, own: str = ""):
    (folder / "exports").mkdir(parents=True, exist_ok=True)
    (folder / "exports/orders.csv").write_text(orders)
    (folder / "crmkit.toml").write_text(f'[company]\nname = "Kaldi"\n{own}\n')
    load(read_settings(folder), drop=True)
    return folder


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A shop whose segments have been predicted for September 2026."""
    folder = write(tmp_path_factory.mktemp("shop"), exported(dearer_from=400))
    ck.predict(folder, only=["rfm", "segments"])
    return folder


def test_the_first_predictions_keep_the_reference_of_a_whole_year_and_it_says_its_day(shop):
    (kept,) = read_references(shop / "store")
    assert kept["learned_on"] == "2025-12-31" and len(kept["rfm"]["spending"]) == 4
    assert "c0" not in (shop / "store" / REFERENCE_FILE).read_text()
    catalog = ck.connect(shop)
    assert learned_on(catalog, SEPTEMBER) == date(2025, 12, 31) and is_kept(catalog, SEPTEMBER)
    assert not is_kept(catalog, date(2025, 6, 30))


def test_what_is_kept_reads_back_as_it_was_learned(shop):
    catalog, day = ck.connect(shop), date(2025, 12, 31)
    frames = ck.connect({"orders": catalog.frame("orders")})
    for name, cuts in rfm_for(frames, day).cuts_.items():
        np.testing.assert_allclose(rfm_for(catalog, SEPTEMBER).cuts_[name], cuts)
    ours, theirs = segmentation_for(catalog, SEPTEMBER), segmentation_for(frames, day)
    assert ours.names == theirs.names
    np.testing.assert_allclose(ours.model.centres_, theirs.model.centres_)


def test_late_orders_of_the_year_of_the_reference_do_not_move_its_cuts(shop):
    before = rfm_for(ck.connect(shop), SEPTEMBER).cuts_["spending"]
    late = "\n".join(f"late{n},2025-12-20,5000,c{n:03}" for n in range(100))
    write(shop, exported(dearer_from=400) + "\n" + late)
    after = ck.connect(shop)
    assert (rfm_for(after, SEPTEMBER).cuts_["spending"] == before).all()
    write(shop, exported(dearer_from=400))


def test_after_prices_have_tripled_the_review_says_so_and_a_refresh_corrects_it(shop):
    catalog = ck.connect(shop)
    found = segment_review(catalog, SEPTEMBER)
    assert found.verdict == "no longer fits" and found.fit.moved > 0.1
    assert found.side_by_side["n"].sum() == found.side_by_side["n_fresh"].sum() == 120
    assert found.moves["n"].sum() > 0
    old = predictions_hash(shop / "store", date(2026, 9, 1))
    ck.predict(shop, only=["rfm"], refresh_segments=True)
    assert [each["learned_on"] for each in read_references(shop / "store")] == ["2025-12-31", "2026-09-30"]
    again = ck.connect(shop)
    assert learned_on(again, SEPTEMBER) == SEPTEMBER and learned_on(again, date(2026, 8, 31)) == date(2025, 12, 31)
    assert predictions_hash(shop / "store", date(2026, 9, 1)) == old, "pages of earlier months are as they were"
    outdated = read_run_log(shop / "store").entry(SEPTEMBER, "segments")
    assert outdated.fingerprint == "", "the other segments are to be made again"


def test_unchanged_customers_are_not_called_otherwise(tmp_path):
    catalog = ck.connect(write(tmp_path / "same", exported()))
    assert segment_review(catalog, SEPTEMBER).verdict == "fits"


def test_the_settings_name_a_day_and_a_refresh_on_another_is_refused(tmp_path):
    folder = write(tmp_path / "asked", exported(), "segments_learned_on = 2026-03-31")
    ck.predict(folder, only=["rfm"])
    assert [each["learned_on"] for each in read_references(folder / "store")] == ["2026-03-31"]
    with pytest.raises(CrmkitError, match="2026-03-31"):
        ck.predict(folder, only=["rfm"], refresh_segments=True)


def test_a_damaged_reference_is_an_error_and_no_other_segments(tmp_path):
    folder = write(tmp_path / "damaged", exported())
    (folder / "store" / REFERENCE_FILE).write_text(json.dumps({"version": 1}))
    remove_copies(folder / "store" / REFERENCE_FILE)
    with pytest.raises(CrmkitError, match="refresh-segments"):
        rfm_for(ck.connect(folder), SEPTEMBER)


def test_every_feature_that_there_is_not_is_named(shop):
    catalog = ck.connect(
        {"orders": ck.connect(shop).frame("orders")},
        ck.Settings(segments={"features": ["n_order", "gendre", "n_orders"]}),
    )
    with pytest.raises(Problems, match=r"'n_order'(.|\n)*'gendre'"):
        segmentation_for(catalog, SEPTEMBER)


def test_channel_and_age_are_features_by_setting_and_gaps_are_allowed(shop):
    orders = ck.connect(shop).frame("orders")
    ids = sorted(orders["customer_id"].unique())
    people = pd.DataFrame(
        {"customer_id": ids, "channel": ["search", "social", None] * 40, "birth_year": [1980.0, np.nan, 1990.0] * 40}
    )
    wanted = {"features": ["n_orders", "channel", "age", "engagement"], "number": 3}
    catalog = ck.connect({"orders": orders, "customers": people}, ck.Settings(segments=wanted))
    found = segmentation_for(catalog, SEPTEMBER)
    assert found.model.n_segments_ == 3 and "channel = search" in found.model.space_.columns
    assert set(found.names_of(found.customers(catalog, SEPTEMBER))) == set(found.names)
