"""The register of predictions, how they are run, and where the results are stored."""
