"""Variables of Evolution API that steer nothing here: who brings them along is told so once, at the start."""

from collections.abc import Iterable

import msgspec

from pombo_common.config import Config

NAMES = frozenset(
    """
    SERVER_TYPE SERVER_DISABLE_DOCS SERVER_DISABLE_MANAGER SSL_CONF_PRIVKEY SSL_CONF_FULLCHAIN CORS_ORIGIN CORS_METHODS
    CORS_CREDENTIALS PROMETHEUS_METRICS METRICS_AUTH_REQUIRED METRICS_USER METRICS_PASSWORD METRICS_ALLOWED_IPS
    SENTRY_DSN EVENT_EMITTER_MAX_LISTENERS RABBITMQ_FRAME_MAX DEL_INSTANCE DEL_TEMP_INSTANCES LOG_LEVEL LOG_COLOR
    LOG_BAILEYS API_AUDIO_CONVERTER API_AUDIO_CONVERTER_KEY OPENAI_ENABLED OPENAI_API_KEY_GLOBAL DIFY_ENABLED
    N8N_ENABLED EVOAI_ENABLED FLOWISE_ENABLED
    TELEMETRY_ENABLED TELEMETRY_URL
    """.split()  # noqa: SIM905 - a list of names reads best without quotes
)
FAMILIES = (
    "DATABASE_",
    "CACHE_REDIS_",
    "CACHE_LOCAL_",
    "PROVIDER_",
    "S3_",
    "WEBSOCKET_",
    "NATS_",
    "KAFKA_",
    "PUSHER_",
    "WA_BUSINESS_",
    "FACEBOOK_",
    "CHATWOOT_",
    "TYPEBOT_",
)
"""How the names of whole groups begin. Names that other programs use as well (NODE_ENV, LANGUAGE) are left out."""


def idle_variables(given: Iterable[str]) -> list[str]:
    """Return those of these variables that are Evolution's and that nothing here reads, in order."""
    read = {field.encode_name for field in msgspec.structs.fields(Config)}
    return sorted(name for name in given if (name in NAMES or name.startswith(FAMILIES)) and name not in read)
