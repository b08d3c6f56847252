"""The event log of one instance, its destinations' cursors, and dead letters."""

from collections.abc import Sequence

import msgspec

from pombo_common.adapters.redis.keys import member
from pombo_common.adapters.redis.part import StorePart
from pombo_common.adapters.redis.projections import Entry
from pombo_common.model.events import LoggedEvent, NewEvent
from pombo_common.ports.records import CLAIM_EVENTS, Claim, Cursor, DeadLetter, DueLog, Settlement

_EVENT = msgspec.msgpack.Decoder(NewEvent)
ALL_GONE = 2
"""Answer of the settling script: it was the last delivery of a deleted instance, and its log is removed."""

_DEAD = msgspec.json.Decoder(DeadLetter)


class Delivering(StorePart):
    """Reads the log, finds what is due, claims destinations and settles them."""

    async def events(self, name: str, instance_id: str, after: int, limit: int) -> Sequence[LoggedEvent]:
        """Return at most `limit` events with a seq above `after`, in order."""
        log = self._keys.of(name, instance_id).log
        return _logged(await self._database.run("log_events", [log], after + 1, limit))

    async def due(self) -> list[DueLog]:
        """Return every destination that has events due (deleted instances' included) and is not claimed."""
        logs = await self._projections.members(self._keys.due)
        keys = [self._keys.of(name, instance_id) for name, instance_id in logs]
        answers = await self._database.run_many("log_due", [([key.cursors, key.log], []) for key in keys])
        found: list[DueLog] = []
        stale: dict[Entry, int] = {}
        for (name, instance_id), (now, due, *unclaimed) in zip(logs, answers, strict=True):
            if not due:
                stale[self._keys.due, member(name, instance_id)] = now
            pairs = zip(unclaimed[::2], unclaimed[1::2], strict=True)
            found += [DueLog(name, instance_id, destination.decode(), not_before) for destination, not_before in pairs]
        await self._projections.drop(stale)
        return found

    async def claim(self, name: str, instance_id: str, destination: str, token: str, seconds: float) -> Claim | None:
        """Claim a destination for one delivering worker; None when it cannot be had or has nothing due now."""
        keys = self._keys.of(name, instance_id)
        answer = await self._database.run(
            "log_claim", [keys.cursors, keys.sinks, keys.log], destination, token, seconds, CLAIM_EVENTS
        )
        if answer is None:
            return None
        settings, next_seq, prev, attempts, not_before, head, events = answer
        cursor = Cursor(next=next_seq, prev=prev, attempts=attempts, not_before=not_before)
        return Claim(settings=settings, cursor=cursor, events=_logged(events), head=head)

    async def settle(self, name: str, instance_id: str, settlement: Settlement) -> bool:
        """Move a claimed cursor, add dead letters, extend or end the claim; False when the claim was lost."""
        keys = self._keys.of(name, instance_id)
        cursor, keep = settlement.cursor, settlement.keep_seconds
        settled = await self._database.run(
            "log_settle",
            [keys.instance, keys.log, keys.cursors, keys.sinks, keys.dead],
            instance_id,
            settlement.destination,
            settlement.token,
            cursor.next,
            cursor.prev,
            cursor.attempts,
            cursor.not_before,
            "" if keep is None else keep,
            *(msgspec.json.encode(letter) for letter in settlement.dead),
        )
        if settled == ALL_GONE:
            await self._projections.drop_for_good([(self._keys.due, member(name, instance_id))])
        return bool(settled)

    async def dead_letters(self, name: str, instance_id: str) -> list[DeadLetter]:
        """Return the dead letters of one instance, oldest first."""
        letters = await self._database.command("LRANGE", self._keys.of(name, instance_id).dead, 0, -1)
        return [_DEAD.decode(letter) for letter in letters]


def _logged(answer: Sequence[int | bytes]) -> tuple[LoggedEvent, ...]:
    first, *kept = answer
    events = []
    for seq, line in enumerate(kept, int(first)):
        epoch, _, packed = bytes(line).partition(b" ")
        new = _EVENT.decode(packed)
        events.append(LoggedEvent(seq=seq, epoch=int(epoch), id=new.id, type=new.type, at=new.at, body=new.body))
    return tuple(events)
