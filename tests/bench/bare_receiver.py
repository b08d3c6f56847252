"""A webhook receiver that does next to nothing: it notes when each event came, and tells.

    python -m tests.bench.bare_receiver

Every POST is a delivery. `GET /taken` answers what came since it was asked last, as `Taken`, and begins anew.
It prints where it listens.
"""

import asyncio
import sys
import time

import msgspec
import uvloop
from aiohttp import web

from pombo.serving import until_stopped


class Sent(msgspec.Struct):
    """What a writer puts into its events; `at` is the machine's monotonic clock, seconds."""

    at: float


class Delivered(msgspec.Struct):
    """A body, as far as it matters here."""

    data: Sent


class Taken(msgspec.Struct):
    """What came.

    Attributes:
        count: how many.
        last: when the last one came, the machine's monotonic clock, seconds; 0 when none did.
        latencies: seconds from `at` in each until it came.
        headers: of the last one.
        body: of the last one.
    """

    count: int = 0
    last: float = 0.0
    latencies: list[float] = []
    headers: dict[str, str] = {}
    body: str = ""


class Receiver:
    """Takes and tells."""

    def __init__(self) -> None:
        """Nothing came yet."""
        self._taken = Taken()
        self._decoder = msgspec.json.Decoder(Delivered)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """Take a delivery, or tell what came."""
        if request.method != "POST":
            told, self._taken = self._taken, Taken(headers=self._taken.headers, body=self._taken.body)
            return web.Response(body=msgspec.json.encode(told), content_type="application/json")
        body = await request.read()
        taken = self._taken
        taken.last = time.monotonic()
        taken.latencies.append(taken.last - self._decoder.decode(body).data.at)
        taken.count += 1
        if not taken.body:
            taken.headers = {
                name: text for name, text in request.headers.items() if name not in {"Host", "Content-Length"}
            }
            taken.body = body.decode()
        return web.Response()


async def serve() -> None:
    """Listen on a port of its own choice, until a signal."""
    runner = web.ServerRunner(web.Server(Receiver().answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        sys.stdout.write(f"listens at http://127.0.0.1:{runner.addresses[0][1]}\n")
        sys.stdout.flush()
        await until_stopped()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as asyncio_runner:
        asyncio_runner.run(serve())
