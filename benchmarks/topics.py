"""Topics of texts beside TF-IDF over words with NMF: do refits agree, and do topics fit human categories?

Each method is fitted to texts drawn again with replacement; agreement is the adjusted Rand index of all pairs of refits on
the texts themselves. Where a set has categories that its texts tell, topics are compared with them (normalised mutual
information), beside a logistic regression that was taught the categories, out of fold.

    PYTHONPATH=. python benchmarks/topics.py --data DIR --texts 600 --refits 30
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.decomposition import NMF
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from crmkit.models.text.topics import TextTopics
from crmkit.models.text.words import function_words

Labels = Callable[[list[str]], np.ndarray]

#: Complaints as an airline might get them: the words of each category, and how often it comes.
_COMPLAINTS = {
    "late": (0.22, "late delayed delay hours waiting schedule missed connection tarmac gate stuck airport departure"),
    "cancelled": (0.12, "cancelled cancel rebook rebooked weather storm stranded tomorrow notification"),
    "luggage": (0.12, "bag bags luggage lost baggage claim suitcase carousel missing found belongings"),
    "service": (0.26, "customer service rep hold phone call agent help line answer response nobody minutes"),
    "booking": (0.08, "booking website reservation app error password online seat upgrade miles points change"),
    "crew": (0.07, "attendant rude crew attitude staff unprofessional yelled pilot friendly"),
    "plane": (0.07, "seat broken wifi entertainment dirty cold food legroom screen power water"),
    "other": (0.06, ""),
}
_COMMON = (
    "flight plane thanks time hours trip need today tomorrow back trying please worst ever airline great day fly flying guys "
    "still told really going home make people another sitting now hour airport customer"
)


def main() -> None:
    """Print agreement of refits, share of the largest topic and fit to categories, for each set and method."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--texts", type=int, default=600)
    arguments.add_argument("--refits", type=int, default=30)
    arguments.add_argument("--topics", type=int, default=8)
    arguments.add_argument("--sets", nargs="*")
    asked = arguments.parse_args()
    warnings.filterwarnings("ignore")
    for name, (texts, categories) in sets(asked.data, asked.texts).items():
        if asked.sets and name not in asked.sets:
            continue
        n_topics = asked.topics if categories is None else len(set(categories))
        said = f"{name}, {len(texts)} texts, {n_topics} topics"
        if categories is not None:
            said += f"; taught: NMI {normalized_mutual_info_score(categories, taught(texts, categories)):.3f}"
        print(said, flush=True)
        for method, fit in (("TF-IDF and NMF", plain), ("crmkit", ours)):
            agreement, largest = refitted(fit, texts, n_topics, asked.refits)
            told = f"  {method:15s} refits agree {agreement:.3f}, largest topic {largest:.2f}"
            if categories is not None:
                told += f", NMI {normalized_mutual_info_score(categories, fit(texts, n_topics, 0)(texts)):.3f}"
            print(told, flush=True)


def plain(texts: list[str], n_topics: int, seed: int) -> Labels:
    """Return TF-IDF over words with NMF, fitted."""
    words = TfidfVectorizer(min_df=2)
    model = NMF(n_topics, init="nndsvd", random_state=seed).fit(words.fit_transform(texts))
    return lambda asked: model.transform(words.transform(asked)).argmax(axis=1)


def ours(texts: list[str], n_topics: int, seed: int) -> Labels:
    """Return the topics of crmkit, fitted."""
    return TextTopics(n_topics, seed).fit(texts).predict


def refitted(fit: Callable[..., Labels], texts: list[str], n_topics: int, refits: int) -> tuple[float, float]:
    """Return how far refits agree, and the mean share of the largest topic."""
    random = np.random.default_rng(1)
    labels = []
    for seed in range(refits):
        drawn = [texts[place] for place in random.integers(0, len(texts), len(texts))]
        labels.append(fit(drawn, n_topics, seed)(texts))
    agreement = np.mean([adjusted_rand_score(one, other) for one, other in combinations(labels, 2)])
    return float(agreement), float(np.mean([pd.Series(each).value_counts(normalize=True).iloc[0] for each in labels]))


def taught(texts: list[str], categories: np.ndarray) -> np.ndarray:
    """Return categories by a logistic regression, each text's by a model that has not seen it."""
    model = make_pipeline(TfidfVectorizer(), LogisticRegression(C=3, max_iter=300))
    return np.asarray(cross_val_predict(model, texts, categories, cv=5))


def sets(data: Path, n: int) -> dict[str, tuple[list[str], np.ndarray | None]]:
    """Return texts by name, with their categories where texts tell them."""
    found: dict[str, tuple[list[str], np.ndarray | None]] = {"complaints (simulated)": _complaints(n)}
    reviews = pd.read_parquet(data / "indonesian_reviews.parquet").drop_duplicates("Customer Review")
    largest = reviews["Category"].value_counts().index[:10]
    reviews = reviews[reviews["Category"].isin(largest)].sample(n, random_state=0)
    names = zip(reviews["Product Name"], reviews["Customer Review"], strict=True)
    products = [" ".join([*name.split()[:4], *said.split()[:12]]) for name, said in names]
    found["Indonesian products"] = (products, reviews["Category"].to_numpy())
    found["Indonesian reviews"] = (reviews["Customer Review"].tolist(), None)
    olist = pd.read_parquet(data / "olist_order_reviews.parquet").dropna(subset=["review_comment_message"])
    olist = olist.drop_duplicates("review_comment_message").sample(n, random_state=0)
    found["Portuguese reviews"] = (olist["review_comment_message"].tolist(), None)
    tweets = pd.read_parquet(data / "tweets_8_languages.parquet")
    for language in sorted(set(tweets["lang"])):
        found[f"{language} posts"] = (
            tweets[tweets["lang"] == language]["text"].sample(n, random_state=0).tolist(),
            None,
        )
    found["posts in eight languages"] = (tweets["text"].sample(n, random_state=0).tolist(), None)
    return found


def _complaints(n: int) -> tuple[list[str], np.ndarray]:
    random = np.random.default_rng(0)
    names, common, english = list(_COMPLAINTS), _COMMON.split(), sorted(function_words(["en"]))
    own = {name: words.split() for name, (_, words) in _COMPLAINTS.items()}
    categories = random.choice(names, n, p=[share for share, _ in _COMPLAINTS.values()])
    texts = []
    for category in categories:
        others = own[names[random.integers(len(names) - 1)]]
        kinds = random.choice(5, random.integers(6, 22), p=[0.45, 0.15, 0.06, 0.20, 0.14])
        rare = ["w" + "".join(random.choice(list("abcdefghij"), 3))]
        lists = [english, own[category] or common, others, common, rare]
        texts.append(" ".join(_drawn(random, lists[kind], even=kind in (0, 4)) for kind in kinds))
    return texts, categories


def _drawn(random: np.random.Generator, words: list[str], even: bool) -> str:
    weights = np.ones(len(words)) if even else 1 / np.arange(1, len(words) + 1) ** 0.8
    return str(random.choice(words, p=weights / weights.sum()))


if __name__ == "__main__":
    main()
