"""A sink that cannot be reached at all costs no event a try: the line waits for it, however long that takes."""

from pombo_common.config import Config
from pombo_common.model.events import EventBody, LoggedEvent
from pombo_common.ports.deliveries import Claim, Cursor
from pombo_worker.delivery.line import Line
from pombo_worker.delivery.retry import RetrySchedule
from pombo_worker.delivery.sink import Delivery, Outcome

HOUR_MS = 3_600_000
SCHEDULE = RetrySchedule.from_config(Config())


def delivery(seq: int, attempt: int) -> Delivery:
    """Return one delivery."""
    event = LoggedEvent(seq=seq, epoch=1, id=f"e{seq}", type="call", at=0, body=b"")
    return Delivery(event=event, body=EventBody(data=None), prev=seq - 1, attempt=attempt)


def line_at(cursor: Cursor, now: int) -> Line:
    """Return the line of a claim that was made now."""
    return Line(
        Claim(settings=b"", cursor=cursor, events=(), head=3, now=now), "rabbitmq", SCHEDULE, 30_000, lambda: now
    )


def test_an_outage_of_hours_puts_nothing_aside_and_counts_no_try() -> None:
    cursor, now = Cursor(next=1), 0
    while now < 2 * HOUR_MS:
        line = line_at(cursor, now)
        group = [delivery(seq, line.attempt(delivery(seq, 1).event)) for seq in (1, 2, 3)]
        assert [each.attempt for each in group] == [1, 1, 1]
        line.settle(group, [Outcome(ok=False, why="away", away=True)] * 3)
        assert (line.held, line.parked, line.cursor.next) == (True, [], 1)
        assert line.cursor.failure is not None
        assert line.cursor.not_before == now + 5_000
        cursor, now = line.cursor, line.cursor.not_before
    line = line_at(cursor, now)
    line.settle([delivery(1, 1)], [Outcome(ok=True)])
    assert line.cursor == Cursor(next=2, prev=1)
