"""People who are in the data twice: found, decided, merged, taken apart."""
