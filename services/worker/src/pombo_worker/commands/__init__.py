"""Commands: taken from the Bus, one at a time for each instance, each with at most one effect."""
