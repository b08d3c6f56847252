"""Builds the API as an ASGI application."""

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from pombo_api.answers import add_headers
from pombo_api.application.commands import Commands
from pombo_api.application.listing import Listing
from pombo_api.application.parts import Parts
from pombo_api.application.queries import Queries
from pombo_api.asyncapi.document import describe as describe_queue
from pombo_api.dialects.dialect import Dialect
from pombo_api.dialects.seed import SeedDialect
from pombo_api.dialects.v2 import V2Dialect
from pombo_api.error_reports import ErrorReports
from pombo_api.errors import EXCEPTION_HANDLERS
from pombo_api.openapi.document import DIALECT, describe
from pombo_api.routes import (
    chat,
    command,
    configuration,
    deliveries,
    documentation,
    health,
    instance,
    message,
    queues,
    session,
    unavailable,
)
from pombo_api.routes import sandbox as sandbox_routes
from pombo_api.routes import webhook as webhook_routes
from pombo_api.uploads.reading import body_limit
from pombo_common.config import Config
from pombo_common.media import MediaShelf
from pombo_common.ports.bus import Bus
from pombo_common.ports.store import Store
from pombo_common.sandbox import Sandbox
from pombo_common.vault import Vault

BODY_LIMIT = 1024 * 1024
"""Largest request body, bytes."""

SPOKEN: list[ControllerRouterHandler] = [
    instance.create,
    instance.fetch_instances,
    instance.delete_instance,
    session.connect,
    session.connection_state,
    session.restart,
    session.logout,
    session.set_presence,
    configuration.set_settings,
    configuration.find_settings,
    configuration.set_proxy,
    configuration.find_proxy,
    webhook_routes.set_webhook,
    webhook_routes.find_webhook,
    queues.set_rabbitmq,
    queues.find_rabbitmq,
    queues.set_sqs,
    queues.find_sqs,
    unavailable.set_unavailable,
    unavailable.find_unavailable,
    message.send_text,
    chat.whatsapp_numbers,
    chat.mark_message_as_read,
    chat.send_presence,
    command.command,
    deliveries.list_deliveries,
    deliveries.resend,
    deliveries.list_dead_letters,
    deliveries.list_events,
    deliveries.test_webhook,
    sandbox_routes.scan,
    sandbox_routes.pair,
    sandbox_routes.unlink,
    sandbox_routes.message,
    sandbox_routes.call,
    health.welcome,
]
"""The routes that stand once for each dialect."""


def create_app(config: Config, store: Store, bus: Bus, vault: Vault, sandbox: Sandbox | None) -> Litestar:
    """Build the API on ports that the entry point opens and closes.

    Args:
        config: with `api_key` set.
        store: open before the first request.
        bus: as `store`.
        vault: seals commands and opens outcomes.
        sandbox: None when WHATSAPP-SANDBOX is off; its routes then answer as unknown ones.
    """
    queries = Queries(store, vault)
    parts = Parts(
        config=config,
        store=store,
        bus=bus,
        vault=vault,
        sandbox=sandbox,
        commands=Commands(store, bus, vault),
        queries=queries,
        listing=Listing(store, queries, expose_keys=config.expose_keys),
        shelf=MediaShelf(store, vault),
    )
    v2 = V2Dialect(config.client_name)
    reports = _error_reports(config)
    app = Litestar(
        route_handlers=[
            _spoken("/", v2 if config.response_dialect == "v2" else SeedDialect(), config.media_limit_mb),
            _spoken("/v2", v2, config.media_limit_mb),
            health.live,
            health.ready,
            documentation.document,
            documentation.queue_document,
            documentation.page,
            documentation.asset,
        ],
        dependencies={"parts": Provide(lambda: parts, sync_to_thread=False)},
        state=State({"parts": parts}, deep_copy=False),
        exception_handlers=EXCEPTION_HANDLERS,
        before_send=[add_headers, *(reported.note for reported in reports)],
        lifespan=[reported.posting for reported in reports],
        request_max_body_size=BODY_LIMIT,
        openapi_config=None,
        logging_config=None,
    )
    app.state.document = describe(app.routes)
    app.state.queue_document = describe_queue()
    return app


def _error_reports(config: Config) -> list[ErrorReports]:
    """Return what reports errors: one thing, or none when the operator named no webhook for them."""
    if not config.webhook_errors:
        return []
    return [ErrorReports(config.webhook_errors_url, config.server_url, config.webhook_timeout_ms / 1000)]


def _spoken(path: str, dialect: Dialect, media_limit_mb: int) -> Router:
    """Return the routes that answer in one dialect; those that take media take larger bodies."""
    media = Router("/", route_handlers=[message.send_media], request_max_body_size=body_limit(media_limit_mb))
    return Router(
        path,
        route_handlers=[*SPOKEN, media],
        dependencies={"dialect": Provide(lambda: dialect, sync_to_thread=False)},
        opt={DIALECT: dialect},
    )
