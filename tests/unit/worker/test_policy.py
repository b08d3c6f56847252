"""The reconnect table, row by row."""

import pytest

from pombo_worker.engines.port import Closed, Origin
from pombo_worker.sessions.policy import QR_ENDED, Action, rule_for

ROWS: list[tuple[int | None, str, Origin, Action, str | None]] = [
    # What the server said.
    (401, "Stream Errored (conflict) device_removed", "server", Action.CLEAR, "logged-out"),
    (401, "Intentional Logout", "local", Action.CLEAR, "logged-out"),
    (402, "Payment required", "server", Action.STOP, "refused"),
    (403, "Forbidden", "server", Action.CLEAR, "refused"),
    (405, "Method not allowed", "server", Action.LATER, "outdated-version"),
    (406, "Not acceptable", "server", Action.STOP, "refused"),
    (411, "Multi-device mismatch", "server", Action.CLEAR, "multi-device-mismatch"),
    (440, "Stream Errored (conflict) replaced", "server", Action.STOP, "replaced"),
    (515, "Stream Errored (restart required)", "server", Action.NOW, "restart-required"),
    (500, "Bad session", "server", Action.LATER, "connection-lost"),
    (503, "Unavailable service", "server", Action.LATER, "connection-lost"),
    (999, "a code of tomorrow", "server", Action.LATER, "connection-lost"),
    # 408 stands for two things.
    (408, QR_ENDED, "local", Action.NOW, "qr-expired"),
    (408, f"Error: {QR_ENDED}", "server", Action.NOW, "qr-expired"),
    (408, "Connection was lost", "network", Action.LATER, "connection-lost"),
    (428, "Connection Closed", "network", Action.LATER, "connection-lost"),
    (None, "", "network", Action.LATER, "connection-lost"),
    (None, "", "local", Action.LATER, "connection-lost"),
    # Who closed outweighs the code.
    (401, "", "garbage", Action.LATER, "connection-lost"),
    (None, "", "garbage", Action.LATER, "connection-lost"),
    (408, "WhatsApp answers pings and nothing else", "deaf", Action.LATER, "deaf"),
    (None, "the engine process ended", "host", Action.LATER, "engine-restarted"),
    (None, "moved to another engine process", "moved", Action.NOW, "engine-restarted"),
    (401, "", "lease", Action.LEAVE, None),
    (None, "", "lease", Action.LEAVE, None),
    (408, QR_ENDED, "fenced", Action.LEAVE, None),
]


@pytest.mark.parametrize(("code", "message", "origin", "action", "reason"), ROWS)
def test_row(code: int | None, message: str, origin: Origin, action: Action, reason: str | None) -> None:
    rule = rule_for(Closed(code=code, message=message, origin=origin), first_login=False)
    assert (rule.action, rule.reason) == (action, reason)


@pytest.mark.parametrize(("code", "message", "origin", "action", "reason"), ROWS)
def test_the_first_login_renames_only_what_forgets_the_credentials(
    code: int | None, message: str, origin: Origin, action: Action, reason: str | None
) -> None:
    rule = rule_for(Closed(code=code, message=message, origin=origin), first_login=True)
    expected = "pairing-interrupted" if action is Action.CLEAR else reason
    assert (rule.action, rule.reason) == (action, expected)


def test_the_words_of_an_ended_qr_mean_nothing_under_another_code() -> None:
    assert rule_for(Closed(code=500, message=QR_ENDED, origin="server"), first_login=False).action is Action.LATER
