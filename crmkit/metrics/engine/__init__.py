"""Evaluate cards: shared passes over tables, groups, intervals, verdicts."""
