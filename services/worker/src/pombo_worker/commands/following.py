"""After a change of the configuration: the running session follows it, wherever it runs."""

import structlog

from pombo_common.model.errors import PomboError
from pombo_common.vault import SealBroken
from pombo_worker.commands.context import Commands, Moved


async def follow(commands: Commands, name: str) -> None:
    """Let an instance's session follow what is stored now. Doing it again changes nothing.

    The change needs no lease, so another worker may have taken it meanwhile, and have read the instance before the
    change. Whoever takes it later reads it afterwards.

    Raises:
        Moved: another worker runs it, which is to hear of the change.
        StoreUnavailable: it is to be done again.
    """
    stored = await commands.store.instance(name)
    if stored is None:
        return
    if stored.lease is not None and stored.lease.owner != commands.sessions.worker:
        raise Moved
    try:
        await commands.sessions.follow(stored.instance)
    except (PomboError, SealBroken) as error:
        # It goes on by its present way; the change itself is made, and its caller hears so.
        structlog.get_logger().warning("session.not_rerouted", instance=stored.instance.id, why=type(error).__name__)
