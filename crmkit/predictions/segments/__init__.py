"""The segments of customers: assignment, profiles, migration between them, and whether they still fit."""
