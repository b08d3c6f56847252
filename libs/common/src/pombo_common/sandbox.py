"""Where the sandbox's WhatsApp simulator listens, and a client for its control port."""

from typing import Any, Protocol

import aiohttp
import msgspec

from pombo_common.foreign_json import parse_foreign
from pombo_common.model.errors import PomboError, unavailable

SCAN_SECONDS = 15


class SandboxEndpoint(msgspec.Struct, frozen=True):
    """A running simulator.

    Attributes:
        url: its address, `http://host:port`, without a trailing slash.
        key: what its control port wants.
    """

    url: str
    key: str

    @property
    def socket_url(self) -> str:
        """Where sessions dial."""
        return "ws" + self.url.removeprefix("http") + "/ws/chat"


class Sandbox(Protocol):
    """Finds the simulator, starting it when it is ours to start."""

    async def endpoint(self) -> SandboxEndpoint:
        """Return the running simulator.

        Raises:
            PomboError: 503 when it cannot be started or reached.
        """


class FixedSandbox:
    """A simulator that somebody else runs."""

    def __init__(self, endpoint: SandboxEndpoint) -> None:
        """Keep the address."""
        self._endpoint = endpoint

    async def endpoint(self) -> SandboxEndpoint:
        """Return the address as it was given."""
        return self._endpoint


class SandboxPhones:
    """The simulated phones and contacts, driven over the control port."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Drive the simulator that `sandbox` finds."""
        self._sandbox = sandbox

    async def scan(self, number: str, code: str) -> str:
        """Let the phone of this number scan a QR code.

        Returns:
            The JID of the newly linked device.

        Raises:
            PomboError: 409 or 410 with the simulator's word when the code is refused; 503 without a simulator.
        """
        return str((await self._post("/control/phones/scan", {"number": number, "qr": code}))["device"])

    async def pair(self, number: str, code: str) -> str:
        """Let the phone of this number type a pairing code.

        Returns:
            The JID of the newly linked device.

        Raises:
            PomboError: 4xx with the simulator's word when the code is refused; 503 without a simulator.
        """
        return str((await self._post("/control/phones/pair", {"number": number, "code": code}))["device"])

    async def unlink(self, number: str) -> None:
        """Let the phone of this number remove all its linked devices.

        Raises:
            PomboError: 4xx with the simulator's word; 503 without a simulator.
        """
        await self._post("/control/phones/unlink", {"number": number})

    async def call(self, caller: str, to: str, *, is_video: bool) -> str:
        """Let a contact call an account.

        Returns:
            The call's id.

        Raises:
            PomboError: 4xx with the simulator's word; 503 without a simulator.
        """
        body = {"from": caller, "to": to, "isVideo": is_video}
        return str((await self._post("/control/contacts/call", body))["id"])

    async def message(self, sender: str, to: str, text: str, push_name: str | None) -> str:
        """Let a contact send a text to an account.

        Returns:
            The message's id.

        Raises:
            PomboError: 4xx with the simulator's word; 503 without a simulator.
        """
        body = {"from": sender, "to": to, "text": text} | ({"pushName": push_name} if push_name else {})
        return str((await self._post("/control/contacts/message", body))["id"])

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        endpoint = await self._sandbox.endpoint()
        timeout = aiohttp.ClientTimeout(total=SCAN_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, headers={"x-sandbox-key": endpoint.key}) as session,
                session.post(endpoint.url + path, json=body) as response,
            ):
                answer: dict[str, Any] = parse_foreign(await response.read())
        except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError):
            what = "The sandbox"
            raise unavailable(what) from None
        if response.status >= 400:  # noqa: PLR2004 - HTTP's first error status
            raise PomboError(response.status, str(answer.get("code")), str(answer.get("message")))
        return answer
