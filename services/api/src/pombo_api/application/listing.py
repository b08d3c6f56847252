"""Lists of instances as JSON: one reading for all who ask at once, and rows that are encoded once."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from pombo_api.application.queries import Queries
from pombo_api.dialects.dialect import Dialect
from pombo_common.joined import Joined
from pombo_common.model.instance import Instance, Live
from pombo_common.ports.records import StoredInstance
from pombo_common.ports.store import Store

ROWS_KEPT = 20_000
"""Rows of about 1 KB at most, tokens and all, that this process keeps in memory."""


class View(NamedTuple):
    """How a list is shown.

    Attributes:
        dialect: its shapes.
        server_url: public address of the API, without a trailing slash.
    """

    dialect: Dialect
    server_url: str


class _Row(NamedTuple):
    """An encoded row, and all that it was made from."""

    instance: Instance
    live: Live
    server_url: str
    body: bytes


class Listing:
    """Lists; what is listed was in the Store after the list was asked for."""

    def __init__(self, store: Store, queries: Queries, *, expose_keys: bool) -> None:
        """List nothing yet.

        Args:
            store: is read for lists of everything.
            queries: makes the neutral view of an instance.
            expose_keys: whether tokens are shown.
        """
        self._store = store
        self._queries = queries
        self._expose_keys = expose_keys
        self._everything = Joined(self._read, at_once=1)
        self._rows: dict[tuple[Dialect, str], _Row] = {}

    async def everything(self, view: View) -> bytes:
        """Return the list of all instances."""
        return await self._everything.get(view)

    def of(self, found: Iterable[StoredInstance], view: View) -> bytes:
        """Return the list of these instances."""
        return b"[" + b",".join([self._row(stored, view) for stored in found]) + b"]"

    async def _read(self, views: Sequence[View]) -> list[bytes]:
        found = await self._store.instances()
        return [self.of(found, view) for view in views]

    def _row(self, stored: StoredInstance, view: View) -> bytes:
        """Return one row, the kept one when it would be the same."""
        place = (view.dialect, stored.instance.id)
        made_from = (stored.instance, stored.shown, view.server_url)
        kept = self._rows.get(place)
        if kept is not None and kept[:3] == made_from:
            return kept.body
        if len(self._rows) >= ROWS_KEPT:
            self._rows.clear()
        info = self._queries.info(stored)
        shown = view.dialect.listed(info, server_url=view.server_url, expose_keys=self._expose_keys)
        body = msgspec.json.encode(shown)
        self._rows[place] = _Row(*made_from, body)
        return body
