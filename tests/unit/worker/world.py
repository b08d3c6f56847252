"""A worker's parts on a real store and bus, with a scripted engine: what the tests of this folder share."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pombo_common.adapters.inprocess import InProcessBus
from pombo_common.model.events import EVENT_NAMES
from pombo_common.model.instance import Instance, InstanceSecrets, Live
from pombo_common.model.settings import Settings, Webhook
from pombo_common.ports.changes import Change, Held, Verdict
from pombo_common.ports.records import StoredInstance
from pombo_common.projection import seal_secrets
from pombo_common.sealing import open_event
from pombo_common.vault import Vault
from pombo_worker.commands.consumer import CommandConsumer
from pombo_worker.delivery.destinations import Destinations
from pombo_worker.engines.port import Route
from pombo_worker.events import EventMaker
from pombo_worker.sessions.pool import Pool
from pombo_worker.sessions.registry import SessionRegistry
from pombo_worker.sessions.taken_lease import take_lease
from pombo_worker.sessions.turns import Turns
from pombo_worker.sessions.writer import SessionWriter
from pombo_worker.wakes import Wakes
from tests.support.waiting import eventually
from tests.unit.worker.scripted_engine import PAIRED_CREDS, ScriptedEngine
from tests.unit.worker.trying_store import Clock, TryingStore

WORKER = "worker-1"
API_KEY = "GLOBAL-KEY"
LEASE_SECONDS = 15.0
JID = "5511999990000@s.whatsapp.net"


@dataclass
class World:
    """See the module."""

    store: TryingStore
    bus: InProcessBus
    wakes: Wakes
    vault: Vault
    engine: ScriptedEngine
    events: EventMaker
    sessions: SessionRegistry
    consumer: CommandConsumer
    clock: Clock
    pool: Pool
    turns: Turns

    @property
    def destinations(self) -> Destinations:
        """Where events go: to nothing global."""
        return Destinations(vault=self.vault, expose_keys=False)

    async def create(
        self,
        name: str = "shop",
        *,
        url: str | None = None,
        webhook: dict[str, Any] | None = None,
        **live: Any,  # noqa: ANN401
    ) -> StoredInstance:
        """Put an instance into the store, as an earlier worker would have left it.

        Args:
            name: its name.
            url: its webhook's address.
            webhook: more members of the webhook.
            live: members of its live state; `paired` also stores credentials.
        """
        instance_id = str(uuid.uuid4())
        hook = None
        if url is not None:
            fields: dict[str, Any] = {
                "id": "w",
                "enabled": True,
                "events": list(EVENT_NAMES),
                "created_at": 1,
                "updated_at": 1,
            }
            hook = Webhook(url=url, **(fields | (webhook or {})))
        secrets = InstanceSecrets(token=f"TOKEN-{name}", webhook=hook)
        instance = Instance(
            name=name,
            id=instance_id,
            integration="WHATSAPP-BAILEYS",
            number=None,
            settings=Settings(),
            token_print=self.vault.fingerprint(name.encode()),
            sealed=seal_secrets(instance_id, secrets, self.vault),
            created_at=1,
            updated_at=1,
        )
        paired = bool(live.get("paired"))
        change = Change(
            instance_id=instance_id,
            create=True,
            instance=instance,
            live=Live(**({"since": 1} | live)),
            creds=self.vault.seal(PAIRED_CREDS.encode(), f"{instance_id}/creds") if paired else None,
            destinations=self.destinations.changes(instance, secrets),
        )
        assert (await self.store.apply(name, change)).verdict is Verdict.APPLIED
        return await self.stored(name)

    async def start(self, stored: StoredInstance) -> int:
        """Take the lease and run the session; returns the epoch."""
        lease = await take_lease(self.store, stored.instance, WORKER, LEASE_SECONDS)
        assert lease is not None
        self.sessions.start(lease.stored, lease, Route())
        return lease.epoch

    async def lease(self, stored: StoredInstance, owner: str = WORKER) -> int:
        """Take the lease, which is free."""
        epoch = await self.store.acquire(stored.instance.name, stored.instance.id, owner, LEASE_SECONDS)
        assert epoch is not None
        return epoch

    async def writer(self, stored: StoredInstance) -> SessionWriter:
        """Take the lease and return a writer under its epoch."""
        epoch = await self.lease(stored)
        return SessionWriter(self.store, self.wakes, stored.instance.name, stored.instance.id, Held(WORKER, epoch))

    async def stored(self, name: str = "shop") -> StoredInstance:
        """Read an instance that is there."""
        stored = await self.store.instance(name)
        assert stored is not None
        return stored

    async def live(self, name: str = "shop") -> Live:
        """Read its live state."""
        return (await self.stored(name)).live

    async def reaches(self, name: str = "shop", **fields: Any) -> Live:  # noqa: ANN401 - members of Live
        """Wait until the live state has these members."""

        async def has() -> bool:
            live = await self.live(name)
            return all(getattr(live, field) == value for field, value in fields.items())

        await eventually(has, what=str(fields))
        return await self.live(name)

    async def log(self, stored: StoredInstance) -> list[tuple[str, Any]]:
        """Return type and payload of everything in an instance's log."""
        instance = stored.instance
        events = await self.store.events(instance.name, instance.id, 0, 1000)
        return [(event.type, open_event(event.body, instance.id, event.id, self.vault).data) for event in events]

    async def states(self, stored: StoredInstance) -> list[str]:
        """Return the story of an instance's log: `connection.update` by its state, and `qr` for each code."""
        log = await self.log(stored)
        told = ("connection.update", "qrcode.updated")
        return [str(data["state"]) if kind == told[0] else "qr" for kind, data in log if kind in told]

    async def gone(self, name: str = "shop") -> None:
        """Wait until its session is over and its lease, unless it is another's, given back."""

        async def over() -> bool:
            lease = (await self.stored(name)).lease
            return name not in self.sessions.names and (lease is None or lease.owner != WORKER)

        await eventually(over, what=f"the end of {name}'s session")


def kinds(changes: Sequence[Change]) -> list[list[str]]:
    """Return the types of the events of each change."""
    return [[event.type for event in change.events] for change in changes]
