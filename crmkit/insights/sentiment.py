"""How far the sentiment of texts can be trusted, in one sentence."""

from __future__ import annotations

import pandas as pd

from crmkit.metrics.nouns import joined
from crmkit.metrics.wording import scale_for

#: How a language is read, in words.
METHODS = {
    "learned": "learned from your answers with stars",
    "lexicon": "by a list of English words",
    "none": "not measured in this language",
    "each": "each as below",
}


def sentiment_message(check: pd.DataFrame) -> str:
    """Return how often the mood read off a text is that of the stars given with it.

    Parameters
    ----------
    check : DataFrame
        From :func:`crmkit.sentiment_check`.

    Examples
    --------
    >>> row = {"language": "pt", "n_texts": 900, "method": "learned", "n_judged": 200, "accuracy": 0.75, "low": 0.68,
    ...        "high": 0.8, "always": 0.5, "net_error": -0.04}
    >>> sentiment_message(pd.DataFrame([row]))
    'The mood read off a comment is that of its stars in 75 % of cases; naming the same mood each time would reach 50 %'
    >>> sentiment_message(pd.DataFrame([row | {"accuracy": 0.52, "low": 0.44}]))
    'The mood read off a comment agrees with its stars no more often than chance would: do not act on it'
    """
    judged = check[check["accuracy"].notna()]
    judged = judged[judged["method"] == "each"] if (judged["method"] == "each").any() else judged
    if judged.empty:
        unread = check.loc[check["method"] == "none", "language"].tolist()
        missing = f"; texts in {joined(unread[:5])} are not read" if unread else ""
        return f"Too few comments with stars to tell whether moods are read rightly{missing}"
    n = judged["n_judged"].to_numpy(float)
    accuracy, low, always = (float((judged[name] * n).sum() / n.sum()) for name in ("accuracy", "low", "always"))
    if low <= always:
        return "The mood read off a comment agrees with its stars no more often than chance would: do not act on it"
    right, lazy = (scale_for("share", value, significant=2).words(value) for value in (accuracy, always))
    told = f"The mood read off a comment is that of its stars in {right} of cases"
    return f"{told}; naming the same mood each time would reach {lazy}"
