"""Models of how long subscribers stay."""
