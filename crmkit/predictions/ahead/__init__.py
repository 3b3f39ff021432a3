"""What lies ahead: the months to come of the numbers of the whole firm, and whether the goals of the year are reached."""
