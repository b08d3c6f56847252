"""The tests of Pombo: unit, contract, e2e, chaos and bench, and what they share."""
