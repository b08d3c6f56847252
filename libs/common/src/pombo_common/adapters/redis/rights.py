"""Trying at the start what this user may do, rather than fail in the midst of a step."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from pombo_common.adapters.redis.client import Call, Database
from pombo_common.adapters.redis.refusals import as_unavailable
from pombo_common.adapters.redis.server import CALL_SECONDS
from pombo_common.ports.store import StoreRefused

SLOTS = 32
"""Keys in so many slots are tried, so that hardly a node of a cluster is left out: each has users of its own."""


async def try_rights(database: Database) -> None:
    """Run every command of the scripts on keys that are gone at once, and hear of it on a channel.

    Raises:
        StoreForbidden: this user lacks a right.
        StoreRefused: Redis does not know a command, or refuses the user or the password.
        StoreUnavailable: Redis does not answer, or cannot take writes now.
    """
    marks = [str(uuid.uuid4()) for _ in range(SLOTS)]
    channel = database.keys.channel(marks[0])
    calls: list[Call] = [([database.keys.trial(mark)], [channel]) for mark in marks]
    try:
        async with asyncio.timeout(CALL_SECONDS), _subscribed(database, channel) as connection:
            await database.run_many("trial", calls)
            await connection.read_response()
    except (RedisError, OSError) as error:  # a TimeoutError is an OSError
        raise as_unavailable(error) or StoreRefused(f"Redis refuses what Pombo asks of it: {error}") from error


@asynccontextmanager
async def _subscribed(database: Database, channel: str) -> AsyncIterator[AbstractConnection]:
    connection = await database.connection()
    try:
        await connection.connect()  # type: ignore[no-untyped-call]
        await connection.send_command("SUBSCRIBE", channel)
        await connection.read_response()
        yield connection
    finally:
        await connection.disconnect(nowait=True)
