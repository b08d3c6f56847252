"""How soon a session dials again."""

from pombo_worker.sessions.backoff import RESTARTS_AT_ONCE, Backoff, BackoffTimes, delay_before

TIMES = BackoffTimes(first=1.0, last=60.0)


def test_the_delay_doubles_from_one_second_to_a_minute_and_is_spread() -> None:
    for attempt, longest in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (50, 60), (10**6, 60)]:
        delays = [delay_before(attempt, TIMES) for _ in range(200)]
        assert longest / 2 <= min(delays) <= max(delays) <= longest
        assert max(delays) - min(delays) > longest / 10


def test_a_connection_that_opens_and_drops_again_and_again_does_not_begin_the_delays_anew() -> None:
    backoff = Backoff(TIMES)
    for moment in range(10):
        backoff.opened(float(moment))
        backoff.closed(moment + 0.5)
    assert backoff.delay() >= 30


def test_a_steady_connection_begins_them_anew() -> None:
    backoff = Backoff(TIMES)
    for _ in range(10):
        backoff.closed(0.0)
    backoff.opened(100.0)
    backoff.closed(160.0)
    assert backoff.delay() <= 1


def test_restarts_at_once_are_few_even_when_each_of_them_opens() -> None:
    backoff = Backoff(TIMES)
    taken = []
    for moment in range(RESTARTS_AT_ONCE + 3):
        backoff.opened(float(moment))
        backoff.closed(moment + 0.5)
        taken.append(backoff.may_be_at_once())
    assert taken == [True] * RESTARTS_AT_ONCE + [False] * 3
    backoff.shown()
    assert backoff.may_be_at_once()
