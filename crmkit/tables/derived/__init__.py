"""Tables computed from the canonical ones; a function's parameter names are the tables it reads."""

from crmkit.tables.derived import activity, orders, pipeline, recurring, states, voice  # noqa: F401  each registers its tables
from crmkit.tables.derived.register import DERIVED, derived

__all__ = ["DERIVED", "derived"]
