"""What a dialect turns into JSON."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from pombo_api.dialects.link import Link
from pombo_common.model.instance import InstanceInfo, Live, State
from pombo_common.model.settings import Settings


class Dialect(Protocol):
    """One family of response shapes; every method is pure.

    Attributes:
        version: of what is spoken, as the welcome shows it.
        answers: types of what the methods return, by the method's name; several where it is one of them.
    """

    version: str
    answers: Mapping[str, tuple[Any, ...]]

    def created(self, info: InstanceInfo, link: Link | None) -> msgspec.Struct:
        """Answer create.

        Args:
            info: the new instance.
            link: how to link it; None when that was not asked for.
        """

    def connected(self, name: str, link: Link) -> msgspec.Struct:
        """Answer connect, with a session that is open or a QR code."""

    def restarted(self, name: str, link: Link) -> msgspec.Struct:
        """Answer restart, with the state that was reached, or how to link a session that is not linked."""

    def state(self, name: str, state: State) -> msgspec.Struct:
        """Answer with a state alone."""

    def known(self, name: str, live: Live) -> msgspec.Struct:
        """Answer connectionState."""

    def listed(self, info: InstanceInfo, *, server_url: str, expose_keys: bool) -> msgspec.Struct:
        """Answer fetchInstances: one element of the list.

        Args:
            info: the instance.
            server_url: public address of the API, without a trailing slash.
            expose_keys: whether tokens are shown.
        """

    def settings(self, settings: Settings) -> msgspec.Struct:
        """Answer settings/find."""

    def settings_set(self, name: str, settings: Settings) -> msgspec.Struct:
        """Answer settings/set."""
