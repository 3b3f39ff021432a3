"""What may be wrong with rows and with whole tables."""
