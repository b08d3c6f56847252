"""What every test may ask for."""

import faulthandler
import signal

import pytest

pytest_plugins = ["tests.support.servers"]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the long tests, which nobody waits for, take longer than the configuration has a test take."""
    if item.get_closest_marker("long") is not None or "chaos" in item.path.parts:
        faulthandler.cancel_dump_traceback_later()


def pytest_configure() -> None:
    """Let Ctrl-C reach what tests start, also where they run as a background job, which passes its deafness on."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
