"""A file of lines that is mapped to orders as if each row were an order."""

from __future__ import annotations

from crmkit.cleaning.checks.check_rows import CheckedTable

_LEAST_ROWS = 10
_LEAST_SHARE = 0.2  # of the rows; fewer may be orders that were changed after an earlier export
_REPEATED = "order_id came before with other content"


def file_of_lines(checked: CheckedTable) -> list[str]:
    """Return the problem of a table of orders of which many rows repeat an order with other content; none otherwise.

    To set these rows aside would leave out most of what the orders are worth.
    """
    if checked.table != "orders":
        return []
    n_repeated = sum(finding.n_rows for finding in checked.findings if finding.finding == _REPEATED)
    if n_repeated < _LEAST_ROWS or n_repeated < _LEAST_SHARE * checked.counts.n_in:
        return []
    origin = checked.parsed.staged.origin
    return [
        f"{origin}: {n_repeated:,} of its {checked.counts.n_in:,} rows repeat an order_id with other content. This is a file "
        "of lines, in which an order has a row for each of its products, and not of orders. Take its sections out of "
        "crmkit.toml and run `crmkit map`: it proposes the SQL that makes orders and order_lines of it."
    ]
