"""Moods read off words beside TF-IDF over words with logistic regression: macro F1 on texts that were kept back.

PYTHONPATH=. python benchmarks/moods.py --data DIR
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline

from crmkit.models.text.sentiment import corrected_shares, learned_sentiment, moods_out_of_fold

_MOODS = {"negative": -1, "neutral": 0, "positive": 1}


def main() -> None:
    """Print macro F1 by language, and a share that has shifted: as it is, as read, and corrected with its interval."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--languages", nargs="*")
    asked = arguments.parse_args()
    warnings.filterwarnings("ignore")
    tweets = pd.read_parquet(asked.data / "tweets_8_languages.parquet")
    comments = pd.read_parquet(asked.data / "indonesian_comments.parquet").assign(lang="indonesian")
    texts = pd.concat([tweets, comments], ignore_index=True)
    texts = texts.assign(mood=texts["label"].map(_MOODS))
    for language, rows in texts.groupby("lang"):
        if asked.languages and language not in asked.languages:
            continue
        taught, kept = rows[rows["split"] == "train"], rows[rows["split"] != "train"]
        plain = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=300))
        before = plain.fit(taught["text"], taught["mood"]).predict(kept["text"])
        read = learned_sentiment(taught["text"], taught["mood"].to_numpy()).predict(kept["text"])
        scores = [f1_score(kept["mood"], found, average="macro") for found in (before, read)]
        print(
            f"{language}: TF-IDF and logistic regression {scores[0]:.3f}, crmkit {scores[1]:.3f}; {_shifted(taught, kept, read)}"
        )


def _shifted(taught: pd.DataFrame, kept: pd.DataFrame, read: np.ndarray) -> str:
    """Return what is told of a month in which four of five texts are unkind, by errors known out of fold."""
    taught = taught.drop_duplicates("text")
    judged = moods_out_of_fold(taught["text"].tolist(), taught["mood"].to_numpy())
    random = np.random.default_rng(0)
    mood = kept["mood"].to_numpy()
    unkind, others = np.flatnonzero(mood < 0), np.flatnonzero(mood >= 0)
    month = np.concatenate([random.choice(unkind, 240), random.choice(others, 60)])
    share = corrected_shares(read[month], judged, taught["mood"].to_numpy())[0]
    interval = f"{100 * share[1]:.0f} to {100 * share[2]:.0f}"
    as_read = f"{100 * (read[month] < 0).mean():.0f} %"
    return f"of 80 % unkind are read {as_read}, corrected {100 * share[0]:.0f} % ({interval})"


if __name__ == "__main__":
    main()
