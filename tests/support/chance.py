"""Random choices of a test that can be made again: the seed is printed, and `POMBO_TEST_SEED` sets it."""

import os
import random
import secrets
import sys


def seeded_random() -> random.Random:
    """Return a generator; its seed is in the captured output, which pytest shows when the test fails."""
    seed = os.environ.get("POMBO_TEST_SEED") or secrets.token_hex(4)
    sys.stdout.write(f"POMBO_TEST_SEED={seed}\n")
    return random.Random(seed)  # noqa: S311 - chooses moments, guards nothing
