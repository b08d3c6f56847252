"""A session that this worker owns."""

import asyncio

from pombo_common.ports.changes import Held
from pombo_worker.sessions.session import Session


class Owned:
    """A running session with its lease and its task."""

    def __init__(self, session: Session, instance_id: str, held: Held) -> None:
        """Keep the three together."""
        self.session = session
        self.instance_id = instance_id
        self.held = held
        self.keep_lease = False
        self.task: asyncio.Task[None] | None = None
