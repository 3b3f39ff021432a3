"""RFM and k-means segments, their names and how they are matched over time."""
