"""The sections of the pages, by business question."""
