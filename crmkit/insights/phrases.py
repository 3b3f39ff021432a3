"""The phrase book: the words for each metric stated, risen and fallen, and for columns and features."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crmkit.tables.schema import SCHEMAS

_LISTS = "columns of "  # of a file, which are named as the file names them
_WHOLE = re.compile(r"(?:the|its|her|who|what|whether) ")


def phrase_for(metric: str, label: str) -> Phrase:
    """Return the words for a metric; for one that is not in the phrase book they are made from its label.

    Examples
    --------
    >>> phrase_for("churn_rate", "Customers lost").rose
    'more customers left'
    >>> phrase_for("late_parcels", "Late parcels").fell, phrase_for("late_parcels", "Late parcels").states
    ('late parcels fell', 'Late parcels: {value}')
    """
    if metric in PHRASES:
        return PHRASES[metric]
    inside = mid_sentence(label)
    literal = label.replace("{", "{{").replace("}", "}}")  # a label is data, never a format string
    return Phrase(f"{literal}: {{value}}", f"{inside} rose", f"{inside} fell")


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
    return _LABELS.get(name, name.removeprefix("n_").replace("_", " "))


PHRASES = {
    "nps": Phrase(
        "Net Promoter Score stands at {value}", "customers recommend you more", "customers recommend you less"
    ),
    "csat": Phrase("{value} of answers say satisfied", "more customers are satisfied", "fewer customers are satisfied"),
    "ces": Phrase(
        "{value} found it easy to deal with you", "dealing with you got easier", "dealing with you got harder"
    ),
    "response_rate": Phrase(
        "{value} of those asked answered", "more of those asked answered", "fewer of those asked answered"
    ),
    "churn_rate": Phrase("{value} of customers left", "more customers left", "fewer customers left"),
    "renewal_rate": Phrase("{value} of terms due were renewed", "more terms were renewed", "fewer terms were renewed"),
    "turnover": Phrase("Turnover came to {value}", "turnover rose", "turnover fell"),
    "recurring_revenue": Phrase(
        "Subscribers pay {value} a month", "subscribers pay more a month", "subscribers pay less a month"
    ),
    "revenue": Phrase("Shop revenue came to {value}", "shop revenue rose", "shop revenue fell"),
    "n_orders": Phrase("{value} came in", "more orders came in", "fewer orders came in", "orders"),
    "average_order_value": Phrase("An order brings {value} on average", "orders got larger", "orders got smaller"),
    "transactions_per_customer": Phrase(
        "Each buyer ordered {value} times on average", "customers ordered more often", "customers ordered less often"
    ),
    "new_customers": Phrase(
        "{value} joined", "more new customers joined", "fewer new customers joined", "new customers"
    ),
    "customer_acquisition_cost": Phrase(
        "{value} buys a new customer", "winning a customer got dearer", "winning a customer got cheaper"
    ),
    "lead_conversion": Phrase("{value} of leads became customers", "more leads converted", "fewer leads converted"),
    "customer_origin": Phrase(
        "{value} of new customers came from a known origin",
        "more of the origins are known",
        "fewer of the origins are known",
    ),
    "win_rate": Phrase(
        "{value} of deals decided were won", "a larger share of deals was won", "a smaller share of deals was won"
    ),
    "sales_cycle": Phrase("Closing a deal takes {value}", "deals took longer to close", "deals closed faster"),
    "revenue_churn": Phrase(
        "{value} of recurring revenue was lost", "more recurring revenue was lost", "less of it was lost"
    ),
    "gross_revenue_retention": Phrase(
        "{value} of recurring revenue was kept", "more recurring revenue was kept", "less recurring revenue was kept"
    ),
    "net_revenue_retention": Phrase(
        "Customers at start still pay {value} of what they paid",
        "customers at start pay more",
        "customers at start pay less",
    ),
    "active_customers": Phrase(
        "You started with {value}", "more customers are active", "fewer customers are active", "active customers"
    ),
    "customer_retention_cost": Phrase(
        "{value} was spent on keeping each customer", "keeping a customer got dearer", "keeping a customer got cheaper"
    ),
    "net_new_revenue": Phrase(
        "Recurring revenue changed by {value} a month",
        "recurring revenue developed better",
        "recurring revenue developed worse",
    ),
    "churned_mrr": Phrase(
        "Subscribers who left took {value} a month with them",
        "leavers took more recurring revenue with them",
        "leavers took less recurring revenue with them",
    ),
    "margin": Phrase("Margin came to {value}", "margin rose", "margin fell"),
    "repeat_rate": Phrase(
        "{value} of buyers had bought before",
        "more of the buyers had bought before",
        "fewer of the buyers had bought before",
    ),
    "days_between_orders": Phrase(
        "Buyers come back after {value}", "buyers wait longer to come back", "buyers come back sooner"
    ),
    "click_rate": Phrase(
        "{value} of messages were clicked", "more messages were clicked", "fewer messages were clicked"
    ),
    "mentions": Phrase(
        "Others wrote {value} about you", "others write about you more", "others write about you less", "posts"
    ),
    "engagement_rate": Phrase("{value} of showings led to a reaction", "posts bring more", "posts bring less"),
    "monthly_margin_per_customer": Phrase(
        "An active customer brings a margin of {value} a month",
        "customers bring more margin",
        "customers bring less margin",
    ),
    "payback_months": Phrase(
        "A new customer has paid back after {value}", "new customers pay back later", "new customers pay back sooner"
    ),
    "time_to_purchase": Phrase(
        "From first contact to purchase it takes {value}", "leads take longer to buy", "leads buy sooner"
    ),
    "active_users": Phrase(
        "{value} worked with the CRM", "more colleagues use the CRM", "fewer colleagues use the CRM", "colleagues"
    ),
    "login_frequency": Phrase(
        "A user of the CRM logs in {value} times a week", "users log in more often", "users log in less often"
    ),
    "records_created": Phrase(
        "Records created come to {value} a week and user", "users create more records", "users create fewer records"
    ),
    "other_activity": Phrase(
        "Other things done in the CRM come to {value} a week and user",
        "users do more in the CRM",
        "users do less in the CRM",
    ),
    "delivery_rate": Phrase(
        "{value} of messages were delivered", "more messages were delivered", "fewer messages were delivered"
    ),
    "email_conversion": Phrase(
        "{value} of messages led to an order", "more messages led to an order", "fewer messages led to an order"
    ),
    "unsubscribe_rate": Phrase(
        "{value} of messages made someone unsubscribe", "more customers unsubscribed", "fewer unsubscribed"
    ),
    "acquisition_spend": Phrase(
        "{value} was spent on winning customers",
        "more was spent on winning customers",
        "less was spent on winning customers",
    ),
    "budget_used": Phrase(
        "{value} of the budget was used", "more of the budget was used", "less of the budget was used"
    ),
    "marketing_roi": Phrase(
        "The return on marketing was {value}", "marketing returned more", "marketing returned less"
    ),
    "return_on_ad_spend": Phrase(
        "Campaigns brought {value} their cost in revenue",
        "campaigns brought more revenue",
        "campaigns brought less revenue",
    ),
    "open_deals": Phrase("You have {value} open", "more deals are open", "fewer deals are open", "deals"),
    "open_amount": Phrase("Open deals amount to {value}", "open deals amount to more", "open deals amount to less"),
    "time_in_stage": Phrase(
        "A deal stands in a stage for {value}", "deals stand in a stage longer", "deals pass a stage faster"
    ),
    "lead_abandonment": Phrase(
        "{value} of leads were given up", "more leads were given up", "fewer leads were given up"
    ),
    "days_to_win_first_quarter": Phrase(
        "A quarter of the wins takes {value} or less", "the fastest wins took longer", "the fastest wins came sooner"
    ),
    "days_to_win_half": Phrase("Half of the wins take {value} or less", "wins took longer", "wins came sooner"),
    "days_to_win_three_quarters": Phrase(
        "Three quarters of the wins take {value} or less",
        "the slowest wins took longer",
        "the slowest wins came sooner",
    ),
    "deals_opened": Phrase("You opened {value}", "more deals were opened", "fewer deals were opened", "deals"),
    "deals_won": Phrase("You won {value}", "more deals were won", "fewer deals were won", "deals"),
    "amount_won": Phrase("Deals won amount to {value}", "deals won amount to more", "deals won amount to less"),
    "touches_to_close": Phrase(
        "Winning a deal took {value}", "winning a deal took more touches", "winning a deal took fewer touches"
    ),
    "new_mrr": Phrase(
        "New subscribers bring {value} a month", "new subscribers bring more", "new subscribers bring less"
    ),
    "reactivation_mrr": Phrase(
        "Subscribers who came back bring {value} a month",
        "returning subscribers bring more",
        "returning subscribers bring less",
    ),
    "expansion_mrr": Phrase(
        "Larger subscriptions bring {value} more a month", "subscriptions grew by more", "subscriptions grew by less"
    ),
    "contraction_mrr": Phrase(
        "Smaller subscriptions cost {value} a month", "subscriptions shrank by more", "subscriptions shrank by less"
    ),
    "referred_customers": Phrase(
        "{value} of new customers were recommended",
        "more new customers were recommended",
        "fewer new customers were recommended",
    ),
    "revenue_per_referred_customer": Phrase(
        "A recommended customer ordered for {value}",
        "recommended customers spent more",
        "recommended customers spent less",
    ),
    "revenue_per_other_customer": Phrase(
        "Any other customer ordered for {value}",
        "customers not recommended spent more",
        "customers not recommended spent less",
    ),
    "retention_break_even": Phrase(
        "Keeping customers pays if it earned {value} of the repeat margin",
        "keeping customers must earn more to pay",
        "keeping customers pays more easily",
    ),
    "margin_rate": Phrase(
        "{value} of revenue was margin", "a larger share of revenue was margin", "a smaller share was margin"
    ),
    "product_revenue": Phrase("Products sold for {value}", "products sold for more", "products sold for less"),
    "n_posts": Phrase("You wrote {value}", "you posted more", "you posted less", "posts"),
    "reach": Phrase("Your posts were seen by {value}, added up", "posts reached more", "posts reached fewer", "people"),
    "reactions": Phrase("Posts drew {value}", "posts drew more reactions", "posts drew fewer reactions", "reactions"),
    "customer_authored_share": Phrase(
        "{value} of posts were written by customers",
        "customers wrote more of the posts",
        "customers wrote fewer of the posts",
    ),
    "visitors": Phrase("{value} came to the site", "more visitors came", "fewer visitors came", "visitors"),
    "traffic_to_lead": Phrase(
        "{value} of visitors became leads", "more visitors became leads", "fewer visitors became leads"
    ),
    "landing_page_conversion": Phrase(
        "{value} of visitors of a landing page did what it asks",
        "landing pages convert better",
        "landing pages convert worse",
    ),
    "clicks_without_conversion": Phrase(
        "{value} led to nothing", "more clicks led to nothing", "fewer clicks led to nothing", "clicks"
    ),
    "clicks_lost": Phrase(
        "{value} of clicks led to nothing",
        "a larger share of clicks led to nothing",
        "a smaller share of clicks led to nothing",
    ),
    "sign_ups": Phrase("{value} came in", "more people signed up", "fewer people signed up", "sign-ups"),
    "residual_value": Phrase(
        "A customer is worth {value} from now on", "customers are worth more", "customers are worth less"
    ),
    "new_customer_value": Phrase(
        "A new customer is worth {value}", "new customers are worth more", "new customers are worth less"
    ),
    "clv_to_cac": Phrase(
        "A new customer is worth {value} her cost",
        "newcomers repay their cost better",
        "newcomers repay their cost worse",
    ),
    "incremental_value_per_customer": Phrase(
        "Actions brought {value} per customer", "actions brought more per customer", "actions brought less per customer"
    ),
    "incremental_value": Phrase("Actions brought {value}", "actions brought more", "actions brought less"),
    "incremental_margin": Phrase("Actions brought {value} of margin", "actions earned more", "actions earned less"),
    "incremental_roi": Phrase("The return on actions was {value}", "actions returned more", "actions returned less"),
    "revenue_change": Phrase(
        "Shop revenue changed by {value}", "shop revenue developed better", "shop revenue developed worse"
    ),
    "revenue_from_new": Phrase(
        "First-time buyers brought {value}", "first-time buyers brought more", "first-time buyers brought less"
    ),
    "revenue_from_returning": Phrase(
        "Customers who came back brought {value}",
        "returning customers brought more",
        "returning customers brought less",
    ),
    "revenue_from_more": Phrase(
        "Customers who bought more added {value}", "growing customers added more", "growing customers added less"
    ),
    "revenue_lost_to_less": Phrase(
        "Customers who bought less cost {value} of shop revenue",
        "customers who bought less cost more",
        "customers who bought less cost less",
    ),
    "revenue_lost_to_gone": Phrase(
        "Customers who did not order again cost {value} of shop revenue",
        "customers who did not order again cost more",
        "customers who did not order again cost less",
    ),
    "revenue_change_of_guests": Phrase(
        "Shop revenue of guests changed by {value}", "guests bought more", "guests bought less"
    ),
    "engagement_score": Phrase(
        "Customers take part at {value} of 100", "customers take part more", "customers take part less"
    ),
    "comment_sentiment": Phrase(
        "Comments stand at {value} of sentiment", "comments got kinder", "comments got less kind"
    ),
    "post_sentiment": Phrase(
        "Posts about you stand at {value} of sentiment", "posts got kinder", "posts got less kind"
    ),
}
_LABELS = {
    "overdue": "days since the last order over the usual gap",
    "days_since_order": "days since the last order",
    "order_gap_days": "usual days between orders",
    "n_orders": "orders so far",
    "n_orders_90_days": "orders in the last 90 days",
    "n_orders_before": "orders in the 90 days before",
    "orders_trend": "orders in the last 90 days over those before",
    "order_value": "mean amount of an order",
    "refund_share": "share of orders refunded",
    "days_since_first_order": "days since the first order",
    "subscribed_days": "days subscribed so far",
    "price_change": "last change of the price",
    "days_as_customer": "days as a customer",
    "days_since_ticket": "days since the last support case",
    "days_to_end": "days to the end of the paid term",
    "n_terms": "paid terms so far",
    "mrr": "price per month",
    "term_months": "length of the paid term in months",
    "n_contacts_90_days": "contacts in the last 90 days",
    "n_tickets_90_days": "support cases in the last 90 days",
    "n_open_tickets": "open support cases",
    "last_nps": "last recommendation score",
    "last_csat": "last satisfaction score",
    "click_share": "share of mailings clicked",
    "has_unsubscribed": "unsubscribed from mailings",
}
