"""What reports have said of times to come, kept when it was said, and how it held."""
