"""Sends one command to the workers and says what became of it, also when no reply comes."""

from typing import Any
from urllib.parse import quote

import msgspec

from pombo_common.model.commands import PlainCommand, Reply
from pombo_common.model.errors import PomboError
from pombo_common.ports.bus import Bus, BusUnavailable, NoReply
from pombo_common.ports.records import CommandRecord
from pombo_common.ports.store import Store, StoreUnavailable
from pombo_common.sealing import command_fingerprints, open_reply, seal_command
from pombo_common.vault import Vault

CHANGE_SECONDS = 20.0
"""How long a request waits for the reply to a command that connects nothing."""


class Commands:
    """The caller's end of promise 1: at most one effect, one recorded outcome, and no silence about it."""

    def __init__(self, store: Store, bus: Bus, vault: Vault) -> None:
        """Send over `bus`, with the records in `store` and the bodies sealed by `vault`."""
        self._store = store
        self._bus = bus
        self._vault = vault

    async def send(self, command: PlainCommand, *, seconds: float) -> Any:  # noqa: ANN401 - any Struct's JSON
        """Send a command and wait for its reply.

        Args:
            command: without `not_after`.
            seconds: how long to wait, and how long the command may wait for its start.

        Returns:
            The reply's result, the JSON of a neutral Struct.

        Raises:
            PomboError: what the worker answered; 409 `idempotency_conflict`; 503 `not_started` when it never will
                be; 504 `in_progress` when it was started; 503 `outcome_unknown` while the Store is away.
            StoreUnavailable: before anything was sent.
        """
        prints = command_fingerprints(command, self._vault)
        record = await self._store.open_command(command.instance, command.id, prints[0], seconds)
        if record.fingerprint not in prints:
            raise PomboError(
                409,
                "idempotency_conflict",
                f"Idempotency-Key {command.id} was used for another request; choose a new one",
            )
        if record.state in ("finished", "cancelled"):
            return self._settled(command, record)
        body = seal_command(msgspec.structs.replace(command, not_after=record.not_after), self._vault)
        try:
            reply = await self._bus.call(body, command_id=command.id, seconds=seconds)
        except (BusUnavailable, NoReply):
            return self._settled(command, await self._give_up(command))
        return _result(msgspec.json.decode(reply, type=Reply))

    def outcome(self, record: CommandRecord) -> Reply | None:
        """Open the recorded reply of a command; None until it is finished."""
        if record.outcome is None:
            return None
        return open_reply(record.id, record.outcome, self._vault)

    async def _give_up(self, command: PlainCommand) -> CommandRecord:
        """Make sure that a command which was not started never will be; learn what it is otherwise."""
        try:
            record = await self._store.cancel_command(command.instance, command.id)
        except StoreUnavailable:
            record = None
        if record is None:
            raise PomboError(
                503,
                "outcome_unknown",
                f"It is not known whether command {command.id} was started; if it was, {_where(command)}",
            )
        return record

    def _settled(self, command: PlainCommand, record: CommandRecord) -> Any:  # noqa: ANN401 - as in send
        """Give the recorded outcome, or say why there is none."""
        reply = self.outcome(record)
        if reply is not None:
            return _result(reply)
        if record.state == "cancelled":
            raise PomboError(
                503,
                "not_started",
                f"Command {command.id} was not started and never will be; send it again with a new Idempotency-Key",
            )
        raise PomboError(504, "in_progress", f"Command {command.id} was started and has not ended; {_where(command)}")


def _where(command: PlainCommand) -> str:
    return f"its outcome will stand at /commands/{quote(command.instance)}/{command.id} for 24 h"


def _result(reply: Reply) -> Any:  # noqa: ANN401 - as in send
    if reply.ok:
        return reply.result
    if reply.error is None:
        raise ValueError("a reply that is neither a result nor an error")
    raise PomboError(reply.error.status, reply.error.code, *reply.error.message, details=reply.error.details)
