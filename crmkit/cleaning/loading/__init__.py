"""Load exports into the store, with history, reports and forgetting."""
