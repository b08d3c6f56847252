"""Sessions: the running connections that this worker owns, their leases, and how they come back."""
