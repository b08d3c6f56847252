"""Noticing changes: one subscribed connection per Store, made again for ever, that tells who watches which name."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from pombo_common.adapters.redis.client import Database
from pombo_common.adapters.redis.server import CALL_SECONDS
from pombo_common.ports.store import StoreUnavailable

QUIET_SECONDS = 5.0
"""After so long without a word a ping is sent; as long again without one, and the connection counts as broken."""

_LOG = logging.getLogger(__name__)

FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0


class RedisWatch:
    """One watcher of one channel."""

    def __init__(self) -> None:
        """Begin with nothing noticed."""
        self._told = asyncio.Event()

    def tell(self) -> None:
        """Note that something changed."""
        self._told.set()

    async def changed(self, seconds: float) -> bool:
        """Wait for a change for at most so many seconds; False when none came."""
        if not self._told.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._told.wait()
        noticed = self._told.is_set()
        self._told.clear()
        return noticed


class _Channel:
    def __init__(self) -> None:
        self.watchers: set[RedisWatch] = set()
        self.subscribed = asyncio.Event()
        self.lost = False  # it was subscribed once, and that connection broke


class Subscriber:
    """Owns the subscribed connection and the task that reads it."""

    def __init__(self, database: Database) -> None:
        """Prepare; the connection is made when somebody watches first."""
        self._database = database
        self._channels: dict[str, _Channel] = {}
        self._connection: AbstractConnection | None = None
        self._unconfirmed: Counter[str] = Counter()
        self._task: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """End the reading task and its connection."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    @asynccontextmanager
    async def watch(self, channel: str) -> AsyncIterator[RedisWatch]:
        """Watch one channel; entered once Redis has confirmed the subscription.

        Raises:
            StoreUnavailable: Redis does not confirm in time.
        """
        watcher = RedisWatch()
        try:
            await self._join(channel, watcher)
            await self._confirmed(channel)
            yield watcher
        finally:
            await self._leave(channel, watcher)

    async def _join(self, channel: str, watcher: RedisWatch) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="redis-watch")
        known = self._channels.get(channel)
        if known is not None:
            known.watchers.add(watcher)
            return
        self._channels[channel] = _Channel()
        self._channels[channel].watchers.add(watcher)
        await self._subscribe(channel)

    async def _confirmed(self, channel: str) -> None:
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await self._channels[channel].subscribed.wait()
        except TimeoutError as error:
            raise StoreUnavailable("Redis does not confirm a subscription") from error

    async def _leave(self, channel: str, watcher: RedisWatch) -> None:
        known = self._channels[channel]
        known.watchers.discard(watcher)
        if not known.watchers:
            del self._channels[channel]
            await self._send("UNSUBSCRIBE", channel)

    async def _subscribe(self, channel: str) -> None:
        # Counted, since the answer to an earlier SUBSCRIBE of the same channel can come after its UNSUBSCRIBE was sent.
        self._unconfirmed[channel] += 1
        await self._send("SUBSCRIBE", channel)

    async def _send(self, *words: str) -> None:
        # A connection that is being made, or is broken, subscribes everything by itself when it is there again.
        if self._connection is not None:
            with suppress(RedisError, OSError):
                await self._connection.send_command(*words)

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        while True:
            connection: AbstractConnection | None = None
            try:
                connection = await self._database.connection()
                await connection.connect()  # type: ignore[no-untyped-call]
                self._connection = connection
                self._unconfirmed.clear()
                for channel in list(self._channels):
                    if channel in self._channels:  # its last watcher may leave while another one is subscribed
                        await self._subscribe(channel)
                pause = await self._listen(connection, pause)
            except Exception as error:  # noqa: BLE001 - whatever it was, watchers must not be left deaf
                _LOG.warning("watching is interrupted: %s", type(error).__name__)
            finally:
                self._connection = None
                for known in self._channels.values():
                    known.lost = known.lost or known.subscribed.is_set()
                    known.subscribed.clear()
                if connection is not None:
                    with suppress(RedisError, OSError):
                        await connection.disconnect(nowait=True)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _listen(self, connection: AbstractConnection, pause: float) -> float:
        asked = False
        while True:
            message = await connection.read_response(timeout=QUIET_SECONDS)
            if message is None:
                if asked:
                    return pause
                asked = True
                await connection.send_command("PING")
                continue
            asked, pause = False, FIRST_PAUSE
            if isinstance(message, list):  # else it is the bare answer to a ping while nothing is subscribed
                self._take(message[0], message[1].decode())

    def _take(self, kind: bytes, channel: str) -> None:
        if kind == b"subscribe":
            self._unconfirmed[channel] -= 1
            if self._unconfirmed[channel] > 0:
                return
            del self._unconfirmed[channel]
        known = self._channels.get(channel)
        if known is None or kind == b"unsubscribe":
            return
        told = kind == b"message" or known.lost
        if kind == b"subscribe":
            known.subscribed.set()
            known.lost = False
        if told:
            for watcher in known.watchers:
                watcher.tell()
