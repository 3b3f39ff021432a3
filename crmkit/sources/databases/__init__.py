"""Read tables from a database."""
