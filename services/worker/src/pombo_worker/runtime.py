"""The worker as a whole: its parts joined, started and drained."""

import asyncio
import uuid
from typing import Any

import structlog

from pombo_common.config import Config
from pombo_common.media import MediaShelf
from pombo_common.ports.bus import Bus, Serving
from pombo_common.ports.store import Store
from pombo_common.sandbox import Sandbox
from pombo_common.vault import Vault
from pombo_worker.commands.consumer import CommandConsumer
from pombo_worker.commands.context import Commands
from pombo_worker.commands.waits import MOST_WAITING
from pombo_worker.delivery.deliverer import Deliverer, DelivererParts
from pombo_worker.delivery.destination_settings import WEBHOOK
from pombo_worker.delivery.destinations import Destinations
from pombo_worker.delivery.dispatcher import Dispatcher
from pombo_worker.delivery.installation import global_destinations
from pombo_worker.delivery.queue_sinks import QueueSinks, rules_of
from pombo_worker.delivery.reconciling import Reconciliation
from pombo_worker.delivery.retry import RetrySchedule
from pombo_worker.delivery.sink import Sink
from pombo_worker.delivery.switching_off import SwitchingOff
from pombo_worker.delivery.webhook import WebhookSink
from pombo_worker.engines.port import Engine
from pombo_worker.events import EventMaker
from pombo_worker.media.source import MediaSource
from pombo_worker.sessions.adoption import Adopter
from pombo_worker.sessions.hand_over import HandOver
from pombo_worker.sessions.leases import LeaseKeeper
from pombo_worker.sessions.parts import SessionParts, SessionSettings
from pombo_worker.sessions.pool import Pool
from pombo_worker.sessions.registry import SessionRegistry
from pombo_worker.sessions.routes import Routes
from pombo_worker.sessions.turns import Turns
from pombo_worker.wakes import Wakes

PREFETCH = 32 + MOST_WAITING
"""How many commands are here at once. As many as may wait leave others their places."""


class Worker:
    """Runs sessions, handles commands and delivers events, until it is stopped."""

    def __init__(
        self, config: Config, *, store: Store, bus: Bus, vault: Vault, engine: Engine, sandbox: Sandbox | None
    ) -> None:
        """Join the parts; nothing runs yet.

        Args:
            config: the configuration; `api_key` is set.
            store: open.
            bus: open.
            vault: seals everything.
            engine: runs connections.
            sandbox: where WHATSAPP-SANDBOX sessions dial; None: there are none.
        """
        self.id = uuid.uuid4().hex
        events = EventMaker(vault)
        self._engine = engine
        self._bus = bus
        self.wakes = Wakes(bus)
        parts = SessionParts(
            worker=self.id,
            store=store,
            wakes=self.wakes,
            vault=vault,
            engine=engine,
            events=events,
            settings=SessionSettings.from_config(config),
            routes=Routes.from_config(config, vault, sandbox),
        )
        self._sessions = SessionRegistry(parts)
        self._leases = LeaseKeeper(store, self._sessions, config.lease_seconds)
        turns = Turns()
        self._pool = Pool(store, self._sessions, config.lease_seconds, config.max_sessions)
        self._adopter = Adopter(
            store,
            self.wakes,
            events,
            self._sessions,
            pool=self._pool,
            turns=turns,
            lease_seconds=config.lease_seconds,
        )
        self._hand_over = HandOver(
            store,
            self._sessions,
            pool=self._pool,
            turns=turns,
            lease_seconds=config.lease_seconds,
            drain_seconds=config.drain_seconds,
        )
        self._queue_sinks = QueueSinks(config, store)
        self._sinks: dict[str, Sink[Any]] = {
            WEBHOOK: WebhookSink(
                timeout_seconds=config.webhook_timeout_ms / 1000,
                server_url=config.server_url,
                final_statuses=config.final_statuses,
                policy=config.outbound,
            ),
            **self._queue_sinks.sinks,
        }
        destinations = Destinations(
            vault=vault, expose_keys=config.expose_keys_in_events, installation=global_destinations(config)
        )
        deliverer = Deliverer(
            DelivererParts(
                store=store,
                destinations=destinations,
                sinks=self._sinks,
                schedule=RetrySchedule.from_config(config),
                switching_off=SwitchingOff(store, vault),
                claim_seconds=config.lease_seconds,
                hold_seconds=config.hold_seconds,
            )
        )
        self._reconciliation = Reconciliation(store, destinations)
        self._dispatcher = Dispatcher(store, deliverer, min(config.delivery_sweep_seconds, config.lease_seconds))
        self._media = MediaSource(MediaShelf(store, vault), config.outbound, config.media_limit_mb)
        self._consumer = CommandConsumer(
            Commands(
                store=store,
                wakes=self.wakes,
                vault=vault,
                events=events,
                sessions=self._sessions,
                pool=self._pool,
                turns=turns,
                media=self._media,
                lease_seconds=config.lease_seconds,
                sandbox=sandbox is not None,
                api_key=config.api_key or "",
                exchange=config.global_exchange,
                destinations=destinations,
                sinks=self._sinks,
                queue_sinks=rules_of(config),
                provide=self._queue_sinks.provide,
            )
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._taking: list[asyncio.Task[None]] = []
        self._serving: list[Serving] = []

    async def start(self) -> None:
        """Begin to adopt, renew, deliver and take commands.

        Raises:
            BusUnavailable: commands cannot be consumed.
        """
        self._engine.warm()
        self._tasks = [
            asyncio.create_task(self._leases.run(), name="leases"),
            asyncio.create_task(self._pool.run(), name="pool"),
            asyncio.create_task(self._dispatcher.run(), name="delivery sweep"),
            *self._queue_sinks.start(),
            asyncio.create_task(self._reconciliation.run(), name="global destinations"),
        ]
        self._taking = [
            asyncio.create_task(self._adopter.run(), name="adoption"),
            asyncio.create_task(self._hand_over.run(), name="hand-over"),
        ]
        self._serving = [
            await self.wakes.hear(self._dispatcher.wake),
            await self._bus.serve(self.id, self._consumer.handle, prefetch=PREFETCH),
        ]
        structlog.get_logger().info("worker.started", worker=self.id)

    async def stop(self) -> None:
        """Hand the sessions over, take no more commands, close what is left, end the engine and the deliveries.

        Until the sessions are away, commands that reach this worker are passed on to the others.
        """
        await _end(self._taking)
        await self._hand_over.drain()
        for serving in reversed(self._serving):
            await serving.stop()
        await _end(self._tasks)
        await self._sessions.end_all()
        await self._pool.leave()
        await self._engine.stop()
        await self._dispatcher.stop()
        await self._media.close()
        for sink in self._sinks.values():
            await sink.close()
        structlog.get_logger().info("worker.stopped", worker=self.id)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
