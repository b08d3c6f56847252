"""Instances, events and commands to put into a store, and a snapshot of what is kept of one instance."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from pombo_common.model.events import LoggedEvent, NewEvent
from pombo_common.model.instance import Instance, Live
from pombo_common.model.settings import Settings
from pombo_common.ports.changes import Attempt, Change, DestinationChange, Verdict
from pombo_common.ports.deliveries import Claim, Cursor, Failure, Parked, Settlement
from pombo_common.ports.records import CommandRecord
from pombo_common.ports.store import Store
from tests.support.waiting import eventually

T = TypeVar("T")

EVERY_BYTE = bytes(range(256))
SINK = "webhook"
TOKEN_PRINT = "t"
CLAIMANT = "k1"
FIRST_TRY = "try-1"


def new_id() -> str:
    """Make an instance id."""
    return str(uuid.uuid4())


def record(
    name: str, instance_id: str, *, version: int = 1, created_at: int = 1_000, token: str = TOKEN_PRINT
) -> Instance:
    """Make a stored record."""
    return Instance(
        name=name,
        id=instance_id,
        integration="WHATSAPP-SANDBOX",
        number=None,
        settings=Settings(msg_call="não"),
        token_print=token,
        sealed=EVERY_BYTE,
        created_at=created_at,
        updated_at=created_at,
        version=version,
    )


def event(body: bytes = b"{}", kind: str = "connection.update") -> NewEvent:
    """Make an event."""
    return NewEvent(id=new_id(), type=kind, at=1_000, body=body)


def events(count: int) -> tuple[NewEvent, ...]:
    """Make so many events, their bodies numbered from 1."""
    return tuple(event(str(number).encode()) for number in range(1, count + 1))


def destination(name: str = SINK, settings: bytes | None = EVERY_BYTE) -> DestinationChange:
    """Make settings of a destination."""
    return DestinationChange(name=name, settings=settings)


def creation(name: str, instance_id: str, **more: Any) -> Change:  # noqa: ANN401 - the members of Change
    """Make the change that creates an instance."""
    members: dict[str, Any] = {"instance": record(name, instance_id), "live": Live(since=1_000)}
    return Change(instance_id=instance_id, create=True, **(members | more))


async def create(store: Store, name: str, **more: Any) -> str:  # noqa: ANN401 - the members of Change
    """Create an instance; returns its id."""
    instance_id = new_id()
    applied = await store.apply(name, creation(name, instance_id, **more))
    assert applied.verdict is Verdict.APPLIED
    return instance_id


async def append(store: Store, name: str, instance_id: str, count: int) -> None:
    """Append so many events."""
    applied = await store.apply(name, Change(instance_id=instance_id, events=events(count)))
    assert applied.verdict is Verdict.APPLIED


async def lease(store: Store, name: str, instance_id: str, owner: str = "w1", seconds: float = 60) -> int:
    """Take the lease, which is free."""
    epoch = await store.acquire(name, instance_id, owner, seconds)
    assert epoch is not None
    return epoch


async def claimed(store: Store, name: str, instance_id: str, token: str = CLAIMANT, seconds: float = 60) -> Claim:
    """Claim the sink, which is free and has events due."""
    claim = await store.claim(name, instance_id, SINK, token, seconds)
    assert claim is not None
    return claim


def settlement(token: str, upto: int, sink: str = SINK, **more: Any) -> Settlement:  # noqa: ANN401 - the members of Settlement
    """Make the settlement after all events up to this seq were delivered."""
    return Settlement(destination=sink, token=token, cursor=Cursor(next=upto + 1, prev=upto), **more)


def parked(event: LoggedEvent | None, sink: str = SINK, **more: Any) -> Parked:  # noqa: ANN401 - the members of Parked
    """Make an event that leaves its line, as a dead letter unless it has a time before which it is not tried."""
    failure = Failure(reason="500 Räuber \x00 ☂" + "x" * 2000, status=500, response="não", at=2_000)
    members: dict[str, Any] = {"attempts": 3, "prev": 1, "failure": failure, "event": event}
    if event is not None:
        members |= {"seq": event.seq, "last": event.seq, "event_id": event.id, "event_type": event.type}
    return Parked(destination=sink, **(members | more))


def listed(one: Parked, place: int = 0) -> Parked:
    """Return a parked event as lists show it."""
    return msgspec.structs.replace(one, event=None, kept=one.event is not None, place=place)


async def settled_line(store: Store, name: str, instance_id: str, *left: Parked, upto: int) -> None:
    """Deliver a line up to this seq but for what leaves it."""
    await claimed(store, name, instance_id)
    assert await store.settle(name, instance_id, settlement(CLAIMANT, upto, parked=left))


async def command(store: Store, command_id: str = "c1", *, seconds: float = 60, body: str = "f") -> CommandRecord:
    """Make a command that may start within so many seconds; nothing is stored."""
    return CommandRecord(id=command_id, fingerprint=body, not_after=await store.now() + round(seconds * 1000))


async def opened(
    store: Store, name: str, command_id: str = "c1", *, seconds: float = 60, body: str = "f"
) -> CommandRecord:
    """Open a command that may start within so many seconds."""
    return await store.open_command(name, command_id, body, seconds)


async def attempt(store: Store, name: str, command_id: str = "c1", token: str = FIRST_TRY) -> Attempt:
    """Start a command."""
    start = await store.start_command(name, await command(store, command_id), token)
    assert start.verdict == "started"
    return Attempt(command=command_id, token=token)


async def snapshot(store: Store, name: str, instance_id: str) -> tuple[object, ...]:
    """Read everything that the port shows of one instance."""
    return (
        await store.instance(name),
        await store.creds(name, instance_id),
        await store.keys(name, instance_id, "session", ["a", "b"]),
        await store.journal(name, instance_id),
        tuple(await store.events(name, instance_id, 0, 1000)),
        await store.due(),
        await store.dead_letters(name, instance_id),
        await store.asides(name, instance_id),
        await store.destinations(name, instance_id),
        await store.command(name, "c1"),
    )


async def reached(probe: Callable[[], Awaitable[T | None]], *, what: str) -> T:
    """Ask the store again and again, until a deadline, for its first true answer."""
    answers: list[T] = []

    async def ask() -> object:
        answer = await probe()
        if answer:
            answers.append(answer)
        return answer

    _: object = await eventually(ask, what=what)
    return answers[0]
