"""The cards that ship, by business question."""
