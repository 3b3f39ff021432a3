"""What customers are worth over a horizon, and how well that was foreseen."""
