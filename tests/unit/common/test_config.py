"""Configuration: every error at once, never a value, files for secrets, and a `.env` that the environment outweighs."""

from pathlib import Path
from typing import Literal, get_args, get_origin

import msgspec
import pytest

from pombo_common.config import Config, ConfigError
from pombo_common.config_loading import load_config
from pombo_common.vault import new_key

SECRET = "hunter2-do-not-show"

BAD = {
    "SERVER_PORT": ("70000", "must be a whole number at least 0 and at most 65535"),
    "QRCODE_LIMIT": ("0", "must be a whole number at least 1"),
    "QRCODE_COLOR": ("greenish", "must be a colour such as #198754"),
    "POMBO_LEASE_SECONDS": ("-3", "must be a number more than 0 and at most 86400"),
    "POMBO_QR_SECONDS": ("soon", "must be a number more than 0"),
    "POMBO_DRAIN_SECONDS": ("-3", "must be a number more than 0 and at most 86400"),
    "POMBO_MAX_SESSIONS": ("0", "must be a whole number at least 1"),
    "POMBO_SANDBOX": ("maybe", "must be true or false"),
    "POMBO_LOG_LEVEL": ("LOUD", "must be one of DEBUG, ERROR, INFO, WARNING"),
    "WEBHOOK_RETRY_JITTER_FACTOR": ("1.5", "must be a number at least 0 and at most 1"),
    "WEBHOOK_RETRY_NON_RETRYABLE_STATUS_CODES": ("400,²", "must be HTTP statuses separated by commas"),
    "POMBO_ENCRYPTION_KEY": ("c2hvcnQ=", "must be base64 of 32 bytes"),
    "POMBO_STORE_URL": (
        f"http://u:{SECRET}@h",
        "must begin with redis:// or rediss:// or redis+cluster:// or rediss+cluster://",
    ),
    "POMBO_BUS_URL": (f"redis://u:{SECRET}@h", "must begin with amqp:// or amqps://"),
    "RABBITMQ_URI": (f"http://u:{SECRET}@h", "must begin with amqp:// or amqps://"),
    "SQS_ENDPOINT_URL": (f"ftp://u:{SECRET}@h", "must begin with http:// or https://"),
    "SQS_MAX_PAYLOAD_SIZE": ("2000000", "must be a whole number at least 1024 and at most 1048576"),
    "POMBO_SQS_GROUP_ID": ("my group", "must be at most 128 letters, digits and signs"),
    "RABBITMQ_EVENTS_CALL": ("perhaps", "must be true or false"),
    "SQS_GLOBAL_GROUPS_UPDATE": ("perhaps", "must be true or false"),
    "POMBO_SANDBOX_URL": ("ws://h", "must begin with http:// or https://"),
    "BAILEYS_SOCKET_URL": ("http://h", "must begin with ws:// or wss://"),
}


def refusal(environ: dict[str, str], dotenv_file: Path | None = None) -> list[str]:
    """Return the lines of the error."""
    with pytest.raises(ConfigError) as caught:
        load_config(environ, dotenv_file)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(("variable", "text", "accepted"), [(name, *rest) for name, rest in BAD.items()])
def test_a_bad_value_is_named_with_what_is_accepted_and_never_shown(variable: str, text: str, accepted: str) -> None:
    (line,) = refusal({variable: text})
    assert line.startswith(f"{variable}: {accepted}")
    assert text not in line
    assert SECRET not in line


def test_all_errors_are_reported_at_once() -> None:
    lines = refusal({name: text for name, (text, _) in BAD.items()})
    assert {line.split(":")[0] for line in lines} == set(BAD)
    assert len(lines) == len(BAD)


@pytest.mark.parametrize("text", ["inf", "nan", "-inf", "1e9999"])
def test_no_time_is_endless(text: str) -> None:
    assert refusal({"POMBO_LEASE_SECONDS": text})


def test_nothing_set_gives_the_documented_defaults() -> None:
    config = load_config({})
    assert config == Config()
    assert (config.port, config.lease_seconds, config.qr_limit, config.connect_seconds) == (8080, 15.0, 30, 18.0)
    assert config.final_statuses == {400, 401, 403, 404, 422}
    assert config.api_key is None


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load_config({"SERVER_PORT": "", "POMBO_SANDBOX": "", "AUTHENTICATION_API_KEY": ""}) == Config()


