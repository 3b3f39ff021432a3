"""The mood of every text: which method speaks for it, nothing later than the day, no text kept, honest accuracy."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

import crmkit as ck
from crmkit.metrics import evaluate
from crmkit.predictions.runner.predict import with_predictions
from crmkit.predictions.sentiment import mood_shares, sentiment_check, text_sentiments

GOOD, BAD = (
    ("schnell geliefert und sehr lecker", "immer gerne wieder"),
    ("kam viel zu spät", "leider verbrannt und bitter"),
)


def answers(n: int, language: str = "de", first: int = 0, day: str = "2026-01-01") -> pd.DataFrame:
    """n answers with stars, half of them good; each has words of its own at the end."""
    good = np.arange(n) % 2 == 0
    words = [f"{(GOOD if is_good else BAD)[i // 2 % 2]}, Nummer {first + i}" for i, is_good in enumerate(good)]
    return pd.DataFrame(
        {
            "response_id": [f"r{first + i}" for i in range(n)],
            "survey": "csat",
            "score": np.where(good, 5.0, 1.0),
            "comment": words,
            "language": language,
            "customer_id": [f"c{first + i}" for i in range(n)],
            "responded_at": pd.Timestamp(day) + pd.to_timedelta(np.arange(n), unit="h"),
            "touchpoint": "shop",
        }
    )


POSTS = pd.DataFrame(
    {
        "post_id": ["p1", "p2", "p3", "p4"],
        "network": "x",
        "author": ["customer", "customer", "customer", "brand"],
        "posted_at": pd.to_datetime(["2026-10-05"] * 4),
        "language": ["en", "en", "tr", "en"],
        "text": ["Best beans in town, love it!", "Horrible, never again.", "Kahve harika", "We are the best!"],
    }
)


def german_posts() -> pd.DataFrame:
    words = ["schnell und lecker", "leider bitter", "Best beans in town, love it!", "We are the best!"]
    return POSTS.assign(language=["de", "de", "en", "de"], text=words)


def test_stars_are_the_mood_a_language_with_stars_is_learned_and_others_are_not_read():
    catalog = ck.connect({"survey_responses": answers(200), "social_posts": german_posts()})
    told = text_sentiments(catalog, date(2026, 10, 31)).set_index("text_id")
    assert told.loc[["p1", "p2"], ["mood", "method"]].values.tolist() == [[1, "learned"], [-1, "learned"]]
    assert "p3" not in told.index and "p4" not in told.index  # no star speaks for English; the firm's own words
    starred = told[told["source"] == "comment"]
    assert set(starred["method"]) == {"stars"} and len(starred) == 200
    assert starred["mood"].tolist() == [1, -1] * 100
    assert "text" not in told.columns and not told.isin(GOOD).any().any()


def test_stars_that_words_do_not_tell_give_posts_no_mood():
    """The lexicon of English words alone would call both posts kind."""
    random = np.random.default_rng(2)
    lot = answers(200, "en").assign(score=random.choice([1.0, 5.0], 200))
    told = text_sentiments(ck.connect({"survey_responses": lot, "social_posts": POSTS}), date(2026, 10, 31))
    assert set(told["source"]) == {"comment"} and set(told["method"]) == {"stars"}


def test_shares_of_posts_are_corrected_for_the_errors_of_reading():
    random = np.random.default_rng(1)
    lot = answers(400)
    wrong = random.random(400) < 0.2  # one in five has the words of the other mood
    lot["score"] = np.where(wrong, 6 - lot["score"], lot["score"])
    posts = pd.concat([POSTS.head(1)] * 100, ignore_index=True)
    posts["post_id"], posts["language"] = [f"p{n}" for n in range(100)], "de"
    posts["text"] = [f"{(BAD if n % 5 else GOOD)[0]} {n}" for n in range(100)]  # 80 read as unkind: truly all are
    found = mood_shares(ck.connect({"survey_responses": lot, "social_posts": posts}), "2026-10").set_index("mood")
    assert found.loc["unkind", ["uncorrected", "n"]].tolist() == [0.8, 100]
    assert found.loc["unkind", "share"] > 0.9 and found.loc["net", "share"] < -0.8
    assert (found["low"] <= found["share"]).all() and (found["share"] <= found["high"]).all()


def test_nothing_after_the_day_is_read():
    catalog = ck.connect({"survey_responses": answers(200)})
    assert len(text_sentiments(catalog, date(2026, 1, 5))) == 5 * 24
    assert text_sentiments(catalog, date(2026, 1, 5))["written_at"].max() < pd.Timestamp("2026-01-06")


def test_a_text_keeps_its_first_mood():
    catalog = ck.connect({"social_posts": german_posts().head(1), "survey_responses": answers(200)})
    first = with_predictions(catalog, date(2026, 10, 31), only=["sentiment"])
    later = first.frame("text_sentiments").assign(as_of=pd.Timestamp("2026-11-30"), mood=-1.0)
    both = first.with_tables({"text_sentiments": pd.concat([later, first.frame("text_sentiments")])})
    assert evaluate(both, "post_sentiment", periods="2026-10")["value"].item() == 100


def test_without_texts_and_without_a_readable_language_it_is_not_measured_and_says_why():
    with pytest.raises(ck.CrmkitError, match=r"survey_responses.comment or social_posts.text"):
        text_sentiments(ck.connect({"survey_responses": answers(20).drop(columns="comment")}), date(2026, 10, 31))
    with pytest.raises(ck.CrmkitError, match="nothing could be learned in the languages"):
        text_sentiments(ck.connect({"social_posts": POSTS}), date(2026, 10, 31))


def test_words_that_were_learned_from_do_not_judge():
    """The same two sentences again and again: nothing is left to judge by, whatever the accuracy would look like."""
    same = answers(400).assign(comment=lambda rows: np.where(rows["score"] > 3, GOOD[0], BAD[0]))
    row = sentiment_check(ck.connect({"survey_responses": same}), date(2026, 10, 31)).iloc[0]
    assert row["n_judged"] == 0 and np.isnan(row["accuracy"])


def test_two_languages_with_too_few_to_judge_each_are_judged_together():
    both = pd.concat([answers(100), answers(100, "fr", 500, "2026-01-01")])
    check = sentiment_check(ck.connect({"survey_responses": both}), date(2026, 10, 31)).set_index("language")
    assert check["n_judged"].to_dict() == {"all languages": 50, "de": 25, "fr": 25}
    assert check["accuracy"].notna().to_dict() == {"all languages": True, "de": False, "fr": False}


def test_random_labels_are_predicted_no_better_than_chance():
    random = np.random.default_rng(2)
    lot = answers(600).assign(score=random.choice([1.0, 5.0], 600))
    row = sentiment_check(ck.connect({"survey_responses": lot}), date(2026, 10, 31)).iloc[0]
    assert row["n_judged"] == 150 and row["low"] < 0.5 < row["high"]


def test_later_reviews_of_olist_are_read_rightly_in_three_of_four_cases(shared_data):
    reviews = pd.read_parquet(shared_data / "olist_order_reviews.parquet")
    rows = pd.DataFrame(
        {
            "response_id": [str(n) for n in range(len(reviews))],
            "survey": "csat",
            "language": "pt",
            "score": reviews["review_score"].astype(float),
            "comment": reviews["review_comment_message"],
            "responded_at": pd.to_datetime(reviews["review_creation_date"]),
        }
    )
    row = sentiment_check(ck.connect({"survey_responses": rows}), date(2018, 8, 31)).iloc[0]
    assert (row["language"], row["n_texts"], row["method"]) == ("pt", 4109, "learned")
    assert 0.73 < row["accuracy"] < 0.78 and row["always"] < 0.51 and abs(row["net_error"]) < 0.06
