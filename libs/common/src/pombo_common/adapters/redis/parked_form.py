"""How an event stands in the log, and what is said of one that left its line."""

import msgspec

from pombo_common.model.events import LoggedEvent, NewEvent
from pombo_common.ports.deliveries import Parked

_EVENT = msgspec.msgpack.Decoder(NewEvent)
_SAID = msgspec.json.Decoder(Parked)


def event_line(event: LoggedEvent) -> bytes:
    """Return an event as the log holds it: epoch, a blank, the event packed."""
    new = NewEvent(id=event.id, type=event.type, at=event.at, body=event.body)
    return b"%d " % event.epoch + msgspec.msgpack.encode(new)


def event_mark(event_id: str) -> bytes:
    """Return what stands in front of `event_line` for this id and no other, not even one that begins with it."""
    return msgspec.msgpack.encode({"id": event_id})[1:]


def logged_event(seq: int, line: bytes) -> LoggedEvent:
    """Read what the log holds."""
    epoch, _, packed = line.partition(b" ")
    new = _EVENT.decode(packed)
    return LoggedEvent(seq=seq, epoch=int(epoch), id=new.id, type=new.type, at=new.at, body=new.body)


def said(one: Parked) -> bytes:
    """Return what is kept of a parked event beside its body; scripts change the two numbers before the JSON."""
    rest = msgspec.structs.replace(one, event=None, not_before=None)
    return b"%d %d " % (one.attempts, one.resend) + msgspec.json.encode(rest)


def parked_event(text: bytes, *, aside: bool, score: int, line: bytes | None) -> Parked:
    """Read a parked event.

    Args:
        text: what `said` made.
        aside: it is no dead letter.
        score: aside: the time before which it is not tried; else its place among the dead letters.
        line: the event itself; None when it was not read or is not kept.
    """
    attempts, resend, rest = text.split(b" ", 2)
    one = _SAID.decode(rest)
    return msgspec.structs.replace(
        one,
        attempts=int(attempts),
        resend=int(resend),
        not_before=score if aside else None,
        place=0 if aside else score,
        event=None if line is None else logged_event(one.seq, line),
    )
