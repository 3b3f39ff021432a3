"""Analyses whose result is a table rather than one number: cohorts, goals, products, contact, engagement."""
