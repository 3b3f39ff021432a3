"""The canonical tables: what one row is, its key, and every column with type, unit and meaning.

Columns that end in ``_at`` hold the business's local time, ``_on`` a calendar day, ``n_`` a count; money is net
of tax in the one currency of the settings; identifiers are text. Only required columns must be present: a metric
that needs an optional one says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from crmkit.errors import UnknownName

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["id", "text", "timestamp", "date", "money", "number", "integer", "flag"]


@dataclass(frozen=True)
class Column:
    """One column of a canonical table.

    Attributes
    ----------
    name, meaning : str
    kind : str
        ``id`` and ``text`` are strings, ``money`` and ``number`` floats, ``flag`` a boolean.
    required : bool
        A row without it cannot be used and is set aside.
    unit : str
        Unit in brackets in the documentation, empty for text.
    choices : tuple of str
        The only values allowed, lower case; empty for any.
    low, high : float or None
        Smallest and largest believable value, ends included.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    unit: str = ""
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class TableSchema:
    """One canonical table: its name, what one row is, its key columns and all columns."""

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    personal: bool = False

    def column(self, name: str) -> Column:
        """Return the column of that name, or raise :class:`~crmkit.errors.UnknownName`."""
        for column in self.columns:
            if column.name == name:
                return column
        raise UnknownName(f"column of {self.name}", name, self.names)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)

    def own_columns(self, columns: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
        """Return those of a table's columns that are beyond the canonical ones, but for names taken already.

        Examples
        --------
        >>> schema("orders").own_columns(["order_id", "revenue", "warehouse", "kind"], taken=["kind"])
        ['warehouse']
        """
        return [name for name in columns if name not in {*self.names, *taken}]

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns that every row must have."""
        return tuple(column.name for column in self.columns if column.required)

    @property
    def clock(self) -> str | None:
        """The required time column by which a row belongs to a period, if the table has one."""
        times = [column.name for column in self.columns if column.required and column.kind in ("timestamp", "date")]
        return times[0] if times else None


def schema(table: str) -> TableSchema:
    """Return the schema of a canonical table.

    Examples
    --------
    >>> schema("orders").required
    ('order_id', 'ordered_at', 'revenue')
    """
    if table not in SCHEMAS:
        raise UnknownName("table", table, SCHEMAS)
    return SCHEMAS[table]


def tables_frame() -> pd.DataFrame:
    """Return one row per canonical table: table, one_row_is, required (column names), optional (column names).

    Examples
    --------
    >>> tables_frame().set_index("table").loc["orders", "required"]
    'order_id, ordered_at, revenue'
    """
    import pandas as pd

    rows = [
        {
            "table": table.name,
            "one_row_is": table.row,
            "required": ", ".join(table.required),
            "optional": ", ".join(name for name in table.names if name not in table.required),
        }
        for table in SCHEMAS.values()
    ]
    return pd.DataFrame(rows)


def columns_frame(table: str) -> pd.DataFrame:
    """Return one row per column of a table: column, kind, required (yes or empty), unit, meaning.

    Raises
    ------
    UnknownName
        If the table does not exist.

    Examples
    --------
    >>> columns_frame("orders").iloc[2].tolist()
    ['revenue', 'money', 'yes', 'currency', 'net of tax, negative for a refund']
    """
    import pandas as pd

    rows = [
        {
            "column": column.name,
            "kind": column.kind,
            "required": "yes" if column.required else "",
            "unit": column.unit,
            "meaning": column.meaning + (f"; one of {', '.join(column.choices)}" if column.choices else ""),
        }
        for column in schema(table).columns
    ]
    return pd.DataFrame(rows)


def _id(name: str, meaning: str, required: bool = False) -> Column:
    return Column(name, "id", meaning, required)


def _text(name: str, meaning: str, required: bool = False, choices: tuple[str, ...] = ()) -> Column:
    return Column(name, "text", meaning, required, choices=choices)


def _at(name: str, meaning: str, required: bool = False) -> Column:
    return Column(name, "timestamp", meaning, required, unit="local time")


def _money(name: str, meaning: str, required: bool = False, low: float | None = None) -> Column:
    return Column(name, "money", meaning, required, unit="currency", low=low)


def _count(name: str, meaning: str, required: bool = False) -> Column:
    return Column(name, "integer", meaning, required, unit="count", low=0)


def _flag(name: str, meaning: str, required: bool = False) -> Column:
    return Column(name, "flag", meaning, required)


_CUSTOMER = _id("customer_id", "the customer; empty where unknown")
_THE_CUSTOMER = _id("customer_id", "the customer", required=True)

_TABLES = (
    TableSchema(
        "customers",
        "a customer",
        ("customer_id",),
        (
            _THE_CUSTOMER,
            _at("acquired_at", "when the customer was won, by the firm's own record"),
            _text("channel", "marketing channel that won the customer"),
            _text("campaign", "campaign that won the customer"),
            _id("referred_by", "customer who recommended the firm"),
            _text("country", "country"),
            _text("region", "region inside the country"),
            Column("birth_year", "integer", "year of birth", unit="year", low=1900, high=2100),
            _text("gender", "gender as the customer states it"),
            _text("industry", "industry of a business customer"),
            _text("company_size", "size class of a business customer"),
            _text("preferred_channel", "channel on which the customer wants to be reached"),
            _flag("marketing_consent", "whether the customer allows marketing messages"),
        ),
    ),
    TableSchema(
        "customer_identities",
        "a customer's personal data",
        ("customer_id",),
        (
            _THE_CUSTOMER,
            _text("name", "full name"),
            _text("email", "e-mail address"),
            _text("phone", "telephone number"),
            _text("address", "postal address"),
            Column("birth_date", "date", "date of birth", unit="day"),
        ),
        personal=True,
    ),
    TableSchema(
        "orders",
        "an order or refund",
        ("order_id",),
        (
            _id("order_id", "the order", required=True),
            _at("ordered_at", "when it was placed or refunded", required=True),
            _money("revenue", "net of tax, negative for a refund", required=True),
            _id("customer_id", "the customer; empty for a guest, who counts in revenue and not in customer metrics"),
            _money("margin", "revenue less the cost of the goods"),
            _text("channel", "sales channel"),
            _text("campaign", "campaign that led to the order"),
        ),
    ),
    TableSchema(
        "order_lines",
        "a line of an order",
        (),
        (
            _id("order_id", "the order", required=True),
            _text("product", "product", required=True),
            _text("category", "product category"),
            Column("quantity", "number", "pieces, negative for a return", unit="pieces"),
            _money("revenue", "net of tax, negative for a return"),
        ),
    ),
    TableSchema(
        "subscription_terms",
        "a paid term",
        ("subscription_id", "starts_at"),
        (
            _id("subscription_id", "the subscription", required=True),
            _THE_CUSTOMER,
            _at("starts_at", "first instant of the term", required=True),
            _at("ends_at", "first instant after the term", required=True),
            Column("mrr", "money", "recurring revenue", True, unit="currency per month", low=0),
            _text("plan", "plan"),
            _at("cancelled_at", "when the customer gave notice; the loss itself is at ends_at"),
            _text("cancel_reason", "reason given"),
            _at(
                "last_event_at", "latest thing that had happened to it on the day of the export: a payment, or its end"
            ),
        ),
    ),
    TableSchema(
        "leads",
        "a lead",
        ("lead_id",),
        (
            _id("lead_id", "the lead", required=True),
            _at("created_at", "first contact", required=True),
            _text("channel", "channel that brought the lead"),
            _text("campaign", "campaign that brought the lead"),
            _text("landing_page", "page on which the lead arrived"),
            _text("owner", "colleague in charge"),
            _at("qualified_at", "when it was found worth following"),
            _at("converted_at", "when it became a customer"),
            _at("abandoned_at", "when it was given up"),
            _at("last_activity_at", "last touch"),
            _CUSTOMER,
        ),
    ),
    TableSchema(
        "deals",
        "a sales opportunity",
        ("deal_id",),
        (
            _id("deal_id", "the deal", required=True),
            _at("created_at", "when it was opened", required=True),
            _at("closed_at", "when it was won or lost; empty while open"),
            _flag("won", "true if won, false if lost, empty while open"),
            _money("amount", "value", low=0),
            _text("stage", "present stage"),
            _text("owner", "colleague in charge"),
            _text("channel", "channel that brought the deal"),
            _text("product", "what is to be sold"),
            _id("lead_id", "the lead it came from"),
            _CUSTOMER,
        ),
    ),
    TableSchema(
        "deal_stages",
        "a deal entering a stage",
        ("deal_id", "stage", "entered_at"),
        (
            _id("deal_id", "the deal", required=True),
            _text("stage", "the stage entered", required=True),
            _at("entered_at", "the time the stage was entered", required=True),
        ),
    ),
    TableSchema(
        "interactions",
        "a touch with a customer, lead or deal",
        ("interaction_id",),
        (
            _id("interaction_id", "the touch", required=True),
            _at("occurred_at", "the time it happened", required=True),
            _text("kind", "call, email, meeting, chat, visit, ...", required=True),
            _text("channel", "channel"),
            _text("direction", "who began it", choices=("inbound", "outbound")),
            _id("user_id", "the colleague"),
            _CUSTOMER,
            _id("lead_id", "the lead"),
            _id("deal_id", "the deal"),
        ),
    ),
    TableSchema(
        "tickets",
        "a support case",
        ("ticket_id",),
        (
            _id("ticket_id", "the case", required=True),
            _THE_CUSTOMER,
            _at("opened_at", "when it was opened", required=True),
            _at("resolved_at", "when it was solved; empty while open"),
            _text("topic", "what it is about"),
            _text("channel", "channel"),
        ),
    ),
    TableSchema(
        "costs",
        "money spent",
        (),
        (
            _at("spent_at", "the time of the expense", required=True),
            _money("amount", "amount; negative for a credit note", required=True),
            _text("purpose", "what it was for", required=True, choices=("acquisition", "retention")),
            _text("category", "media, staff, training, software, ..."),
            _text("channel", "marketing channel"),
            _text("campaign", "campaign"),
        ),
    ),
    TableSchema(
        "web_traffic",
        "a day x origin x landing page",
        ("visited_on", "origin", "landing_page"),
        (
            Column("visited_on", "date", "the day", True, unit="day"),
            _text("origin", "where the visitors came from"),
            _text("landing_page", "page on which they arrived"),
            _count("visitors", "visitors"),
            _count("clicks", "clicks on an offer"),
            _count("converted_clicks", "clicks that led to a conversion"),
            _count("sign_ups", "sign-ups"),
            _count("leads", "new leads"),
        ),
    ),
    TableSchema(
        "mailings",
        "a message to a customer",
        ("mailing_id", "customer_id"),
        (
            _id("mailing_id", "the message", required=True),
            _THE_CUSTOMER,
            _at("sent_at", "when it was sent", required=True),
            _text("campaign", "campaign"),
            _text("channel", "email, sms, post, ..."),
            _at("delivered_at", "when it arrived; empty if it bounced"),
            _at("opened_at", "first opening; unreliable, mail programs open by themselves"),
            _at("clicked_at", "first click"),
            _at("converted_at", "first order after the click"),
            _at("unsubscribed_at", "when the customer unsubscribed through it"),
            _money("revenue", "revenue attributed to it"),
        ),
    ),
    TableSchema(
        "mailing_totals",
        "a mailing as a whole, where the tool counts recipients and names none",
        ("mailing_id",),
        (
            _id("mailing_id", "the message", required=True),
            _at("sent_at", "when it was sent", required=True),
            Column("recipients", "integer", "people it was sent to", True, unit="count", low=0),
            _text("campaign", "campaign"),
            _text("audience", "list or segment it was sent to"),
            _text("channel", "email, sms, post, ..."),
            _count("delivered", "messages that arrived"),
            _count("bounced", "messages that did not"),
            _count("opened", "people who opened it; unreliable, mail programs open by themselves"),
            _count("clicked", "people who clicked"),
            _count("unsubscribed", "people who unsubscribed through it"),
            _count("complaints", "people who called it spam"),
            _count("orders", "orders attributed to it"),
            _money("revenue", "revenue attributed to it"),
        ),
    ),
    TableSchema(
        "survey_invitations",
        "someone asked",
        ("invitation_id",),
        (
            _id("invitation_id", "the invitation", required=True),
            _text("survey", "which question", required=True, choices=("nps", "csat", "ces")),
            _at("sent_at", "the time it was sent", required=True),
            _CUSTOMER,
            _text("channel", "channel"),
        ),
    ),
    TableSchema(
        "survey_responses",
        "an answer",
        ("response_id",),
        (
            _id("response_id", "the answer", required=True),
            _at("responded_at", "the time of the answer", required=True),
            _text("survey", "which question", required=True, choices=("nps", "csat", "ces")),
            Column("score", "number", "the answer on its scale", True, unit="scale points"),
            Column("scale_min", "number", "lowest answer possible", unit="scale points"),
            Column("scale_max", "number", "highest answer possible", unit="scale points"),
            _flag("low_is_good", "whether a low score is the good one"),
            _text("touchpoint", "what the question was about"),
            _text("comment", "free text"),
            _text("language", "language of the comment"),
            Column("weight", "number", "survey weight", unit="answers represented", low=0),
            _CUSTOMER,
        ),
    ),
    TableSchema(
        "social_posts",
        "a post by or about the firm",
        ("post_id",),
        (
            _id("post_id", "the post", required=True),
            _text("network", "social network", required=True),
            _at("posted_at", "the time of the post", required=True),
            _text("author", "who wrote it", choices=("brand", "customer")),
            _text("kind", "photo, video, text, ..."),
            _text("text", "text"),
            _text("language", "language of the text"),
            _count("impressions", "times shown"),
            _count("reach", "people who saw it"),
            _count("likes", "likes and other reactions"),
            _count("comments", "comments"),
            _count("shares", "shares"),
            _count("clicks", "clicks"),
            _CUSTOMER,
        ),
    ),
    TableSchema(
        "crm_events",
        "something a colleague did in the CRM",
        ("event_id",),
        (
            _id("event_id", "the event", required=True),
            _id("user_id", "the colleague", required=True),
            _at("occurred_at", "the time it happened", required=True),
            _text("action", "login, record_created, record_updated, ...", required=True),
            _text("object", "kind of record"),
        ),
    ),
    TableSchema(
        "treatments",
        "a customer drawn for an action or its holdout",
        ("customer_id", "action", "assigned_at"),
        (
            _THE_CUSTOMER,
            _text("action", "the action", required=True),
            _at("assigned_at", "when the draw was made", required=True),
            _flag("treated", "true if treated, false if held out", required=True),
            _text("trial", "the draw that the row belongs to; without it the action and the month"),
            _count("round", "how often the action had been drawn, this time included"),
            _text("block", "group within which the draw was made"),
            Column("probability", "number", "with which the customer was to be treated", unit="share", low=0, high=1),
            _at("ends_at", "when the time to see an outcome has passed"),
            _money("cost", "of treating the customer", low=0),
            _at("outcome_at", "when the outcome was seen; empty if there was none"),
            _money("value", "the outcome"),
        ),
    ),
    TableSchema(
        "customer_scores",
        "a customer's prediction at a date",
        ("customer_id", "as_of", "model"),
        (
            _THE_CUSTOMER,
            Column("as_of", "date", "the day up to which the model saw data", True, unit="day"),
            _text("model", "the model", required=True),
            _text("model_version", "its version", required=True),
            Column("value", "number", "the prediction"),
            Column("low", "number", "lower end of its 95 % interval"),
            Column("high", "number", "upper end of its 95 % interval"),
            Column(
                "shared_error",
                "number",
                "her part of the error that all predictions of the day share: that of the model",
            ),
        ),
    ),
    TableSchema(
        "segment_assignments",
        "a customer's segment at a date",
        ("customer_id", "as_of", "model"),
        (
            _THE_CUSTOMER,
            Column("as_of", "date", "the day up to which the model saw data", True, unit="day"),
            _text("model", "the segmentation", required=True),
            _text("model_version", "its version", required=True),
            _text("segment", "name of the segment"),
        ),
    ),
    TableSchema(
        "text_sentiments",
        "the mood of a text at a date",
        ("text_id", "source", "as_of", "model"),
        (
            Column("text_id", "id", "the answer or the post", True),
            _text("source", "what was written", required=True, choices=("comment", "post")),
            Column("as_of", "date", "the day up to which the model saw data", True, unit="day"),
            _text("model", "the model", required=True),
            _text("model_version", "its version", required=True),
            Column("written_at", "timestamp", "when it was written", unit="local time"),
            Column("customer_id", "id", "who wrote it"),
            _text("language", "its language"),
            Column("mood", "number", "1 kind, 0 neither, -1 unkind", unit="-1 to 1", low=-1, high=1),
            _text("method", "learned from stars, or by a lexicon"),
        ),
    ),
)

SCHEMAS: dict[str, TableSchema] = {table.name: table for table in _TABLES}

#: The tables that predictions fill: they follow from the others and hold no data of their own.
PREDICTED = ("customer_scores", "segment_assignments", "text_sentiments")
