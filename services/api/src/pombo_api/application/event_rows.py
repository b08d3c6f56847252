"""Events of an instance's log, as people may look at them."""

from typing import Any

import msgspec

from pombo_common.model.events import EventBody, LoggedEvent
from pombo_common.projection import iso
from pombo_common.sealing import open_event
from pombo_common.vault import SealBroken, Vault

SEALED = "the event cannot be opened: a key is missing from POMBO_ENCRYPTION_KEY"


class EventAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the log.

    Attributes:
        data: its payload; null as well of an event that cannot be opened.
        note: why it cannot be opened; absent of all others.
    """

    id: str
    seq: int
    epoch: int
    event: str
    date_time: str
    sender: str | None
    data: Any
    note: str | msgspec.UnsetType = msgspec.UNSET


class EventsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the log in its order; `after` asks for what follows it."""

    events: list[EventAnswer]
    after: int


def event_answer(event: LoggedEvent, instance_id: str, vault: Vault) -> EventAnswer:
    """Return an event with its payload, or with a note when no key opens it."""
    body, note = _opened(event, instance_id, vault)
    return EventAnswer(
        id=event.id,
        seq=event.seq,
        epoch=event.epoch,
        event=event.type,
        date_time=iso(event.at),
        sender=body.sender,
        data=body.data,
        note=note,
    )


def _opened(event: LoggedEvent, instance_id: str, vault: Vault) -> tuple[EventBody, str | msgspec.UnsetType]:
    try:
        return open_event(event.body, instance_id, event.id, vault), msgspec.UNSET
    except (SealBroken, msgspec.DecodeError):
        return EventBody(data=None), SEALED
