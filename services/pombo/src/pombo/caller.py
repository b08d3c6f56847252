"""HTTP calls to a running Pombo: one at a time, JSON both ways, and plain words for whatever goes wrong."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import aiohttp
import msgspec

from pombo.address import Address
from pombo.answers import Answer, messages_of
from pombo_common.foreign_json import parse_foreign

DIAL_SECONDS = 5.0
CHANGE_SECONDS = 120.0
"""Changes may wait for a QR code for as long as POMBO_CONNECT_SECONDS says at the other end."""
ERRORS = 400


class Refused(Exception):  # noqa: N818 - reads as what happened
    """Pombo refused a request.

    Attributes:
        status: of HTTP.
        messages: what the envelope says, one sentence each.
    """

    def __init__(self, status: int, messages: list[str]) -> None:
        super().__init__("; ".join(messages))
        self.status = status
        self.messages = messages


class Unreachable(Exception):  # noqa: N818 - as Refused
    """Nothing that is a Pombo answers there; the message says what was found instead."""


class HttpCaller:
    """Calls one Pombo; an async context manager."""

    def __init__(self, address: Address, *, seconds: float = CHANGE_SECONDS) -> None:
        """Prepare to call.

        Args:
            address: where, and with which key.
            seconds: the longest that any one call may take.
        """
        self.address = address
        self._seconds = seconds
        # A proxy of the environment is for the world outside; one between two ports of a machine is a mistake.
        self._http = aiohttp.ClientSession(
            headers={"apikey": address.key} if address.key else {},
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=not address.here,
        )

    async def __aenter__(self) -> Self:
        """Connect lazily."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of all connections."""
        await self._http.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        form: aiohttp.FormData | None = None,
        query: Mapping[str, str] | None = None,
        seconds: float = CHANGE_SECONDS,
    ) -> Answer:
        """Make one call.

        Raises:
            Refused: with the envelope's sentences.
            Unreachable: no answer, or one that is not JSON.
        """
        timeout = aiohttp.ClientTimeout(total=min(seconds, self._seconds), sock_connect=DIAL_SECONDS)
        url = self.address.url + path
        try:
            async with self._http.request(method, url, json=body, data=form, params=query, timeout=timeout) as response:
                raw, status, headers = await response.read(), response.status, response.headers
        except TimeoutError:
            raise Unreachable(f"Pombo at {self.address.url} did not answer in time") from None
        except aiohttp.ClientConnectorError:
            raise Unreachable(f"no Pombo answers at {self.address.url}") from None
        except aiohttp.ClientError as error:
            raise Unreachable(f"the connection to {self.address.url} broke ({type(error).__name__})") from None
        try:
            decoded = parse_foreign(raw)
        except msgspec.DecodeError:
            raise Unreachable(f"what answers at {self.address.url} is not Pombo (HTTP {status}, no JSON)") from None
        if status >= ERRORS:
            raise Refused(status, messages_of(decoded, status))
        return Answer(decoded, headers.get("Idempotency-Key"), _moment(headers.get("Date")))


def _moment(date: str | None) -> float | None:
    """Return the server's clock, seconds since the epoch, from its Date header."""
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except ValueError:
        return None
