"""A session that this worker owns."""

import asyncio

from pombo_common.ports.changes import Held
from pombo_worker.sessions.session import Session

LAST_WORDS_SECONDS = 3.0
"""How long what a connection told before its end may take to be written. Less than a handing back has in all."""


class Owned:
    """A running session with its lease and its task."""

    def __init__(self, session: Session, instance_id: str, held: Held) -> None:
        """Keep the three together."""
        self.session = session
        self.instance_id = instance_id
        self.held = held
        self.keep_lease = False
        self.task: asyncio.Task[None] | None = None

    async def end(self, *, logout: bool, keep_lease: bool, lost: bool) -> bool:
        """Close the connection, let what it told before be written, and end the task; returns once it is over.

        Args:
            logout: unlink the device first.
            keep_lease: the caller goes on as the owner; otherwise the lease is given back.
            lost: the lease is ours no more, so nothing is waited for.

        Returns:
            Whether WhatsApp said that it has unlinked the device.
        """
        if self.task is None:
            return False
        self.keep_lease = keep_lease
        unlinked = await self.session.finish(logout=logout)
        try:
            if self.session.following and not lost:
                # It ends by itself with the close, which comes behind everything else.
                await asyncio.wait([self.task], timeout=LAST_WORDS_SECONDS)
        finally:
            self.task.cancel()
        await asyncio.wait([self.task])
        return unlinked
