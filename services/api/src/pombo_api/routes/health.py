"""Whether the process lives, whether it can work, and a welcome."""

import asyncio
from collections.abc import Awaitable

import msgspec
from litestar import Response, get

from pombo_api.answers import json_answer
from pombo_api.routes.dependencies import GivenParts
from pombo_common.model.errors import PomboError
from pombo_common.ports.bus import BusUnavailable
from pombo_common.ports.store import StoreUnavailable

PROBE_SECONDS = 2.0


class Health(msgspec.Struct):
    """Answer of a probe."""

    status: str


class Welcome(msgspec.Struct):
    """Answer at the root."""

    status: int
    message: str


@get("/")
async def welcome() -> Response[bytes]:
    """Say that the API works."""
    return json_answer(Welcome(200, "Welcome to Pombo, it is working!"))


@get("/health/live")
async def live() -> Response[bytes]:
    """Say that the process answers."""
    return json_answer(Health("live"))


@get("/health/ready")
async def ready(parts: GivenParts) -> Response[bytes]:
    """Say whether Store and Bus answer; 503 names which does not."""
    store, bus = await asyncio.gather(_answers(parts.store.now()), _answers(parts.bus.ping()))
    away = [name for name, there in (("store", store), ("bus", bus)) if not there]
    if away:
        raise PomboError(503, "not_ready", *(f"The {name} is not reachable" for name in away))
    return json_answer(Health("ready"))


async def _answers(probe: Awaitable[object]) -> bool:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await probe
    except (StoreUnavailable, BusUnavailable, TimeoutError):
        return False
    return True
