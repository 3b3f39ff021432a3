"""Models of amounts over time."""
