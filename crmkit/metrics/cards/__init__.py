"""The metrics that come with crmkit, one file per business question."""
