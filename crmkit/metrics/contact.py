"""On which channel each customer responds best, from how often she answered and clicked on each."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd

from crmkit.errors import NotMeasured
from crmkit.metrics.passes import fetch
from crmkit.tables.as_of import takes_day
from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import day, indicator, union
from crmkit.tables.remembering import remember

#: Contacts that the rate of all customers on a channel weighs in a customer's own [count].
PRIOR_CONTACTS = 10


@takes_day
def preferred_channels(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return the channel on which each customer is most likely to respond.

    A response is an invitation answered or a delivered message clicked, by ``as_of``. A customer's rate on a channel is
    drawn towards that of all customers there, which counts as ten contacts of her own: three clicks of three make
    nobody a certain clicker.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : date
        The last day whose data is used.

    Returns
    -------
    DataFrame
        One row per customer who was contacted: customer_id, channel, rate [share, shrunken], n_contacts, n_responses
        on that channel, n_channels [count] tried. Empty without mailings and invitations.

    References
    ----------
    Efron and Morris (1975), Journal of the American Statistical Association 70, 311-319 (shrinkage).

    Examples
    --------
    >>> from datetime import date
    >>> import crmkit as ck
    >>> sent = pd.Timestamp("2026-10-02")
    >>> mailings = pd.DataFrame({"mailing_id": ["m", "m"], "customer_id": ["a", "b"], "sent_at": sent, "channel": "email",
    ...                          "delivered_at": sent, "clicked_at": [sent, pd.NaT]})
    >>> book = ck.connect({"mailings": mailings})
    >>> preferred_channels(book, date(2026, 10, 31))[["customer_id", "channel", "n_responses"]].values.tolist()
    [['a', 'email', 1.0], ['b', 'email', 0.0]]
    """
    return remember(catalog, _preferred, as_of)


@takes_day
def channel_responses(catalog: Catalog, as_of: date) -> pd.DataFrame:
    """Return contacts and responses of all customers by channel and kind: channel, kind, n_contacts, n_responses, rate.

    Parameters
    ----------
    catalog : Catalog
        From :func:`crmkit.connect`.
    as_of : date
        The last day whose data is used.

    Returns
    -------
    DataFrame
        One row per channel and kind ("survey", "mailing").

    Examples
    --------
    >>> from datetime import date
    >>> import crmkit as ck
    >>> sent = pd.Timestamp("2026-10-02")
    >>> mailings = pd.DataFrame({"mailing_id": ["m", "m"], "customer_id": ["a", "b"], "sent_at": sent, "channel": "email",
    ...                          "delivered_at": sent, "clicked_at": [sent, pd.NaT]})
    >>> book = ck.connect({"mailings": mailings})
    >>> channel_responses(book, date(2026, 10, 31))["rate"].tolist()
    [0.5]
    """
    rows = _contacts(catalog, as_of)
    columns = ["channel", "kind", "n_contacts", "n_responses", "rate"]
    if rows is None:
        return pd.DataFrame(columns=columns)
    totals = rows.groupby(["channel", "kind"], as_index=False)[["n_contacts", "n_responses"]].sum()
    return totals.assign(rate=totals["n_responses"] / totals["n_contacts"])[columns]


def customer_responses(catalog: Catalog, as_of: date) -> pd.Series:
    """Return each customer's responses over those to be expected of her contacts, drawn towards 1; by customer_id."""
    rows = _contacts(catalog, as_of)
    if rows is None or rows.empty:
        return pd.Series(dtype=float, name="responses")
    rows = _with_expected(rows)
    prior = PRIOR_CONTACTS * rows["n_responses"].sum() / rows["n_contacts"].sum()
    own = rows.groupby("customer_id")[["n_responses", "expected"]].sum()
    return (own["n_responses"] + prior) / (own["expected"] + prior)


def _with_expected(rows: pd.DataFrame) -> pd.DataFrame:
    # An answer is more likely than a click: each kind is measured against its own mean, else the mix would decide.
    sums = rows.groupby("kind")[["n_contacts", "n_responses"]].transform("sum")
    return rows.assign(expected=rows["n_contacts"] * sums["n_responses"] / sums["n_contacts"])


def _preferred(catalog: Catalog, as_of: date) -> pd.DataFrame:
    columns = ["customer_id", "channel", "rate", "n_contacts", "n_responses", "n_channels"]
    rows = _contacts(catalog, as_of)
    if rows is None or rows.empty:
        return pd.DataFrame(columns=columns)
    overall = rows["n_responses"].sum() / rows["n_contacts"].sum()
    rows = _with_expected(rows)
    own = rows.groupby(["customer_id", "channel"], as_index=False)[["n_contacts", "n_responses", "expected"]].sum()
    whole = own.groupby("channel")[["n_responses", "expected"]].sum()
    lift = own["channel"].map(whole["n_responses"] / whole["expected"].clip(lower=1e-9))
    prior = PRIOR_CONTACTS * overall
    ratio = (own["n_responses"] + prior * lift) / (own["expected"] + prior)  # responses over those to be expected
    own = own.assign(
        rate=(ratio * overall).clip(upper=1.0), n_channels=own.groupby("customer_id")["channel"].transform("size")
    )
    best = own.sort_values(["customer_id", "rate", "channel"], ascending=[True, False, True])
    return best.drop_duplicates("customer_id").reset_index(drop=True)[columns]


def _contacts(catalog: Catalog, as_of: date) -> pd.DataFrame | None:
    parts = [part for part in (_asked(catalog, as_of), _written_to(catalog, as_of)) if part is not None]
    if not parts:
        return None
    every = union(parts)
    return fetch(
        every.group_by("customer_id", "channel", "kind").aggregate(
            n_contacts=every.count().cast("float64"), n_responses=every.hit.sum()
        )
    )


def _asked(catalog: Catalog, as_of: date) -> ir.Table | None:
    try:
        asked = catalog.table("survey_requests")
    except NotMeasured:
        return None
    if "channel" not in asked.columns:
        return None
    asked = asked.filter((asked.due_on <= as_of) & asked.channel.notnull())
    return asked.select("customer_id", "channel", kind=ibis.literal("survey"), hit=indicator(asked.answered))


def _written_to(catalog: Catalog, as_of: date) -> ir.Table | None:
    if "mailings" not in catalog.names:
        return None
    m = catalog.table("mailings")
    if not {"channel", "delivered_at", "clicked_at"} <= set(m.columns):
        return None
    m = m.filter(m.delivered_at.notnull() & (day(m.sent_at) <= as_of) & m.channel.notnull())
    hit = indicator(ibis.coalesce(day(m.clicked_at) <= as_of, False))
    return m.select("customer_id", "channel", kind=ibis.literal("mailing"), hit=hit)
