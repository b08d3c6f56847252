"""Takes commands from the Bus: started at most once at a time, in the turn that each needs, and answered alike."""

import asyncio
import contextlib
import uuid

import msgspec
import structlog

from pombo_common.model.commands import PlainCommand, Reply
from pombo_common.model.errors import PomboError
from pombo_common.ports.bus import Again, Disposition, Done, Later, Request
from pombo_common.ports.changes import Attempt
from pombo_common.ports.records import CommandRecord, Start
from pombo_common.ports.store import StoreUnavailable
from pombo_common.sealing import command_fingerprints, read_command
from pombo_common.vault import SealBroken
from pombo_worker.commands.context import Commands, Moved, Superseded, refusal
from pombo_worker.commands.following import follow
from pombo_worker.commands.messages import unknown
from pombo_worker.commands.refused import failed, is_bad, no_capacity, not_started, refused_unread, sealed
from pombo_worker.commands.routing import Routing, not_after_of
from pombo_worker.commands.table import APART, BESIDE, FOLLOWED, HANDLERS, ONCE, SENDING
from pombo_worker.commands.tries import Tries
from pombo_worker.commands.waits import NoRoom, Waits, waits

TURN_SECONDS = 0.5
"""How long a command waits here for those before it. Longer, and those of one instance would take up every place."""

KEPT_SECONDS = 3.0
"""How long the place of a command that waited in vain is kept: several times what the Bus takes to bring it again."""


