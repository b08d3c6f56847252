"""What a try has in common, whether its event stands in the line or has stepped aside."""

from collections.abc import Sequence
from typing import Any

import msgspec
import structlog

from pombo_common.model.events import EventBody, LoggedEvent
from pombo_common.ports.bus import Wakeup
from pombo_common.sealing import open_event
from pombo_common.vault import SealBroken, Vault
from pombo_worker.delivery.destination_settings import Destination
from pombo_worker.delivery.sink import Delivery, Outcome, Sink

SEALED = "its body cannot be opened: a key is missing from POMBO_ENCRYPTION_KEY"


def opened(event: LoggedEvent, instance_id: str, vault: Vault) -> EventBody | None:
    """Return an event's body; None when no key opens it."""
    try:
        return open_event(event.body, instance_id, event.id, vault)
    except (SealBroken, msgspec.DecodeError):
        return None


async def tried(
    sink: Sink[Any], destination: Destination, instance_id: str, deliveries: Sequence[Delivery]
) -> Sequence[Outcome]:
    """Send as the sink does; what it raises is a failed try of all, else they would be tried for ever."""
    try:
        return await sink.send(destination, instance_id, deliveries)
    except Exception as error:  # noqa: BLE001 - whatever it is, the line must come past it
        structlog.get_logger().exception("delivery.sink_broken", instance=instance_id)
        return [Outcome(ok=False, why=f"the sending broke off ({type(error).__name__})")] * len(deliveries)


def tell_failed(wakeup: Wakeup, event_id: str | None, attempt: int, outcome: Outcome) -> None:
    """Log a try that failed: which it was and what the receiver answered, not where it went."""
    structlog.get_logger().info(
        "delivery.failed",
        instance=wakeup.instance_id,
        destination=wakeup.destination,
        event_id=event_id,
        attempt=attempt,
        status=outcome.status,
    )
