"""A helper process that imports the libraries once and forks itself for each kernel."""
