"""Moods of texts: by a lexicon that needs no network, and learned."""

import numpy as np
import pandas as pd

from crmkit.models.text.sentiment import learned_sentiment, lexicon_sentiment


def test_the_lexicon_reads_negation_and_needs_no_connection(monkeypatch):
    import socket

    monkeypatch.setattr(socket, "socket", None)
    texts = [
        "The staff was great.",
        "The staff was not great.",
        "The parcel has two bags.",
        "",
        "<script>alert(1)</script>",
    ]
    assert lexicon_sentiment(texts).tolist() == [1, -1, 0, 0, 0]


def test_the_lexicon_is_right_more_often_than_chance_on_english_tweets_and_reads_too_kindly(shared_data):
    tweets = pd.read_parquet(shared_data / "tweets_8_languages.parquet").query("lang == 'english'")
    mood = tweets["label"].map({"negative": -1, "neutral": 0, "positive": 1}).to_numpy()
    told = lexicon_sentiment(tweets["text"].tolist())
    assert 0.57 < (told == mood).mean() < 0.60  # a third by chance
    assert 0.13 < (told - mood).mean() < 0.17  # 15 points of net sentiment too kind: the page shows it


def test_learned_moods_beat_the_largest_class_on_reviews_of_a_later_time(shared_data):
    reviews = pd.read_parquet(shared_data / "olist_order_reviews.parquet").dropna(subset=["review_comment_message"])
    reviews = reviews.sort_values("review_creation_date").tail(1600)
    mood = np.sign(reviews["review_score"].to_numpy() - 3)
    text = reviews["review_comment_message"].to_numpy()
    told = learned_sentiment(text[:1200], mood[:1200]).predict(text[1200:])
    right, always = (told == mood[1200:]).mean(), pd.Series(mood[1200:]).value_counts(normalize=True).max()
    assert right > 0.7 > always + 0.1
