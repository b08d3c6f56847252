"""What of RabbitMQ and SQS sinks is accepted, and the names of SQS queues."""

import re
from typing import Literal

import msgspec

from pombo_common.model.errors import PomboError
from pombo_common.model.events import EVENT_NAMES, event_name
from pombo_common.model.settings import QueueSink, QueueSinkInput, QueueState

Kind = Literal["rabbitmq", "sqs"]

SQS_NAME_LIMIT = 80
SQS_NAME_PATTERN = re.compile(r"[A-Za-z0-9_-]+\Z")
SQS_NAME_RULE = "its queues are named after instanceName, which may then hold only letters, digits, _ and -"
SINGLE_QUEUE = "singlequeue"


def sqs_queue(prefix: str, event: str) -> str:
    """Return the name of the queue for one event.

    Args:
        prefix: the instance's name, or the global prefix.
        event: wire name, or SINGLE_QUEUE.
    """
    return f"{prefix}_{event.lower().translate(str.maketrans('.-', '__'))}.fifo"


def check_sink(kind: Kind, sink: QueueSinkInput) -> None:
    """Check the names of events.

    Raises:
        PomboError: 400 `bad_rabbitmq` or `bad_sqs`.
    """
    for position, name in enumerate(sink.events or ()):
        if event_name(name) not in EVENT_NAMES:
            _refuse(kind, f"{kind}.events[{position}] is not one of {', '.join(EVENT_NAMES)}")


def merged_sink(kind: Kind, old: QueueSink | None, new: QueueSinkInput, *, new_id: str, now: int) -> QueueSink:
    """Apply a checked input: no events means all of them, absent ones keep what was set; a disabled sink has none."""
    kept = old or QueueSink(id=new_id, enabled=False, created_at=now, updated_at=now)
    enabled = new.enabled is not False
    events: list[str] = []
    if enabled:
        given = kept.events if new.events is None else [event_name(name) for name in new.events]
        events = list(dict.fromkeys(given)) or list(EVENT_NAMES)
    state: QueueState | None = "pending" if kind == "sqs" and enabled else None
    return msgspec.structs.replace(kept, enabled=enabled, events=events, state=state, reason=None, updated_at=now)


class QueueSinkRules(msgspec.Struct, frozen=True, kw_only=True):
    """What an installation makes of queue sinks.

    Attributes:
        rabbitmq: there is a broker, and it is not switched off.
        sqs: SQS is set up, and not switched off.
        rabbitmq_prefix: of the global queues on RabbitMQ, which no instance's own may meet; empty: there are none.
        sqs_prefix: as rabbitmq_prefix, on SQS.
    """

    rabbitmq: bool = False
    sqs: bool = False
    rabbitmq_prefix: str = ""
    sqs_prefix: str = ""

    def check(self, kind: Kind, sink: QueueSinkInput, name: str) -> None:
        """Check that an instance of this name can have the sink; one that is to be off is always fine.

        Raises:
            PomboError: 400: `not_available`, naming the variable that switches it on; `bad_rabbitmq` or `bad_sqs`.
        """
        if sink.enabled is False:
            return
        if kind == "rabbitmq":
            self._check_rabbitmq(name)
        else:
            self._check_sqs(sink, name)

    def _check_rabbitmq(self, name: str) -> None:
        if not self.rabbitmq:
            raise PomboError(
                400,
                "not_available",
                "rabbitmq is not available here: set RABBITMQ_URI (and not RABBITMQ_ENABLED=false) to switch it on",
            )
        if name == self.rabbitmq_prefix:
            _refuse("rabbitmq", f'rabbitmq cannot be set: "{name}" is the prefix of the global queues')

    def _check_sqs(self, sink: QueueSinkInput, name: str) -> None:
        if not self.sqs:
            raise PomboError(
                400,
                "not_available",
                "sqs is not available here: set SQS_ENABLED=true, with SQS_REGION or SQS_ENDPOINT_URL, to switch it on",
            )
        if name == self.sqs_prefix:
            _refuse("sqs", f'sqs cannot be set: "{name}" is the prefix of the global queues')
        if not SQS_NAME_PATTERN.match(name):
            _refuse("sqs", f"sqs cannot be set: {SQS_NAME_RULE}")
        for event in sink.events or EVENT_NAMES:
            queue = sqs_queue(name, EVENT_NAMES[event_name(event)])
            if len(queue) > SQS_NAME_LIMIT:
                long = f'the queue "{queue}" of instanceName has {len(queue)} characters of at most {SQS_NAME_LIMIT}'
                _refuse("sqs", f"sqs cannot be set: {long}; a shorter name would do, or a list without that event")


def _refuse(kind: Kind, why: str) -> None:
    raise PomboError(400, f"bad_{kind}", why)
