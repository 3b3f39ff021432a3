"""Turn text cells into dates, numbers and other types, on evidence."""
