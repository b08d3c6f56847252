"""What a running Pombo answers, read from either dialect, for `RESPONSE_DIALECT` may have made the root speak v2."""

from collections.abc import Sequence
from typing import Any, Self

import msgspec


class Answer(msgspec.Struct, frozen=True):
    """One answer.

    Attributes:
        body: decoded JSON.
        command: id of the command that the request became; None for a read.
        at: the server's clock, seconds since the epoch, to the second.
    """

    body: Any
    command: str | None = None
    at: float | None = None


class Welcome(msgspec.Struct, frozen=True):
    """The answer at the root; `version` is empty when it is not told."""

    version: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One instance of a list; what is not known is empty."""

    name: str
    state: str
    number: str
    profile: str
    integration: str


class NamedState(msgspec.Struct, frozen=True):
    """State of one instance's connection, and the answer as it came."""

    state: str
    raw: Any


class Connected(msgspec.Struct, frozen=True, kw_only=True):
    """What connect answered.

    Attributes:
        state: `open` when there is nothing to link; empty beside a code.
        code: the QR code's text; None without one.
        count: how many codes this connect has shown.
        pairing: the pairing code; None without one.
        message: why there is no code.
    """

    raw: Any
    state: str = ""
    code: str | None = None
    count: int = 0
    pairing: str | None = None
    message: str = ""
    command: str | None = None
    at: float | None = None

    @classmethod
    def read(cls, answer: Answer) -> Self:
        """Read the answer of connect."""
        body = _object(answer.body)
        return cls(
            raw=body,
            state=_text(_object(body.get("instance")).get("state")),
            code=_text(body.get("code")) or None,
            count=body["count"] if isinstance(body.get("count"), int) else 0,
            pairing=_text(body.get("pairingCode")) or None,
            message=_text(body.get("message")),
            command=answer.command,
            at=answer.at,
        )


class DeliveryLine(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery as a table shows it; what is not known is empty."""

    id: str
    seq: str
    event: str
    destination: str
    state: str
    attempts: str
    error: str
    next_try: str


def delivery_lines(rows: Sequence[object]) -> list[DeliveryLine]:
    """Read the rows of GET /deliveries, or those inside GET /dead-letters."""
    return [_delivery(_object(row)) for row in rows]


def event_lines(event: object) -> tuple[str, str, str, str]:
    """Read one event of GET /events: seq, time, name and payload, or why that cannot be shown."""
    body = _object(event)
    data = _text(body.get("note")) or msgspec.json.encode(body.get("data")).decode()
    return _text(body.get("seq")), _text(body.get("date_time")), _text(body.get("event")), data


def _delivery(row: dict[str, Any]) -> DeliveryLine:
    seq, last, error = _text(row.get("seq")), _text(row.get("lastSeq")), _object(row.get("lastError"))
    return DeliveryLine(
        id=_text(row.get("id")),
        seq=seq if last in ("", seq) else f"{seq}-{last}",
        event=_text(row.get("event")),
        destination=_text(row.get("destination")),
        state=_text(row.get("state")),
        attempts=_text(row.get("attempts")),
        error=_text(error.get("reason")),
        next_try=_text(row.get("nextTryAt")),
    )


def read_list(body: object) -> list[Row]:
    """Read fetchInstances; the order is by name."""
    items = body if isinstance(body, list) else []
    return sorted((_row(_object(item)) for item in items), key=lambda row: row.name)


def read_state(answer: Answer) -> NamedState:
    """Read connectionState."""
    return NamedState(_text(_object(_object(answer.body).get("instance")).get("state")), answer.body)


def created_key(body: object) -> str:
    """Return the new instance's own key from the answer of create; empty when it is not shown."""
    shown = _object(body).get("hash")
    return _text(shown.get("apikey")) if isinstance(shown, dict) else _text(shown)


def messages_of(body: object, status: int) -> list[str]:
    """Return the sentences of an error's envelope."""
    said = _object(_object(body).get("response")).get("message")
    said = said if isinstance(said, list) else [said]
    if any(_object(sentence).get("exists") is False for sentence in said):
        return ["WhatsApp does not have this number"]
    return [_text(sentence) for sentence in said if sentence] or [f"HTTP {status}"]


def seconds_left(outcome: object, code: str, now: float) -> float | None:
    """Return how long a QR code can still be scanned, from the command that asked for it.

    Args:
        outcome: the answer of `GET /commands/{instance}/{id}`; its result is there for the global key only.
        code: the QR code.
        now: the server's clock, seconds since the epoch.
    """
    shown = _object(_object(_object(_object(outcome).get("result")).get("live")).get("qr"))
    expires = shown.get("expiresAt")
    if shown.get("code") != code or not isinstance(expires, int):
        return None
    return max(0.0, expires / 1000 - now)


def _row(item: dict[str, Any]) -> Row:
    """Read `{"instance": {...}}` of the seed's dialect, or the flat object of v2."""
    inner = _object(item.get("instance")) or item
    integration = inner.get("integration")
    owner = _text(inner.get("owner") or inner.get("ownerJid") or inner.get("number"))
    return Row(
        name=_text(inner.get("instanceName") or inner.get("name")),
        state=_text(inner.get("status") or inner.get("connectionStatus")),
        number=owner.partition("@")[0].partition(":")[0],
        profile=_text(inner.get("profileName")),
        integration=_text(integration.get("integration") if isinstance(integration, dict) else integration),
    )


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return "" if value is None else str(value)
