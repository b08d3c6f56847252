"""A real webhook receiver: records what it is sent, in order, and fails or hangs on request."""

import asyncio
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec
from aiohttp import web

from tests.support.ports import free_port

LARGEST_BODY = 16 * 1024 * 1024


class Delivery(NamedTuple):
    """One event as it arrived and was taken.

    Attributes:
        id: of the event, the same in every delivery of it.
        seq: its place in the instance's log.
        prev: the seq that was due to this webhook before it.
        epoch: of the lease under which it was written.
        attempt: which try this was.
        event: its wire name.
        body: the envelope.
    """

    id: str
    seq: int
    prev: int
    epoch: int
    attempt: int
    event: str
    body: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        """The payload, an object."""
        data: dict[str, Any] = self.body["data"]
        return data

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The payload, a list of objects."""
        rows: list[dict[str, Any]] = self.body["data"]
        return rows


class WebhookReceiver:
    """Listens at a loopback port of its own, in the test's loop; an async context manager.

    Attributes:
        refusing: how many of the next deliveries are answered with 500.
        refused: what was answered so.
        flowing: while it is cleared, deliveries hang: they are read, and get no answer.
        hanging: how many hang now.
    """

    def __init__(self) -> None:
        self.refusing = 0
        self.refused: list[Delivery] = []
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.hanging = 0
        self._taken: list[Delivery] = []
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        app = web.Application(client_max_size=LARGEST_BODY)
        app.router.add_post("/hook", self._receive)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", free_port())
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, what hangs included."""
        self.flowing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}/hook"

    def of(self, name: str, event: str | None = None) -> list[Delivery]:
        """Return what was taken of an instance (and of one event's name), in the order of arrival."""
        return [
            taken for taken in self._taken if taken.body["instance"] == name and (event is None or taken.event == event)
        ]

    def first(self, name: str, event: str | None = None) -> list[Delivery]:
        """Return the same without repetitions of an event."""
        first: dict[str, Delivery] = {}
        for taken in self.of(name, event):
            first.setdefault(taken.id, taken)
        return list(first.values())

    async def _receive(self, request: web.Request) -> web.Response:
        body = msgspec.json.decode(await request.read())
        delivery = Delivery(
            id=request.headers["webhook-id"],
            seq=int(request.headers["pombo-seq"]),
            prev=int(request.headers["pombo-prev"]),
            epoch=int(request.headers["pombo-epoch"]),
            attempt=int(request.headers["pombo-attempt"]),
            event=body["event"],
            body=body,
        )
        self.hanging += 1
        try:
            await self.flowing.wait()
        finally:
            self.hanging -= 1
        if self.refusing > 0:
            self.refusing -= 1
            self.refused.append(delivery)
            return web.Response(status=500, text="not now")
        self._taken.append(delivery)
        return web.Response(status=200)
