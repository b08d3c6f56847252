"""Takes commands from the Bus: one at a time for each instance, started at most once at a time, answered alike."""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog

from pombo_common.model.commands import (
    InstanceConnect,
    InstanceCreate,
    InstanceDelete,
    InstanceLogout,
    InstancePresence,
    InstanceRestart,
    PlainCommand,
    ProxySet,
    RabbitmqSet,
    Reply,
    SettingsSet,
    SqsSet,
    WebhookSet,
)
from pombo_common.model.deliveries import DeliveryResend, WebhookTest
from pombo_common.model.errors import PomboError
from pombo_common.model.messages import ChatNumbers, ChatPresence, ChatRead, MessageMedia, MessageText
from pombo_common.ports.bus import DEFAULT_LIFE_SECONDS, Again, Disposition, Done, Later, PassOn, Request
from pombo_common.ports.changes import Attempt
from pombo_common.ports.records import CommandRecord, StoredInstance
from pombo_common.ports.store import StoreUnavailable
from pombo_common.sealing import command_fingerprint, read_command
from pombo_common.vault import SealBroken
from pombo_worker.commands.chats import check_numbers, mark_read, show_in_chat
from pombo_worker.commands.configuration import set_settings, set_sink, set_webhook
from pombo_worker.commands.connect import connect
from pombo_worker.commands.context import Commands, Moved, Superseded, refusal
from pombo_worker.commands.create import create
from pombo_worker.commands.delete import delete
from pombo_worker.commands.deliveries import resend, test_webhook
from pombo_worker.commands.messages import send_media, send_text, unknown
from pombo_worker.commands.proxy import set_proxy
from pombo_worker.commands.refused import is_bad, no_capacity, not_started, refused_unread, sealed
from pombo_worker.commands.sessions import logout, restart, show_presence
from pombo_worker.commands.tries import Tries
from pombo_worker.events import now_ms

TURN_SECONDS = 0.5
"""How long a command waits here for those before it. Longer, and those of one instance would take up every place."""

ONCE = (MessageText, MessageMedia)
"""What reaches others and cannot be taken back: not done again when nobody knows how far an earlier try came."""

SENDING = (*ONCE, ChatNumbers, ChatRead, ChatPresence)
"""What goes through an open session, and may go side by side."""

OWNED = (
    InstanceConnect,
    InstanceRestart,
    InstanceLogout,
    InstanceDelete,
    InstancePresence,
    ProxySet,
    SettingsSet,
    *SENDING,
)
STARTING = (InstanceConnect, InstanceRestart)

HANDLERS: dict[type, Callable[[Commands, Any, Attempt], Awaitable[Reply]]] = {
    InstanceCreate: create,
    InstanceConnect: connect,
    InstanceRestart: restart,
    InstanceLogout: logout,
    InstanceDelete: delete,
    InstancePresence: show_presence,
    SettingsSet: set_settings,
    WebhookSet: set_webhook,
    ProxySet: set_proxy,
    RabbitmqSet: set_sink,
    SqsSet: set_sink,
    MessageText: send_text,
    MessageMedia: send_media,
    ChatNumbers: check_numbers,
    ChatRead: mark_read,
    ChatPresence: show_in_chat,
    DeliveryResend: resend,
    WebhookTest: test_webhook,
}


