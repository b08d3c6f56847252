"""What every test may ask for."""

import signal

pytest_plugins = ["tests.support.servers"]


def pytest_configure() -> None:
    """Let Ctrl-C reach what tests start, also where they run as a background job, which passes its deafness on."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
