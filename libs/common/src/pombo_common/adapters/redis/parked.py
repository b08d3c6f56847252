"""Events that left their destination's line: aside, to be tried again alone, and dead letters."""

from collections.abc import Sequence

import msgspec

from pombo_common.adapters.redis.client import Call
from pombo_common.adapters.redis.keys import member
from pombo_common.adapters.redis.log import TRIES
from pombo_common.adapters.redis.parked_form import event_mark, parked_event
from pombo_common.adapters.redis.part import StorePart
from pombo_common.adapters.redis.projections import LATE_MS, Entry
from pombo_common.ports.deliveries import (
    CLAIM_ASIDES,
    DEAD_LIMIT,
    READ_BYTES,
    AsideClaim,
    DeadLog,
    EventRef,
    Parked,
    Resend,
)
from pombo_common.ports.store import StoreUnavailable

ALL = 1_000_000


class Parking(StorePart):
    """Claims and lists what is aside, lists dead letters, and has events sent again."""

    async def claim_asides(
        self, name: str, instance_id: str, destination: str, token: str, seconds: float
    ) -> AsideClaim | None:
        """Claim a destination's events aside; None when they cannot be had or none has come to its time."""
        keys = self._keys.of(name, instance_id)
        answer = await self._database.run(
            "aside_claim",
            [keys.sinks, keys.lanes, keys.waiting, keys.parked],
            destination,
            token,
            seconds,
            CLAIM_ASIDES,
            READ_BYTES,
        )
        if answer is None:
            return None
        settings, later, now, *parts = answer
        parked = [
            parked_event(said, aside=True, score=int(score), line=line)
            for _, score, said, line in zip(*[iter(parts)] * 4, strict=True)
        ]
        return AsideClaim(settings=settings, parked=tuple(sorted(parked, key=_order)), now=now, later=later or None)

    async def asides(self, name: str, instance_id: str) -> list[Parked]:
        """Return the events aside, without their bodies, the next to be tried first."""
        keys = self._keys.of(name, instance_id)
        answer = await self._database.run("parked_list", [keys.waiting, keys.parked], "-inf", ALL)
        return sorted(_listed(answer, aside=True), key=_order)

    async def dead_letters(self, name: str, instance_id: str, after: int = 0, limit: int = DEAD_LIMIT) -> list[Parked]:
        """Return at most `limit` dead letters with a place above `after`, without bodies, oldest first."""
        keys = self._keys.of(name, instance_id)
        answer = await self._database.run("parked_list", [keys.letters, keys.parked], after, max(limit, 0))
        return _listed(answer, aside=False)

    async def dead_logs(self) -> list[DeadLog]:
        """Return the instances that have dead letters, deleted ones included, ordered by name, then id."""
        logs = await self._projections.members(self._keys.dead_letters)
        calls: list[Call] = [([self._keys.of(name, instance_id).letters], []) for name, instance_id in logs]
        found: list[DeadLog] = []
        stale: dict[Entry, int] = {}
        for (name, instance_id), (now, count) in zip(
            logs, await self._database.run_many("letters_count", calls), strict=True
        ):
            if count:
                found.append(DeadLog(name, instance_id))
            else:
                stale[self._keys.dead_letters, member(name, instance_id)] = now
        await self._projections.drop(stale)
        return sorted(found, key=lambda log: (log.name, log.instance_id))

    async def resend(self, name: str, instance_id: str, destination: str, event: EventRef) -> Resend:
        """Put an event aside for one destination, due now, with no tries so far."""
        keys = self._keys.of(name, instance_id)
        fresh = Parked(destination=destination, seq=event.seq, last=event.seq, event_id=event.id, event_type=event.type)
        for _ in range(TRIES):
            noted = await self._projections.add([(self._keys.due, member(name, instance_id))])
            verdict = await self._database.run(
                "log_resend",
                [keys.instance, *keys.outliving],
                instance_id,
                destination,
                event.seq,
                event.id,
                msgspec.json.encode(fresh),
                noted or 0,
                LATE_MS,
                event_mark(event.id),
            )
            if verdict != b"late":
                return Resend(verdict.decode())
            self._projections.forget()
        raise StoreUnavailable("Redis is too slow: a projection's entry was old each time its step came")


def _listed(answer: Sequence[bytes], *, aside: bool) -> list[Parked]:
    listed = []
    for _, score, said, kept in zip(*[iter(answer)] * 4, strict=True):
        one = parked_event(said, aside=aside, score=int(score), line=None)
        listed.append(msgspec.structs.replace(one, kept=bool(kept)))
    return listed


def _order(one: Parked) -> tuple[int, int, str]:
    return (one.not_before or 0, one.seq, one.destination)
