"""What will happen: predictions are functions ``(catalog, as_of) -> frame``, registered, and written as tables."""
