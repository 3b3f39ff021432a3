"""What customers are worth over a horizon, and how well earlier forecasts of it did."""
