"""What the tests of many kills ask for, and their figures at the end."""

from collections.abc import Iterator

import pytest

from tests.support.deployments import client, deployment, other_simulator, phones, receiver, started
from tests.support.figures import Figures

__all__ = ["client", "deployment", "other_simulator", "phones", "receiver", "started"]


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Iterator[Figures]:
    """Yield what takes the figures; they are shown once all tests ran, though they pass."""
    figures = Figures()
    yield figures
    capture = request.config.pluginmanager.getplugin("capturemanager")
    reporter = request.config.pluginmanager.getplugin("terminalreporter")
    with capture.global_and_fixture_disabled():
        reporter.write("\n\n" + figures.text())
