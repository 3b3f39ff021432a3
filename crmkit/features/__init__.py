"""What was known on a day: a catalog cut at that day, one row a customer made from it, and what became of her."""
