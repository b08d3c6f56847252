"""The files of received messages, for instances whose webhook wants them inside the event."""

from collections.abc import Callable
from typing import Any

import structlog

from pombo_common.ports.store import StoreUnavailable
from pombo_common.projection import open_secrets
from pombo_common.vault import Vault
from pombo_worker.engines.port import Connection, EngineUnavailable
from pombo_worker.sessions.messages import kind_of
from pombo_worker.sessions.patience import Patience
from pombo_worker.sessions.writer import SessionWriter

MOST_BYTES = 16 * 1024 * 1024
"""A larger file stays out of the event."""

FILES = frozenset(
    {"imageMessage", "videoMessage", "ptvMessage", "audioMessage", "documentMessage", "stickerMessage"},
)


class Attachments:
    """Fetches files over the session's own connection, each once; one that does not come at once is left out.

    The events behind it wait meanwhile: a bounded time for all files of a backlog, none once the connection has closed.
    """

    def __init__(
        self,
        writer: SessionWriter,
        vault: Vault,
        connection: Callable[[], Connection | None],
        patience: Patience,
    ) -> None:
        """Fetch for the writer's instance.

        Args:
            writer: reads the instance as it is configured now.
            vault: opens its configuration.
            connection: the session's connection of this moment.
            patience: bounds how long the session's events wait.
        """
        self._writer = writer
        self._vault = vault
        self._connection = connection
        self._patience = patience

    async def add(self, payload: dict[str, Any]) -> dict[str, Any]:
        """Return the payload with `message.base64` when it holds a file that the instance's webhook wants inside."""
        content = payload["message"]
        kind = kind_of(content)
        if kind not in FILES or not content[kind].get("mediaKey") or self._patience.exhausted:
            return payload
        if not await self._wanted():
            return payload
        base64 = await self._fetch(kind, content[kind])
        return payload if base64 is None else payload | {"message": content | {"base64": base64}}

    async def _wanted(self) -> bool:
        try:
            stored = await self._writer.stored()
        except StoreUnavailable:
            return False
        webhook = None if stored is None else open_secrets(stored.instance, self._vault).webhook
        return webhook is not None and webhook.enabled and webhook.base64

    async def _fetch(self, kind: str, content: dict[str, Any]) -> str | None:
        connection = self._connection()
        if connection is None or _size(content) > MOST_BYTES:
            return None
        try:
            async with self._patience.waiting() as seconds:
                return await connection.fetch(kind, content, most_bytes=MOST_BYTES, seconds=seconds)
        except (EngineUnavailable, TimeoutError) as error:
            why = str(error) or "it took too long"
            structlog.get_logger().warning("attachment.failed", instance=self._writer.instance_id, why=why)
            return None


def _size(content: dict[str, Any]) -> int:
    """Return what the sender says of the size; large numbers come as text."""
    try:
        return int(content.get("fileLength") or 0)
    except ValueError:
        return 0
