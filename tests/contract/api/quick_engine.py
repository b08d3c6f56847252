"""An engine that answers at once, for the real worker: WhatsApp and the phones, played without a socket."""

import itertools
from collections.abc import Sequence
from typing import Any

from pombo_common.model.commands import Presence
from pombo_common.model.messages import MessageKey
from pombo_common.model.recipients import Target
from pombo_worker.engines.port import (
    Account,
    Closed,
    Connecting,
    Dial,
    EngineUnavailable,
    Listener,
    Opened,
    Paired,
    QrShown,
)
from pombo_worker.engines.sending import File, NoRecipient, NotSent, Outgoing, Sent

QR_SECONDS = 60.0
SENT_AT = 1_795_383_059
FICTIONAL_DIGITS = 5
RESTART_REQUIRED = 515
LOGGED_OUT = 401
FRESH = '{"me":null}'


class QuickConnection:
    """One connection: opens at once when its credentials hold a user, else shows a QR code."""

    def __init__(self, dial: Dial, listener: Listener, code: str) -> None:
        self.creds = dial.creds
        self.code = code
        self.pairing: tuple[str, str] | None = None
        self._listener = listener
        self._live = True

    @property
    def linked(self) -> str | None:
        """Digits of the account, when it is linked."""
        return None if self.creds is None or '"me":null' in self.creds else self.creds.split('"')[5].split(":")[0]

    def begin(self) -> None:
        """Say what a dial leads to."""
        self._listener.happened(Connecting())
        if self.linked:
            self._listener.happened(Opened(Account(f"{self.linked}:1@s.whatsapp.net", name="Ann")))
        else:
            self._listener.happened(QrShown(self.code, QR_SECONDS))

    async def link(self, number: str) -> None:
        """Let the phone of this number link it, as a scan or a pairing code does."""
        jid = f"{number}:1@s.whatsapp.net"
        self.creds = f'{{"me":{{"id":"{jid}"}},"account":{{"details":"x"}}}}'
        await self._listener.save_creds(self.creds)
        self._listener.happened(Paired(Account(jid)))
        self._end(RESTART_REQUIRED, "Stream Errored (restart required)", "server")

    def unlink(self) -> None:
        """Let the phone remove it."""
        self._end(LOGGED_OUT, "Stream Errored (conflict)", "server")

    async def close(self, *, logout: bool) -> bool:
        """End it."""
        self._end(None, "", "local")
        return logout

    async def pair(self, number: str, code: str | None) -> str:
        """Give the wished code, or a choice of WhatsApp."""
        self.pairing = (number, code or "WZYEH1YY")
        return self.pairing[1]

    async def show(self, presence: Presence) -> None:
        """Show a presence.

        Raises:
            EngineUnavailable: it is not open.
        """
        if not self.linked:
            raise EngineUnavailable(presence)

    async def stay_online(self, *, stay: bool) -> None:
        """Show nothing."""

    async def reject(self, call: dict[str, Any]) -> None:
        """Let it ring no longer."""

    async def send(self, message: Outgoing) -> Sent:
        """Send a message to a phone that WhatsApp has."""
        (jid,) = await self.numbers([message.to])
        if jid is None:
            raise NoRecipient(message.to.number)
        if isinstance(message.content, File):
            kind = f"{message.content.type}Message"
            content = {kind: {"mimetype": message.content.mimetype, "caption": message.content.caption}}
        else:
            content = {"extendedTextMessage": {"text": message.content.text}}
        key = {"remoteJid": jid, "fromMe": True, "id": message.id}
        return Sent(message={"key": key, "messageTimestamp": SENT_AT, "message": content}, encoded=b"x")

    async def numbers(self, targets: Sequence[Target]) -> list[str | None]:
        """Know the phones that have more than five digits."""
        self._must_be_linked()
        return [each.jid if not each.phones or len(each.phones[0]) > FICTIONAL_DIGITS else None for each in targets]

    async def read(self, keys: Sequence[MessageKey]) -> None:  # noqa: ARG002 - the port's name
        """Tell nobody."""
        self._must_be_linked()

    async def show_in_chat(self, to: Target, presence: Presence, delay_ms: int) -> None:  # noqa: ARG002 - as above
        """Show a presence to a phone that WhatsApp has."""
        (jid,) = await self.numbers([to])
        if jid is None:
            raise NoRecipient(to.number)

    async def fetch(self, kind: str, content: dict[str, Any], *, most_bytes: int, seconds: float) -> str:  # noqa: ARG002 - the port's names
        """Have no files."""
        raise EngineUnavailable("no such file")

    def renewed(self, seconds: float) -> None:
        """Go on."""

    def _must_be_linked(self) -> None:
        if not self.linked:
            raise NotSent("it is not open", "not_open")

    def _end(self, code: int | None, message: str, origin: str) -> None:
        if self._live:
            self._live = False
            self._listener.happened(Closed(code, message, "server" if origin == "server" else "local"))


class QuickEngine:
    """See the module.

    Attributes:
        connections: all that were made, in order.
        silent: dial, and say nothing from then on but what a close says.
    """

    def __init__(self) -> None:
        self.connections: list[QuickConnection] = []
        self.silent = False
        self._codes = itertools.count(1)

    async def dial(self, dial: Dial, listener: Listener) -> QuickConnection:
        """Start a connection."""
        connection = QuickConnection(dial, listener, f"2@code-{next(self._codes)}")
        self.connections.append(connection)
        if not self.silent:
            connection.begin()
        return connection

    def warm(self) -> None:
        """Nothing is to be made ready."""

    async def check_proxy(self, proxy: str, target: str, seconds: float) -> None:
        """Every proxy works."""

    async def stop(self) -> None:
        """Nothing runs."""
