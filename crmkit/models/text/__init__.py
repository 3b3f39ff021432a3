"""Models of short texts."""