class CommandConsumer:
    """Handles the requests that the Bus hands to this worker."""

    def __init__(self, commands: Commands) -> None:
        """Handle with these parts."""
        self._commands = commands
        self._routing = Routing(commands)
        self._tries = Tries()
        self._waits = Waits()

    async def handle(self, request: Request) -> Disposition:
        """Handle one request; never raises, so that whoever waits is answered whatever happens."""
        try:
            command = read_command(request.body, self._commands.vault)
        except (msgspec.DecodeError, SealBroken) as error:
            return refused_unread(request, error)
        async with contextlib.AsyncExitStack() as turn:
            try:
                async with asyncio.timeout(TURN_SECONDS):
                    await self._take_turn(command, turn)
            except (TimeoutError, NoRoom):
                self._keep_place(command)
                return Later()
            try:
                carry_out = self._here if self._routing.at_hand(command) else self._routed
                return await carry_out(command, request)
            except Moved:
                return await self._routing.after_move(command)
            except (StoreUnavailable, Superseded) as error:
                structlog.get_logger().warning("command.again", kind=type(command).__name__, why=type(error).__name__)
                return Again()
            except Exception:  # noqa: BLE001 - the Bus would bring it again and again, and nobody would hear of it
                structlog.get_logger().exception("command.failed", kind=type(command).__name__)
                return await self._failed(command, request)

    async def _take_turn(self, command: PlainCommand, turn: contextlib.AsyncExitStack) -> None:
        """Wait until a command may run: alone, beside others that leave the session as it is, or apart from all.

        Raises:
            NoRoom: it would wait once it was started, and too many do.
        """
        turns, name = self._commands.turns, command.instance
        if _is_alone(command):
            await turn.enter_async_context(turns.of(name))
            return
        if isinstance(command, APART):
            await turn.enter_async_context(turns.apart(name))
        elif waits(command):
            # It takes the instance's turn when its wait is over.
            turn.enter_context(self._waits.place(command))
            await turn.enter_async_context(turns.waiting(name).shared())
        elif isinstance(command, BESIDE):
            await turn.enter_async_context(turns.configuring(name))
            await turn.enter_async_context(turns.of(name).shared())
        else:
            await turn.enter_async_context(turns.of(name).sending())
        await turn.enter_async_context(self._tries.of(command))

    def _keep_place(self, command: PlainCommand) -> None:
        """Have later ones wait behind a command that wants the instance alone; it might never have it otherwise."""
        if _is_alone(command):
            self._commands.turns.of(command.instance).keep_place(KEPT_SECONDS)

    async def _routed(self, command: PlainCommand, request: Request) -> Disposition:
        """Carry a command out here, unless another worker is the one to do it."""
        stored = await self._routing.stored(command)
        elsewhere = await self._routing.elsewhere(command, stored)
        if elsewhere is not None:
            return await self._sent(elsewhere, command, request)
        if not self._routing.starts(command, stored) or is_bad(self._commands, command):
            return await self._here(command, request)
        if self._commands.pool.take_seat():
            try:
                return await self._here(command, request)
            finally:
                self._commands.pool.leave_seat()
        roomy = await self._routing.roomy()
        if roomy is not None:
            return await self._sent(roomy, command, request)
        return await self._here(command, request, refused=no_capacity())

    async def _sent(self, away: Disposition, command: PlainCommand, request: Request) -> Disposition:
        """Let a command leave, unless it comes too late wherever it goes: that is said here, while somebody can."""
        too_late = await self._routing.too_late(command, not_after_of(command, request))
        return await self._here(command, request) if too_late else away

    async def _here(self, command: PlainCommand, request: Request, *, refused: PomboError | None = None) -> Disposition:
        """Start a command and answer it; one that is refused is so only if it has no outcome yet."""
        attempt = _new_attempt(command)
        try:
            reply = await self._outcome(command, request, attempt, refused)
        except StoreUnavailable:
            # What must not be done twice waits for the Store once its effect has begun, and does not raise this.
            self._tries.had_no_effect(attempt.token)
            raise
        if reply.ok and isinstance(command, FOLLOWED):  # also when it was stored by an earlier try
            await follow(self._commands, command.instance)
        return Done(reply=msgspec.json.encode(reply))

    async def _failed(self, command: PlainCommand, request: Request) -> Disposition:
        """Answer a command on the way to whose outcome something broke: by that outcome, where it can be recorded."""
        try:
            reply = await self._outcome(command, request, _new_attempt(command), failed())
        except (StoreUnavailable, Superseded):
            return Again()
        except Exception:  # noqa: BLE001 - it is logged already
            reply = refusal(command, failed())
        return Done(reply=msgspec.json.encode(reply))

    async def _outcome(
        self, command: PlainCommand, request: Request, attempt: Attempt, refused: PomboError | None
    ) -> Reply:
        start = await self._started(command, attempt, not_after_of(command, request))
        return await self._tried(command, start, attempt, refused)

    async def _started(self, command: PlainCommand, attempt: Attempt, not_after: int) -> Start:
        first, *also = command_fingerprints(command, self._commands.vault)
        record = CommandRecord(id=command.id, fingerprint=first, not_after=not_after)
        return await self._commands.store.start_command(command.instance, record, attempt.token, also=also)

    async def _tried(self, command: PlainCommand, start: Start, attempt: Attempt, refused: PomboError | None) -> Reply:
        if start.verdict != "started":
            return not_started(command, start, self._commands.vault)
        if isinstance(command, ONCE) and not self._tries.may_follow(start.resumed):
            return await unknown(self._commands, command, attempt)
        if refused is None:
            return await self._run(command, attempt)
        reply = refusal(command, refused)
        await self._commands.answer_only(command.instance, attempt, reply)
        return reply

    async def _run(self, command: PlainCommand, attempt: Attempt) -> Reply:
        try:
            return await HANDLERS[type(command)](self._commands, command, attempt)
        except PomboError as error:
            reply = refusal(command, error)
        except SealBroken:
            reply = refusal(command, sealed())
        except (StoreUnavailable, Superseded, Moved):
            raise
        except Exception:  # noqa: BLE001 - whatever it is, the caller must hear of it
            structlog.get_logger().exception("command.failed", kind=type(command).__name__)
            reply = refusal(command, failed())
        await self._commands.answer_only(command.instance, attempt, reply)
        return reply


def _new_attempt(command: PlainCommand) -> Attempt:
    return Attempt(command=command.id, token=uuid.uuid4().hex)


def _is_alone(command: PlainCommand) -> bool:
    return not isinstance(command, (*SENDING, *BESIDE, *APART))