def sample(field: msgspec.structs.FieldInfo) -> str:
    """Return a text that gives a field another value than its default."""
    special = {
        "POMBO_ENCRYPTION_KEY": new_key(),
        "QRCODE_COLOR": "#fff",
        "POMBO_STORE_URL": "rediss://h",
        "POMBO_BUS_URL": "amqps://h",
        "POMBO_SANDBOX_URL": "https://h",
        "BAILEYS_SOCKET_URL": "ws://h",
        "POMBO_PROXY_CHECK_URL": "http://h",
        "POMBO_HOST_MEMORY_MB": "256",
        "POMBO_WEB_VERSION_URL": "http://h",
        "RABBITMQ_URI": "amqps://h",
        "SQS_ENDPOINT_URL": "http://h",
        "SQS_MAX_PAYLOAD_SIZE": "262144",
        "POMBO_WEBHOOK_ALLOW": "10.0.0.0/8",
        "POMBO_WEBHOOK_GLOBAL_SECRETS": "whsec_" + "A" * 32,
        "WEBHOOK_GLOBAL_URL": "https://h",
        "WEBHOOK_EVENTS_ERRORS_WEBHOOK": "https://h",
        "WEBHOOK_RETRY_JITTER_FACTOR": "0.5",
        "WEBHOOK_RETRY_NON_RETRYABLE_STATUS_CODES": "410, 451,",
    }
    if field.encode_name in special:
        return special[field.encode_name]
    if get_origin(field.type) is Literal:
        return next(str(choice) for choice in get_args(field.type) if choice != field.default)
    if field.encode_name.endswith("*"):
        return "true"
    if field.type in (bool, bool | None):
        return "false" if field.default is True else "true"
    return "7"


def test_every_field_can_be_set_by_its_variable() -> None:
    fields = msgspec.structs.fields(Config)
    config = load_config({field.encode_name.replace("*", "CALL"): sample(field) for field in fields})
    unset = [field.encode_name for field in fields if getattr(config, field.name) == field.default]
    assert unset == []
    assert config.final_statuses == {410, 451}


def test_one_switch_for_each_event_and_both_names_of_group_updates() -> None:
    config = load_config({"RABBITMQ_EVENTS_GROUPS_UPDATE": "true", "RABBITMQ_EVENTS_CALL": "1", "SQS_GLOBAL_CALL": "0"})
    assert config.rabbitmq_events == ("GROUP_UPDATE", "CALL")
    assert config.sqs_events == ()


def test_queue_sinks_say_what_goes_together() -> None:
    assert refusal({"RABBITMQ_ENABLED": "true"})[0].startswith("RABBITMQ_URI: is required")
    assert load_config({"RABBITMQ_ENABLED": "true", "POMBO_BUS_URL": "amqp://h"}).rabbitmq_uri is None
    assert refusal({"SQS_ACCESS_KEY_ID": "a"})[0].startswith("SQS_SECRET_ACCESS_KEY: goes with")


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text(f"  {SECRET}\n")
    assert load_config({"AUTHENTICATION_API_KEY_FILE": str(secret)}).api_key == SECRET
    # The variable itself outweighs the file.
    environ = {"AUTHENTICATION_API_KEY_FILE": str(secret), "AUTHENTICATION_API_KEY": "direct"}
    assert load_config(environ).api_key == "direct"


def test_a_file_that_cannot_be_read_is_one_more_error(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\xff")
    lines = refusal(
        {
            "POMBO_ENCRYPTION_KEY_FILE": str(tmp_path / "missing"),
            "POMBO_SANDBOX_KEY_FILE": str(binary),
            "SERVER_PORT": "x",
        }
    )
    assert sorted(line.split(":")[0] for line in lines) == [
        "POMBO_ENCRYPTION_KEY_FILE",
        "POMBO_SANDBOX_KEY_FILE",
        "SERVER_PORT",
    ]


def test_a_bad_value_in_a_file_is_not_shown_either(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text(SECRET)
    (line,) = refusal({"POMBO_ENCRYPTION_KEY_FILE": str(secret)})
    assert line.startswith("POMBO_ENCRYPTION_KEY: ")
    assert SECRET not in line


def test_the_environment_outweighs_the_dotenv_file(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text('SERVER_PORT=1111\nSERVER_URL="http://from.file"\nPOMBO_HOST\n')
    config = load_config({"SERVER_PORT": "2222"}, dotenv)
    assert (config.port, config.server_url, config.host) == (2222, "http://from.file", None)
    assert load_config({}, tmp_path / "no such file") == Config()


def test_what_is_not_ours_is_left_alone() -> None:
    assert load_config({"PATH": "/bin", "DATABASE_URL": "x", "server_port": "9"}) == Config()


def test_the_data_folder_is_the_given_one_or_the_users_own(tmp_path: Path) -> None:
    assert load_config({"POMBO_DATA_DIR": str(tmp_path)}).data_path == tmp_path
    assert load_config({}).data_path.name == "pombo"


@pytest.mark.parametrize(
    "url",
    [
        "redis+cluster://h",
        "redis+cluster://h:6379/",
        "rediss+cluster://u:p%2F@a:1,b,[::1]:3/0?ssl_check_hostname=no",
    ],
)
def test_a_cluster_names_one_or_more_nodes(url: str) -> None:
    assert load_config({"POMBO_STORE_URL": url}).store_url == url


@pytest.mark.parametrize("rest", ["", ":1", "h:", "h:p", "h:1,", "h/1", "h:1 ,b"])
def test_a_cluster_in_another_form_is_refused(rest: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config({"POMBO_STORE_URL": f"redis+cluster://{rest}"})
    assert str(caught.value) == (
        "POMBO_STORE_URL: a cluster's form is redis+cluster://user:password@host:port,host:port"
    )
