"""Data as of a day: the point-in-time catalog, the features of customers, and their outcomes."""
