"""What the data is: canonical tables, the catalogue, the one rule for "active"."""
