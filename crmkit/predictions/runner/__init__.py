"""The register of predictions, their order, and where results are written."""
