"""What made revenue grow or shrink, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping

from crmkit.metrics.nouns import joined
from crmkit.metrics.wording import scale_for

#: The parts of a change of revenue: the card, its name, and whether it adds.
PARTS = {
    "revenue_from_new": ("New", True),
    "revenue_from_returning": ("Came back", True),
    "revenue_from_more": ("Buy more", True),
    "revenue_lost_to_less": ("Buy less", False),
    "revenue_lost_to_gone": ("Did not order", False),
    "revenue_change_of_guests": ("Guests", True),
    "revenue_change": ("Change", True),
}


def turnover_message(change: Mapping[str, float], before: str, currency: str | None = None) -> str:
    """Return by how much revenue changed, and what was won and lost.

    Parameters
    ----------
    change : mapping of card to amount
        Signed: what was lost is negative [currency].
    before : str
        Name of the period before.
    currency : str or None
        ISO 4217 code.

    Examples
    --------
    >>> turnover_message({"revenue_from_new": 50.0, "revenue_lost_to_gone": -80.0, "revenue_change": -30.0}, "September", "EUR")
    'Revenue fell by €30 against September: €50 more from new customers and €80 less from those who did not order'
    """
    largest = max((abs(amount) for amount in change.values()), default=0.0)
    scale = scale_for("money", largest, currency=currency, significant=3)
    net = change["revenue_change"]
    told = []
    for name, (word, of_whom) in _GREATEST.items():
        amount = change.get(name, 0.0)
        if scale.words(abs(amount)) != scale.words(0.0):
            told.append(f"{scale.words(abs(amount))} {word} {of_whom}")
    by = "" if scale.words(abs(net)) == scale.words(0.0) else f" by {scale.words(abs(net))}"
    moved = ("rose" if net > 0 else "fell") if by else "stayed as it was"
    against = f"{moved}{by} against {before}" if by else f"{moved} in {before}"
    return f"Revenue {against}" + (f": {joined(told[:3])}" if told else "")


_GREATEST = {
    "revenue_from_new": ("more from", "new customers"),
    "revenue_from_returning": ("more from", "those who came back"),
    "revenue_lost_to_gone": ("less from", "those who did not order"),
}
