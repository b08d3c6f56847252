"""Waiting for a live state with a deadline: begin to watch, read, wait for the change.

Who waits is woken by the change. A notification can be lost between the Store's servers, so the state is also looked
at now and then without one, and once more at the deadline.
"""

import asyncio
from collections.abc import Callable

import msgspec

from pombo_common.model.instance import PAIRING_REFUSED, Live, QrCode, State
from pombo_common.ports.store import Store, StoreUnavailable

LOOK_SECONDS = 2.0
"""The longest that a change whose notification was lost stays unseen."""


class Deadline:
    """A moment on the loop's monotonic clock."""

    def __init__(self, seconds: float) -> None:
        """Lie so many seconds ahead of now."""
        self._at = asyncio.get_running_loop().time() + seconds

    def remaining(self) -> float:
        """Return the seconds that are left, 0 when it has passed."""
        return max(0.0, self._at - asyncio.get_running_loop().time())


class Seen(msgspec.Struct, frozen=True):
    """The last live state that was read, and its QR code when a phone can scan it now."""

    live: Live
    qr: QrCode | None


async def scannable(store: Store, live: Live) -> QrCode | None:
    """Return the live state's QR code unless it has expired by the Store's clock."""
    if live.qr is None or live.qr.expires_at <= await store.now():
        return None
    return live.qr


async def wait_for_link(
    store: Store, name: str, instance_id: str, deadline: Deadline, *, before: Live, number: str | None = None
) -> Seen | None:
    """Wait until a code can be used, WhatsApp refused one, the session is open or has ended, or the deadline has come.

    Args:
        store: is watched.
        name: of the instance.
        instance_id: of the instance.
        deadline: when the wait ends.
        before: the live state when a code was asked for; a refusal that it holds is of an earlier wish.
        number: digits of the phone whose pairing code is waited for as well.

    Returns:
        What was seen last, or None when the instance with this id is gone.
    """

    def settled(seen: Seen) -> bool:
        coded = number is None or seen.live.pairing_number == number
        refused = number is not None and seen.live.reason == PAIRING_REFUSED and seen.live.since != before.since
        return seen.live.state == "open" or _ended(seen.live) or refused or (coded and seen.qr is not None)

    return await _wait(store, name, instance_id, settled, deadline)


async def wait_for_restart(
    store: Store, name: str, instance_id: str, deadline: Deadline, *, before: Live
) -> Seen | None:
    """Wait until a session is open again, shows a new QR code, or has ended; at the latest until the deadline.

    Args:
        store: is watched.
        name: of the instance.
        instance_id: of the instance.
        deadline: when the wait ends.
        before: the live state when the restart began; what still looks like it is the old connection's.

    Returns:
        What was seen last, or None when the instance with this id is gone.
    """

    def settled(seen: Seen) -> bool:
        live, qr = seen.live, seen.qr
        if live.state == "open":
            return before.state != "open" or live.since != before.since
        fresh = qr is not None and (before.qr is None or qr.code != before.qr.code)
        return _ended(live) or (fresh and live.pairing_number == before.pairing_number)

    return await _wait(store, name, instance_id, settled, deadline)


async def wait_for_state(store: Store, name: str, instance_id: str, deadline: Deadline, *, state: State) -> Live | None:
    """Wait until the connection is in a state; at the latest until the deadline.

    Returns:
        What was seen last, or None when the instance with this id is gone.
    """
    seen = await _wait(store, name, instance_id, lambda seen: seen.live.state == state, deadline)
    return None if seen is None else seen.live


def _ended(live: Live) -> bool:
    return live.state == "close" and not live.wanted


async def _wait(
    store: Store, name: str, instance_id: str, settled: Callable[[Seen], bool], deadline: Deadline
) -> Seen | None:
    async with store.watch(name) as watch:
        seen = await _look(store, name, instance_id)
        while seen is not None and not settled(seen) and (remaining := deadline.remaining()):
            await watch.changed(min(remaining, LOOK_SECONDS))
            try:
                seen = await _look(store, name, instance_id)
            except StoreUnavailable:
                # It may be back in time; at the deadline nobody knows the state.
                if not deadline.remaining():
                    raise
        return seen


async def _look(store: Store, name: str, instance_id: str) -> Seen | None:
    stored = await store.instance(name)
    if stored is None or stored.instance.id != instance_id:
        return None
    return Seen(stored.shown, await scannable(store, stored.shown))
