"""What one run measured, the median of several, and runs that take turns so that noise meets everybody alike."""

import math
import statistics
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import msgspec

Contender = Callable[[float], Coroutine[Any, Any, "Sample"]]
"""Runs for about so many seconds, and says what it reached."""


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One run, or the median of several.

    Attributes:
        rate: answers a second.
        p50: milliseconds within which half of them came; not a number where nobody waits for an answer.
        p99: milliseconds within which 99 of 100 came; as `p50`.
    """

    rate: float
    p50: float = math.nan
    p99: float = math.nan


def median(samples: list[Sample]) -> Sample:
    """Return the median of each figure by itself; at least one sample."""
    return Sample(
        rate=statistics.median(sample.rate for sample in samples),
        p50=statistics.median(sample.p50 for sample in samples),
        p99=statistics.median(sample.p99 for sample in samples),
    )


def sample_of(latencies: list[float], seconds: float) -> Sample:
    """Return what a run with these latencies (seconds each) reached.

    Raises:
        ValueError: nothing was answered.
    """
    if not latencies:
        raise ValueError("nothing was answered")
    ordered = sorted(latencies)
    return Sample(
        rate=len(ordered) / seconds,
        p50=ordered[len(ordered) // 2] * 1000,
        p99=ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] * 1000,
    )


async def take_turns(
    contenders: Mapping[str, Contender],
    *,
    rounds: int,
    seconds: float,
    warm_seconds: float,
    tell: Callable[[str], None],
) -> dict[str, Sample]:
    """Warm all contenders, then let each run once in every round.

    Args:
        contenders: by name.
        rounds: how often each runs.
        seconds: how long each run is.
        warm_seconds: how long the first runs are, which do not count.
        tell: shown what happens now.

    Returns:
        The median of each contender's runs.
    """
    taken: dict[str, list[Sample]] = {name: [] for name in contenders}
    for name, run in contenders.items():
        tell(f"warming {name}")
        await run(warm_seconds)
    for turn in range(rounds):
        for name, run in contenders.items():
            tell(f"round {turn + 1} of {rounds}: {name}")
            taken[name].append(await run(seconds))
    return {name: median(samples) for name, samples in taken.items()}
