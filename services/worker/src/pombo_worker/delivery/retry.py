"""When a failed delivery is tried again, and when it is given up. Evolution's `WEBHOOK_RETRY_*` names steer it."""

import random

import msgspec

from pombo_common.config import Config
from pombo_worker.delivery.sink import Outcome


class RetrySchedule(msgspec.Struct, frozen=True, kw_only=True):
    """The waits between the tries of one event.

    Attributes:
        attempts: tries in all.
        first_delay: seconds before the second try; each next wait is twice as long unless `backoff` is off.
        last_delay: no wait is longer, seconds.
        jitter: part of a wait that is random, 0 to 1; no wait becomes shorter than the first for it.
    """

    attempts: int
    first_delay: float
    last_delay: float
    backoff: bool
    jitter: float

    @classmethod
    def from_config(cls, config: Config) -> "RetrySchedule":
        """Read the schedule from the configuration."""
        return cls(
            attempts=config.webhook_attempts,
            first_delay=config.webhook_first_delay,
            last_delay=config.webhook_last_delay,
            backoff=config.webhook_backoff,
            jitter=config.webhook_jitter,
        )

    def wait_of(self, outcome: Outcome, failed: int) -> float | None:
        """Return the seconds to wait after this outcome of the so manieth try, None when it is given up."""
        return None if outcome.final or outcome.disable else self.wait_after(failed, outcome.retry_after)

    def wait_after(self, failed: int, retry_after: float | None = None) -> float | None:
        """Return the seconds to wait after so many failed tries, None when it is given up.

        Args:
            failed: tries that failed so far, from 1.
            retry_after: what the receiver asked for, seconds; it only ever lengthens the wait.
        """
        if failed >= self.attempts:
            return None
        factor = 2 ** min(failed - 1, 20) if self.backoff else 1
        nominal = self.first_delay * factor * (1 + random.uniform(-self.jitter, self.jitter))  # noqa: S311 - spreads
        return min(self.last_delay, max(self.first_delay, nominal, retry_after or 0.0))