class CommandConsumer:
    """Handles the requests that the Bus hands to this worker."""

    def __init__(self, commands: Commands) -> None:
        """Handle with these parts."""
        self._commands = commands
        self._tries = Tries()

    async def handle(self, request: Request) -> Disposition:
        """Handle one request; never raises for what a request or the Store can do."""
        try:
            command = read_command(request.body, self._commands.vault)
        except (msgspec.DecodeError, SealBroken) as error:
            return refused_unread(request, error)
        async with contextlib.AsyncExitStack() as turn:
            try:
                async with asyncio.timeout(TURN_SECONDS):
                    await self._take_turn(command, turn)
            except TimeoutError:
                return Later()
            try:
                at_hand = isinstance(command, SENDING) and self._commands.sessions.connected(command.instance)
                return await (self._here if at_hand else self._in_turn)(command, request)
            except Moved:
                return await self._after_it(command)
            except (StoreUnavailable, Superseded) as error:
                structlog.get_logger().warning("command.again", kind=type(command).__name__, why=type(error).__name__)
                return Again()

    async def _take_turn(self, command: PlainCommand, turn: contextlib.AsyncExitStack) -> None:
        """Wait until a command may run: alone, or beside others that only send."""
        instance = self._commands.turns.of(command.instance)
        if isinstance(command, SENDING):
            await turn.enter_async_context(instance.shared())
            await turn.enter_async_context(self._tries.of(command))
        else:
            await turn.enter_async_context(instance)

    async def _after_it(self, command: PlainCommand) -> Disposition:
        """Send a command after a session that has just moved. Nothing was done; its new owner runs it."""
        try:
            owner = self._other_owner(command, await self._commands.store.instance(command.instance))
        except StoreUnavailable:
            owner = None
        return Again() if owner is None else PassOn(worker=owner)

    async def _in_turn(self, command: PlainCommand, request: Request) -> Disposition:
        stored = await self._commands.store.instance(command.instance) if _is_routed(command) else None
        elsewhere = self._other_owner(command, stored) or await self._drained_to(command, stored)
        if elsewhere is not None:
            return PassOn(worker=elsewhere)
        if isinstance(command, (InstancePresence, *SENDING)) and between_owners(stored):
            return Again()
        if not self._starts(command, stored) or is_bad(self._commands, command):
            return await self._here(command, request)
        if self._commands.pool.take_seat():
            try:
                return await self._here(command, request)
            finally:
                self._commands.pool.leave_seat()
        roomy = await self._commands.pool.elsewhere(to_start=True)
        if roomy is not None:
            return PassOn(worker=roomy)
        # Who takes the place of a worker that stops may have room.
        return Again() if self._commands.pool.draining else await self._here(command, request, refused=no_capacity())

    async def _here(self, command: PlainCommand, request: Request, *, refused: PomboError | None = None) -> Disposition:
        """Start a command and answer it; one that is refused is so only if it has no outcome yet."""
        record = CommandRecord(
            id=command.id,
            fingerprint=command_fingerprint(command, self._commands.vault),
            not_after=_not_after(command, request),
        )
        attempt = Attempt(command=command.id, token=uuid.uuid4().hex)
        try:
            return Done(reply=msgspec.json.encode(await self._tried(command, record, attempt, refused)))
        except StoreUnavailable:
            # What must not be done twice waits for the Store once its effect has begun, and does not raise this.
            self._tries.had_no_effect(attempt.token)
            raise

    async def _tried(
        self, command: PlainCommand, record: CommandRecord, attempt: Attempt, refused: PomboError | None
    ) -> Reply:
        start = await self._commands.store.start_command(command.instance, record, attempt.token)
        if start.verdict != "started":
            return not_started(command, start, self._commands.vault)
        if isinstance(command, ONCE) and not self._tries.may_follow(start.resumed):
            return await unknown(self._commands, command, attempt)
        if refused is None:
            return await self._run(command, attempt)
        reply = refusal(command, refused)
        await self._commands.answer_only(command.instance, attempt, reply)
        return reply

    def _other_owner(self, command: PlainCommand, stored: StoredInstance | None) -> str | None:
        """Return the worker that runs the session which this command is about, when that is not us.

        That the command was passed on to us says where the session was; it may have moved on meanwhile.
        """
        if not isinstance(command, OWNED) or stored is None or stored.lease is None:
            return None
        return stored.lease.owner if stored.lease.owner != self._commands.sessions.worker else None

    async def _drained_to(self, command: PlainCommand, stored: StoredInstance | None) -> str | None:
        """Return who takes this command in place of a worker that stops; what still runs here is still done here."""
        if not self._commands.pool.draining or self._runs_here(command, stored):
            return None
        return await self._commands.pool.elsewhere(to_start=self._starts(command, stored))

    def _starts(self, command: PlainCommand, stored: StoredInstance | None) -> bool:
        """Tell whether a command needs room for one more session."""
        if isinstance(command, InstanceCreate):
            return command.qrcode and stored is None
        return isinstance(command, STARTING) and stored is not None and not self._runs_here(command, stored)

    def _runs_here(self, command: PlainCommand, stored: StoredInstance | None) -> bool:
        return stored is not None and self._commands.sessions.running(command.instance, stored.instance.id)

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
            reply = refusal(command, PomboError(500, "internal", "the command failed for a reason that Pombo logged"))
        await self._commands.answer_only(command.instance, attempt, reply)
        return reply


def _is_routed(command: PlainCommand) -> bool:
    """Tell whether a command is looked up before it is started: who runs its session, or whether it needs a new one."""
    return command.qrcode if isinstance(command, InstanceCreate) else isinstance(command, OWNED)


def between_owners(stored: StoredInstance | None) -> bool:
    """Tell whether a linked session is about to be taken over."""
    return stored is not None and stored.lease is None and stored.live.wanted and stored.live.paired


def _not_after(command: PlainCommand, request: Request) -> int:
    if command.not_after is not None:
        return command.not_after
    life = DEFAULT_LIFE_SECONDS if request.expires_in is None else request.expires_in
    return now_ms() + int(life * 1000)
