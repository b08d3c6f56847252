"""Reads the configuration from the environment.

Every variable can also be given as `NAME_FILE`, a path whose content is the value (for secrets). A `.env` in the
current folder is read for what the environment itself does not set. All errors are reported at once, and no message
ever holds a value.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dotenv
import msgspec

from pombo_common.config import Config, ConfigError
from pombo_common.sink_config import check_queue_sinks, event_flags
from pombo_common.vault import parse_keys
from pombo_common.webhook_config import check_webhooks

COLOUR_PATTERN = re.compile(r"#([0-9A-Fa-f]{3}){1,2}\Z")

_NODE = r"(\[[0-9A-Fa-f:.]+\]|[^][:,/?#@\s]+)(:\d{1,5})?"
CLUSTER_PATTERN = re.compile(rf"rediss?\+cluster://([^@/\s]*@)?{_NODE}(,{_NODE})*(/0?)?(\?\S*)?\Z")
"""A cluster has one database only, so none is named."""


def read_variables(environ: Mapping[str, str], dotenv_file: Path | None = None) -> dict[str, str]:
    """Return all variables: the environment's, and the file's that are not in it.

    Raises:
        ConfigError: the file is there and cannot be read.
    """
    return {**_of_file(dotenv_file), **environ}


def _of_file(dotenv_file: Path | None) -> dict[str, str]:
    try:
        if dotenv_file is None or not dotenv_file.is_file():
            return {}
        return {name: text for name, text in dotenv.dotenv_values(dotenv_file).items() if text is not None}
    except UnicodeDecodeError:
        raise ConfigError(f"{dotenv_file}: must be text in UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{dotenv_file}: must be a file that this user may read ({error.strerror})") from None


def load_config(environ: Mapping[str, str], dotenv_file: Path | None = None) -> Config:
    """Read the configuration.

    Args:
        environ: the environment; its values win over the file's.
        dotenv_file: a `.env` to read as well, when it exists.

    Raises:
        ConfigError: naming every variable that cannot be used, what it accepts, and never its value.
    """
    values = read_variables(environ, dotenv_file)
    given: dict[str, Any] = {}
    errors: list[str] = []
    for field in msgspec.structs.fields(Config):
        if field.encode_name.endswith("*"):
            given[field.name] = event_flags(field.encode_name, values, errors)
            continue
        text = _text(field.encode_name, values, errors)
        if text is not None and text != "":
            _convert(field, text, given, errors)
    errors.extend(_cross_checks(given))
    errors.extend(check_queue_sinks(given))
    if errors:
        raise ConfigError("\n".join(errors))
    return Config(**given)


def _text(variable: str, values: Mapping[str, str], errors: list[str]) -> str | None:
    """Return the variable's text, from itself or from the file that `NAME_FILE` names."""
    path = values.get(f"{variable}_FILE")
    if variable in values or not path:
        return values.get(variable)
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        errors.append(f"{variable}_FILE: the file cannot be read ({type(error).__name__})")
        return None


def _convert(field: msgspec.structs.FieldInfo, text: str, given: dict[str, Any], errors: list[str]) -> None:
    try:
        given[field.name] = msgspec.convert(text, field.type, strict=False)
    except msgspec.ValidationError:
        errors.append(f"{field.encode_name}: {_accepted(field.type)}")


def _accepted(kind: Any) -> str:  # noqa: ANN401 - a type of any form
    """Say what a field of this type accepts."""
    schema = msgspec.json.schema(kind)
    choices = [part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]
    first = choices[0]
    if "enum" in first:
        return "must be one of " + ", ".join(str(choice) for choice in first["enum"])
    if first.get("type") == "boolean":
        return "must be true or false"
    limits = {"minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most"}
    bounds = " and ".join(f"{word} {first[key]}" for key, word in limits.items() if key in first)
    return f"must be a {'whole number' if first.get('type') == 'integer' else 'number'}{' ' if bounds else ''}{bounds}"


def _cross_checks(given: Mapping[str, Any]) -> list[str]:
    """Check what no type says."""
    errors = []
    if given.get("encryption_key") is not None:
        try:
            parse_keys(given["encryption_key"])
        except ValueError as error:
            errors.append(f"POMBO_ENCRYPTION_KEY: {error}")
    errors.extend(check_webhooks(given))
    if not COLOUR_PATTERN.match(given.get("qr_colour", "#000")):
        errors.append("QRCODE_COLOR: must be a colour such as #198754")
    schemes = {
        "store_url": ("POMBO_STORE_URL", ("redis://", "rediss://", "redis+cluster://", "rediss+cluster://")),
        "bus_url": ("POMBO_BUS_URL", ("amqp://", "amqps://")),
        "sandbox_url": ("POMBO_SANDBOX_URL", ("http://", "https://")),
        "baileys_socket_url": ("BAILEYS_SOCKET_URL", ("ws://", "wss://")),
        "proxy_check_url": ("POMBO_PROXY_CHECK_URL", ("http://", "https://")),
        "web_version_url": ("POMBO_WEB_VERSION_URL", ("http://", "https://")),
    }
    for field, (variable, accepted) in schemes.items():
        if given.get(field) is not None and not given[field].startswith(accepted):
            errors.append(f"{variable}: must begin with {' or '.join(accepted)}")
    store_url = given.get("store_url") or ""
    if "+cluster://" in store_url[: len("rediss+cluster://")] and not CLUSTER_PATTERN.match(store_url):
        errors.append("POMBO_STORE_URL: a cluster's form is redis+cluster://user:password@host:port,host:port")
    return errors
