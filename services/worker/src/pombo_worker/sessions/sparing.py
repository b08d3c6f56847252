"""What cannot be told or answered costs itself alone, not the session that it came in on."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from pombo_common.ports.store import StoreUnavailable
from pombo_worker.engines.port import Fenced, Inbound, Reported


@contextmanager
def sparing(instance_id: str, inbound: Inbound) -> Iterator[None]:
    """Log what fails about one thing that came in, without its contents, and go on.

    Strangers and WhatsApp write what comes in. A message that fails stays in the journal, and is tried again by each
    replay.

    Args:
        instance_id: whose session it came in on.
        inbound: what came in.

    Raises:
        Fenced: the lease is not ours any more.
        StoreUnavailable: the Store does not answer.
    """
    try:
        yield
    except (Fenced, StoreUnavailable):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the session is worth more
        structlog.get_logger().error(
            "session.untold",
            instance=instance_id,
            what=inbound.kind if isinstance(inbound, Reported) else type(inbound).__name__,
            error=type(error).__name__,
        )
