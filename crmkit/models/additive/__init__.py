"""Additive models for classification: splines, boosted trees, calibration."""
