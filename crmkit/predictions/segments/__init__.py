"""Customers assigned to segments, profiles, migration, stability."""
