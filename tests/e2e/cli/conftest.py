"""One mode is enough for the command line: it speaks HTTP, however the parts are joined behind it."""

from collections.abc import Iterator

import pytest

from tests.support.deployment_up import UpDeployment
from tests.support.running import running


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpDeployment]:
    """Yield a Pombo in one process."""
    with running(UpDeployment(tmp_path_factory.mktemp("up"), {})) as started:
        yield started
