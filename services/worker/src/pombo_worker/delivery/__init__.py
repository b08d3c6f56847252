"""Delivery: from each instance's log to its destinations, in order, at least once."""
