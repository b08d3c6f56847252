"""The Engine port: starts one connection of a session and tells its listener what happens to it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from pombo_common.model.commands import Presence
from pombo_common.model.settings import Settings
from pombo_worker.engines.sending import Sender
from pombo_worker.engines.unavailable import EngineUnavailable

__all__ = ["EngineUnavailable"]

Origin = Literal["server", "network", "local", "lease", "fenced", "garbage", "deaf", "host", "moved"]


class Fenced(Exception):  # noqa: N818 - reads as the state it names
    """The session's lease is another's now (or the instance is gone); it must end without another write."""


class ProxyFailed(Exception):  # noqa: N818 - reads as the state it names
    """A proxy does not lead to its target; the message says why, for people, without its credentials."""


class Account(msgspec.Struct, frozen=True, rename="camel"):
    """The WhatsApp account of a session, as the engine knows it.

    Attributes:
        id: own JID, with a device part.
        lid: own LID.
    """

    id: str
    lid: str | None = None
    name: str | None = None


class Route(msgspec.Struct, frozen=True):
    """How a session reaches its server.

    Attributes:
        url: another server than WhatsApp's own.
        sandbox: the server is the simulator, which takes any version.
        proxy: URL of the proxy that everything must go through; never dialled directly then.
    """

    url: str | None = None
    proxy: str | None = None
    sandbox: bool = False


class Dial(msgspec.Struct, frozen=True, kw_only=True):
    """What a connection needs.

    Attributes:
        key: unique for instance, epoch and connection.
        route: how the server is reached.
        creds: stored credentials as the engine wrote them; None begins a pairing.
        owned_until: tells until when, by the loop's time, the connection may live without a renewal; asked for when the
            dialling begins, since what comes before it may take long and renewals come meanwhile.
        qr_seconds: lifetime of each QR code; None: WhatsApp's own.
        browser: name, browser and version that the phone shows.
        settings: the instance's switches; those that hold for a whole connection are taken from here.
        probe_seconds: how often an open connection without traffic is asked whether WhatsApp still answers.
        outdated: WhatsApp refused the dial before this one because of its version.
    """

    key: str
    route: Route
    creds: str | None
    owned_until: Callable[[], float]
    qr_seconds: float | None
    browser: tuple[str, str, str]
    settings: Settings = Settings()
    probe_seconds: float = 60.0
    outdated: bool = False


class Connecting(msgspec.Struct, frozen=True):
    """The connection is being made."""


class QrShown(msgspec.Struct, frozen=True):
    """A QR code can be scanned for so many seconds."""

    code: str
    seconds: float


class Paired(msgspec.Struct, frozen=True):
    """A phone linked the session; its credentials are stored; WhatsApp will ask for a restart."""

    account: Account


class Opened(msgspec.Struct, frozen=True):
    """Logged in."""

    account: Account


class Named(msgspec.Struct, frozen=True):
    """The open account's own name became known, or another one."""

    name: str


class MessageSeen(msgspec.Struct, frozen=True):
    """A message arrived.

    Attributes:
        journal: id of its journal entry; None when it has none.
        message: key, messageTimestamp, pushName, message … as plain JSON.
    """

    journal: str | None
    message: dict[str, Any]


class CallSeen(msgspec.Struct, frozen=True):
    """A call rang, ended or was refused; `call` is the contract's payload."""

    call: dict[str, Any]


class Reported(msgspec.Struct, frozen=True):
    """Something else that becomes events.

    Attributes:
        kind: the library's name for it, for example `presence.update`.
        data: what it says, as plain JSON.
    """

    kind: str
    data: Any


class PairingWanted(msgspec.Struct, frozen=True):
    """A phone wants to link by typing a code. Told by the worker, in order with what the engine tells.

    Attributes:
        number: digits of the phone.
        code: a code of one's own, 8 characters; None: WhatsApp's choice.
    """

    number: str
    code: str | None


class Closed(msgspec.Struct, frozen=True):
    """The connection is over; the last word on it.

    Attributes:
        code: the library's status code; None when there is none.
        message: its text, which alone tells some codes apart.
    """

    code: int | None
    message: str
    origin: Origin


Inbound = MessageSeen | CallSeen | Reported
"""What comes in from WhatsApp and may become events."""

Happening = Connecting | QrShown | PairingWanted | Paired | Opened | Named | Inbound | Closed


class Listener(Protocol):
    """Who runs the session: gets what happens, in order, and keeps credentials and keys.

    The three `save`/`load` calls raise Fenced when the session is not ours any more, and wait while the Store is away.
    """

    def happened(self, happening: Happening) -> None:
        """Take note of what happened; never blocks."""

    async def save_creds(self, creds: str) -> None:
        """Store the credentials before this returns."""

    async def load_keys(self, key_type: str, ids: Sequence[str]) -> Mapping[str, str]:
        """Return the Signal keys that exist."""

    async def save_keys(
        self, entries: Sequence[tuple[str, str, str | None]], journal: tuple[str, dict[str, Any]] | None
    ) -> None:
        """Store Signal keys and the journal entry of a decrypted message in one step."""

    async def sent_message(self, message_id: str) -> bytes | None:
        """Return the encoded content of a message that was sent lately; a device could not read it."""


class Connection(Sender, Protocol):
    """One running connection."""

    async def close(self, *, logout: bool) -> bool:
        """End it, unlinking the device first when `logout`; returns once its socket is gone. Never raises.

        Returns:
            Whether WhatsApp said that it has unlinked the device.
        """

    async def pair(self, number: str, code: str | None) -> str:
        """Ask WhatsApp for a pairing code for the phone of this number, beside the QR code.

        Raises:
            EngineUnavailable: it is paired already, or WhatsApp refused.
        """

    async def show(self, presence: Presence) -> None:
        """Show a presence to the account's contacts.

        Raises:
            EngineUnavailable: it is not open.
        """

    async def stay_online(self, *, stay: bool) -> None:
        """Show the account online for as long as the connection lasts, or no longer; open or not yet.

        Raises:
            EngineUnavailable: the connection is gone.
        """

    async def reject(self, call: dict[str, Any]) -> None:
        """Reject a call that rings, given as it was seen.

        Raises:
            EngineUnavailable: it is not open, or WhatsApp refused.
        """

    async def fetch(self, kind: str, content: dict[str, Any], *, most_bytes: int, seconds: float) -> str:
        """Fetch and decrypt the file of a received message.

        Args:
            kind: the member of the message that holds it, for example `imageMessage`.
            content: that member.
            most_bytes: a larger file is refused.
            seconds: a slower one too.

        Returns:
            The file, base64.

        Raises:
            EngineUnavailable: it cannot be had.
        """

    def renewed(self, seconds: float) -> None:
        """Say that the lease runs for so many seconds more."""


class Engine(Protocol):
    """Starts connections."""

    async def dial(self, dial: Dial, listener: Listener) -> Connection:
        """Start a connection.

        Raises:
            EngineUnavailable: it cannot be started now.
        """

    async def check_proxy(self, proxy: str, target: str, seconds: float) -> None:
        """Ask a web address through a proxy, as a connection would; any answer of that address will do.

        Raises:
            ProxyFailed: it does not lead there within so many seconds; the message says why.
            EngineUnavailable: it cannot be tried now.
        """

    def warm(self) -> None:
        """Make ready, in the background, for the first connection."""

    async def stop(self) -> None:
        """End all connections and processes."""
