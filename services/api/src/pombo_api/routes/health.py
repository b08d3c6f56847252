"""Whether the process lives, and whether it can work; a welcome."""

import asyncio
from collections.abc import Awaitable
from typing import Any, Literal, TypeVar

import msgspec
from litestar import Request, Response, get

from pombo_api.answers import json_answer
from pombo_api.dialects.common_shapes import WelcomeAnswer
from pombo_api.openapi.operation import Operation, described
from pombo_api.requests import server_url
from pombo_api.routes.dependencies import GivenDialect, GivenParts
from pombo_common.model.errors import PomboError
from pombo_common.ports.bus import BusUnavailable
from pombo_common.ports.store import StoreUnavailable

AnyRequest = Request[Any, Any, Any]

PROBE_SECONDS = 2.0

WHATSAPP_WEB_VERSION = "2.3000.1043857760"
"""The version of WhatsApp Web as which the pinned Baileys announces itself."""


class Away:
    """What a probe found that got no answer."""


AWAY = Away()

T = TypeVar("T")


class Health(msgspec.Struct):
    """Answer of the probe that asks whether the process lives."""

    status: Literal["live"]


class Readiness(msgspec.Struct):
    """Answer of the probe that asks whether it can work.

    Attributes:
        warnings: how the Store, as it is set up, would lose data: a sentence for each way.
    """

    status: Literal["ready"]
    warnings: list[str]


@get("/", opt=described(Operation(tag="service", answer=WelcomeAnswer, reads=False)))
async def welcome(request: AnyRequest, parts: GivenParts, dialect: GivenDialect) -> Response[bytes]:
    """Say that the API works, and where its documentation is."""
    return json_answer(
        WelcomeAnswer(
            version=dialect.version,
            client_name=parts.config.client_name,
            documentation=server_url(request, parts.config.server_url) + "/docs",
            whatsapp_web_version=WHATSAPP_WEB_VERSION,
        )
    )


@get("/health/live", opt=described(Operation(tag="service", answer=Health, reads=False)))
async def live() -> Response[bytes]:
    """Say that the process answers."""
    return json_answer(Health("live"))


@get("/health/ready", opt=described(Operation(tag="service", answer=Readiness)))
async def ready(parts: GivenParts) -> Response[bytes]:
    """Say whether Store and Bus answer, and whether the Store would lose data; 503 names which does not answer."""
    now, warnings, bus = await asyncio.gather(
        _answer(parts.store.now()), _answer(parts.store.warnings()), _answer(parts.bus.ping())
    )
    away = [name for name, answers in (("store", (now, warnings)), ("bus", (bus,))) if AWAY in answers]
    if away or isinstance(warnings, Away):
        raise PomboError(503, "not_ready", *(f"The {name} is not reachable" for name in away))
    return json_answer(Readiness("ready", warnings))


async def _answer(probe: Awaitable[T]) -> T | Away:
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return await probe
    except (StoreUnavailable, BusUnavailable, TimeoutError):
        return AWAY
