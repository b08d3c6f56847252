"""One claimed line on its way: where its cursor would be, and what is to be written of it."""

from collections.abc import Callable, Sequence

import msgspec

from pombo_common.model.events import LoggedEvent
from pombo_common.ports.deliveries import BACKLOG, SUPERSEDED, Claim, Cursor, Failure, Parked, Settlement
from pombo_common.ports.records import LEGACY_MS
from pombo_worker.delivery.retry import RetrySchedule
from pombo_worker.delivery.sink import SHOWN_BYTES, Delivery, Outcome


class Line:
    """Moves a cursor by what became of its events; nothing of it is stored before a settlement.

    Attributes:
        cursor: where the line stands.
        unsettled: events that it has passed since the last settlement.
        held: no more is to be sent now; the cursor says until when.
    """

    def __init__(
        self, claim: Claim, destination: str, schedule: RetrySchedule, hold_ms: int, clock: Callable[[], int]
    ) -> None:
        """Begin where the claim stands."""
        self.cursor = claim.cursor
        self.unsettled = 0
        self.held = False
        self._destination = destination
        self._schedule = schedule
        self._hold_ms = hold_ms
        self._clock = clock
        self._parked: list[Parked] = []
        self._underway = 0
        self._counted = 0

    def skip_trimmed(self, first: int) -> None:
        """Put what the log no longer holds before this seq into the dead letters, and go on behind it.

        Nobody knows any more which of it was due; the last one counts as if it were, so that the subscriber sees a gap.
        """
        if first > self.cursor.next:
            self._backlog(self.cursor.next, first - 1)
            self._move(Cursor(next=first, prev=first - 1))

    def pass_over(self, event: LoggedEvent) -> None:
        """Leave out what the destination does not want."""
        self._move(Cursor(next=event.seq + 1, prev=self.cursor.prev))

    def is_old(self, event: LoggedEvent) -> bool:
        """Tell whether an event has waited too long to be delivered."""
        return event.at <= self._clock() - LEGACY_MS

    def drop_old(self, event: LoggedEvent) -> None:
        """Put an event that waited too long into the dead letters, without its body."""
        self._backlog(event.seq, event.seq)
        self._passed(event)

    def supersede(self, event: LoggedEvent) -> None:
        """Put a QR code that was replaced into the dead letters."""
        self.give_up(event, Failure(reason=SUPERSEDED, at=self._clock()), attempts=self._attempts(event))

    def refuse(self, event: LoggedEvent, why: str) -> None:
        """Put an event into the dead letters without a try."""
        self.give_up(event, Failure(reason=why, at=self._clock()), attempts=self._attempts(event))

    def give_up(self, event: LoggedEvent, failure: Failure, *, attempts: int) -> None:
        """Put an event into the dead letters, with its body."""
        self._park(event, self.cursor.prev, failure, attempts, not_before=None)
        self._passed(event)

    def attempt(self, event: LoggedEvent) -> int:
        """Return which try of an event the next one is, from 1."""
        return self._attempts(event) + 1

    def settle(self, deliveries: Sequence[Delivery], outcomes: Sequence[Outcome]) -> None:
        """Move by the outcomes of one sending; stops at the first event that holds the line.

        An event that failed before one that arrived steps aside at once: the order is broken already.
        """
        arrived = max((at for at, outcome in enumerate(outcomes) if outcome.ok), default=-1)
        for at, (delivery, outcome) in enumerate(zip(deliveries, outcomes, strict=True)):
            if self.held:
                return
            if outcome.ok:
                self._passed(delivery.event)
            else:
                self._failed(delivery, outcome, hold=at > arrived)

    def settlement(self, token: str, keep: float | None) -> Settlement:
        """Return what is to be written."""
        self._underway, self._counted = len(self._parked), self.unsettled
        return Settlement(
            destination=self._destination,
            token=token,
            cursor=self.cursor,
            parked=tuple(self._parked),
            keep_seconds=keep,
        )

    def settled(self, settlement: Settlement) -> None:
        """Forget what was written."""
        del self._parked[: len(settlement.parked)]
        self.unsettled -= self._counted
        self._underway = 0

    @property
    def parked(self) -> Sequence[Parked]:
        """What left the line since the last settlement."""
        return self._parked

    def _failed(self, delivery: Delivery, outcome: Outcome, *, hold: bool) -> None:
        """Hold the line, step aside once it was held for long enough, or give up."""
        event, now = delivery.event, self._clock()
        failure = failure_of(outcome, now)
        if outcome.away and hold:
            self._await_sink(delivery, failure, now)
            return
        wait = self._schedule.wait_of(outcome, delivery.attempt)
        if wait is None:
            self.give_up(event, failure, attempts=delivery.attempt)
            return
        again = now + int(wait * 1000)
        if not hold:
            self._park(event, delivery.prev, failure, delivery.attempt, not_before=again)
            self._passed(event)
            return
        since = self.cursor.since if event.seq == self.cursor.next and self.cursor.since else now
        free = since + self._hold_ms
        self.held = True
        if again <= free:
            self.cursor = msgspec.structs.replace(
                self.cursor, next=event.seq, attempts=delivery.attempt, not_before=again, since=since, failure=failure
            )
            return
        # What follows waits until the hold is over, this event for its own time.
        self._park(event, delivery.prev, failure, delivery.attempt, not_before=again)
        self._move(Cursor(next=event.seq + 1, prev=event.seq, not_before=free))

    def _await_sink(self, delivery: Delivery, failure: Failure, now: int) -> None:
        """Hold the line for as long as the sink is away: no event would fare better than this one."""
        self.held = True
        again, seq = now + int(self._schedule.first_delay * 1000), delivery.event.seq
        since = self.cursor.since if seq == self.cursor.next else 0
        self.cursor = msgspec.structs.replace(
            self.cursor, next=seq, attempts=delivery.attempt - 1, not_before=again, since=since, failure=failure
        )

    def _attempts(self, event: LoggedEvent) -> int:
        return self.cursor.attempts if event.seq == self.cursor.next else 0

    def _passed(self, event: LoggedEvent) -> None:
        self._move(Cursor(next=event.seq + 1, prev=event.seq))

    def _move(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.unsettled += 1

    def _park(self, event: LoggedEvent, prev: int, failure: Failure, attempts: int, *, not_before: int | None) -> None:
        self._parked.append(
            Parked(
                destination=self._destination,
                seq=event.seq,
                last=event.seq,
                event_id=event.id,
                event_type=event.type,
                prev=prev,
                attempts=attempts,
                not_before=not_before,
                failure=failure,
                event=event,
            )
        )

    def _backlog(self, first: int, last: int) -> None:
        """Add a dead letter for a part of the log; one that follows another is joined to it."""
        before = self._parked[-1] if len(self._parked) > self._underway else None
        if before is not None and before.event_id is None and before.last == first - 1:
            self._parked[-1] = msgspec.structs.replace(before, last=last)
            return
        self._parked.append(
            Parked(
                destination=self._destination,
                seq=first,
                last=last,
                event_id=None,
                event_type=None,
                prev=self.cursor.prev,
                failure=Failure(reason=BACKLOG, at=self._clock()),
                kept=False,
            )
        )


def failure_of(outcome: Outcome, now: int) -> Failure:
    """Return what is kept of a try that failed."""
    return Failure(
        reason=outcome.why[:SHOWN_BYTES], status=outcome.status, response=outcome.response[:SHOWN_BYTES], at=now
    )
