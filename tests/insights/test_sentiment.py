"""What is said of moods read off texts: tile and section agree on whether to act on them."""

import numpy as np
import pandas as pd

from crmkit.insights.sentiment import sentiment_message, sentiment_remarks


def check(accuracy, low, languages=("de",), method="learned"):
    row = {
        "n_texts": 900,
        "n_judged": 0 if np.isnan(accuracy) else 200,
        "accuracy": accuracy,
        "low": low,
        "high": 0.9,
        "always": 0.5,
        "net_error": 0.0,
        "method": method,
    }
    return pd.DataFrame([row | {"language": language} for language in languages])


def test_a_mood_no_better_than_chance_is_not_to_be_acted_on_in_either_place_and_stars_are():
    result = check(0.52, 0.44)
    assert not sentiment_remarks(result)["comment_sentiment"].is_doubt
    remark = sentiment_remarks(result)["post_sentiment"]
    assert remark.is_doubt and remark.text.startswith("Do not act on it")
    assert sentiment_message(result).endswith("do not act on it")


def test_what_cannot_be_judged_is_doubted_and_languages_have_names():
    result = check(np.nan, np.nan, languages=("de", "tr"), method="none")
    assert sentiment_message(result).endswith("; texts in German and Turkish are not read")
    remark = sentiment_remarks(result)["post_sentiment"]
    assert remark.is_doubt and "not known" in remark.text


def test_a_mood_read_well_says_how_well_and_of_posts_that_it_is_not_known():
    remarks = sentiment_remarks(check(0.75, 0.68))
    assert remarks["comment_sentiment"].text == "By the stars given with each comment"
    assert remarks["post_sentiment"].text.endswith(", of posts it is not known")
    assert not any(remark.is_doubt for remark in remarks.values())
