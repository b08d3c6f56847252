"""A client of a deployment's REST API."""

import itertools
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from tests.support.deployment import Deployment
from tests.support.waiting import eventually

ANSWER_SECONDS = 40.0
OPEN_SECONDS = 60.0
IDLE_SECONDS = 2.0
"""An API closes what was idle for five seconds; a call must not begin on a connection that is about to go."""

_numbers = itertools.count(15550000001)


def fresh_name(word: str) -> str:
    """Return an instance name that no other test has."""
    return f"{word}-{uuid.uuid4().hex[:10]}"


def fresh_number() -> str:
    """Return digits of a phone that no other test has."""
    return str(next(_numbers))


class PomboClient:
    """Calls with the global key, each API of the deployment in its turn; removes what it created when it is left.

    Args:
        deployment: whose addresses are asked for at each call, since they may change with a restart.
    """

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._http = httpx.AsyncClient(
            timeout=ANSWER_SECONDS, trust_env=False, limits=httpx.Limits(keepalive_expiry=IDLE_SECONDS)
        )
        self._created: set[str] = set()
        self._calls = itertools.count()

    async def __aenter__(self) -> Self:
        """Connect lazily."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Delete what is left; a deployment that a failed test left broken keeps it."""
        try:
            if self.deployment.worker.running:
                for name in list(self._created):
                    await self.call("DELETE", f"/instance/delete/{name}")
        finally:
            await self._http.aclose()

    async def call(
        self,
        method: str,
        path: str,
        json: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Make one call.

        Args:
            method: of HTTP.
            path: absolute, with its query.
            json: the body, None for none.
            key: another than the global key; empty for none at all.
            headers: beside the key.

        Raises:
            httpx.TransportError: the API is not there, or went away.
        """
        sent = dict(headers or {})
        if key != "":
            sent["apikey"] = self.deployment.key if key is None else key
        addresses = self.deployment.addresses
        address = addresses[next(self._calls) % len(addresses)]
        return await self._http.request(method, address + path, json=json, headers=sent)

    async def try_create(
        self,
        name: str,
        *,
        command: str | None = None,
        **fields: Any,  # noqa: ANN401 - fields of the body
    ) -> httpx.Response:
        """Create a sandbox instance, whatever comes of it; `fields` override and add to the body."""
        self._created.add(name)
        body = {"instanceName": name, "integration": "WHATSAPP-SANDBOX", "qrcode": True} | fields
        headers = {} if command is None else {"Idempotency-Key": command}
        return await self.call("POST", "/instance/create", body, headers=headers)

    async def create(
        self,
        name: str,
        *,
        webhook: str | Mapping[str, Any] | None = None,
        **fields: Any,  # noqa: ANN401 - fields of the body
    ) -> dict[str, Any]:
        """Create a sandbox instance and return the answer; its QR code is waited for unless `qrcode=False`."""
        if webhook is not None:
            fields["webhook"] = {"url": webhook} if isinstance(webhook, str) else webhook
        answer = await self.try_create(name, **fields)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        if fields.get("qrcode", True) and created["qrcode"]["code"] is None:
            # Pombo answers without one where it takes long; the instance is there, and its code comes.
            created["qrcode"] = await eventually(
                lambda: self._shown(name), seconds=OPEN_SECONDS, what=f"a QR code of {name}"
            )
        return created

    async def connect(self, name: str) -> dict[str, Any]:
        """Connect and return the answer."""
        answer = await self.call("GET", f"/instance/connect/{name}")
        assert answer.status_code == 200, answer.text
        connected: dict[str, Any] = answer.json()
        return connected

    async def scan(self, name: str, number: str) -> None:
        """Let the simulated phone scan the QR code; the session is open afterwards."""
        await self.linked(name, await self.call("POST", f"/sandbox/{name}/scan", {"number": number}))

    async def linked(self, name: str, answer: httpx.Response) -> None:
        """Wait until a phone's part, which was answered so, has opened the session: the answer waits only so long."""
        assert answer.status_code == 200, answer.text
        assert answer.json()["instance"]["instanceName"] == name
        await self.wait_for(name, "open")

    async def _shown(self, name: str) -> dict[str, Any] | None:
        """Return what connect answers once it has a QR code."""
        answer = await self.call("GET", f"/instance/connect/{name}")
        return answer.json() if answer.status_code == 200 and answer.json().get("code") else None

    async def state(self, name: str) -> str | None:
        """Return the connection's state; None when there is no such instance."""
        answer = await self.call("GET", f"/instance/connectionState/{name}")
        if answer.status_code == 404:
            return None
        assert answer.status_code == 200, answer.text
        state: str = answer.json()["instance"]["state"]
        return state

    async def wait_for(self, name: str, state: str, *, seconds: float = OPEN_SECONDS) -> None:
        """Wait until the connection's state is this one."""

        async def reached() -> bool:
            return await self.state(name) == state

        await eventually(reached, seconds=seconds, what=f"{name} is {state}")

    async def delete(self, name: str) -> None:
        """Delete an instance; after a kill of its worker that is put off until the lease is over."""

        async def answered() -> httpx.Response | None:
            answer = await self.call("DELETE", f"/instance/delete/{name}")
            return None if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE else answer

        answer = await eventually(answered, seconds=OPEN_SECONDS, what=f"{name} can be deleted")
        assert answer.status_code == httpx.codes.OK, answer.text
        self._created.discard(name)
