"""Builds the API as an ASGI application."""

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide

from pombo_api.answers import add_headers
from pombo_api.application.commands import Commands
from pombo_api.application.parts import Parts
from pombo_api.application.queries import Queries
from pombo_api.dialects.dialect import Dialect
from pombo_api.dialects.seed import SeedDialect
from pombo_api.errors import EXCEPTION_HANDLERS
from pombo_api.routes import command, health, instance, webhook
from pombo_api.routes import sandbox as sandbox_routes
from pombo_common.config import Config
from pombo_common.ports.bus import Bus
from pombo_common.ports.store import Store
from pombo_common.sandbox import Sandbox
from pombo_common.vault import Vault

BODY_LIMIT = 1024 * 1024
"""Largest request body, bytes."""


def create_app(config: Config, store: Store, bus: Bus, vault: Vault, sandbox: Sandbox | None) -> Litestar:
    """Build the API on ports that the entry point opens and closes.

    Args:
        config: with `api_key` set.
        store: open before the first request.
        bus: as `store`.
        vault: seals commands and opens outcomes.
        sandbox: None when WHATSAPP-SANDBOX is off; its routes then answer as unknown ones.
    """
    parts = Parts(
        config=config,
        store=store,
        bus=bus,
        vault=vault,
        sandbox=sandbox,
        commands=Commands(store, bus, vault),
        queries=Queries(store, vault),
    )
    return Litestar(
        route_handlers=[_spoken(SeedDialect()), health.welcome, health.live, health.ready],
        dependencies={"parts": Provide(lambda: parts, sync_to_thread=False)},
        state=State({"parts": parts}, deep_copy=False),
        exception_handlers=EXCEPTION_HANDLERS,
        before_send=[add_headers],
        request_max_body_size=BODY_LIMIT,
        openapi_config=None,
        logging_config=None,
    )


def _spoken(dialect: Dialect) -> Router:
    """Return the routes that answer in one dialect."""
    handlers = [
        instance.create,
        instance.fetch_instances,
        instance.connect,
        instance.connection_state,
        instance.delete_instance,
        webhook.set_webhook,
        webhook.find_webhook,
        command.command,
        sandbox_routes.scan,
        sandbox_routes.message,
    ]
    return Router(
        "/", route_handlers=handlers, dependencies={"dialect": Provide(lambda: dialect, sync_to_thread=False)}
    )
