"""Which of Evolution's variables are said to steer nothing."""

import msgspec

from pombo_common.config import Config
from pombo_common.evolution_variables import FAMILIES, NAMES, idle_variables


def test_only_what_is_evolutions_and_is_not_read_is_named() -> None:
    given = {
        "DATABASE_PROVIDER",
        "DATABASE_CONNECTION_CLIENT_NAME",
        "CHATWOOT_ENABLED",
        "SERVER_PORT",
        "PATH",
        "S3_PORT",
    }
    assert idle_variables(given) == ["CHATWOOT_ENABLED", "DATABASE_PROVIDER", "S3_PORT"]


def test_a_variable_that_is_read_is_never_said_to_be_idle() -> None:
    read = [field.encode_name for field in msgspec.structs.fields(Config)]
    assert idle_variables(read) == []
    # One that comes to be read leaves the table.
    assert {name for name in read if name in NAMES} == set()
    assert all(family.endswith("_") for family in FAMILIES)
