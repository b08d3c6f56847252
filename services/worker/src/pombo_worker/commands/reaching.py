"""The open session of an instance, for commands that go through it, and what is said when there is none."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from pombo_common.model.errors import PomboError
from pombo_common.model.messages import NumberCheck
from pombo_common.model.recipients import Target
from pombo_worker.commands.context import Commands
from pombo_worker.engines.sending import NoRecipient, NotSent
from pombo_worker.engines.unavailable import EngineGone, EngineUnavailable
from pombo_worker.sessions.owned import Owned


async def at_hand(commands: Commands, name: str) -> Owned:
    """Return the session that runs here and is connected.

    Raises:
        PomboError: 404, or 400 when it is not connected.
    """
    owned = commands.sessions.connected(name)
    if owned is not None:
        return owned
    await commands.find(name)
    raise not_connected(name)


@contextmanager
def refusing(name: str, to: Target | None = None) -> Iterator[None]:
    """Say in the contract's words why the session of this instance did not do what may be asked of it again.

    Raises:
        PomboError: 400 when it is not connected, there is no such recipient, or the engine cannot read what it gets;
            503 when WhatsApp did not answer, or has not told the account's name, without which it takes no presence.
    """
    try:
        yield
    except NotSent as error:
        raise not_sent(name, error, to) from None
    except EngineUnavailable as error:
        raise _not_done(name, error) from None


def not_connected(name: str) -> PomboError:
    """Say that there is no connection to act on (400)."""
    return PomboError(400, "not_connected", f'The "{name}" instance is not connected')


def not_on_whatsapp(to: Target) -> PomboError:
    """Say that WhatsApp does not have a number (400), in the contract's form."""
    check = NumberCheck(jid=to.jid, exists=False, number=to.number)
    return PomboError(400, "no_recipient", "number is not on WhatsApp", details=[msgspec.to_builtins(check)])


def not_sent(name: str, error: NotSent, to: Target | None = None) -> PomboError:
    """Say why nothing was sent: nobody to send it to or no connection (400), or WhatsApp did not do its part (503)."""
    if isinstance(error, NoRecipient) and to is not None:
        return not_on_whatsapp(to)
    why = _foreseen(name, error)
    return why or PomboError(503, "not_sent", "WhatsApp did not answer as it should; nothing was sent")


def _not_done(name: str, error: EngineUnavailable) -> PomboError:
    """Say why something was not done that may be asked of the session again."""
    return _foreseen(name, error) or PomboError(503, "no_answer", "WhatsApp did not answer; try again in a moment")


def _foreseen(name: str, error: EngineUnavailable) -> PomboError | None:
    if isinstance(error, EngineGone) or error.code == "not_open":
        return not_connected(name)
    if error.code == "bad_request":
        return PomboError(400, "bad_request", str(error))
    if error.code == "no_name":
        why = "WhatsApp has not told the account's name yet, and takes no presence without it; try again in a moment"
        return PomboError(503, "no_name", why)
    return None
