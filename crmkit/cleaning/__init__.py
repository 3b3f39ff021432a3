"""What is wrong with the data: checks, rows kept aside with a reason, spellings, repeats, the quality report."""
