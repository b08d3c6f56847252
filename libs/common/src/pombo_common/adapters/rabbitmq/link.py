"""One connection to the broker that comes back by itself."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aio_pika import RobustConnection
from aio_pika.abc import AbstractRobustChannel
from aio_pika.exceptions import CONNECTION_EXCEPTIONS
from yarl import URL

from pombo_common.adapters.rabbitmq.refusals import as_refused
from pombo_common.ports.bus import BusUnavailable

_CONNECT_SECONDS = 10.0
_RECONNECT_SECONDS = (0.5, 1.5)


@asynccontextmanager
async def broker_errors(seconds: float) -> AsyncIterator[None]:
    """Give what happens inside so many seconds, and turn the client library's errors into the port's.

    Raises:
        BusForbidden: the user lacks a right.
        BusRefused: the broker refuses the user, the password or the virtual host.
        BusUnavailable: the broker was lost, refused otherwise, or did not answer in time.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise BusUnavailable("the broker did not answer in time") from error
    except asyncio.CancelledError as error:
        if was_cancelled():
            raise
        raise BusUnavailable("the connection to the broker was given up") from error
    except CONNECTION_EXCEPTIONS as error:
        # The class alone: messages of the library can hold the broker's address.
        away = BusUnavailable(f"the broker cannot be used: {type(error).__name__}")
        raise (as_refused(error) or away) from error


def was_cancelled() -> bool:
    """Whether somebody cancelled this task.

    The client library also raises CancelledError out of operations whose connection it gives up.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


class Link:
    """A robust connection. Reconnects for ever, at an interval of its own, so that not all processes come at once."""

    def __init__(self, url: str, *, name: str, heartbeat: int) -> None:
        """Nothing is connected before `open`.

        Args:
            url: AMQP URL of the broker.
            name: shown in the broker's list of connections.
            heartbeat: seconds; a connection that is silent for about three of them is given up.
        """
        self._url = URL(url).update_query(heartbeat=str(heartbeat), name=name)
        self._connection: RobustConnection | None = None

    async def open(self) -> None:
        """Connect.

        Raises:
            BusRefused: the broker refuses the user, the password or the virtual host.
            BusUnavailable: when the broker cannot be reached now; nothing goes on trying then.
        """
        interval = random.uniform(*_RECONNECT_SECONDS)  # noqa: S311 - spreads load, keeps no secret
        connection = RobustConnection(self._url, reconnect_interval=interval)
        try:
            # The inner timeout lets the library clean up; the outer one catches errors that it does not pass on.
            async with broker_errors(_CONNECT_SECONDS + 1):
                await connection.connect(timeout=_CONNECT_SECONDS)
        except BaseException:
            await connection.close()
            raise
        self._connection = connection

    async def channel(self, *, confirms: bool = False) -> AbstractRobustChannel:
        """Open a channel; with confirms, unroutable messages raise."""
        if self._connection is None:
            raise BusUnavailable("the bus is not open")
        await self._connection.ready()
        channel = self._connection.channel(publisher_confirms=confirms, on_return_raises=confirms)
        await channel.initialize()
        return channel

    async def close(self) -> None:
        """Disconnect for good."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
