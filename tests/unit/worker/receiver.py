"""A webhook receiver over real HTTP whose answers the test scripts, and a log to deliver to it."""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from pombo_common.networks import LOOPBACK, OutboundPolicy
from pombo_common.ports.bus import Wakeup
from pombo_common.ports.changes import Change, Verdict
from pombo_common.ports.records import StoredInstance
from pombo_common.vault import Vault
from pombo_worker.delivery.deliverer import Deliverer, DelivererParts, Round
from pombo_worker.delivery.destination_settings import kind_of
from pombo_worker.delivery.destinations import Destinations
from pombo_worker.delivery.retry import RetrySchedule
from pombo_worker.delivery.sink import Sink
from pombo_worker.delivery.switching_off import SwitchingOff
from pombo_worker.delivery.turn import Places
from pombo_worker.delivery.webhook import WebhookSink
from tests.unit.worker.world import World

SCHEDULE = RetrySchedule(attempts=3, first_delay=5.0, last_delay=300.0, backoff=True, jitter=0.0)
HOLD_SECONDS = 30.0
FINAL = frozenset({400, 404})


HERE = OutboundPolicy(LOOPBACK)
"""The tests' receivers are on this machine."""


def webhook_sink(
    *, timeout_seconds: float = 60.0, server_url: str = "http://pombo.test", policy: OutboundPolicy = HERE
) -> WebhookSink:
    """Make a sink that may call this machine."""
    return WebhookSink(timeout_seconds=timeout_seconds, server_url=server_url, final_statuses=FINAL, policy=policy)


class Receiver:
    """Answers 200 unless the test said otherwise; keeps path, headers and body of everything."""

    def __init__(self) -> None:
        self.answers: deque[tuple[int, dict[str, str]]] = deque()
        self.always = 200
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        self.before: Callable[[], Awaitable[None]] | None = None
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._receive)
        self.server = TestServer(app)

    @property
    def url(self) -> str:
        """Its address, with a path."""
        return str(self.server.make_url("/hook"))

    @property
    def seqs(self) -> list[int]:
        """The seq of each delivery."""
        return [int(headers["pombo-seq"]) for headers in self.headers]

    async def _receive(self, request: web.Request) -> web.Response:
        self.paths.append(request.path)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.raw.append(await request.read())
        self.bodies.append(msgspec.json.decode(self.raw[-1]))
        if self.before is not None:
            await self.before()
        status, headers = self.answers.popleft() if self.answers else (self.always, {})
        return web.Response(status=status, headers=headers, text="the receiver's word")


class Delivering:
    """A deliverer on the world's store, with a receiver and an instance that has a webhook there."""

    def __init__(self, world: World, receiver: Receiver, sink: WebhookSink) -> None:
        self.world = world
        self.receiver = receiver
        self.sink = sink
        self.deliverer = self.another()

    def another(
        self,
        *,
        vault: Vault | None = None,
        claim_seconds: float = 15.0,
        schedule: RetrySchedule = SCHEDULE,
        sinks: Mapping[str, Sink[Any]] | None = None,
        destinations: Destinations | None = None,
        clock: Callable[[], int] | None = None,
    ) -> Deliverer:
        """Return one more deliverer on the same store and sink."""
        return Deliverer(
            DelivererParts(
                store=self.world.store,
                destinations=destinations or Destinations(vault=vault or self.world.vault, expose_keys=False),
                sinks={"webhook": self.sink} | dict(sinks or {}),
                schedule=schedule,
                switching_off=SwitchingOff(self.world.store, self.world.vault),
                claim_seconds=claim_seconds,
                hold_seconds=HOLD_SECONDS,
                clock=clock or self.world.clock,
            )
        )

    async def instance(self, name: str = "shop", **webhook: Any) -> StoredInstance:  # noqa: ANN401 - members of Webhook
        """Create an instance whose webhook is the receiver."""
        return await self.world.create(name, url=self.receiver.url, webhook=webhook)

    async def append(self, stored: StoredInstance, *kinds: str) -> None:
        """Log one event of each kind; the payload is a number that counts them."""
        made = tuple(self.world.events.make(stored.instance.id, kind, {"n": n}) for n, kind in enumerate(kinds, 1))
        applied = await self.world.store.apply(
            stored.instance.name, Change(instance_id=stored.instance.id, events=made)
        )
        assert applied.verdict is Verdict.APPLIED

    async def deliver(self, stored: StoredInstance) -> float | None:
        """Deliver what is due on the line; returns the seconds until the next look at it."""
        return (await deliver(self.deliverer, wakeup_of(stored))).wait

    async def deliver_asides(self, stored: StoredInstance) -> float | None:
        """Deliver what is due aside; returns the seconds until the next look at it."""
        return (await deliver(self.deliverer, wakeup_of(stored, aside=True))).wait

    async def dead(self, stored: StoredInstance) -> list[tuple[int, int, str]]:
        """Return seq, tries and reason of the dead letters."""
        letters = await self.world.store.dead_letters(stored.instance.name, stored.instance.id)
        return [
            (letter.seq, letter.attempts, letter.failure.reason) for letter in letters if letter.failure is not None
        ]

    async def aside(self, stored: StoredInstance) -> list[tuple[int, int]]:
        """Return seq and tries of what is aside."""
        asides = await self.world.store.asides(stored.instance.name, stored.instance.id)
        return [(one.seq, one.attempts) for one in asides]


async def deliver(deliverer: Deliverer, wakeup: Wakeup) -> Round:
    """Make one round."""
    async with Places().turn(kind_of(wakeup.destination)) as turn:
        assert turn.take(None)
        return await deliverer.deliver(wakeup, turn, lambda: False)


def wakeup_of(stored: StoredInstance, *, aside: bool = False, destination: str = "webhook") -> Wakeup:
    """Return what wakes one of the instance's destinations."""
    return Wakeup(stored.instance.name, stored.instance.id, destination, aside)
