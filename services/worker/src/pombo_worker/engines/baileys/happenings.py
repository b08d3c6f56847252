"""What a Node host tells, in the words of the Engine port."""

from collections.abc import Callable

import msgspec

from pombo_worker.engines.baileys.wire import Params
from pombo_worker.engines.port import (
    Account,
    CallSeen,
    Closed,
    Connecting,
    Happening,
    MessageSeen,
    Named,
    Opened,
    Paired,
    QrShown,
    Reported,
)

TRANSLATIONS: dict[str, Callable[[Params], Happening]] = {
    "session.connecting": lambda _: Connecting(),
    "session.qr": lambda said: QrShown(code=said["qr"], seconds=said["expiresInMs"] / 1000),
    "session.paired": lambda said: Paired(account=msgspec.convert(said["me"], Account)),
    "session.open": lambda said: Opened(account=msgspec.convert(said["me"], Account)),
    "session.named": lambda said: Named(name=said["name"]),
    "session.message": lambda said: MessageSeen(journal=said.get("journal"), message=said["message"]),
    "session.report": lambda said: Reported(kind=said["kind"], data=said["data"]),
    "session.call": lambda said: CallSeen(call=said["call"]),
    "session.closed": lambda said: Closed(
        code=said.get("code"), message=said.get("message", ""), origin=said["origin"]
    ),
}


def happening(method: str, params: Params) -> Happening | None:
    """Translate a notification; None for one that this version does not know."""
    translate = TRANSLATIONS.get(method)
    return None if translate is None else translate(params)
