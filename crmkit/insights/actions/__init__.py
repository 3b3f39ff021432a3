"""What to do, and whether it worked: rules of who, proposals, draws with a holdout, and their effect."""
