"""A session's credentials, Signal keys and journal: sealed, and written under the epoch."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from pombo_common.ports.changes import Change, JournalEntry, KeyEntry
from pombo_common.ports.store import Store
from pombo_common.vault import Vault
from pombo_worker.engines.port import Connection
from pombo_worker.sessions.attachments import Attachments
from pombo_worker.sessions.outbox import Outbox
from pombo_worker.sessions.patience import Patience
from pombo_worker.sessions.writer import SessionWriter


class _Linked(msgspec.Struct):
    """The part of the credentials that tells whether a phone has linked them."""

    me: Any = None
    account: Any = None


def is_paired(creds: str) -> bool:
    """Tell whether credentials hold a user that a phone has linked (a pairing code alone sets only `me`)."""
    linked = msgspec.json.decode(creds, type=_Linked)
    return bool(linked.me) and bool(linked.account)


class Material:
    """Reads and writes what a session must keep to log in again and to lose no message."""

    def __init__(self, store: Store, vault: Vault, writer: SessionWriter) -> None:
        """Keep the material of the writer's instance."""
        self._store = store
        self._vault = vault
        self._writer = writer
        self._id = writer.instance_id

    async def awaited_creds(self) -> str | None:
        """Return the stored credentials, however long the Store is away."""
        return await self._writer.known(self.creds)

    async def creds(self) -> str | None:
        """Return the stored credentials.

        Raises:
            StoreUnavailable: they cannot be read now.
        """
        sealed = await self._store.creds(self._writer.name, self._id)
        return None if sealed is None else self._vault.open(sealed, f"{self._id}/creds").decode()

    def sealed_creds(self, creds: str) -> bytes:
        """Seal credentials for the Store."""
        return self._vault.seal(creds.encode(), f"{self._id}/creds")

    async def keys(self, key_type: str, ids: Sequence[str]) -> Mapping[str, str]:
        """Return the Signal keys that exist."""
        sealed = await self._store.keys(self._writer.name, self._id, key_type, ids)
        return {
            key_id: self._vault.open(blob, f"{self._id}/key/{key_type}/{key_id}").decode()
            for key_id, blob in sealed.items()
        }

    async def save_keys(
        self, entries: Sequence[tuple[str, str, str | None]], journal: tuple[str, dict[str, Any]] | None
    ) -> None:
        """Store Signal keys and the journal entry of a decrypted message in one step.

        Raises:
            Fenced: the lease is not ours any more.
        """
        keys = tuple(
            KeyEntry(
                type=kind,
                id=key_id,
                body=None if value is None else self._vault.seal(value.encode(), f"{self._id}/key/{kind}/{key_id}"),
            )
            for kind, key_id, value in entries
        )
        entry = None
        if journal is not None:
            entry_id, message = journal
            body = self._vault.seal(msgspec.json.encode(message), f"{self._id}/journal/{entry_id}")
            entry = JournalEntry(id=entry_id, body=body)
        await self._writer.apply(Change(instance_id=self._id, held=self._writer.held, keys=keys, journal=entry))

    def outbox(self) -> Outbox:
        """Return the messages that were sent lately, which lie beside the Signal keys."""
        return Outbox(self._store, self._vault, self._writer.name, self._id)

    def attachments(self, connection: Callable[[], Connection | None], patience: Patience) -> Attachments:
        """Return what fetches files over the session's connection, for a webhook that wants them."""
        return Attachments(self._writer, self._vault, connection, patience)

    async def journal(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what was decrypted and has no event yet, oldest first, however long the Store is away."""
        entries = await self._writer.known(lambda: self._store.journal(self._writer.name, self._id))
        return [
            (entry.id, msgspec.json.decode(self._vault.open(entry.body, f"{self._id}/journal/{entry.id}")))
            for entry in entries
        ]
