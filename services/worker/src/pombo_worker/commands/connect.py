"""`instance.connect`, and starting a session for it, for restart and for create."""

import msgspec

from pombo_common.model.commands import InstanceConnect, InstanceRestart, Reply
from pombo_common.model.phones import check_pairing_code, check_pairing_number
from pombo_common.ports.changes import Attempt, Change, Verdict
from pombo_common.ports.records import StoredInstance
from pombo_common.ports.store import StoreUnavailable
from pombo_common.sealing import seal_reply
from pombo_worker.commands.context import Commands, Moved
from pombo_worker.engines.port import PairingWanted
from pombo_worker.events import now_ms


async def connect(commands: Commands, command: InstanceConnect, attempt: Attempt) -> Reply:
    """Start the instance's session unless it runs; the caller waits for the QR or pairing code itself.

    Raises:
        PomboError: 400 for a bad number or code, or 404.
        Moved: another worker has just taken the session.
        Superseded: another try of the same command went on.
    """
    pairing = wanted_pairing(check_pairing_number(command.number), check_pairing_code(command.code))
    stored = await commands.find(command.instance)
    instance = stored.instance
    if not commands.sessions.running(instance.name, instance.id):
        return await begin_session(commands, command, stored, attempt, pairing=pairing)
    reply = commands.described(command, stored)
    await commands.answer_only(instance.name, attempt, reply)
    if pairing is not None:
        commands.sessions.pair(instance.name, pairing)
    return reply


async def begin_session(
    commands: Commands,
    command: InstanceConnect | InstanceRestart,
    stored: StoredInstance,
    attempt: Attempt,
    *,
    pairing: PairingWanted | None,
) -> Reply:
    """Take the lease, say that a session is wanted together with the command's outcome, and run it.

    Raises:
        PomboError: 503 without the sandbox that it needs.
        SealBroken: its secrets cannot be opened here.
        Moved: another worker has just taken the session.
        Superseded: another try of the same command went on.
    """
    url = await commands.sessions.address(stored.instance)
    commands.sessions.route(stored.instance, url)
    lease = await commands.take_lease(stored)
    stored = lease.stored
    instance = stored.instance
    route = commands.sessions.route(instance, url)
    live = msgspec.structs.replace(
        stored.live,
        state="close",
        phase="pairing" if stored.live.phase == "pairing" else "dialling",
        reason=None,
        since=now_ms(),
        wanted=True,
        qr=None,
        pairing_code=None,
        pairing_number=None,
    )
    stored = msgspec.structs.replace(stored, live=live)
    reply = commands.described(command, stored)
    change = Change(
        instance_id=instance.id,
        attempt=attempt,
        held=lease.held,
        live=live,
        outcome=seal_reply(reply, commands.vault),
    )
    if await commands.commit(instance.name, change) is Verdict.FENCED:
        raise Moved
    commands.sessions.start(stored, lease, route, pairing)
    return reply


async def run_created(commands: Commands, stored: StoredInstance, url: str | None) -> None:
    """Start the session of an instance whose creation asked for it; whoever finds it unowned later adopts it."""
    try:
        lease = await commands.take_lease(stored)
    except (Moved, StoreUnavailable):
        return
    stored = lease.stored
    route = commands.sessions.route(stored.instance, url)
    commands.sessions.start(stored, lease, route, wanted_pairing(stored.instance.number, None))


def wanted_pairing(number: str | None, code: str | None) -> PairingWanted | None:
    """Return what asks for a pairing code, when a number was given."""
    return None if number is None else PairingWanted(number=number.partition("@")[0], code=code)
