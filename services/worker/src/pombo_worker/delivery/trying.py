"""What a try has in common, whether its event stands in the line or has stepped aside."""

import msgspec
import structlog

from pombo_common.model.events import EventBody, LoggedEvent
from pombo_common.ports.bus import Wakeup
from pombo_common.sealing import open_event
from pombo_common.vault import SealBroken, Vault
from pombo_worker.delivery.sink import Outcome

SEALED = "its body cannot be opened: a key is missing from POMBO_ENCRYPTION_KEY"


def opened(event: LoggedEvent, instance_id: str, vault: Vault) -> EventBody | None:
    """Return an event's body; None when no key opens it."""
    try:
        return open_event(event.body, instance_id, event.id, vault)
    except (SealBroken, msgspec.DecodeError):
        return None


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
