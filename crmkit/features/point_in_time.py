"""Point-in-time data: the tables as they were known on a day.

Later rows are dropped, later moments emptied, and undated columns that change hidden. Every model is fitted on a catalog
from :func:`as_known_on`, so that no later fact can leak into it.
"""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir

from crmkit.tables.catalog import Catalog
from crmkit.tables.expressions import Day, constant_day, day
from crmkit.tables.schema import SCHEMAS, TableSchema

#: Undated columns that are overwritten when they change: their values of today are not those of then.
CHANGING = {
    "customers": ("preferred_channel", "marketing_consent"),
    "deals": ("stage", "owner", "amount"),
    "leads": ("owner",),
    "social_posts": ("impressions", "reach", "likes", "comments", "shares", "clicks"),
}
#: Columns that are filled in together with a moment, and are known from that moment on.
KNOWN_WITH = {
    "subscription_terms": {"cancel_reason": "cancelled_at"},
    "deals": {"won": "closed_at"},
    "leads": {"customer_id": "converted_at"},
    "mailings": {"revenue": "converted_at"},
    "treatments": {"value": "outcome_at"},
}
#: Moments that are agreed beforehand: the end of a paid term stands in the contract, that of a trial in its plan.
AGREED = {("subscription_terms", "ends_at"), ("treatments", "ends_at")}
#: Tables without a time of their own, and the table whose rows they belong to.
BELONGS_TO = {"order_lines": ("orders", "order_id")}
#: The day on which a row was created, for tables whose rows may lack it.
_CREATED = {"customers": "acquired_at"}


def as_known_on(catalog: Catalog, as_of: Day) -> Catalog:
    """Return the tables as they were known at the end of a day.

    Rows that came later are dropped. Later moments are emptied, together with the columns filled in at them (a deal that
    closes tomorrow is open today, and not won). Undated columns that are overwritten when they change are hidden
    (:data:`CHANGING`), and so are the analyst's own columns of customers, since nothing says when they were filled in; in
    tables with a time of their own they are kept, and taken as filled in with their row. The
    end of a paid term is kept: it was agreed at its start. The plan and the price of a term are dated by its start.

    Parameters
    ----------
    catalog : Catalog
    as_of : date
        The last day whose data is used. If it is an Ibis constant, ``data_through`` stays that of the catalog.

    Returns
    -------
    Catalog
        Without personal data, and without a cache, since its tables depend on the day. A metric or feature that needs a
        hidden column is "not measured" on it.

    Examples
    --------
    >>> import crmkit as ck, pandas as pd
    >>> days = pd.to_datetime(["2026-01-05", "2026-03-01"])
    >>> tickets = pd.DataFrame({"ticket_id": ["a", "b"], "customer_id": "c", "opened_at": days,
    ...                         "resolved_at": pd.to_datetime(["2026-02-20", None])})
    >>> then = as_known_on(ck.connect({"tickets": tickets}), date(2026, 2, 1))
    >>> then.frame("tickets")[["ticket_id", "resolved_at"]].astype(str).to_dict("records")
    [{'ticket_id': 'a', 'resolved_at': 'NaT'}]
    """
    tables: dict[str, ir.Table] = {}
    names = [name for name in catalog.names if not SCHEMAS[name].personal]
    for name in sorted(names, key=lambda name: name in BELONGS_TO):
        cut = _cut(catalog.table(name), SCHEMAS[name], as_of)
        if name in BELONGS_TO:
            owner, key = BELONGS_TO[name]
            if owner not in tables:  # undated, and nothing says when its rows were created
                continue
            cut = cut.semi_join(tables[owner], key)
        tables[name] = cut
    through = min(as_of, catalog.data_through or as_of) if isinstance(as_of, date) else catalog.data_through
    data = catalog.settings.data.model_copy(update={"through": through})
    settings = catalog.settings.model_copy(update={"data": data})
    return Catalog({name: tables[name] for name in names if name in tables}, settings, catalog.provenance)


def _cut(table: ir.Table, schema: TableSchema, as_of: Day) -> ir.Table:
    last = constant_day(as_of)
    created = schema.clock or _CREATED.get(schema.name)
    rows = table
    if created in table.columns:
        on = day(table[created])
        rows = table.filter(on <= last) if schema.clock else table.filter(on.isnull() | (on <= last))
    moments = {
        column.name
        for column in schema.columns
        if column.kind in ("timestamp", "date") and column.name != created and (schema.name, column.name) not in AGREED
    } & set(table.columns)
    known_with = KNOWN_WITH.get(schema.name, {})
    hidden = {
        *CHANGING.get(schema.name, ()),
        *(name for name, moment in known_with.items() if moment not in table.columns),
    }
    columns = {}
    for name in schema.names:
        if name not in table.columns or name in hidden:
            continue
        moment = name if name in moments else known_with.get(name)
        columns[name] = (
            rows[name] if moment is None else ibis.ifelse(day(rows[moment]) <= last, rows[name], ibis.null())
        )
    for name in table.columns:
        if name in schema.names or not schema.clock:
            continue
        own = rows[name]
        columns[name] = ibis.ifelse(day(own) <= last, own, ibis.null()) if own.type().is_temporal() else own
    return rows.select(**columns)
