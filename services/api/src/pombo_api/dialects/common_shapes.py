"""JSON that is the same in every dialect: states, QR codes, presences, and what is done."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from pombo_common.model.commands import Presence
from pombo_common.model.instance import Live, Phase, State
from pombo_common.projection import iso


class NamedState(msgspec.Struct, kw_only=True, rename="camel"):
    """`instance` of a state answer."""

    instance_name: str
    state: State


class KnownState(msgspec.Struct, kw_only=True, rename="camel"):
    """`instance` of connectionState: the contract's two members, and beside them what lies behind the state.

    Attributes:
        phase: what the session is doing, finer than the state.
        reason: why, as a stable word; null while all is well.
        since: when state, phase or reason changed last, ISO 8601, UTC.
        will_reconnect: Pombo goes on by itself; without it nothing happens until connect.
    """

    instance_name: str
    state: State
    phase: Phase
    reason: str | None
    since: str
    will_reconnect: bool


class ConnectionStateAnswer(msgspec.Struct):
    """Answer of connectionState."""

    instance: KnownState


class StateAnswer(msgspec.Struct):
    """Answer of restart, of a connect that finds the session open, and of the sandbox."""

    instance: NamedState


class ChatwootNotice(msgspec.Struct, kw_only=True):
    """`chatwoot` of a create answer, when its fields were given: they are kept, and nothing uses them yet."""

    enabled: bool = False
    message: str = "not available in this version"


class PresenceAnswer(msgspec.Struct):
    """Answer of setPresence."""

    presence: Presence


class WelcomeAnswer(msgspec.Struct, kw_only=True, rename="camel"):
    """Answer at the root.

    Attributes:
        version: Pombo's own, or that of the contract that the dialect keeps.
        whatsapp_web_version: the version as which sessions announce themselves.
    """

    status: int = 200
    message: str = "Welcome to Pombo, it is working!"
    version: str
    client_name: str
    documentation: str
    whatsapp_web_version: str


class Done(msgspec.Struct):
    """`response` of a change that leaves nothing to show."""

    message: str


class Success(msgspec.Struct, kw_only=True):
    """Answer of a change that leaves nothing to show."""

    status: Literal["SUCCESS"] = "SUCCESS"
    error: bool = False
    response: Done


class QrAnswer(msgspec.Struct, kw_only=True, rename="camel"):
    """A QR code as create and connect answer it; `message` says why a code is missing that was asked for.

    Attributes:
        expires_at: until when a phone can scan it, ISO 8601, UTC; absent without a code.
    """

    pairing_code: str | None
    code: str | None
    base64: str | None
    count: int
    expires_at: str | UnsetType = UNSET
    message: str | UnsetType = UNSET


def known_state(name: str, live: Live) -> ConnectionStateAnswer:
    """Answer connectionState."""
    return ConnectionStateAnswer(
        KnownState(
            instance_name=name,
            state=live.state,
            phase=live.phase,
            reason=live.reason,
            since=iso(live.since),
            will_reconnect=live.wanted,
        )
    )
