"""Sending over a Node host: what the port asks for, in the host's words."""

import base64
from collections.abc import Sequence

import msgspec

from pombo_common.model.addressed import Presence
from pombo_common.model.messages import MessageKey
from pombo_common.model.recipients import Target
from pombo_worker.engines.baileys.wire import HostLost, Params, Wire
from pombo_worker.engines.sending import File, NoRecipient, NotSent, Outgoing, Sent, Text
from pombo_worker.engines.unavailable import EngineUnavailable

TEXT_SECONDS = 25.0
FILE_SECONDS = 110.0
ASK_SECONDS = 25.0
NOTHING_LEFT = frozenset({"not_sent", "not_open", "bad_request", "no_name", "unknown_method"})


class HostSender:
    """Sends through one session of one host."""

    def __init__(self, wire: Wire, key: str) -> None:
        """Ask over this wire for the session of this key."""
        self._wire = wire
        self._key = key

    async def send(self, message: Outgoing) -> Sent:
        """See `Sender`."""
        content, seconds = _content(message.content)
        params: Params = {
            "id": message.id,
            "to": _to(message.to),
            "content": content,
            "mentions": list(message.mentions),
            "mentionsEveryOne": message.mentions_every_one,
            "quoted": msgspec.to_builtins(message.quoted),
        }
        said = await self._ask("message.send", params, seconds)
        return Sent(message=said["message"], encoded=base64.b64decode(said["proto"]))

    async def numbers(self, targets: Sequence[Target]) -> list[str | None]:
        """See `Sender`."""
        said = await self._ask("chat.numbers", {"targets": [_to(each) for each in targets]}, ASK_SECONDS)
        return list(said["jids"])

    async def read(self, keys: Sequence[MessageKey]) -> None:
        """See `Sender`."""
        await self._ask("chat.read", {"keys": msgspec.to_builtins(list(keys))}, ASK_SECONDS)

    async def show_in_chat(self, to: Target, presence: Presence, delay_ms: int) -> None:
        """See `Sender`."""
        params: Params = {"to": _to(to), "presence": presence, "delayMs": delay_ms}
        await self._ask("chat.presence", params, ASK_SECONDS + delay_ms / 1000)

    async def _ask(self, method: str, params: Params, seconds: float) -> Params:
        try:
            return await self._wire.ask(method, {"session": self._key, **params}, seconds)
        except HostLost:
            raise
        except EngineUnavailable as error:
            if error.code == "no_recipient":
                raise NoRecipient(str(error), error.code) from None
            if error.code in NOTHING_LEFT:
                raise NotSent(str(error), error.code) from None
            raise


def _to(target: Target) -> Params:
    return {"jid": target.jid, "phones": list(target.phones)}


def _content(content: Text | File) -> tuple[Params, float]:
    if isinstance(content, Text):
        return {"text": content.text}, TEXT_SECONDS
    return {
        "type": content.type,
        "path": str(content.path),
        "mimetype": content.mimetype,
        "fileName": content.file_name,
        "caption": content.caption,
    }, FILE_SECONDS
