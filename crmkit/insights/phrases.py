"""How a metric's movement is said: a small table for the cards that ship, a fallback from the label for any other."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Phrase:
    """The words for one metric.

    Attributes
    ----------
    states : str
        A clause that states the value, with ``{value}`` in it: "{value} of customers left".
    rose, fell : str
        A clause for the page's headline, in lower case: "more customers left", "fewer customers left".
    nouns : str
        For a count, what is counted; ``{value}`` then reads "1 order", "903 orders".
    """

    states: str
    rose: str
    fell: str
    nouns: str = ""


_PHRASES = {
    "nps": Phrase("Net Promoter Score stands at {value}", "customers recommend you more", "customers recommend you less"),
    "csat": Phrase("{value} of answers say satisfied", "more customers are satisfied", "fewer customers are satisfied"),
    "ces": Phrase("{value} found it easy to deal with you", "dealing with you got easier", "dealing with you got harder"),
    "response_rate": Phrase("{value} of those asked answered", "more of those asked answered", "fewer of those asked answered"),
    "churn_rate": Phrase("{value} of customers left", "more customers left", "fewer customers left"),
    "renewal_rate": Phrase("{value} of terms due were renewed", "more terms were renewed", "fewer terms were renewed"),
    "revenue": Phrase("Revenue came to {value}", "revenue rose", "revenue fell"),
    "n_orders": Phrase("{value} came in", "more orders came in", "fewer orders came in", "orders"),
    "average_order_value": Phrase("An order brings {value} on average", "orders got larger", "orders got smaller"),
    "transactions_per_customer": Phrase(
        "Each buyer ordered {value} times on average", "customers ordered more often", "customers ordered less often"
    ),
    "new_customers": Phrase("{value} joined", "more new customers joined", "fewer new customers joined", "new customers"),
    "customer_acquisition_cost": Phrase(
        "{value} buys a new customer", "winning a customer got dearer", "winning a customer got cheaper"
    ),
    "lead_conversion": Phrase("{value} of leads became customers", "more leads converted", "fewer leads converted"),
    "customer_origin": Phrase(
        "{value} of new customers came from a known origin", "more of the origins are known", "fewer of the origins are known"
    ),
    "win_rate": Phrase(
        "{value} of deals decided were won", "a larger share of deals was won", "a smaller share of deals was won"
    ),
    "sales_cycle": Phrase("Closing a deal takes {value}", "deals took longer to close", "deals closed faster"),
    "revenue_churn": Phrase("{value} of recurring revenue was lost", "more recurring revenue was lost", "less of it was lost"),
    "gross_revenue_retention": Phrase(
        "{value} of recurring revenue was kept", "more recurring revenue was kept", "less recurring revenue was kept"
    ),
    "net_revenue_retention": Phrase(
        "Customers at start still pay {value} of what they paid", "existing customers pay more", "existing customers pay less"
    ),
    "active_customers": Phrase("{value} were active at the start", "more customers are active", "fewer are active", "customers"),
    "customer_retention_cost": Phrase(
        "{value} was spent on keeping each customer", "keeping a customer got dearer", "keeping a customer got cheaper"
    ),
    "net_new_revenue": Phrase(
        "Recurring revenue changed by {value} a month", "recurring revenue developed better", "recurring revenue developed worse"
    ),
    "churned_mrr": Phrase("Leavers took {value} a month along", "leavers took more revenue along", "leavers took less along"),
    "margin": Phrase("Margin came to {value}", "margin rose", "margin fell"),
    "repeat_rate": Phrase(
        "{value} of buyers had bought before", "more of the buyers had bought before", "fewer of the buyers had bought before"
    ),
    "days_between_orders": Phrase("Buyers come back after {value}", "buyers wait longer to come back", "buyers come back sooner"),
    "click_rate": Phrase("{value} of messages were clicked", "more messages were clicked", "fewer messages were clicked"),
    "mentions": Phrase("Others wrote about you {value} times", "others write about you more", "others write about you less"),
    "engagement_rate": Phrase("{value} of showings led to a reaction", "posts bring more", "posts bring less"),
}  # fmt: skip


def phrase_for(metric: str, label: str) -> Phrase:
    """Return the words for a metric; for one that is not in the table they are made from its label.

    Examples
    --------
    >>> phrase_for("churn_rate", "Customers lost").rose
    'more customers left'
    >>> phrase_for("late_parcels", "Late parcels").fell, phrase_for("late_parcels", "Late parcels").states
    ('late parcels fell', 'Late parcels: {value}')
    """
    if metric in _PHRASES:
        return _PHRASES[metric]
    inside = mid_sentence(label)
    literal = label.replace("{", "{{").replace("}", "}}")  # a label is data, never a format string
    return Phrase(f"{literal}: {{value}}", f"{inside} rose", f"{inside} fell")


def mid_sentence(label: str) -> str:
    """Return a label as it stands inside a sentence: "average order value", but "Net Promoter Score", "NPS by e-mail".

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
