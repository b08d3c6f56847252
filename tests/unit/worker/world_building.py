"""Building a world: the worker's parts joined on a store, and parts of it that run beside a test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import msgspec

from pombo_common.adapters.inprocess import InProcessBus
from pombo_common.media import MediaShelf
from pombo_common.model.queue_sinks import QueueSinkRules
from pombo_common.networks import LOOPBACK, OutboundPolicy
from pombo_common.ports.records import WorkerBeat
from pombo_common.vault import Vault
from pombo_worker.commands.consumer import CommandConsumer
from pombo_worker.commands.context import Commands
from pombo_worker.delivery.destinations import Destinations
from pombo_worker.events import EventMaker
from pombo_worker.media.source import MediaSource
from pombo_worker.sessions.adoption import Adopter
from pombo_worker.sessions.parts import SessionParts, SessionSettings
from pombo_worker.sessions.pool import Pool
from pombo_worker.sessions.registry import SessionRegistry
from pombo_worker.sessions.routes import Routes
from pombo_worker.sessions.turns import Turns
from pombo_worker.wakes import Wakes
from tests.unit.worker.scripted_engine import ScriptedEngine
from tests.unit.worker.trying_store import Clock, TryingStore
from tests.unit.worker.world import API_KEY, LEASE_SECONDS, WORKER, World

WORLD_KEY = b"k" * 32
"""What seals in a world, unless a test names other keys."""


def session_settings() -> SessionSettings:
    """Return the settings of the tests' sessions: three QR codes, no more."""
    return SessionSettings(
        lease_seconds=LEASE_SECONDS,
        qr_seconds=None,
        qr_limit=3,
        qr_colour="#198754",
        browser=("Pombo", "Chrome", "1"),
    )


def build_world(
    store: TryingStore,
    clock: Clock,
    *,
    worker: str = WORKER,
    capacity: int | None = None,
    keys: Sequence[bytes] = (WORLD_KEY,),
) -> World:
    """Join the parts on an open store, for a worker of this name, capacity and key ring."""
    bus, vault, engine = InProcessBus(grace=0.0), Vault(keys), ScriptedEngine()
    wakes, events = Wakes(bus), EventMaker(vault)
    parts = SessionParts(
        worker=worker,
        store=store,
        wakes=wakes,
        vault=vault,
        engine=engine,
        events=events,
        settings=session_settings(),
        routes=Routes(vault=vault),
    )
    sessions = SessionRegistry(parts)
    pool, turns = Pool(store, sessions, LEASE_SECONDS, capacity), Turns()
    commands = Commands(
        store=store,
        wakes=wakes,
        vault=vault,
        events=events,
        sessions=sessions,
        pool=pool,
        turns=turns,
        media=MediaSource(MediaShelf(store, vault), OutboundPolicy(LOOPBACK), limit_mb=1),
        lease_seconds=LEASE_SECONDS,
        sandbox=False,
        api_key=API_KEY,
        exchange="evolution_exchange",
        destinations=Destinations(vault=vault, expose_keys=False),
        sinks={},
        queue_sinks=QueueSinkRules(rabbitmq=True, sqs=True),
        provide=lambda _: None,
    )
    return World(store, bus, wakes, vault, engine, events, sessions, CommandConsumer(commands), clock, pool, turns)


class Runs(Protocol):
    """A part that runs for ever."""

    async def run(self) -> None:
        """Run until cancelled."""


@contextlib.asynccontextmanager
async def running(part: Runs) -> AsyncIterator[None]:
    """Let a part run beside the body."""
    task = asyncio.create_task(part.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def adopter(world: World, lease_seconds: float = LEASE_SECONDS) -> Adopter:
    """Make an adopter into the world's sessions."""
    return Adopter(
        world.store,
        world.wakes,
        world.events,
        world.sessions,
        pool=world.pool,
        turns=world.turns,
        lease_seconds=lease_seconds,
    )


async def peer(world: World, *, worker: str = "worker-2", sessions: int = 0, **more: object) -> None:
    """Let another worker say that it lives."""
    beat = WorkerBeat(id=worker, sessions=sessions)
    await world.store.beat(msgspec.structs.replace(beat, **more), 60)
