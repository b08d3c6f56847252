"""Tells whether a QR code was replaced, or used, before it was delivered: then nobody wants it any more."""

from collections.abc import Iterable
from typing import Any

import msgspec

from pombo_common.model.events import LoggedEvent
from pombo_common.sealing import open_event
from pombo_common.vault import SealBroken, Vault

QR_CODE = "qrcode.updated"
CONNECTION = "connection.update"


def superseded(event: LoggedEvent, later: Iterable[LoggedEvent], instance_id: str, vault: Vault) -> bool:
    """Tell whether an event is a QR code behind which the log holds a newer one, or an open connection."""
    return event.type == QR_CODE and any(
        one.type == QR_CODE or (one.type == CONNECTION and _opens(one, instance_id, vault)) for one in later
    )


def _opens(event: LoggedEvent, instance_id: str, vault: Vault) -> bool:
    try:
        data: Any = open_event(event.body, instance_id, event.id, vault).data
    except (SealBroken, msgspec.DecodeError):
        return False
    return isinstance(data, dict) and data.get("state") == "open"
