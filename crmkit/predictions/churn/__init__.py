"""Who is about to leave, why, and what it costs."""
