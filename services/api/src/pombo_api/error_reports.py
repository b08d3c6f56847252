"""Posts refused and failed requests to the webhook for errors, when the operator has named one."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any, Literal

import aiohttp
import msgspec
import structlog
from litestar import Litestar
from litestar.types import Message, Scope

from pombo_api.errors import Envelope, Messages
from pombo_common.projection import iso

FIRST_ERROR = 400
WAITING = 1000
"""Reports that wait for a slow receiver; further ones are dropped, since nobody shall wait for it."""

_STATUS = "pombo_error_status"
_ENVELOPES = msgspec.json.Decoder(Envelope)


class ErrorData(msgspec.Struct, kw_only=True):
    """What was answered."""

    error: str
    message: list[str | dict[str, Any]] | str
    status: int
    response: Messages


class ErrorReport(msgspec.Struct, kw_only=True):
    """One refused or failed request. It carries no key."""

    event: Literal["error"] = "error"
    data: ErrorData
    date_time: str
    server_url: str | msgspec.UnsetType = msgspec.UNSET


class ErrorReports:
    """Notes what is answered with an error, and posts it in the background, one after the other, once each."""

    def __init__(self, url: str, server_url: str, timeout_seconds: float) -> None:
        """Post to this address.

        Args:
            url: where to; set by the operator, so that it may lie in any network.
            server_url: public address of the API; empty leaves the member out.
            timeout_seconds: one try, from dialling to the end of the answer.
        """
        self._url = url
        self._server_url = server_url
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(WAITING)

    async def note(self, message: Message, scope: Scope) -> None:
        """Take note of an answer on its way out."""
        state = scope["state"]
        if message["type"] == "http.response.start" and message["status"] >= FIRST_ERROR:
            state[_STATUS] = message["status"]
        elif message["type"] == "http.response.body" and state.get(_STATUS):
            with contextlib.suppress(msgspec.DecodeError, asyncio.QueueFull):
                self._waiting.put_nowait(self._report(_ENVELOPES.decode(message["body"])))

    @contextlib.asynccontextmanager
    async def posting(self, _: Litestar) -> AsyncIterator[None]:
        """Post for as long as the application runs."""
        async with aiohttp.ClientSession(timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
            task = asyncio.create_task(self._post_all(session), name="error reports")
            try:
                yield
            finally:
                task.cancel()
                await asyncio.wait([task])

    async def _post_all(self, session: aiohttp.ClientSession) -> None:
        headers = {"Content-Type": "application/json", "User-Agent": "Pombo"}
        while True:
            body = await self._waiting.get()
            try:
                async with session.post(self._url, data=body, headers=headers, allow_redirects=False):
                    pass
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                structlog.get_logger().warning("errors webhook failed", error=type(error).__name__)

    def _report(self, envelope: Envelope) -> bytes:
        data: dict[str, Any] = msgspec.structs.asdict(envelope)
        report = ErrorReport(
            data=ErrorData(message=envelope.response.message, **data),
            date_time=iso(time.time_ns() // 1_000_000),
            server_url=self._server_url or msgspec.UNSET,
        )
        return msgspec.json.encode(report)
