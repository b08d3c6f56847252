"""RESPONSE_DIALECT and DATABASE_CONNECTION_CLIENT_NAME."""

import pytest

from pombo_common.config import ConfigError
from pombo_common.config_loading import load_config


def test_the_defaults() -> None:
    config = load_config({})
    assert (config.response_dialect, config.client_name) == ("seed", "evolution_exchange")


def test_they_are_read() -> None:
    config = load_config({"RESPONSE_DIALECT": "v2", "DATABASE_CONNECTION_CLIENT_NAME": "mine"})
    assert (config.response_dialect, config.client_name) == ("v2", "mine")


def test_another_dialect_is_refused_with_those_that_exist() -> None:
    with pytest.raises(ConfigError, match=r"RESPONSE_DIALECT: must be one of seed, v2"):
        load_config({"RESPONSE_DIALECT": "v1"})
