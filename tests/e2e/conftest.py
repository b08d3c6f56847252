"""What the tests on a whole Pombo ask for, and which of them `make chaos` runs instead of `make test`."""

import pytest

from tests.support.deployments import (
    brisk,
    client,
    deployment,
    other_simulator,
    phones,
    receiver,
    started,
    version_page,
)

__all__ = ["brisk", "client", "deployment", "other_simulator", "phones", "receiver", "started", "version_page"]

LONG: dict[str, tuple[str, ...]] = {
    "test_cli_tour.py": ("-1]", "-2]"),
    "test_delays.py": ("[apart]",),
    "test_delivery_faults.py": ("test_every_event_reaches_every_sink_while_all_of_them_fail[apart]",),
    "test_inbound.py": ("[apart]",),
    "test_kills.py": ("was_interrupted",),
    "test_names.py": ("[up]",),
    "test_neighbours.py": ("[",),
    "test_pairing_code.py": ("[apart-",),
    "test_secrets.py": ("[up]",),
    "test_sending.py": ("[apart]",),
}
"""By file, parts of the ids of tests that cost much and whose other mode, or shorter form, `make test` runs."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the long ones."""
    for item in items:
        if any(part in item.nodeid for part in LONG.get(item.path.name, ())):
            item.add_marker(pytest.mark.long)
