"""Models of repeat orders and of the value of an order."""
