"""Makes events: the payloads of the contract, sealed for the log."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from pombo_common.model.events import EventBody, NewEvent
from pombo_common.model.instance import Live
from pombo_common.projection import disconnection_object, iso
from pombo_common.sealing import seal_event
from pombo_common.vault import Vault


class Said(msgspec.Struct, frozen=True):
    """An event before it is made.

    Attributes:
        kind: wire name.
        data: the contract's payload, as plain JSON.
        progress: percent of a history that has come with it.
        is_latest: whether it is the first history after the pairing.
    """

    kind: str
    data: Any
    progress: int | None = None
    is_latest: bool | None = None


def now_ms() -> int:
    """Return this machine's clock, milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class EventMaker:
    """Seals events for the instances they belong to."""

    def __init__(self, vault: Vault) -> None:
        """Seal with this vault."""
        self._vault = vault

    def make(self, instance_id: str, kind: str, data: Any, sender: str | None = None) -> NewEvent:  # noqa: ANN401 - any JSON
        """Return a new event.

        Args:
            instance_id: whose log it goes into.
            kind: wire name, for example `qrcode.updated`.
            data: its payload.
            sender: own JID, None until linked.
        """
        return self._seal(instance_id, kind, EventBody(data=data, sender=sender))

    def said(self, instance_id: str, said: Said, sender: str | None) -> NewEvent:
        """Return what a session's inbound traffic says as an event."""
        body = EventBody(data=said.data, sender=sender, progress=said.progress, is_latest=said.is_latest)
        return self._seal(instance_id, said.kind, body)

    def _seal(self, instance_id: str, kind: str, body: EventBody) -> NewEvent:
        event_id = uuid.uuid4().hex
        return NewEvent(id=event_id, type=kind, at=now_ms(), body=seal_event(body, instance_id, event_id, self._vault))

    def lifecycle(self, kind: str, name: str, instance_id: str) -> NewEvent:
        """Return `instance.create` or `instance.delete`."""
        return self.make(instance_id, kind, {"instanceName": name, "instanceId": instance_id})

    def startup(self, name: str, instance_id: str, sender: str | None) -> NewEvent:
        """Return `application.startup`."""
        return self.make(instance_id, "application.startup", {"instance": name, "instanceId": instance_id}, sender)

    def connection(self, name: str, instance_id: str, live: Live) -> NewEvent:
        """Return the `connection.update` that says what `live` says."""
        data: dict[str, Any] = {"instance": name, "state": live.state, "statusReason": live.status_reason}
        if live.state == "open":
            data |= {
                "wuid": live.owner_jid,
                "profileName": live.profile_name,
                "profilePictureUrl": live.profile_picture_url,
            }
        else:
            data |= {"reason": live.reason, "willReconnect": live.wanted}
        return self.make(instance_id, "connection.update", data, live.owner_jid)

    @property
    def unlinked(self) -> tuple[Callable[[str, str, Live], NewEvent], ...]:
        """The events of a device that is no longer linked, in their order."""
        return (self.status, self.logout, self.connection)

    def status(self, name: str, instance_id: str, live: Live) -> NewEvent:
        """Return `status.instance`, which tells why the session ended."""
        gone = live.disconnection
        at = None if gone is None else iso(gone.at)
        data = {
            "instance": name,
            "status": "closed",
            "disconnectionAt": at,
            "disconnectionReasonCode": gone.code if gone else None,
            "disconnectionObject": disconnection_object(gone),
        }
        return self.make(instance_id, "status.instance", data, live.owner_jid)

    def logout(self, _: str, instance_id: str, live: Live) -> NewEvent:
        """Return `logout.instance`, which has no data."""
        return self.make(instance_id, "logout.instance", None, live.owner_jid)

    def remove(self, instance_id: str) -> NewEvent:
        """Return `remove.instance`, which has no data."""
        return self.make(instance_id, "remove.instance", None)

    def qrcode(self, name: str, instance_id: str, live: Live, picture: str) -> NewEvent:
        """Return `qrcode.updated` for the code in `live`."""
        code = live.qr
        data = {
            "qrcode": {
                "instance": name,
                "pairingCode": live.pairing_code,
                "code": code.code if code else None,
                "base64": picture,
                "count": code.count if code else 0,
                "expiresAt": iso(code.expires_at) if code else None,
            }
        }
        return self.make(instance_id, "qrcode.updated", data, live.owner_jid)
