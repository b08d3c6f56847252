"""Makes an instance's queues in the background, and writes into its configuration how far that is."""

import asyncio
import contextlib

import msgspec

from pombo_common.model.instance import Instance
from pombo_common.model.settings import QueueSink, QueueState
from pombo_common.ports.changes import Change, Verdict
from pombo_common.ports.store import Store
from pombo_worker.delivery.sqs.client import DELETED_LATELY, SqsError
from pombo_worker.delivery.sqs.message import own_queue
from pombo_worker.delivery.sqs.queues import FIFO, SqsQueues
from pombo_worker.repeating import outlived


class SqsProvision:
    """Looks at woken instances at once, and at all whose queues are not ready again and again."""

    def __init__(self, store: Store, queues: SqsQueues, seconds: float) -> None:
        """Make queues.

        Args:
            store: holds the configurations.
            queues: finds and makes queues.
            seconds: between two looks at all instances.
        """
        self._store = store
        self._queues = queues
        self._seconds = seconds
        self._woken: set[str] = set()
        self._wake = asyncio.Event()

    def wake(self, name: str) -> None:
        """Look at an instance soon, whose sink was set."""
        self._woken.add(name)
        self._wake.set()

    async def run(self) -> None:
        """Make queues for ever, beginning with what an earlier run left."""
        names = None
        while True:
            with outlived("sqs"):
                for name in await self._unready() if names is None else names:
                    await self.provide(name)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await self._wake.wait()
            self._wake.clear()
            names, self._woken = self._woken or None, set()

    async def provide(self, name: str) -> None:
        """Make what is missing of one instance's queues.

        Raises:
            StoreUnavailable: what came of it is written next time.
        """
        stored = await self._store.instance(name)
        if stored is None or not _unready(stored.instance):
            return
        sink = stored.instance.sqs
        state, reason = await self._made(stored.instance, sink.events if sink else [])
        await self._write(stored.instance, state, reason)

    async def _made(self, instance: Instance, events: list[str]) -> tuple[QueueState, str | None]:
        try:
            for event in events:
                await self._queues.address(own_queue(instance.name, event), FIFO)
        except SqsError as error:
            passing = not error.code or error.code in DELETED_LATELY
            return ("pending" if passing else "failed"), str(error)
        return "ready", None

    async def _write(self, seen: Instance, state: QueueState, reason: str | None) -> None:
        """Write it down unless the sink was set anew meanwhile."""
        verdict = Verdict.OUTDATED
        while verdict is Verdict.OUTDATED:
            stored = await self._store.instance(seen.name)
            if stored is None or stored.instance.id != seen.id:
                return
            sink = stored.instance.sqs
            if sink is None or not _same(sink, seen.sqs) or (sink.state, sink.reason) == (state, reason):
                return
            changed = msgspec.structs.replace(
                stored.instance,
                sqs=msgspec.structs.replace(sink, state=state, reason=reason),
                version=stored.instance.version + 1,
            )
            change = Change(instance_id=seen.id, version=stored.instance.version, instance=changed)
            verdict = (await self._store.apply(seen.name, change)).verdict

    async def _unready(self) -> list[str]:
        return [stored.instance.name for stored in await self._store.instances() if _unready(stored.instance)]


def _unready(instance: Instance) -> bool:
    return instance.sqs is not None and instance.sqs.enabled and instance.sqs.state != "ready"


def _same(sink: QueueSink, seen: QueueSink | None) -> bool:
    return seen is not None and (sink.updated_at, sink.events) == (seen.updated_at, seen.events)
