"""Topics of what customers write: counts by hand, quotes without names, kept in the store, nothing where there is little."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.insights.explain.reasons import reasons_that_rose, rise_in_words
from crmkit.periods import Period
from crmkit.predictions.runner.run_log import DICTIONARY_FILE, predictions_hash, read_dictionaries
from crmkit.predictions.topics import TOO_FEW, TOO_MIXED, keep_topics, topics
from crmkit.settings import parse_settings
from tests.models.text.test_topics import texts

OCTOBER = Period.parse("2026-10")
BURNT = ["Frau Lang, the espresso is burnt", "burnt and bitter", "ganz verbrannt, schade", "total verbrannt geröstet"]


def answers(burnt: int = 0, a_month: int = 40, months: int = 10, seed: int = 0) -> pd.DataFrame:
    """Return comments of so many months up to October 2026, the last of which has some that say burnt too."""
    said, _ = texts(a_month * months, seed)
    on = [pd.Timestamp("2026-10-01") - pd.DateOffset(months=months - 1 - n // a_month) for n in range(len(said))]
    said += [BURNT[n % 4] for n in range(burnt)]
    on += [pd.Timestamp("2026-10-20")] * burnt
    ids = [f"r{n:05}" for n in range(len(said))]
    frame = pd.DataFrame({"response_id": ids, "responded_at": on, "comment": said, "customer_id": ids})
    return frame.assign(survey="csat", score=3.0, scale_min=1, scale_max=5, language="en")


def catalog(frame: pd.DataFrame, **tables: pd.DataFrame):
    settings = parse_settings({"data": {"through": "2026-10-31"}, "company": {"smallest_group": 1}})
    return ck.connect({"survey_responses": frame, **tables}, settings)


def test_a_new_topic_is_announced_counted_and_quoted_without_names_and_no_other_rose():
    asked = catalog(answers(burnt=16))
    found = topics(asked, OCTOBER)
    new = found[found["is_new"]]
    assert new[["source", "n", "people", "out_of", "before", "n_before"]].values.tolist() == [
        ["comment", 16, 16, 56, 0, 0]
    ]
    assert {"burnt", "verbrannt"} <= set(new["topic"].iloc[0].split(", "))
    quotes = new["quotes"].iloc[0]
    assert len(quotes) == 3 and "Lang" not in " ".join(quotes)
    assert found["n"].sum() <= 56 and found.attrs["without"] == ""
    rose = reasons_that_rose(asked, OCTOBER).query("rose")
    assert rose["what"].tolist() == ["comments"]
    said = rise_in_words(rose.iloc[0], OCTOBER)
    assert said.endswith('" rose: 16 of 56 comments in October 2026, none before.'), said
    assert said.startswith('Comments that say "burnt')


def test_without_an_event_no_topic_is_new_and_none_rose():
    asked = catalog(answers(seed=1))
    assert not topics(asked, OCTOBER)["is_new"].any()
    assert not reasons_that_rose(asked, OCTOBER)["rose"].any()


@pytest.mark.parametrize("n", [0, 1, 5, 50])
def test_few_texts_are_listed_one_by_one_with_what_says_who_somebody_is_hidden(n):
    frame = answers(burnt=n, a_month=1, months=1).tail(n)
    found = topics(catalog(frame), OCTOBER)
    assert len(found) == n and found.attrs["without"] == TOO_FEW
    assert (found["topic"] == "").all() and found["quotes"].str.len().eq(1).all()
    assert "Lang" not in str(found["quotes"].tolist())


def test_texts_without_common_subjects_have_no_topics_and_say_so():
    random = np.random.default_rng(3)
    lexicon = ["".join(random.choice(list("abcdefghijklmnopqrstuvwxyz"), 7)) for _ in range(300)]
    frame = answers().assign(comment=lambda rows: [" ".join(random.choice(lexicon, 8)) for _ in range(len(rows))])
    found = topics(catalog(frame), OCTOBER)
    assert found.attrs["without"] == TOO_MIXED and len(found) == 40


def test_names_of_customers_are_hidden_in_quotes():
    people = pd.DataFrame({"customer_id": ["r00000"], "name": ["Grete Bitterlich"]})
    frame = answers(burnt=1, a_month=1, months=1).assign(comment="Grete Bitterlich waits, bitter")
    frames = {"survey_responses": frame, "customer_identities": people}
    found = topics(ck.connect(frames, parse_settings({"data": {"through": "2026-10-31"}}), personal=True), OCTOBER)
    assert found["quotes"].explode().unique().tolist() == ["*** waits, bitter"]


def test_subjects_of_tickets_are_texts_and_their_reasons_are_not():
    said, _ = texts(120)
    ids = [str(n) for n in range(120)]
    tickets = pd.DataFrame(
        {"ticket_id": ids, "customer_id": ids, "opened_at": pd.Timestamp("2026-10-03"), "state": "open"}
    )
    found = topics(catalog(answers(a_month=1, months=1), tickets=tickets.assign(subject=said)), OCTOBER)
    assert set(found.loc[found["source"] == "ticket", "out_of"]) == {120}
    assert "ticket" not in set(topics(catalog(answers(), tickets=tickets), OCTOBER)["source"])


def test_topics_are_the_same_next_month_without_a_store_and_with_one(tmp_path):
    frame = answers(burnt=16)
    before = topics(catalog(frame[frame["responded_at"] < "2026-10-01"]), "2026-09")
    after = topics(catalog(frame), OCTOBER)
    assert set(before["topic"]) <= {*after["topic"]}
    asked = catalog(frame)
    keep_topics(asked, tmp_path, date(2026, 9, 30))
    kept = read_dictionaries(tmp_path)
    keep_topics(asked, tmp_path, date(2026, 10, 31))
    keep_topics(asked, tmp_path, date(2026, 10, 31))  # again: what is kept stays
    first, second = read_dictionaries(tmp_path)
    assert [first] == kept and (first["day"], second["day"]) == ("2026-09-30", "2026-10-31")
    assert second["names"][: len(first["names"])] == first["names"] and len(second["new"]) == 1
    assert "Lang" not in (tmp_path / DICTIONARY_FILE).read_text()


def test_a_page_of_september_does_not_change_with_the_dictionary_of_october(tmp_path):
    asked = catalog(answers(burnt=16))
    keep_topics(asked, tmp_path, date(2026, 9, 30))
    before = predictions_hash(tmp_path, date(2026, 10, 1))
    keep_topics(asked, tmp_path, date(2026, 10, 31))
    assert predictions_hash(tmp_path, date(2026, 10, 1)) == before != predictions_hash(tmp_path, date(2026, 11, 1))


def test_a_damaged_dictionary_is_told(tmp_path):
    (tmp_path / DICTIONARY_FILE).write_text("{")
    with pytest.raises(ck.CrmkitError, match="delete it: topics are then learned anew"):
        read_dictionaries(tmp_path)
