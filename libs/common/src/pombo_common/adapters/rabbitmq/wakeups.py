"""Wake-ups as AMQP messages; best effort, since a sweep finds what was missed."""

import logging
from collections.abc import Awaitable, Callable

import msgspec
from aio_pika.abc import AbstractIncomingMessage

from pombo_common.adapters.rabbitmq.consuming import quietly
from pombo_common.foreign_json import decode_foreign
from pombo_common.ports.bus import Wakeup

log = logging.getLogger(__name__)

_WAKEUPS = msgspec.json.Decoder(Wakeup)


class WakeupHandling:
    """Acknowledges after the handler, so that a wake-up goes to another listener when this one dies."""

    def __init__(self, handler: Callable[[Wakeup], Awaitable[None]]) -> None:
        self._handler = handler

    async def heard(self, message: AbstractIncomingMessage) -> None:
        """Handle one message; a failure is not repeated."""
        try:
            await self._handler(decode_foreign(message.body, _WAKEUPS))
        except msgspec.MsgspecError:
            log.warning("a wake-up that cannot be read was dropped")
        except Exception:
            log.exception("the handler of a wake-up failed; the sweep will find what is due")
        await quietly(message.ack())
