"""The workers that live: one hash, from worker to the end of its time and what it said of itself."""

import msgspec

from pombo_common.adapters.redis.part import StorePart
from pombo_common.ports.records import WorkerBeat

_BEAT = msgspec.json.Decoder(WorkerBeat)


class Pooling(StorePart):
    """Beats of workers, and who beat lately."""

    async def beat(self, worker: WorkerBeat, seconds: float) -> None:
        """Say that a worker lives, for so many seconds."""
        said = msgspec.json.encode(worker)
        await self._database.run("worker_beat", [self._keys.workers], worker.id, said, seconds)

    async def workers(self) -> list[WorkerBeat]:
        """Return what the live workers said last, ordered by id."""
        said = await self._database.run("worker_list", [self._keys.workers])
        return sorted((_BEAT.decode(text) for text in said), key=lambda beat: beat.id)

    async def leave(self, worker: str) -> None:
        """Take a worker out before its time has run out."""
        await self._database.command("HDEL", self._keys.workers, worker)
