"""What the command line asks of a running Pombo, one method for each request."""

import asyncio
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from pombo.answers import Connected, NamedState, Row, Welcome, read_list, read_state
from pombo.caller import HttpCaller, Refused, Unreachable

READ_SECONDS = 10.0


class PomboClient(HttpCaller):
    """Asks one Pombo; an async context manager."""

    async def welcome(self) -> Welcome:
        """Return what stands at the root; needs no key.

        Raises:
            Unreachable: nothing answers, or something that is no Pombo.
        """
        try:
            body = (await self.call("GET", "/", seconds=READ_SECONDS)).body
        except Refused as error:
            raise Unreachable(f"what answers at {self.address.url} is not Pombo (HTTP {error.status})") from None
        if not isinstance(body, dict) or "Pombo" not in str(body.get("message")):
            raise Unreachable(f"what answers at {self.address.url} is not Pombo")
        return Welcome(str(body.get("version") or ""))

    async def instances(self) -> tuple[list[Row], Any]:
        """Return all instances that the key may see, and the answer as it came."""
        answer = await self.call("GET", "/instance/fetchInstances", seconds=READ_SECONDS)
        return read_list(answer.body), answer.body

    async def create(self, fields: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON as it came
        """Create an instance from the fields of the REST body."""
        return (await self.call("POST", "/instance/create", body=fields)).body

    async def connect(self, name: str, number: str | None = None) -> Connected:
        """Start the session and wait for its QR code, or learn that it is open."""
        query = {"number": number} if number else {}
        answer = await self.call("GET", _path("/instance/connect", name), query=query)
        return Connected.read(answer)

    async def state(self, name: str) -> NamedState:
        """Return the connection's state."""
        answer = await self.call("GET", _path("/instance/connectionState", name), seconds=READ_SECONDS)
        return read_state(answer)

    async def restart(self, name: str) -> Any:  # noqa: ANN401 - as create
        """Close the connection and make a new one."""
        return (await self.call("PUT", _path("/instance/restart", name))).body

    async def logout(self, name: str) -> Any:  # noqa: ANN401 - as create
        """Unlink the device; the instance stays."""
        return (await self.call("DELETE", _path("/instance/logout", name))).body

    async def delete(self, name: str) -> Any:  # noqa: ANN401 - as create
        """Unlink and remove the instance."""
        return (await self.call("DELETE", _path("/instance/delete", name))).body

    async def command(self, name: str, command_id: str) -> Any:  # noqa: ANN401 - as create
        """Return what became of a command."""
        path = f"{_path('/commands', name)}/{quote(command_id, safe='')}"
        return (await self.call("GET", path, seconds=READ_SECONDS)).body

    @staticmethod
    def deliveries_path(name: str) -> str:
        """Return where the deliveries of an instance are listed."""
        return _path("/deliveries", name)

    async def page(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Return one page of a list."""
        body = (await self.call("GET", path, query=query, seconds=READ_SECONDS)).body
        return body if isinstance(body, dict) else {}

    async def events(self, name: str, after: int) -> dict[str, Any]:
        """Return a part of an instance's log."""
        return await self.page(_path("/events", name), {"after": str(after), "limit": "100"})

    async def resend(self, name: str, event_id: str, query: Mapping[str, str]) -> Any:  # noqa: ANN401 - as create
        """Send an event again; the query names one destination, or a deleted instance."""
        path = f"{_path('/deliveries', name)}/{quote(event_id, safe='')}/resend"
        return (await self.call("POST", path, query=query)).body

    async def test_webhook(self, name: str) -> Any:  # noqa: ANN401 - as create
        """Send a sample to an instance's webhook."""
        return (await self.call("POST", _path("/webhook/test", name))).body

    async def scan(self, name: str) -> None:
        """Let the simulated phone scan the QR code of a sandbox instance."""
        await self.call("POST", _path("/sandbox", name) + "/scan", body={})

    async def message(self, name: str, fields: Mapping[str, object]) -> None:
        """Let a simulated contact write to a sandbox instance."""
        await self.call("POST", _path("/sandbox", name) + "/message", body=fields)

    async def send_text(self, name: str, fields: Mapping[str, object]) -> Any:  # noqa: ANN401 - as create
        """Send a text from an instance."""
        return (await self.call("POST", _path("/message/sendText", name), body=fields)).body

    async def send_media(self, name: str, fields: Mapping[str, str], file: Path | None = None) -> Any:  # noqa: ANN401 - as create
        """Send media from an instance: a file, or what its address in the fields leads to."""
        path = _path("/message/sendMedia", name)
        if file is None:
            return (await self.call("POST", path, body=fields)).body
        with await asyncio.to_thread(file.open, "rb") as content:
            form = aiohttp.FormData(fields)
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            form.add_field("file", content, filename=file.name, content_type=kind)
            return (await self.call("POST", path, form=form)).body


def _path(route: str, name: str) -> str:
    return f"{route}/{quote(name, safe='')}"
