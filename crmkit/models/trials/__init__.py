"""Trials with a random holdout: the effect of one, of several rounds together, and how many people to try an action on."""
