"""The one rule of revenue for all shops and payment systems: what of an order counts, and what does not.

- *Paid.* An order whose payment is still to come, was only authorised or is on hold counts once it is paid; of one that
  is partly paid counts the part that is not outstanding. One whose payment failed or was cancelled never counts.
- *Net of tax and refunds.* A refund is an order of its own with a negative revenue, net of the same share of tax.
- *Tests* do not count.
- *Gift cards* count when they are used, not when they are sold: until then the firm owes goods for them. An order of
  nothing but gift cards stays, with a revenue of 0.
- *Shipping and tips* count, unless the settings say otherwise: ``shipping = false`` or ``tips = false`` under
  ``[revenue]``.

What a file does not tell is said in the notes on the load.
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb

from crmkit.settings import Settings
from crmkit.sources.presets.model import GIFT_CARD, Preset, Rule, computed, in_sql, mentioned
from crmkit.sources.presets.words import same_word
from crmkit.sources.sql import PART, ROW, identifier, literal

UNPAID = "orders that are not paid yet"
VOID = "orders whose payment failed, was cancelled or expired: nothing was paid"
TEST = "test orders"
PARTLY = "it is partly paid, and the file does not say how much is outstanding"

_GIFT_CARDS = (
    *("gift card", "giftcard", "e gift card", "egift card", "digital gift card", "gift voucher", "gift certificate"),
    *("online gift card", "electronic gift card", "gift coupon", "store credit", "gutschein", "geschenkgutschein"),
    *("wertgutschein", "geschenkkarte", "digitaler gutschein", "online gutschein", "gutscheinkarte", "carte cadeau"),
    *("e carte cadeau", "chèque cadeau", "bon cadeau", "tarjeta regalo", "tarjeta de regalo", "vale regalo"),
    *("cheque regalo", "carta regalo", "buono regalo", "cadeaubon", "cadeaukaart", "gavekort", "presentkort"),
    *("lahjakortti", "karta podarunkowa", "cartão presente", "vale presente", "kad hadiah", "kartu hadiah"),
    *("подарункова карта", "подарункова картка", "подарунковий сертифікат", "подарочная карта"),
)
_TIPS = ("tip", "tips", "gratuity", "trinkgeld", "pourboire", "propina", "mancia", "gorjeta", "fooi", "drikkepenger")
_CURRENCIES = "eur|euros?|usd|dollars?|gbp|chf|jpy|aud|cad|rm|myr|rp|idr|sek|nok|dkk|kr|uah|pln|zł"
_AMOUNT = f"[€$£¥₴]|\\b({_CURRENCIES})\\b|[0-9]+([.,'][0-9]+)*"
"""What may stand beside the name of a gift card: "Gift Card €50"."""
_KIND, _SHARE, _LINE, _LEFT_OUT, _PAID = (
    f"__{name}" for name in ("kind", "net share", "net line", "left out", "part paid")
)


def payment_rules(preset: Preset) -> tuple[list[Rule], list[Rule]]:
    """Return the rules by which rows are ignored, and those by which they are set aside."""
    revenue = preset.revenue
    if revenue is None:
        return [], []
    ignored = [Rule(where=revenue.test, because=TEST)] if revenue.test else []
    refused = []
    if revenue.state:
        means = f"means({revenue.state})"
        ignored.append(Rule(where=f"{means} = 'void'", because=VOID))
        refused.append(
            Rule(where=f"{means} = 'partly paid' AND {revenue.outstanding or 'NULL'} IS NULL", because=PARTLY)
        )
    if unpaid := _unpaid(preset):
        ignored.append(Rule(where=unpaid, because=UNPAID))
    return ignored, refused


def with_revenue(relation: str, preset: Preset, present: Collection[str], settings: Settings) -> str:
    """Return the SQL of the rows with the revenue that counts of each order, of its refund and of its line.

    Parameters
    ----------
    relation : str
        Rows with the meanings of their words.
    preset : Preset
    present : collection of str
        Fields that the file has columns for.
    settings : Settings
    """
    revenue = preset.revenue
    if revenue is None:
        return relation
    total, tax = revenue.total, f"coalesce({revenue.tax or 'NULL'}, 0)"
    net = f"CASE WHEN {total} <> 0 THEN ({total} - {tax}) / {total} ELSE 1 END"
    holds_tax = f"CASE WHEN coalesce({revenue.with_tax}, false) AND {total} > 0 THEN {_SQL_SHARE} ELSE 1 END"
    outstanding = revenue.outstanding or "NULL"
    part_paid = (
        f"CASE WHEN {outstanding} > 0 AND {total} > 0 THEN greatest({total} - {outstanding}, 0) / {total} ELSE 1 END"
    )
    refunded = f"means({revenue.state}) = 'refunded'" if revenue.state else "false"
    levels = [
        {_KIND: _kind(preset, settings), _SHARE: net},
        {_LINE: f"round({revenue.line or 'NULL'}, 6) * {holds_tax}"},
        {
            _LEFT_OUT: _left_out(preset, settings, holds_tax),
            _PAID: f"CASE WHEN {refunded} THEN 1 ELSE {part_paid} END",
        },
    ]
    counted = f"greatest({total} - {tax} - {identifier(_LEFT_OUT)}, least({total} - {tax}, 0))"
    line_counts = f"coalesce({identifier(_KIND)} NOT IN ({_not_counted(settings)}), true)"
    line, paid = identifier(_LINE), identifier(_PAID)
    part = f"CASE WHEN {total} > 0 THEN {counted} / {total} ELSE 1 END"
    amounts = {
        "counted": (revenue.total, f"round({counted} * {paid}, 6)"),
        "returned": (revenue.refunded, f"round(abs({revenue.refunded}) * {part}, 6)"),
        "line": (revenue.line, f"round(CASE WHEN {line_counts} THEN {line} * {paid} ELSE 0 * {line} END, 6)"),
    }
    results = {
        computed(what, field): amount
        for what, (made_of, amount) in amounts.items()
        for field in mentioned(made_of or "", preset.kinds)
    }
    for level in (*levels, results):
        cells = ", ".join(f"{in_sql(value, present)} AS {identifier(name)}" for name, value in level.items())
        relation = f"(SELECT *, {cells} FROM {relation})"
    return relation


def revenue_fields(preset: Preset) -> set[str]:
    """Return the fields of amounts that the revenue is computed from."""
    revenue = preset.revenue
    if revenue is None:
        return set()
    parts = (revenue.total, revenue.tax, revenue.refunded, revenue.outstanding, revenue.shipping)
    return {name for part in parts if part for name in mentioned(part, preset.kinds)}


def revenue_notes(
    con: duckdb.DuckDBPyConnection, relation: str, ignored: str, preset: Preset, present: Collection[str], currency: str
) -> list[str]:
    """Return what of a file does not count as revenue and how much it is, and what the file does not tell."""
    revenue = preset.revenue
    if revenue is None:
        return []
    one_each = f"QUALIFY row_number() OVER (PARTITION BY {_order(preset)} ORDER BY {ROW}) = 1"
    notes = []
    rows = f"(SELECT * FROM {relation} WHERE {ignored} = {literal(UNPAID)} {one_each})"
    n_orders, amount = con.execute(f"SELECT count(*), coalesce(sum({revenue.total}), 0) FROM {rows}").fetchone() or (
        0,
        0,
    )
    if n_orders:
        notes.append(f"{_orders(n_orders)} of {_money(amount, currency)} with tax not paid yet: counted once paid")
    if revenue.outstanding:
        rows = f"(SELECT * FROM {relation} WHERE {ignored} IS NULL AND {identifier(_PAID)} < 1 {one_each})"
        n_orders, amount = con.execute(
            f"SELECT count(*), coalesce(sum({revenue.outstanding}), 0) FROM {rows}"
        ).fetchone() or (0, 0)
        if n_orders:
            notes.append(f"{_orders(n_orders)} with {_money(amount, currency)} outstanding: only what is paid counts")
    n_lines, amount = con.execute(
        f"SELECT count(*), coalesce(sum({identifier(_LINE)}), 0) FROM {relation} "
        f"WHERE {ignored} IS NULL AND {identifier(_KIND)} = {literal(GIFT_CARD)}"
    ).fetchone() or (0, 0)
    if n_lines:
        notes.append(f"gift cards of {_money(amount, currency)} sold: counted when they are used")
    if revenue.tax is None or not mentioned(revenue.tax, preset.kinds) & set(present):
        notes.append("the file does not show the tax: revenue includes it")
    return notes


def gift_card_words(preset: Preset, settings: Settings) -> tuple[str, str] | None:
    """Return the field of what is sold, and the SQL condition under which it may be a gift card and nothing tells."""
    revenue = preset.revenue
    if revenue is None or revenue.product is None:
        return None
    told = ", ".join(same_word(literal(word)) for word in settings.words.get(preset.name, {}).get(revenue.product, {}))
    untold = f"AND {same_word(identifier(revenue.product))} NOT IN ({told})" if told else ""
    doubtful = f"{_may_be_gift_card(preset)} AND {identifier(_KIND)} IS NULL AND NOT coalesce({revenue.goods}, false)"
    return revenue.product, f"({doubtful} {untold})"


_SQL_SHARE = identifier(_SHARE)


def _order(preset: Preset) -> str:
    """Return the SQL of what all rows of an order share."""
    row = f"chr(0) || CAST({ROW} AS VARCHAR)"
    named = preset.revenue and preset.revenue.order
    return f"coalesce(CAST({identifier(named)} AS VARCHAR), {row})" if named else row


def _unpaid(preset: Preset) -> str | None:
    revenue = preset.revenue
    if revenue is None:
        return None
    parts = [f"means({revenue.state}) = 'unpaid'"] if revenue.state else []
    return " OR ".join([*parts, *([f"({revenue.unpaid})"] if revenue.unpaid else [])]) or None


def _kind(preset: Preset, settings: Settings) -> str:
    """Return the SQL of what kind of thing a line sells, as far as it matters for revenue; null for goods."""
    revenue = preset.revenue
    if revenue is None or revenue.product is None:
        return "NULL::VARCHAR"
    name = same_word(identifier(revenue.product))
    bare = f"trim(regexp_replace(regexp_replace({name}, {literal(_AMOUNT)}, ' ', 'g'), '\\s+', ' ', 'g'))"
    listed, tips = (", ".join(literal(word) for word in words) for words in (_GIFT_CARDS, _TIPS))
    told = settings.words.get(preset.name, {}).get(revenue.product, {})
    answers = " ".join(f"WHEN {name} = {same_word(literal(word))} THEN {literal(kind)}" for word, kind in told.items())
    no_goods = f"WHEN ({revenue.no_goods}) AND {_may_be_gift_card(preset)} THEN {literal(GIFT_CARD)}"
    return (
        f"CASE {answers} WHEN {revenue.goods} THEN NULL WHEN {bare} IN ({listed}) THEN {literal(GIFT_CARD)} "
        f"{no_goods} WHEN {bare} IN ({tips}) THEN 'tip' END"
    )


def _may_be_gift_card(preset: Preset) -> str:
    """Return the SQL condition under which the name of a thing sold speaks of a gift card."""
    product = preset.revenue and preset.revenue.product
    pieces = "|".join(word.replace(" ", " ?") for word in _GIFT_CARDS)
    return f"regexp_matches({same_word(identifier(product or ''))}, {literal(pieces)})"


def _left_out(preset: Preset, settings: Settings, holds_tax: str) -> str:
    """Return the SQL of the part of an order, net of tax, that is no revenue."""
    revenue = preset.revenue
    parts = []
    if revenue and revenue.line:
        parts.append(
            f"coalesce(sum({identifier(_LINE)}) FILTER ({identifier(_KIND)} IN ({_not_counted(settings)})) "
            f"OVER (PARTITION BY {PART}, {_order(preset)}), 0)"
        )
    if revenue and revenue.shipping and not settings.revenue.shipping:
        parts.append(f"coalesce({revenue.shipping}, 0) * {holds_tax}")
    return " + ".join(parts) or "0"


def _not_counted(settings: Settings) -> str:
    kinds = [GIFT_CARD] if settings.revenue.tips else [GIFT_CARD, "tip"]
    return ", ".join(literal(kind) for kind in kinds)


def _orders(n_orders: int) -> str:
    return f"{n_orders:,} order{'' if n_orders == 1 else 's'}"


def _money(amount: float, currency: str) -> str:
    return f"{amount:,.2f} {currency}"
