"""The words for each metric stated, risen and fallen, and for columns and features."""

from __future__ import annotations

import re

from crmkit.tables.schema import SCHEMAS
from crmkit.words import has_message, say

_LISTS = "columns of "  # of a file, which are named as the file names them
_WHOLE = re.compile(r"(?:the|its|her|who|what|whether) ")


def stated(metric: str, label: str, value: str, n: float | None = None) -> str:
    """Return the sentence that states the value of a metric, without its full stop.

    Parameters
    ----------
    metric, label : str
        Name and label of the metric; one that has no message of its own is stated by its label.
    value : str
        The value as it is written: "8 %".
    n : float or None
        The value itself where it is a count or a number of times: it decides between singular and plural.

    Examples
    --------
    >>> stated("churn_rate", "Customers lost", "8 %"), stated("n_orders", "Orders", "1", 1)
    ('8 % of customers left', '1 order came in')
    >>> stated("late_parcels", "Late parcels", "12")
    'Late parcels: 12'
    """
    name = _name(metric)
    return sentence_case(say(f"{name}.states", label=label, value=value, n=0 if n is None else n))


def moved(metric: str, label: str, *, rose: bool) -> str:
    """Return the clause of a headline for a metric that rose or fell.

    Examples
    --------
    >>> moved("churn_rate", "Customers lost", rose=True), moved("late_parcels", "Late parcels", rose=False)
    ('more customers left', 'late parcels fell')
    """
    return say(f"{_name(metric)}.{'rose' if rose else 'fell'}", label=mid_sentence(label))


def _name(metric: str) -> str:
    return f"phrase-{metric}" if has_message(f"phrase-{metric}.states") else "phrase-other"


def mid_sentence(label: str) -> str:
    """Return a label as written inside a sentence: "average order value", but "Net Promoter Score", "NPS by e-mail".

    Examples
    --------
    >>> mid_sentence("Average order value"), mid_sentence("Net Promoter Score"), mid_sentence("NPS by e-mail")
    ('average order value', 'Net Promoter Score', 'NPS by e-mail')
    """
    first, *others = label.split(" ")
    is_name = re.fullmatch(r"\w[^A-Z]*", first) is None or any(word[:1].isupper() for word in others)
    return label if is_name else label[:1].lower() + label[1:]


def sentence_case(text: str) -> str:
    """Return the text with a capital first letter."""
    return text[:1].upper() + text[1:]


def column_in_words(table: str, name: str) -> str:
    """Return a column of a canonical table in words; a name that is one word, or not known, is returned unchanged.

    Examples
    --------
    >>> column_in_words("survey_responses", "responded_at"), column_in_words("orders", "revenue")
    ('the time of the answer (responded_at)', 'revenue')
    >>> column_in_words("customers", "birth_year"), column_in_words("deals", "closed_at")
    ('the year of birth (birth_year)', 'the time when it was won or lost (closed_at)')
    """
    known = SCHEMAS.get(table)
    if "_" not in name or known is None or name not in known.names:
        return name
    meaning = re.split("[;,]", known.column(name).meaning)[0].strip()
    if meaning.startswith("when "):
        meaning = f"the time {meaning}"
    elif not _WHOLE.match(meaning):
        meaning = f"the {meaning}"
    return f"{meaning} ({name})"


def finding_in_words(table: str, finding: str) -> str:
    """Return a finding in which the name of each column of its table is replaced by words.

    Examples
    --------
    >>> finding_in_words("survey_responses", "responded_at is missing")
    'the time of the answer (responded_at) is missing'
    >>> finding_in_words("deals", "columns of deals.csv that are not used: closed_at")
    'columns of deals.csv that are not used: closed_at'
    """
    if table not in SCHEMAS or finding.startswith(_LISTS):
        return finding
    names = sorted((name for name in SCHEMAS[table].names if "_" in name), key=len, reverse=True)
    if not names:
        return finding
    # Names in quotation marks or in file names are not those of columns.
    named = re.compile(rf"(?<![\w.'(-])(?:{'|'.join(names)})(?![\w'.)-])")
    return named.sub(lambda match: column_in_words(table, match[0]), finding)


def feature_label(name: str) -> str:
    """Return the name of a feature in words.

    Examples
    --------
    >>> feature_label("n_orders_90_days"), feature_label("last_nps"), feature_label("company_size")
    ('orders in the last 90 days', 'last recommendation score', 'company size')
    """
    known = f"phrase-feature-{name}"
    return say(known) if has_message(known) else name.removeprefix("n_").replace("_", " ")
