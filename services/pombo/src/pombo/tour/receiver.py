"""The tour's own webhook: listens on a loopback port, keeps what comes in the order of arrival."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import msgspec
from aiohttp import web

LARGEST_BODY = 8 * 1024 * 1024


class Arrived(msgspec.Struct, frozen=True):
    """One event at the webhook.

    Attributes:
        id: of the event, the same if it is delivered again.
        seq: its place in the instance's log, from 1.
        after: seconds since the receiver began to listen.
        event: wire name.
        data: its payload.
    """

    id: str
    seq: int
    after: float
    event: str
    data: Any


class Receiver:
    """An HTTP server for one tour; an async context manager.

    Its path cannot be guessed, so that nothing else on the machine tells it stories.

    Attributes:
        arrived: the events, each once.
    """

    def __init__(self, on_event: Callable[[Arrived], None]) -> None:
        """Prepare; `on_event` is told of each event once."""
        self.arrived: list[Arrived] = []
        self._on_event = on_event
        self._path = f"/{secrets.token_urlsafe(12)}"
        self._changed = asyncio.Condition()
        self._began = 0.0
        self._port = 0
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        """Where it listens, for people."""
        return f"127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """Where Pombo sends events."""
        return f"http://{self.address}{self._path}"

    async def __aenter__(self) -> Self:
        """Begin to listen on a free port."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_post(self._path, self._receive)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]
        self._began = time.monotonic()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def wait_for(self, wanted: Callable[[Arrived], bool], seconds: float) -> Arrived:
        """Return the first event that is wanted, waiting for it.

        Raises:
            TimeoutError: it did not come.
        """
        async with asyncio.timeout(seconds), self._changed:
            while True:
                found = next(filter(wanted, self.arrived), None)
                if found is not None:
                    return found
                await self._changed.wait()

    async def settled(self, quiet: float, seconds: float) -> None:
        """Wait until nothing has come for `quiet` seconds; for `seconds` at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while await self._another(quiet):
                    pass

    @property
    def whole(self) -> bool:
        """Whether the events came in their order, without a gap."""
        return [event.seq for event in self.arrived] == list(range(1, len(self.arrived) + 1))

    async def _another(self, seconds: float) -> bool:
        """Tell whether another event comes within so many seconds."""
        known = len(self.arrived)
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: len(self.arrived) > known)
        except TimeoutError:
            return False
        return True

    async def _receive(self, request: web.Request) -> web.Response:
        try:
            body = msgspec.json.decode(await request.read())
            arrived = Arrived(
                id=request.headers["webhook-id"],
                seq=int(request.headers["pombo-seq"]),
                after=time.monotonic() - self._began,
                event=str(body["event"]),
                data=body.get("data"),
            )
        except (KeyError, ValueError, TypeError, AttributeError):
            return web.Response(status=400)
        if all(arrived.id != known.id for known in self.arrived):
            async with self._changed:
                self.arrived.append(arrived)
                self._on_event(arrived)
                self._changed.notify_all()
        return web.Response(status=200)
