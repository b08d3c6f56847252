"""A whole worker whose events are written by order in place of phones: the Store's step, then the wake-ups.

    python -m tests.bench.writing_worker

It is configured by Pombo's variables: with POMBO_STORE_URL as `pombo worker` is, else on the embedded adapters as in
`pombo up`. As a session's do, its writes happen in the process that delivers. It prints where it takes orders:
`POST /make` (`Make`) creates instances; `POST /write` (`Write`) writes events and answers once every one was delivered
(`Written`).
"""

import asyncio
import functools
import itertools
import math
import os
import sys
import time
import uuid
from collections.abc import Iterable, Iterator

import msgspec
import uvloop
from aiohttp import web

from pombo.composition import build_engine, build_vault, embedded_ports, open_ports, remote_ports
from pombo.serving import until_stopped
from pombo_common.config_loading import load_config
from pombo_common.model.commands import InstanceCreate
from pombo_common.model.settings import QueueSinkInput, WebhookInput
from pombo_common.ports.bus import Bus
from pombo_common.ports.changes import Change
from pombo_common.ports.store import Store
from pombo_common.sealing import seal_command
from pombo_common.vault import Vault
from pombo_worker.events import EventMaker
from pombo_worker.runtime import Worker
from pombo_worker.wakes import Wakes
from tests.support.waiting import eventually

KIND = "messages.upsert"
WANTED = ["MESSAGES_UPSERT"]
TEXT = "a text of the length that people write to each other"
DRAIN_SECONDS = 60.0
"""As long may it take until one instance has nothing due; longer means that a wake-up was missed."""

BESIDE_RATE = 10.0
"""Events a second of each instance that is written to beside those that are measured."""

STEP = 100
"""Events of a backlog that one step writes."""


class Make(msgspec.Struct):
    """Instances with one sink.

    Attributes:
        names: of the instances.
        sink: `webhook`, `rabbitmq` or `sqs`.
        url: of the webhook.
    """

    names: list[str]
    sink: str
    url: str = ""


class Write(msgspec.Struct):
    """Events, shared out evenly.

    Attributes:
        names: whose.
        count: of all of them together.
        rate: of all of them together, a second; 0: each as soon as its instance's last one is written.
        backlog: all are written before the first is delivered.
        seconds: writing ends after so many, all written or not, except for a backlog's.
        beside: instances that are written to meanwhile, whose deliveries nobody waits for.
    """

    names: list[str]
    count: int
    rate: float = 0.0
    backlog: bool = False
    seconds: float = 60.0
    beside: list[str] = []


class Written(msgspec.Struct):
    """When, by the machine's monotonic clock, seconds.

    Attributes:
        count: how many were written.
        began: the first event was due to be written, or its backlog to be delivered.
        ended: the Store knew that all were delivered.
    """

    count: int
    began: float
    ended: float


