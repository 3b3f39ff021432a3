"""Numbers that are tables rather than cards: cohorts, goals, contact, what sells."""
