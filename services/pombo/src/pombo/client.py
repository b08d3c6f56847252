"""HTTP client of a running Pombo, for the command line."""

import asyncio
import mimetypes
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp
import msgspec

from pombo.address import Address
from pombo.answers import Answer, Connected, NamedState, Row, Welcome, messages_of, read_list, read_state

DIAL_SECONDS = 5.0
READ_SECONDS = 10.0
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


class PomboClient:
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

    async def welcome(self) -> Welcome:
        """Return what stands at the root; needs no key.

        Raises:
            Unreachable: nothing answers, or something that is no Pombo.
        """
        try:
            body = (await self._call("GET", "/", seconds=READ_SECONDS)).body
        except Refused as error:
            raise Unreachable(f"what answers at {self.address.url} is not Pombo (HTTP {error.status})") from None
        if not isinstance(body, dict) or "Pombo" not in str(body.get("message")):
            raise Unreachable(f"what answers at {self.address.url} is not Pombo")
        return Welcome(str(body.get("version") or ""))

    async def instances(self) -> tuple[list[Row], Any]:
        """Return all instances that the key may see, and the answer as it came."""
        answer = await self._call("GET", "/instance/fetchInstances", seconds=READ_SECONDS)
        return read_list(answer.body), answer.body

    async def create(self, fields: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON as it came
        """Create an instance from the fields of the REST body."""
        return (await self._call("POST", "/instance/create", body=fields)).body

    async def connect(self, name: str, number: str | None = None) -> Connected:
        """Start the session and wait for its QR code, or learn that it is open."""
        query = {"number": number} if number else {}
        answer = await self._call("GET", _path("/instance/connect", name), query=query)
        return Connected.read(answer)

    async def state(self, name: str) -> NamedState:
        """Return the connection's state."""
        answer = await self._call("GET", _path("/instance/connectionState", name), seconds=READ_SECONDS)
        return read_state(answer)

    async def restart(self, name: str) -> Any:  # noqa: ANN401 - as create
        """Close the connection and make a new one."""
        return (await self._call("PUT", _path("/instance/restart", name))).body

    async def logout(self, name: str) -> Any:  # noqa: ANN401 - as create
        """Unlink the device; the instance stays."""
        return (await self._call("DELETE", _path("/instance/logout", name))).body

    async def delete(self, name: str) -> Any:  # noqa: ANN401 - as create
        """Unlink and remove the instance."""
        return (await self._call("DELETE", _path("/instance/delete", name))).body

    async def command(self, name: str, command_id: str) -> Any:  # noqa: ANN401 - as create
        """Return what became of a command."""
        path = f"{_path('/commands', name)}/{quote(command_id, safe='')}"
        return (await self._call("GET", path, seconds=READ_SECONDS)).body

    @staticmethod
    def deliveries_path(name: str) -> str:
        """Return where the deliveries of an instance are listed."""
        return _path("/deliveries", name)

    async def page(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Return one page of a list."""
        body = (await self._call("GET", path, query=query, seconds=READ_SECONDS)).body
        return body if isinstance(body, dict) else {}

    async def events(self, name: str, after: int) -> dict[str, Any]:
        """Return a part of an instance's log."""
        return await self.page(_path("/events", name), {"after": str(after), "limit": "100"})

    async def resend(self, name: str, event_id: str, destination: str | None) -> Any:  # noqa: ANN401 - as create
        """Send an event again."""
        path = f"{_path('/deliveries', name)}/{quote(event_id, safe='')}/resend"
        return (await self._call("POST", path, query={"destination": destination} if destination else {})).body

    async def test_webhook(self, name: str) -> Any:  # noqa: ANN401 - as create
        """Send a sample to an instance's webhook."""
        return (await self._call("POST", _path("/webhook/test", name))).body

    async def scan(self, name: str) -> None:
        """Let the simulated phone scan the QR code of a sandbox instance."""
        await self._call("POST", _path("/sandbox", name) + "/scan", body={})

    async def message(self, name: str, fields: Mapping[str, object]) -> None:
        """Let a simulated contact write to a sandbox instance."""
        await self._call("POST", _path("/sandbox", name) + "/message", body=fields)

    async def send_text(self, name: str, fields: Mapping[str, object]) -> Any:  # noqa: ANN401 - as create
        """Send a text from an instance."""
        return (await self._call("POST", _path("/message/sendText", name), body=fields)).body

    async def send_media(self, name: str, fields: Mapping[str, str], file: Path | None = None) -> Any:  # noqa: ANN401 - as create
        """Send media from an instance: a file, or what its address in the fields leads to."""
        path = _path("/message/sendMedia", name)
        if file is None:
            return (await self._call("POST", path, body=fields)).body
        with await asyncio.to_thread(file.open, "rb") as content:
            form = aiohttp.FormData(fields)
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            form.add_field("file", content, filename=file.name, content_type=kind)
            return (await self._call("POST", path, form=form)).body

    async def _call(
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
            decoded = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Unreachable(f"what answers at {self.address.url} is not Pombo (HTTP {status}, no JSON)") from None
        if status >= ERRORS:
            raise Refused(status, messages_of(decoded, status))
        return Answer(decoded, headers.get("Idempotency-Key"), _moment(headers.get("Date")))


def _path(route: str, name: str) -> str:
    return f"{route}/{quote(name, safe='')}"


def _moment(date: str | None) -> float | None:
    """Return the server's clock, seconds since the epoch, from its Date header."""
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except ValueError:
        return None
