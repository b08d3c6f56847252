"""What a dialect turns into JSON."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from pombo_api.application.link import Link
from pombo_common.model.instance import InstanceInfo, State


class Dialect(Protocol):
    """One family of response shapes; every method is pure."""

    def created(self, info: InstanceInfo, link: Link | None) -> msgspec.Struct:
        """Answer create.

        Args:
            info: the new instance.
            link: how to link it; None when that was not asked for.
        """

    def connected(self, name: str, link: Link) -> msgspec.Struct:
        """Answer connect, with a session that is open or a QR code."""

    def state(self, name: str, state: State) -> msgspec.Struct:
        """Answer connectionState."""

    def listed(self, infos: Sequence[InstanceInfo], *, server_url: str, expose_keys: bool) -> Sequence[msgspec.Struct]:
        """Answer fetchInstances.

        Args:
            infos: the instances.
            server_url: public address of the API, without a trailing slash.
            expose_keys: whether tokens are shown.
        """
