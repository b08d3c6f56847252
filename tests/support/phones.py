"""The simulated phones and contacts, driven at the simulator's own control port."""

import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx

from tests.support.deployment import Simulator

ANSWER_SECONDS = 20.0
IDLE_SECONDS = 2.0
"""Node closes what was idle for five seconds."""


class Device(NamedTuple):
    """A linked device as the simulator sees it.

    Attributes:
        live: its sockets now.
        most: the most at once since the simulator's start.
        logins: successful ones since then.
        tries: all of them.
        presence: what it wants its contacts to see; None until it has told.
        version: the WhatsApp Web that it gives itself for.
    """

    live: int = 0
    most: int = 0
    logins: int = 0
    tries: int = 0
    presence: str | None = None
    version: str | None = None


class Phones:
    """A client of the control port; an async context manager.

    Args:
        simulator: finds the simulator at each call, since it may come back on another port.
    """

    def __init__(self, simulator: Callable[[], Simulator]) -> None:
        self._simulator = simulator
        self._http = httpx.AsyncClient(
            timeout=ANSWER_SECONDS, trust_env=False, limits=httpx.Limits(keepalive_expiry=IDLE_SECONDS)
        )

    async def __aenter__(self) -> Self:
        """Connect lazily."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of all connections."""
        await self._http.aclose()

    async def scan(self, number: str, qr: str) -> bool:
        """Let a phone scan a QR code; True once the companion device answered with a signed identity.

        Raises:
            httpx.TransportError: the simulator went away.
        """
        answer = await self._call("POST", "/control/phones/scan", {"number": number, "qr": qr})
        assert answer.status_code in (200, 409, 410), answer.text
        return answer.status_code == 200

    async def text(self, sender: str, to: str, text: str, *, post: bool = False) -> str:
        """Let a contact send a text to an account or group, or post a status for it; returns the message's id.

        Raises:
            httpx.TransportError: the simulator went away.
        """
        answer = await self._call(
            "POST", "/control/contacts/message", {"from": sender, "to": to, "text": text, "post": post}
        )
        assert answer.status_code == 200, answer.text
        sent: str = answer.json()["id"]
        return sent

    async def act(self, path: str, **body: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON members
        """Let people do something else: a route of the control port below `/control`, and its body; `sender` is `from`.

        Raises:
            httpx.TransportError: the simulator went away.
        """
        if "sender" in body:
            body["from"] = body.pop("sender")
        answer = await self._call("POST", f"/control/{path}", body)
        assert answer.status_code == 200, answer.text
        done: dict[str, Any] = answer.json()
        return done

    async def inbox(self, number: str) -> list[dict[str, Any]]:
        """Return what a contact received, oldest first."""
        answer = await self._call("GET", f"/control/contacts/{number}/inbox", None)
        assert answer.status_code == 200, answer.text
        arrived: list[dict[str, Any]] = answer.json()
        return arrived

    async def media(self, number: str, message_id: str) -> bytes:
        """Return the decrypted media of a message that a contact received."""
        answer = await self._call("GET", f"/control/contacts/{number}/media/{message_id}", None)
        assert answer.status_code == 200, answer.text
        return answer.content

    async def fail_to_read(self, number: str) -> None:
        """Let a contact's phone be unable to read the next message; it asks for it again."""
        answer = await self._call("POST", "/control/contacts/fail-to-read", {"number": number})
        assert answer.status_code == 200, answer.text

    async def fault(self, number: str, kind: str, **fields: Any) -> None:  # noqa: ANN401 - fields of the fault
        """Do harm to the live sockets of an account."""
        answer = await self._call("POST", f"/control/devices/{number}/fault", {"kind": kind, **fields})
        assert answer.status_code == 200, answer.text

    async def ring(self, caller: str, number: str) -> str:
        """Let a contact call an account for longer than a test takes; returns the call's id."""
        body = {"from": caller, "to": number, "timeoutMs": 120_000}
        answer = await self._call("POST", "/control/contacts/call", body)
        assert answer.status_code == 200, answer.text
        rung: str = answer.json()["id"]
        return rung

    async def call_state(self, call_id: str) -> str:
        """Return what became of a call."""
        state: str = (await self._call("GET", f"/control/calls/{call_id}", None)).json()["state"]
        return state

    async def group(self, owner: str, member: str) -> str:
        """Make a group of two; returns its id."""
        body = {"owner": owner, "subject": "Two", "participants": [member]}
        answer = await self._call("POST", "/control/groups", body)
        assert answer.status_code == 200, answer.text
        made: str = answer.json()["id"]
        return made

    async def remember(self, number: str, recent: str, older: str) -> None:
        """Let a phone remember two chats of one text each, one of them long ago, for the devices linked later."""
        chats = [
            [{"with": "15551110000", "messages": [{"text": text, "at": 1_700_000_000}]}] for text in (recent, older)
        ]
        body = {"number": number, "recent": chats[0], "older": chats[1]}
        answer = await self._call("POST", "/control/phones/history", body)
        assert answer.status_code == 200, answer.text

    async def read_by(self, number: str) -> list[str]:
        """Return the ids of the messages that an account's devices marked as read."""
        ids: list[str] = (await self._call("GET", f"/control/phones/{number}/read", None)).json()
        return ids

    async def devices(self) -> dict[str, Device]:
        """Return the linked devices by the number of their account; tests link one to each."""
        answer = await self._call("GET", "/control/devices", None)
        assert answer.status_code == 200, answer.text
        return {
            item["number"]: Device(
                item["live"], item["maxLive"], item["logins"], item["tries"], item["presence"], item["version"]
            )
            for item in answer.json()
        }

    async def device(self, number: str) -> Device:
        """Return the device of one account, all zero when none is linked."""
        return (await self.devices()).get(number, Device())

    async def sockets(self) -> set[int]:
        """Return the ports from which clients are connected, unpaired ones included."""
        answer = await self._call("GET", "/control/sockets", None)
        assert answer.status_code == 200, answer.text
        return {item["port"] for item in answer.json()}

    async def _call(self, method: str, path: str, body: dict[str, Any] | None) -> httpx.Response:
        simulator = self._simulator()
        headers = {"x-sandbox-key": simulator.key, "content-type": "application/json"}
        # In ASCII: a text may hold half of a character, which has no UTF-8.
        content = None if body is None else json.dumps(body)
        return await self._http.request(method, simulator.url + path, content=content, headers=headers)