class Writer:
    """Makes instances and writes into their logs."""

    def __init__(self, store: Store, bus: Bus, vault: Vault, wakes: Wakes) -> None:
        """Write through these, and wake as the worker's sessions do."""
        self._store = store
        self._wakes = wakes
        self._bus = bus
        self._vault = vault
        self._events = EventMaker(vault)
        self._ids: dict[str, str] = {}

    async def make(self, order: Make) -> None:
        """Create instances by commands, and wait until their first events are away."""
        sink = QueueSinkInput(enabled=True, events=WANTED)
        free = asyncio.Semaphore(16)

        async def create(name: str) -> None:
            command = InstanceCreate(id=str(uuid.uuid4()), instance=name, integration="WHATSAPP-BAILEYS")
            if order.sink == "webhook":
                command.webhook = WebhookInput(enabled=True, url=order.url, events=WANTED)
            elif order.sink == "rabbitmq":
                command.rabbitmq = sink
            else:
                command.sqs = sink
            async with free:
                reply = await self._bus.call(seal_command(command, self._vault), command_id=command.id, seconds=30)
            stored = await self._store.instance(name)
            if stored is None:
                raise RuntimeError(f"an instance was not created: {reply[:300]!r}")
            self._ids[name] = stored.instance.id

        await asyncio.gather(*(create(name) for name in order.names))
        await self._drained(order.names)

    async def write(self, order: Write) -> Written:
        """Write, and wait until all is delivered."""
        share = order.count // len(order.names)
        beside = [
            asyncio.create_task(self._stream(name, _times(None, BESIDE_RATE, time.monotonic(), 0.0), math.inf))
            for name in order.beside
        ]
        if order.backlog:
            due = await asyncio.gather(*(self._pile(name, share) for name in order.names))
            count, began = share * len(order.names), time.monotonic()
            for name, destinations in zip(order.names, due, strict=True):
                await self._wakes.wake_all(name, self._ids[name], destinations)
        else:
            began = time.monotonic()
            pace = order.rate / len(order.names)
            streams = (
                self._stream(name, _times(share, pace, began, at / len(order.names)), began + order.seconds)
                for at, name in enumerate(order.names)
            )
            count = sum(await asyncio.gather(*streams))
        await self._drained(order.names)
        ended = time.monotonic()
        for task in beside:
            task.cancel()
        return Written(count, began, ended)

    async def _pile(self, name: str, count: int) -> tuple[str, ...]:
        due: tuple[str, ...] = ()
        for done in range(0, count, STEP):
            at = time.monotonic()
            due += await self._step(name, *(at for _ in range(min(STEP, count - done))))
        return tuple(dict.fromkeys(due))

    async def _stream(self, name: str, times: Iterable[float], until: float) -> int:
        """Write one event a step; each counts from when it was due, however late its turn came."""
        count = 0
        for at in times:
            now = time.monotonic()
            if now >= until:
                break
            if at > now:
                await asyncio.sleep(at - now)
            due = await self._step(name, at or now)
            await self._wakes.wake_all(name, self._ids[name], due)
            count += 1
        return count

    async def _step(self, name: str, *times: float) -> tuple[str, ...]:
        instance_id = self._ids[name]
        events = tuple(
            self._events.make(instance_id, KIND, {"at": at, "message": {"conversation": TEXT}}) for at in times
        )
        applied = await self._store.apply(name, Change(instance_id=instance_id, events=events))
        return applied.due

    async def _drained(self, names: list[str]) -> None:
        """Wait for one, then look at all that are left: asking for each again and again would slow them down."""
        left = names
        while left:
            drained = functools.partial(self._is_drained, left[0])
            await eventually(drained, seconds=DRAIN_SECONDS, what=f"{left[0]} is delivered to")
            found = await asyncio.gather(*(self._is_drained(name) for name in left))
            left = [name for name, done in zip(left, found, strict=True) if not done]

    async def _is_drained(self, name: str) -> bool:
        states = await self._store.destinations(name, self._ids[name])
        return all(state.cursor.next > state.head for state in states)


def _times(count: int | None, pace: float, began: float, offset: float) -> Iterator[float]:
    """Yield when each event of one instance is due, None: for ever; 0 for one that is due once the last is written."""
    for number in itertools.count() if count is None else range(count):
        yield began + (number + offset) / pace if pace else 0.0


async def serve() -> None:
    """Run until a signal."""
    config = load_config(os.environ)
    config.data_path.mkdir(parents=True, exist_ok=True)
    vault = build_vault(config.encryption_key)
    store, bus = remote_ports(config) if config.store_url else embedded_ports(config)
    async with open_ports(store, bus):
        worker = Worker(config, store=store, bus=bus, vault=vault, engine=build_engine(config), sandbox=None)
        writer = Writer(store, bus, vault, worker.wakes)

        async def make(request: web.Request) -> web.Response:
            await writer.make(msgspec.json.decode(await request.read(), type=Make))
            return web.Response()

        async def write(request: web.Request) -> web.Response:
            written = await writer.write(msgspec.json.decode(await request.read(), type=Write))
            return web.Response(body=msgspec.json.encode(written), content_type="application/json")

        app = web.Application()
        app.add_routes([web.post("/make", make), web.post("/write", write)])
        orders = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await orders.setup()
        try:
            await worker.start()
            await web.TCPSite(orders, "127.0.0.1", 0).start()
            sys.stdout.write(f"takes orders at http://127.0.0.1:{orders.addresses[0][1]}\n")
            sys.stdout.flush()
            await until_stopped()
        finally:
            await orders.cleanup()
            await worker.stop()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
