"""What a session does by itself, as its instance's settings say: rejects calls, marks messages read, ignores groups."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from pombo_common.model.messages import MessageKey
from pombo_common.model.recipients import Target
from pombo_common.model.settings import Settings
from pombo_worker.engines.port import CallSeen, Connection, EngineUnavailable, Inbound, MessageSeen
from pombo_worker.engines.sending import Outgoing, Sent, Text
from pombo_worker.events import Said
from pombo_worker.sessions.groups import is_of_group, without_groups

STATUS = "status@broadcast"


class Automatic:
    """Answers what comes in on one session; a new setting holds from the next thing on.

    Attributes:
        settings: of the instance, as they are now.
    """

    def __init__(
        self,
        settings: Settings,
        connection: Callable[[], Connection | None],
        record: Callable[[Outgoing, Sent], Awaitable[None]],
    ) -> None:
        """Act through whatever connection there is at the time, and record what was sent."""
        self.settings = settings
        self._connection = connection
        self._record = record
        self._acting: set[asyncio.Task[None]] = set()

    async def change(self, settings: Settings) -> None:
        """Take new settings; what holds for a whole login, `syncFullHistory`, comes with the next one."""
        before, self.settings = self.settings, settings
        await self._stay_online(before)

    async def dialled(self, settings: Settings) -> None:
        """Tell the connection what has changed since it was dialled with these settings."""
        await self._stay_online(settings)

    async def _stay_online(self, told: Settings) -> None:
        """Tell the connection whether it is to be online all along, unless it was told so already."""
        connection, always = self._connection(), self.settings.always_online
        if connection is not None and told.always_online != always:
            try:
                await connection.stay_online(stay=always)
            except EngineUnavailable as error:
                structlog.get_logger().info("session.presence_later", why=str(error))

    def wants(self, inbound: MessageSeen | CallSeen) -> bool:
        """Tell whether a message or a call makes an event.

        What is not wanted was decrypted all the same: the keys of groups stay whole, so that a change of the setting
        holds from the next message on.
        """
        if isinstance(inbound, CallSeen):
            return not (self.settings.groups_ignore and inbound.call.get("isGroup") is True)
        key = inbound.message["key"]
        if key.get("remoteJid") == STATUS:
            return self.settings.read_status
        return not (self.settings.groups_ignore and is_of_group(key))

    def trim(self, said: Said) -> Said | None:
        """Leave groups out of an event when they are ignored; None when nothing else is left."""
        return without_groups(said) if self.settings.groups_ignore else said

    def answer(self, inbound: Inbound) -> None:
        """Do what the settings say about something whose event is written; nobody waits for it."""
        connection = self._connection()
        if connection is None:
            return
        match inbound:
            case CallSeen(call=call) if self._rejects(call):
                self._act(self._reject(connection, call, self.settings.msg_call))
            case MessageSeen(message=message) if self._reads(message["key"]):
                self._act(connection.read([_named(message["key"])]))
            case _:
                pass

    def stop(self) -> None:
        """Give up what is under way."""
        for task in self._acting:
            task.cancel()

    def _rejects(self, call: dict[str, Any]) -> bool:
        """Tell whether a call is to be rejected; one that is over by the time we hear of it is not."""
        return self.settings.reject_call and call.get("status") == "offer" and call.get("offline") is not True

    def _reads(self, key: dict[str, Any]) -> bool:
        if key.get("fromMe"):
            return False
        return self.settings.read_status if key.get("remoteJid") == STATUS else self.settings.read_messages

    async def _reject(self, connection: Connection, call: dict[str, Any], text: str) -> None:
        """Reject a call; the text goes to the caller's phone number when WhatsApp tells it."""
        await connection.reject(call)
        if not text:
            return
        jid = str(call.get("callerPn") or call["from"])
        digest = hashlib.sha256(f"{jid}/{call['id']}".encode()).hexdigest().upper()
        message = Outgoing(id=f"3EB0{digest[:18]}", to=Target(number=jid, jid=jid), content=Text(text))
        await self._record(message, await connection.send(message))

    def _act(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_tried(doing))
        self._acting.add(task)
        task.add_done_callback(self._acting.discard)


def _named(key: dict[str, Any]) -> MessageKey:
    """Return a message's key as its sender made it; the bounds of what clients of the API send are not for it."""
    return MessageKey(
        remote_jid=key["remoteJid"],
        from_me=bool(key.get("fromMe")),
        id=key["id"],
        participant=key.get("participant"),
    )


async def _tried(doing: Coroutine[Any, Any, None]) -> None:
    try:
        await doing
    except Exception as error:  # noqa: BLE001 - nobody waits for it who could be told
        structlog.get_logger().warning("session.not_answered", why=type(error).__name__)
