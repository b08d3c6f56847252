"""The API's app as a client reaches it, without a socket."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
from litestar import Litestar


@contextlib.asynccontextmanager
async def client_of(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """Let an app live, and yield a client of it."""
    transport = httpx.ASGITransport(app=cast("Any", app), raise_app_exceptions=False)
    started, ended = asyncio.Event(), asyncio.Event()
    living = asyncio.create_task(_live(app, started, ended))
    starting = asyncio.create_task(started.wait())
    await asyncio.wait((starting, living), return_when=asyncio.FIRST_COMPLETED)
    if living.done():  # it could not begin, and says why
        starting.cancel()
        await living
    async with httpx.AsyncClient(transport=transport, base_url="http://pombo.test") as client:
        yield client
    ended.set()
    await living


async def _live(app: Litestar, started: asyncio.Event, ended: asyncio.Event) -> None:
    """Run the app's lifespan in one task; a fixture's two halves are two tasks."""
    async with app.lifespan():
        started.set()
        await ended.wait()
