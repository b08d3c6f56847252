"""Events written into instances' logs through the Store port, as sessions write them, without a phone for each."""

import contextlib
from collections.abc import AsyncIterator

from pombo_common.adapters.redis import RedisStore
from pombo_common.adapters.sqlite import SqliteStore
from pombo_common.ports.changes import Change, Verdict
from pombo_common.ports.store import Store, StoreUnavailable
from pombo_common.vault import Vault, parse_keys
from pombo_worker.events import EventMaker
from tests.support.deployment import Deployment
from tests.support.deployment_up import UpDeployment
from tests.support.waiting import eventually

KIND = "messages.upsert"


class LoggedEvents:
    """Writes events; the workers find them by their sweep.

    Attributes:
        ids: of the events of each instance, in the order of its log.
    """

    def __init__(self, store: Store, vault: Vault) -> None:
        self.ids: dict[str, list[str]] = {}
        self._store = store
        self._events = EventMaker(vault)

    async def write(self, name: str, count: int) -> None:
        """Write so many events in one step; repeated while the Store is away, which an event may outlive twice."""
        stored = await eventually(lambda: self._found(name), seconds=30, what=name)
        instance_id = str(stored)
        known = self.ids.setdefault(name, [])
        texts = range(len(known), len(known) + count)
        made = tuple(self._events.make(instance_id, KIND, {"text": f"text {number}"}) for number in texts)

        async def written() -> bool:
            try:
                if await self._store.event(name, instance_id, made[-1].id) is not None:
                    return True  # the step whose answer was lost
                applied = await self._store.apply(name, Change(instance_id=instance_id, events=made))
            except StoreUnavailable:
                return False
            return applied.verdict is Verdict.APPLIED

        await eventually(written, seconds=60, what=f"{count} events in the log of {name}")
        known += [event.id for event in made]

    async def _found(self, name: str) -> str:
        try:
            stored = await self._store.instance(name)
        except StoreUnavailable:
            return ""
        return "" if stored is None else stored.instance.id


@contextlib.asynccontextmanager
async def logged_events(deployment: Deployment, redis_url: str | None = None) -> AsyncIterator[LoggedEvents]:
    """Open the Store of a deployment beside it."""
    store: Store
    if isinstance(deployment, UpDeployment):
        store = SqliteStore(deployment.data / "pombo.db")
    else:
        store = RedisStore(redis_url or deployment.env["POMBO_STORE_URL"])
    await store.open()
    try:
        yield LoggedEvents(store, Vault(parse_keys(deployment.encryption_key)))
    finally:
        await store.close()
