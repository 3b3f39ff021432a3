"""Possible futures of customers, from which every forecast of a page is read."""
