"""What people see of an event whose line waits."""

import pytest

from pombo_api.application.delivery_rows import Left, Seen, logged_rows
from pombo_common.model.events import LoggedEvent
from pombo_common.ports.deliveries import Cursor, DestinationState, Failure

WHY = Failure(reason="the broker cannot be reached", at=1_700_000_000_000)


@pytest.mark.parametrize("attempts", [0, 2])
def test_an_event_that_holds_its_line_says_why_and_until_when(attempts: int) -> None:
    cursor = Cursor(next=2, prev=1, attempts=attempts, not_before=1_700_000_005_000, failure=WHY)
    seen = Seen(DestinationState(name="rabbitmq", settings=b"", first=1, head=3, cursor=cursor), frozenset({"CALL"}))
    states = []
    for seq in (1, 2, 3):
        event = LoggedEvent(seq=seq, epoch=1, id=f"e{seq}", type="call", at=0, body=b"")
        (row,) = logged_rows(event, [seen], Left([]))
        states.append(row.state)
        if row.state == "held":
            assert row.attempts == attempts
            assert row.last_error is not None
            assert row.last_error.reason == WHY.reason
            assert row.next_try_at == "2023-11-14T22:13:25.000Z"
    assert states == ["done", "held", "pending"]
