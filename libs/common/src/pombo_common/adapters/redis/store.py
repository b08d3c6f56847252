"""`RedisStore`: the Store port on Redis 7, one or a cluster; docs/ports.md walks every method through its keys."""

from contextlib import AbstractAsyncContextManager

from pombo_common.adapters.redis.apply import Applying
from pombo_common.adapters.redis.blobs import Blobs
from pombo_common.adapters.redis.client import Database
from pombo_common.adapters.redis.commands import Commanding
from pombo_common.adapters.redis.durability import Info, durability_warnings, infos
from pombo_common.adapters.redis.footprints import Clearing
from pombo_common.adapters.redis.instances import Reading
from pombo_common.adapters.redis.leases import Leasing
from pombo_common.adapters.redis.log import Delivering
from pombo_common.adapters.redis.parked import Parking
from pombo_common.adapters.redis.rights import try_rights
from pombo_common.adapters.redis.watch import Subscriber
from pombo_common.adapters.redis.workers import Pooling
from pombo_common.ports.records import LOG_LIMIT
from pombo_common.ports.store import StoreRefused, StoreUnavailable, Watch


class RedisStore(Applying, Reading, Leasing, Pooling, Clearing, Commanding, Blobs, Delivering, Parking):
    """The Store port; see `pombo_common.ports.store.Store` for what each method promises."""

    def __init__(self, url: str, *, prefix: str = "pombo", log_limit: int = LOG_LIMIT) -> None:
        """Prepare; nothing connects before `open`.

        Args:
            url: `redis://`, `rediss://` or `unix://` address of Redis 7 with its append-only file on; or
                `redis+cluster://host:port,host:port` (`rediss+cluster://`) of a cluster of such.
            prefix: what all keys begin with.
            log_limit: events that one instance's log keeps.
        """
        super().__init__(Database(url, prefix), log_limit)
        self._subscriber = Subscriber(self._database)

    async def open(self) -> None:
        """Find out whether Redis answers, and lets this user do what Pombo does; idempotent.

        Raises:
            StoreRefused: it does not let this user.
            StoreUnavailable: it does not answer.
        """
        try:
            await try_rights(self._database)
        except StoreRefused:
            raise
        except StoreUnavailable:  # It may only take no writes now, which is for those to say who write.
            await self.now()

    async def close(self) -> None:
        """Let go of all connections."""
        await self._subscriber.close()
        await self._database.close()

    async def now(self) -> int:
        """Return Redis' clock, milliseconds since the epoch; also serves as the readiness probe."""
        now: int = await self._database.run("read_clock", [self._keys.names])
        return now

    async def warnings(self) -> list[str]:
        """Say how Redis, as it is set, would lose what it was told."""
        return await durability_warnings(self._database)

    async def infos(self) -> list[Info]:
        """Return what each server that takes writes says of itself.

        Raises:
            StoreForbidden: this user may not ask.
            StoreUnavailable: one of them does not answer.
        """
        return await infos(self._database)

    def watch(self, name: str) -> AbstractAsyncContextManager[Watch]:
        """Begin to notice changes of record, live state or existence. Begin first, then read, then wait."""
        return self._subscriber.watch(self._keys.channel(name))

    def released(self) -> AbstractAsyncContextManager[Watch]:
        """Begin to notice leases that were released although their instance is wanted."""
        return self._subscriber.watch(self._keys.released)
