"""What was known on a day: a catalog cut at that day, and one row a customer made from it."""
