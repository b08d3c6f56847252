"""The commands that work with a running Pombo, one module for each noun."""
