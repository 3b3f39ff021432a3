"""Rows that an export of each preset may have, made from the preset's own fields."""

from crmkit.sources.presets.model import Preset
from tests.sources.layouts import export

PATTERNS = {
    "score_text": "How likely are you to recommend us?",
    "spent": "Amount spent (EUR)",
    "channel": "Session default channel group",
}
VALUES = {
    "id": "'{n}",
    "text": "word {n}",
    "timestamp": "2026-09-1{n} 10:00:00",
    "date": "2026-09-1{n}",
    "money": "1{n}.50",
    "number": "{n}",
    "integer": "{n}",
    "flag": "true",
}
TELLING = {
    "currency": "EUR",
    "converted_currency": "EUR",
    "header_currency": "EUR",
    "financial_status": "paid",
    "order_status": "completed",
    "status": "Paid",
    "mode": "Live",
    "interval": "month",
    "stage": "Closed Won",
    "score_text": "9",
    "satisfaction": "Good",
    "period": "Lifetime",
    "email": "a{n}@firm.example",
    "survey": "nps",
    "done": "Done",
    "lifecycle": "customer",
    "clock": "10:00:00",
    "disputed": "",
    "outstanding": "0.00",
    "discount": "",
    "lead_status": "Open",
    "payment_method": "Card",
    "needs_shipping": "true",
    "taxable": "true",
    "is_won": "",
    "is_lost": "",
    "trial_end": "",
}
OF_PRESET = {
    ("pipedrive_deals", "status"): "Open",
    ("stripe_subscriptions", "status"): "active",
    ("stripe_balance_history", "type"): "charge",
    ("stripe_balance_itemized", "type"): "charge",
    ("paypal_activity", "status"): "Completed",
    ("paypal_activity", "kind"): "Payment",
    ("typeform", "kind"): "completed",
    ("salesforce_leads", "status"): "Open",
    ("zoho_leads", "status"): "Contacted",
    ("delighted", "score"): "9",
    ("zendesk_tickets", "status"): "Solved",
}


def header_of(preset: Preset) -> dict[str, str]:
    names = {
        field: next((alias for alias in aliases if not alias.startswith(("/", "__"))), PATTERNS.get(field))
        for field, aliases in preset.aliases.items()
    }
    return {field: name for field, name in names.items() if name}


def row_of(preset: Preset, n: int) -> dict[str, str]:
    header = header_of(preset)
    return {
        name: OF_PRESET.get((preset.name, field), TELLING.get(field, VALUES[preset.kinds[field]])).format(n=n)
        for field, name in header.items()
    }


def export_of(preset: Preset, n_rows: int = 3) -> str:
    """Return an export of the preset's layout with so many rows, at most nine."""
    rows = [row_of(preset, n) for n in range(1, n_rows + 1)]
    below = [{column: "" for column in rows[0]}] if preset.layout.second_header else []
    return export(list(rows[0]), *below, *rows)
