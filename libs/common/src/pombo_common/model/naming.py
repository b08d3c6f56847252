"""Which names an instance may have, and why others are refused."""

import re

from pombo_common.model.errors import PomboError

NAME_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@+-]{0,99}\Z")
RESERVED_PREFIXES = ("amq.", "pombo.")
RESERVED_NAMES = frozenset({"pombo"})


def check_name(name: str, *, exchange: str) -> str:
    """Return the name when an instance may have it.

    Args:
        name: the wanted name, as the client sent it.
        exchange: name of the configured global exchange, which an instance's own exchange must not take.

    Raises:
        PomboError: 400 `bad_name`, saying what is accepted.
    """
    if not name:
        raise PomboError(400, "bad_name", 'The "instanceName" cannot be empty')
    if not NAME_PATTERN.match(name):
        raise PomboError(
            400,
            "bad_name",
            "instanceName must start with a letter or digit and hold at most 100 letters, digits, spaces or . _ @ + -",
        )
    lowered = name.lower()
    if lowered in RESERVED_NAMES or lowered.startswith(RESERVED_PREFIXES) or name == exchange:
        raise PomboError(400, "bad_name", f'instanceName "{name}" is reserved; choose another one')
    return name
