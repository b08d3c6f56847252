"""What every route works with, built once by `create_app` and handed to handlers by name."""

import msgspec

from pombo_api.application.commands import Commands
from pombo_api.application.listing import Listing
from pombo_api.application.queries import Queries
from pombo_common.config import Config
from pombo_common.media import MediaShelf
from pombo_common.ports.bus import Bus
from pombo_common.ports.store import Store
from pombo_common.sandbox import Sandbox
from pombo_common.vault import Vault


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """The open ports, and the services on top of them.

    Attributes:
        shelf: where media waits for a worker.
        sandbox: None when WHATSAPP-SANDBOX is off.
    """

    config: Config
    store: Store
    bus: Bus
    vault: Vault
    sandbox: Sandbox | None
    commands: Commands
    queries: Queries
    listing: Listing
    shelf: MediaShelf
