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
    >>> turnover_message({"revenue_from_new": 50.0, "revenue_lost_to_less": -20.0, "revenue_change": 30.0}, "September", "EUR")
    'Revenue rose by €30 against September: €50 more from new customers and €20 less from all others'
    """
    largest = max((abs(amount) for amount in change.values()), default=0.0)
    scale = scale_for("money", largest, currency=currency, significant=3)
    net = change["revenue_change"]
    parts = {of_whom: change.get(name, 0.0) for name, of_whom in _GREATEST.items()}
    parts["all others"] = net - sum(parts.values())  # so that what is told adds up
    told = [
        f"{scale.words(abs(amount))} {'more' if amount > 0 else 'less'} from {of_whom}"
        for of_whom, amount in parts.items()
        if scale.words(abs(amount)) != scale.words(0.0)
    ]
    by = "" if scale.words(abs(net)) == scale.words(0.0) else f" by {scale.words(abs(net))}"
    moved = ("rose" if net > 0 else "fell") if by else "stayed as it was"
    against = f"{moved}{by} against {before}" if by else f"{moved} in {before}"
    return f"Revenue {against}" + (f": {joined(told)}" if told else "")


_GREATEST = {
    "revenue_from_new": "new customers",
    "revenue_from_returning": "those who came back",
    "revenue_lost_to_gone": "those who did not order",
}
