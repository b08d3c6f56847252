"""What an event says without what it says of groups."""

from typing import Any

import msgspec

from pombo_worker.events import Said

GROUP = "@g.us"
ADDRESSES = ("remoteJid", "id", "chatId")


def without_groups(said: Said) -> Said | None:
    """Return an event without the groups in it; None when nothing else is left of it."""
    if said.kind.startswith("group"):
        return None
    if not isinstance(said.data, list):
        return None if is_of_group(said.data) else said
    kept = [each for each in said.data if not is_of_group(each)]
    if len(kept) == len(said.data):
        return said
    return msgspec.structs.replace(said, data=kept) if kept else None


def is_of_group(data: Any) -> bool:  # noqa: ANN401 - any JSON
    """Tell whether an object, or a JID, is a group's."""
    if isinstance(data, str):
        return data.endswith(GROUP)
    if not isinstance(data, dict):
        return False
    return is_of_group(data.get("key")) or any(str(data.get(name, "")).endswith(GROUP) for name in ADDRESSES)
