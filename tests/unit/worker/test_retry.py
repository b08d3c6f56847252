"""The schedule of retries."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pombo_common.config import Config
from pombo_worker.delivery.retry import RetrySchedule
from tests.unit.worker.receiver import SCHEDULE


def with_(**fields: object) -> RetrySchedule:
    """Return the schedule with other fields."""
    return msgspec.structs.replace(SCHEDULE, **fields)


def test_waits_double_up_to_the_longest_and_end_with_the_last_try() -> None:
    schedule = with_(attempts=10)
    waits = [schedule.wait_after(failed) for failed in range(1, 11)]
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300, None]
    assert schedule.wait_after(11) is None


def test_without_backoff_every_wait_is_the_first() -> None:
    assert [with_(attempts=4, backoff=False).wait_after(failed) for failed in range(1, 5)] == [5, 5, 5, None]


def test_one_try_means_no_retry() -> None:
    assert with_(attempts=1).wait_after(1) is None


@pytest.mark.parametrize(("asked", "wait"), [(None, 5), (0.0, 5), (3.0, 5), (60.0, 60), (86_400.0, 300)])
def test_what_the_receiver_asks_for_only_lengthens_the_wait_and_within_bounds(asked: float | None, wait: float) -> None:
    assert SCHEDULE.wait_after(1, asked) == wait


def test_the_receivers_wish_makes_no_further_try() -> None:
    assert SCHEDULE.wait_after(3, 60.0) is None


@given(failed=st.integers(1, 60), jitter=st.floats(0, 1), asked=st.none() | st.floats(0, 1e9))
def test_no_wait_is_longer_than_the_longest_or_shorter_than_the_first(
    failed: int, jitter: float, asked: float | None
) -> None:
    wait = with_(attempts=1000, jitter=jitter).wait_after(failed, asked)
    assert wait is not None
    assert SCHEDULE.first_delay <= wait <= SCHEDULE.last_delay


def test_jitter_spreads_the_tries() -> None:
    waits = {with_(jitter=0.2).wait_after(2) for _ in range(50)}
    assert len(waits) > 40
    assert all(wait is not None and 8 <= wait <= 12 for wait in waits)


def test_the_schedule_comes_from_the_configuration() -> None:
    config = Config(webhook_attempts=4, webhook_first_delay=1.0, webhook_jitter=0.0)
    schedule = RetrySchedule.from_config(config)
    assert [schedule.wait_after(failed) for failed in range(1, 5)] == [1, 2, 4, None]
